"""How much of a score is chance: the same sequences with almost the same first boxes.

A tracker crops each patch around its own last box, so small errors grow: from 1e-6 to tenths of a pixel
within ten frames. Another machine has the same effect. Differences smaller than between draws mean nothing.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation.report import Report, Score
from roam_lite.evaluation.running.engine import limited_threads
from roam_lite.evaluation.running.runner import evaluate

NUDGE = 0.01  # image pixels, at most, in x, y, w and h


def nudged(sequence: Sequence, draw: int) -> Sequence:
    """Return the sequence with its first box moved a little, differently in each draw."""
    generator = np.random.default_rng([draw, *sequence.name.encode()])
    boxes = sequence.boxes.copy()
    boxes[0] += generator.uniform(-NUDGE, NUDGE, size=4)
    return replace(sequence, boxes=boxes)


def drawn_reports(
    make_tracker: Callable[[], Any], sequences: Collection[Sequence], draws: int
) -> Iterator[Report]:
    """Yield the OTB scores of each draw with new first boxes; the number of cores does not matter."""
    for draw in range(draws):
        moved = [nudged(sequence, draw) for sequence in sequences]
        with limited_threads(1):
            report, _ = evaluate(make_tracker, moved, progress=False)
        yield report


def mean_report(reports: list[Report]) -> Report:
    """Return a report with each sequence's mean scores over the draws."""
    scores = [
        Score(
            same[0].name,
            {k: float(np.mean([score.metrics[k] for score in same])) for k in same[0].metrics},
            float(np.mean([score.fps for score in same])),
            same[0].frames,
            unreadable=same[0].unreadable,
        )
        for same in zip(*(report.scores for report in reports), strict=True)
    ]
    return Report(tuple(scores), {**reports[0].tracker, "draws": len(reports)})


def split_names(names: Collection[str], prefixes: Collection[str]) -> dict[str, list[str]]:
    """Return the names by title: `PREFIX*` for the first prefix that a name begins with, else `others`.

    Raises InputError for a prefix without names.
    """
    groups: dict[str, list[str]] = {f"{prefix}*": [] for prefix in prefixes}
    for name in names:
        title = next((f"{p}*" for p in prefixes if name.startswith(p)), "others")
        groups.setdefault(title, []).append(name)
    if empty := [title.removesuffix("*") for title, found in groups.items() if not found]:
        raise InputError(
            f"--split-by {','.join(empty)}: no sequence's name begins with this, or an earlier prefix "
            f"matches it first; there are {', '.join(names)}"
        )
    return groups


def spread_table(reports: list[Report], groups: Mapping[str, Collection[str]] | None = None) -> str:
    """Return a summary of the draws: means, standard deviations, and the sequences that vary most.

    `groups` are names of sequences by title (`split_names`), each of which also gets such lines.
    """
    lines = _spread(reports)
    each = np.array([[score.auc for score in report.scores] for report in reports])
    names = [score.name for score in reports[0].scores]
    for index in np.argsort(-np.ptp(each, axis=0), kind="stable")[:3]:
        low, high = each[:, index].min(), each[:, index].max()
        lines.append(f"{names[index]}: AUC {low:.3f} to {high:.3f}")
    lost = Counter(name for report in reports for name in report.lost())
    for name, times in lost.most_common():
        lines.append(f"{name}: lost for good in {times} of {len(reports)} draws")
    for title, some in (groups or {}).items():
        kept = [tuple(s for s in report.scores if s.name in some) for report in reports]
        parts = [replace(r, scores=scores) for r, scores in zip(reports, kept, strict=True)]
        lines += ["", f"{title}: {len(some)} of {len(names)} sequences", *_spread(parts)]
    return "\n".join(lines)


def _spread(reports: list[Report]) -> list[str]:
    rows = [[r.mean()["auc"], r.mean()["precision_20"], len(r.lost())] for r in reports]
    mean, deviation = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1)
    return [
        f"{'mean':9} {mean[0]:6.3f} {mean[1]:8.3f} {mean[2]:5.1f}",
        f"{'deviation':9} {deviation[0]:6.4f} {deviation[1]:8.4f} {deviation[2]:5.1f}",
    ]
