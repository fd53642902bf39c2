"""Is one tracker better than another? Paired bootstrap over sequences."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from roam_lite.errors import InputError
from roam_lite.evaluation.columns import column
from roam_lite.evaluation.report import added_metrics, metrics_of, paired_scores


class Interval(NamedTuple):
    """A mean difference with the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


def paired_bootstrap(
    a: Sequence[float],
    b: Sequence[float],
    *,
    draws: int = 10_000,
    seed: int = 0,
    relative: bool = False,
) -> Interval:
    """Return mean(a) - mean(b) with its 95 % interval over resampled sequences.

    `a` and `b` have one score for each sequence, in the same order. Whole sequences are resampled, so
    their difficulty cancels out. `relative` gives the difference in percent of mean(b), as
    in the paper. Raises InputError if the scores cannot be paired or are empty.
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or len(a) == 0:
        raise InputError(
            f"scores of {a.shape} and {b.shape} sequences cannot be paired; "
            "give one score per tracker for every sequence"
        )
    drawn = np.random.default_rng(seed).integers(len(a), size=(draws, len(a)))
    low, high = np.percentile(_difference(a[drawn], b[drawn], relative), (2.5, 97.5))
    return Interval(float(_difference(a, b, relative)), float(low), float(high))


def leave_one_out(gains: np.ndarray) -> tuple[float, float, int]:
    """Return the least and the largest mean of S >= 2 differences without any one of them.

    Then the index of the one that adds most to the mean of all, toward its own sign.
    """
    without = (gains.sum() - gains) / (len(gains) - 1)
    carrier = (gains * np.where(gains.mean() < 0, -1, 1)).argmax()
    return float(without.min()), float(without.max()), int(carrier)


def _difference(a: np.ndarray, b: np.ndarray, relative: bool) -> np.ndarray:
    difference = a.mean(axis=-1) - b.mean(axis=-1)
    if not relative:
        return difference
    # If b scores 0, there is no percentage, so the result is nan.
    scale = b.mean(axis=-1)
    return 100 * difference / np.where(scale == 0, np.nan, scale)


def comparison_table(reports: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a table: means of each report and its gain over the first, with intervals.

    The benchmark's first two metrics are compared, and any added ones (`columns`). Means are over
    sequences, even if the benchmark pools frames (GOT-10k, VOT). Below the table is the range of the first
    metric's difference with any one sequence left out, which shows whether one sequence carries it.

    `reports`, by the name that the table gives each, come from `report.read_report`. Raises InputError
    as `report.paired_scores` does.
    """
    base_name, base_report = next(iter(reports.items()))
    main, *others = dict.fromkeys([*metrics_of(base_report)[:2], *added_metrics(base_report)])
    scores = {key: paired_scores(reports, key) for key in (main, *others, "fps")}
    widths = {main: 5} | {key: max(7, len(column(key).label)) for key in others}
    width = max(map(len, reports))
    heads, lines = [f"{'':{width}}"], []
    for key in widths:
        heads += [f"{column(key).label:>{widths[key]}}", f"{'difference':>25}"]
        heads += [f"{'relative':>24}"] if key == main else []
    for index, name in enumerate(reports):
        cells = [f"{name:{width}}"]
        for key in widths:
            own, base, form = scores[key][index], scores[key][0], column(key).form
            gain = _interval(paired_bootstrap(own, base), f"+{form}")
            percent = _interval(paired_bootstrap(own, base, relative=True), "+.1f") + " %"
            cells += [f"{np.mean(own):{widths[key]}{form}}", f"{gain if index else '':>25}"]
            cells += [f"{percent if index else '':>24}"] if key == main else []
        lines.append("  ".join([*cells, f"{np.mean(scores['fps'][index]):6.1f}"]))
    title = f"{len(scores[main][0])} sequences; differences from {base_name} with 95 % intervals"
    if len(reports) > 1 and len(scores[main][0]) > 1:
        lines += ["", f"difference in {column(main).label} with one sequence left out"]
        names, first = sorted(base_report["sequences"]), np.asarray(scores[main][0])
        for name, own in list(zip(reports, scores[main], strict=True))[1:]:
            low, high, carrier = leave_one_out(np.asarray(own) - first)
            ends = f"{low:+{column(main).form}} to {high:+{column(main).form}}"
            lines.append(f"{name:{width}}  {ends}; {names[carrier]} adds most")
    return "\n".join([title, "", "  ".join([*heads, f"{'fps':>6}"]), *lines])


def _interval(interval: Interval, form: str) -> str:
    return f"{interval.mean:{form}} [{interval.low:{form}}, {interval.high:{form}}]"
