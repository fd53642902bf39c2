"""A whole benchmark: what would stop it is found first, then its sequences are tracked into files."""

import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from roam_lite.errors import InputError
from roam_lite.evaluation import results
from roam_lite.evaluation.benchmarks import Benchmark
from roam_lite.evaluation.running.engine import Job, rank_and_ranks, track_all
from roam_lite.evaluation.running.runner import check_names, first_frame


def run_benchmark(
    benchmark: Benchmark,
    root: str | Path,
    names: list[str],
    make_tracker: Callable[[], Any],
    description: Mapping[str, Any],
    results_dir: str | Path,
    *,
    oracle: bool = False,
    overwrite: bool = False,
    **options: Any,
) -> Path:
    """Track the sequences and return the folder of the results, inside `results_dir`.

    The folder is `RESULTS_DIR/OTB2015/NAME-DIGEST`, named after the benchmark and the whole
    configuration. A run that was interrupted goes on: sequences whose results lie there are not
    tracked again, unless `overwrite` removes them first. `options` (`workers`, `threads`, `gpus`,
    `progress`) are those of `engine.track_all`.

    Raises InputError, before anything is tracked, if there is no sequence, two of the same name, or
    one that no tracker can start on; and if the folder holds other results.
    """
    description = {**description, "benchmark": benchmark.name, "oracle": oracle}
    folder = Path(results_dir) / benchmark.folder / results.configuration_name(description)
    if overwrite and rank_and_ranks()[1] > 1:
        raise InputError(f"--overwrite does not go with torchrun; remove {folder} by hand")
    if overwrite and folder.is_dir():
        shutil.rmtree(folder)
    read = partial(benchmark.layout.read_sequence, Path(root))
    check_names(names)
    frames = {}
    for name in names:
        sequence = read(name)  # one at a time: memory does not grow with the benchmark
        frames[name] = len(sequence)
        if not benchmark.protocol.finished(folder, name):
            first_frame(sequence)  # finds now what would stop the run hours later
    results.claim(folder, description)
    job = Job(read, make_tracker, benchmark.protocol, folder, oracle)
    track_all(job, frames, title=results.short_name(description), **options)
    return folder
