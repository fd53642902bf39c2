"""The six benchmarks by name: where sequences lie, how trackers run on them, and what they score."""

import shutil
from collections.abc import Callable, Mapping
from collections.abc import Sequence as Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from roam_lite.data import got10k, lasot, otb, trackingnet, vot
from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation import results, scoring
from roam_lite.evaluation.engine import Job, rank_and_ranks, track_all
from roam_lite.evaluation.lasot import RULES as LASOT_RULES
from roam_lite.evaluation.otb import RULES as OTB_RULES
from roam_lite.evaluation.protocols import Protocol, one_pass
from roam_lite.evaluation.report import Report, Score
from roam_lite.evaluation.runner import first_frame
from roam_lite.evaluation.supervised import supervised
from roam_lite.evaluation.vot import EAO_LENGTHS


@dataclass(frozen=True)
class Benchmark:
    """A benchmark: reader, protocol and scores."""

    name: str  # on the command line
    folder: str  # of results, as the toolkits name it
    list_sequences: Callable[..., list[str]]  # of (root) or (root, split)
    read_sequence: Callable[[Path, str], Sequence]
    protocol: Protocol
    score: Callable[[Sequence, Collection[Any], str], Score]
    pool: Callable[[Collection[Score]], Mapping[str, float]] | None = None  # None: plain means
    splits: tuple[str, ...] = ()  # the paper's first
    rules: tuple[str, ...] = ("official",)

    def names(self, root: str | Path, split: str | None = None) -> list[str]:
        """Names of the sequences under `root`, of the paper's split unless another is named.

        Raises InputError if there is none, or if the benchmark has no such split.
        """
        if split is None:
            return self.list_sequences(root)
        if split not in self.splits:
            known = ", ".join(self.splits) or "none"
            raise InputError(f"{self.name} has no split {split!r}; its splits: {known}")
        return self.list_sequences(root, split)

    def repeated(self, repetitions: int) -> "Benchmark":
        """The same benchmark with another number of repetitions, at most.

        Raises InputError if it does not repeat sequences.
        """
        if self.protocol.repetitions == 1:
            raise InputError(f"{self.name} runs every sequence once; leave --repetitions out")
        return replace(self, protocol=replace(self.protocol, repetitions=repetitions))


_VOT = {
    "list_sequences": vot.list_sequences,
    "read_sequence": vot.read_sequence,
    "protocol": Protocol(supervised, results.VOT, repetitions=15, agreeing=3),
    "score": scoring.score_vot,
}
BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark(
            "otb",
            "OTB2015",
            otb.list_sequences,
            otb.read_sequence,
            Protocol(one_pass, results.OTB),
            scoring.score_otb,
            rules=tuple(OTB_RULES),
        ),
        *(
            Benchmark(name, name.upper(), pool=partial(scoring.pool_vot, lengths=lengths), **_VOT)
            for name, lengths in EAO_LENGTHS.items()
        ),
        Benchmark(
            "lasot",
            "LaSOT",
            lasot.list_sequences,
            lasot.read_sequence,
            Protocol(one_pass, results.LASOT),
            scoring.score_lasot,
            splits=("test", "train", "all"),
            rules=LASOT_RULES,
        ),
        Benchmark(
            "got10k",
            "GOT-10k",
            got10k.list_sequences,
            got10k.read_sequence,
            Protocol(one_pass, results.GOT10K, repetitions=3),
            scoring.score_got10k,
            pool=scoring.pool_got10k,
            splits=("test", "val", "train"),
        ),
        Benchmark(
            "trackingnet",
            "TrackingNet",
            trackingnet.list_sequences,
            trackingnet.read_sequence,
            Protocol(one_pass, results.TRACKINGNET),
            scoring.score_trackingnet,
            splits=("test", "train"),
        ),
    )
}


def run_benchmark(
    benchmark: Benchmark,
    root: str | Path,
    names: Collection[str],
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
    read = partial(benchmark.read_sequence, Path(root))
    frames = _checked_lengths(benchmark, read, names, folder)
    results.claim(folder, description)
    job = Job(read, make_tracker, benchmark.protocol, folder, oracle)
    track_all(job, frames, title=results.short_name(description), **options)
    return folder


def score_results(
    benchmark: Benchmark,
    root: str | Path,
    names: Collection[str],
    folder: str | Path,
    rule: str = "official",
) -> Report:
    """Return the scores of a folder of results, ours or anybody's in the toolkit's layout.

    Raises InputError naming the file that is missing or does not fit, and if the benchmark has no
    scoring rule of that name.
    """
    check_rule(benchmark, rule)
    folder, scores = Path(folder), []
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give one with results of {benchmark.name}")
    for name in names:
        sequence = benchmark.read_sequence(Path(root), name)
        runs = benchmark.protocol.layout.runs(folder, sequence)
        try:
            scores.append(benchmark.score(sequence, runs, rule))
        except InputError as error:
            raise InputError(f"{folder}, {name}: {error}") from error
    means = None if benchmark.pool is None else benchmark.pool(scores)
    tracker = {**results.read_configuration(folder), "benchmark": benchmark.name, "scoring": rule}
    return Report(tuple(scores), tracker, means)


def scored_here(benchmark: Benchmark, root: str | Path, names: Collection[str]) -> bool:
    """Whether the sequences' ground truth is at hand; a server keeps that of some test splits."""
    sequence = benchmark.read_sequence(Path(root), names[0])
    return len(sequence) == 1 or bool(np.isfinite(sequence.boxes[1:]).any())


def check_rule(benchmark: Benchmark, rule: str) -> None:
    """Raise InputError if the benchmark has no scoring rule of that name."""
    if rule not in benchmark.rules:
        raise InputError(
            f"there is no scoring rule {rule!r} for {benchmark.name}; choose one of: "
            f"{', '.join(benchmark.rules)}"
        )


def _checked_lengths(
    benchmark: Benchmark, read: Callable[[str], Sequence], names: Collection[str], folder: Path
) -> dict[str, int]:
    """Return each sequence's number of frames, having found what would stop a run hours later."""
    if not names:
        raise InputError("there is no sequence to evaluate on; name at least one")
    if len(set(names)) < len(names):
        raise InputError(f"a sequence is named twice in {', '.join(names)}; name each once")
    frames = {}
    for name in names:
        sequence = read(name)  # one at a time: memory does not grow with the benchmark
        frames[name] = len(sequence)
        if not benchmark.protocol.finished(folder, name):
            first_frame(sequence)
    return frames
