"""The six benchmarks by name: the layout of their sequences, how trackers run, and the scores."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from roam_lite.data.layouts import LAYOUTS, Layout
from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation import kept, results
from roam_lite.evaluation.metrics import got10k, lasot, otb, trackingnet, vot
from roam_lite.evaluation.report import Report, Score
from roam_lite.evaluation.results import ResultLayout
from roam_lite.evaluation.running.protocols import Protocol, one_pass, supervised


@dataclass(frozen=True)
class Benchmark:
    """A benchmark: layout of the sequences, protocol and scores."""

    name: str  # on the command line
    folder: str  # of results, named as in the toolkits
    layout: Layout
    protocol: Protocol
    score: Callable[[Sequence, list[Any], str], Score]
    pool: Callable[[list[Score]], Mapping[str, float]] | None = None  # None: plain means
    rules: tuple[str, ...] = ("official",)
    curves: bool = True  # whether its scores are curves that can be plotted

    def names(self, root: str | Path, split: str | None = None) -> list[str]:
        """Names under `root` in the given split, or the paper's; InputError if there are none."""
        if split is not None and split not in self.layout.splits:
            known = ", ".join(self.layout.splits) or "none"
            raise InputError(f"{self.name} has no split {split!r}; its splits: {known}")
        return self.layout.names(root, split)

    def repeated(self, repetitions: int) -> "Benchmark":
        """The benchmark with at most this many repetitions. Raises InputError if it never repeats."""
        if self.protocol.repetitions == 1:
            raise InputError(f"{self.name} runs every sequence once; omit --repetitions")
        return replace(self, protocol=replace(self.protocol, repetitions=repetitions))


def _one_pass(
    name: str,
    folder: str,
    score: Callable[..., Score],
    files: ResultLayout,
    repetitions: int = 1,
    **more: Any,
) -> Benchmark:
    """Return a benchmark in which trackers run from the first box to the last frame."""
    protocol = Protocol(one_pass, files, repetitions)
    return Benchmark(name, folder, LAYOUTS[name], protocol, score, **more)


def _supervised(name: str, lengths: tuple[int, int]) -> Benchmark:
    """Return a challenge of VOT, which restarts trackers."""
    protocol = Protocol(supervised, results.VOT, repetitions=15, agreeing=3, guided=True)
    pool = partial(vot.pool, lengths=lengths)
    return Benchmark(name, name.upper(), LAYOUTS["vot"], protocol, vot.score, pool, curves=False)


BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        _one_pass("otb", "OTB2015", otb.score, results.OTB, rules=tuple(otb.RULES)),
        *(_supervised(name, lengths) for name, lengths in vot.EAO_LENGTHS.items()),
        _one_pass("lasot", "LaSOT", lasot.score, results.LASOT, rules=lasot.RULES),
        _one_pass("got10k", "GOT-10k", got10k.score, results.GOT10K, 3, pool=got10k.pool),
        _one_pass("trackingnet", "TrackingNet", trackingnet.score, results.TRACKINGNET),
    )
}


def benchmark_names() -> tuple[str, ...]:
    """Return the names that `get_benchmark` knows: benchmarks, then layouts without one."""
    taken = [benchmark.layout for benchmark in BENCHMARKS.values()]
    more = (n for n, layout in LAYOUTS.items() if layout not in taken and not layout.several)
    return (*BENCHMARKS, *more)


def get_benchmark(name: str) -> Benchmark:
    """Return the benchmark with that name; a layout without one is run and scored like OTB.

    Raises InputError if there is no such name.
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
    """Return the scores of a folder of results in the toolkit's layout, ours or anyone's.

    Raises InputError for a file that is missing or does not match, for results known to have been
    tracked on other video, and for an unknown scoring rule.
    """
    check_rule(benchmark, rule)
    folder, scores, differing = Path(folder), [], {}
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give one with results of {benchmark.name}")
    for name in names:
        sequence = benchmark.layout.read_sequence(Path(root), name)
        if (words := kept.differences(folder, sequence)) not in ([], [kept.UNKNOWN]):
            differing[name] = words
            continue
        runs = benchmark.protocol.layout.runs(folder, sequence)
        try:
            scores.append(benchmark.score(sequence, runs, rule))
        except InputError as error:
            raise InputError(f"{folder}, {name}: {error}") from error
    kept.refuse_differing(folder, differing)
    means = None if benchmark.pool is None else benchmark.pool(scores)
    tracker = {**results.read_configuration(folder), "benchmark": benchmark.name, "scoring": rule}
    return Report(tuple(scores), tracker, means)


def score_kept(
    benchmark: Benchmark, root: str | Path, names: list[str], folder: Path, rule: str
) -> tuple[list[Report], list[Path]]:
    """Return the scores of all trackers whose results of these sequences are in a folder.

    Second come the folders whose results are, or may be, from other video, without scores.
    """
    records = benchmark.protocol.layout.records
    complete = [
        tracker
        for tracker in sorted(folder.iterdir())
        if tracker.is_dir() and all(records(tracker, name) for name in names)
    ]
    sequences = [benchmark.layout.read_sequence(Path(root), name) for name in names]
    others = [
        tracker
        for tracker in complete
        if (tracker / results.CONFIGURATION).is_file()
        and any(kept.differences(tracker, sequence) for sequence in sequences)
    ]
    ours = [tracker for tracker in complete if tracker not in others]
    return [score_results(benchmark, root, names, tracker, rule) for tracker in ours], others


def scored_here(benchmark: Benchmark, root: str | Path, names: list[str]) -> bool:
    """Whether the sequences' ground truth is available here; for some test splits only a server has it."""
    sequence = benchmark.layout.read_sequence(Path(root), names[0])
    return len(sequence) == 1 or bool(np.isfinite(sequence.boxes[1:]).any())


def check_rule(benchmark: Benchmark, rule: str) -> None:
    """Raise InputError if the benchmark has no scoring rule of that name."""
    if rule not in benchmark.rules:
        raise InputError(
            f"there is no scoring rule {rule!r} for {benchmark.name}; choose one of: "
            f"{', '.join(benchmark.rules)}"
        )
