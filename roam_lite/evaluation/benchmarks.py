"""The six benchmarks by name: where sequences lie, how trackers run on them, and what they score."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from roam_lite.data.layouts import LAYOUTS, Layout
from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation import results
from roam_lite.evaluation.metrics import got10k, lasot, otb, trackingnet, vot
from roam_lite.evaluation.report import Report, Score
from roam_lite.evaluation.running.protocols import Protocol, one_pass, supervised


@dataclass(frozen=True)
class Benchmark:
    """A benchmark: layout of the sequences, protocol and scores."""

    name: str  # on the command line
    folder: str  # of results, as the toolkits name it
    layout: Layout
    protocol: Protocol
    score: Callable[[Sequence, list[Any], str], Score]
    pool: Callable[[list[Score]], Mapping[str, float]] | None = None  # None: plain means
    rules: tuple[str, ...] = ("official",)

    def names(self, root: str | Path, split: str | None = None) -> list[str]:
        """Names under `root`, of the paper's split or the one named; InputError if there is none."""
        if split is not None and split not in self.layout.splits:
            known = ", ".join(self.layout.splits) or "none"
            raise InputError(f"{self.name} has no split {split!r}; its splits: {known}")
        return self.layout.names(root, split)

    def repeated(self, repetitions: int) -> "Benchmark":
        """The benchmark with other repetitions, at most. Raises InputError if it never repeats."""
        if self.protocol.repetitions == 1:
            raise InputError(f"{self.name} runs every sequence once; leave --repetitions out")
        return replace(self, protocol=replace(self.protocol, repetitions=repetitions))


_VOT = {
    "layout": LAYOUTS["vot"],
    "protocol": Protocol(supervised, results.VOT, repetitions=15, agreeing=3),
    "score": vot.score,
}
BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark(
            "otb",
            "OTB2015",
            LAYOUTS["otb"],
            Protocol(one_pass, results.OTB),
            otb.score,
            rules=tuple(otb.RULES),
        ),
        *(
            Benchmark(name, name.upper(), pool=partial(vot.pool, lengths=lengths), **_VOT)
            for name, lengths in vot.EAO_LENGTHS.items()
        ),
        Benchmark(
            "lasot",
            "LaSOT",
            LAYOUTS["lasot"],
            Protocol(one_pass, results.LASOT),
            lasot.score,
            rules=lasot.RULES,
        ),
        Benchmark(
            "got10k",
            "GOT-10k",
            LAYOUTS["got10k"],
            Protocol(one_pass, results.GOT10K, repetitions=3),
            got10k.score,
            pool=got10k.pool,
        ),
        Benchmark(
            "trackingnet",
            "TrackingNet",
            LAYOUTS["trackingnet"],
            Protocol(one_pass, results.TRACKINGNET),
            trackingnet.score,
        ),
    )
}


def benchmark_names() -> tuple[str, ...]:
    """Return the names that `get_benchmark` knows: of benchmarks, then of layouts without one."""
    taken = [benchmark.layout for benchmark in BENCHMARKS.values()]
    return (*BENCHMARKS, *(name for name, layout in LAYOUTS.items() if layout not in taken))


def get_benchmark(name: str) -> Benchmark:
    """Return the benchmark of that name.

    A layout without a benchmark gives one that runs and scores as OTB does. Raises InputError if
    there is no such name.
    """
    if name not in benchmark_names():
        known = ", ".join(benchmark_names())
        raise InputError(f"there is no benchmark {name!r}; choose one of: {known}")
    if name in BENCHMARKS:
        return BENCHMARKS[name]
    return replace(BENCHMARKS["otb"], name=name, folder=name, layout=LAYOUTS[name])


def score_results(
    benchmark: Benchmark,
    root: str | Path,
    names: list[str],
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
        sequence = benchmark.layout.read_sequence(Path(root), name)
        runs = benchmark.protocol.layout.runs(folder, sequence)
        try:
            scores.append(benchmark.score(sequence, runs, rule))
        except InputError as error:
            raise InputError(f"{folder}, {name}: {error}") from error
    means = None if benchmark.pool is None else benchmark.pool(scores)
    tracker = {**results.read_configuration(folder), "benchmark": benchmark.name, "scoring": rule}
    return Report(tuple(scores), tracker, means)


def scored_here(benchmark: Benchmark, root: str | Path, names: list[str]) -> bool:
    """Whether the sequences' ground truth is at hand; a server keeps that of some test splits."""
    sequence = benchmark.layout.read_sequence(Path(root), names[0])
    return len(sequence) == 1 or bool(np.isfinite(sequence.boxes[1:]).any())


def check_rule(benchmark: Benchmark, rule: str) -> None:
    """Raise InputError if the benchmark has no scoring rule of that name."""
    if rule not in benchmark.rules:
        raise InputError(
            f"there is no scoring rule {rule!r} for {benchmark.name}; choose one of: "
            f"{', '.join(benchmark.rules)}"
        )
