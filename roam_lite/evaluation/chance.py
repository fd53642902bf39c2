"""How much of a score is chance: the same sequences, their first boxes moved by next to nothing.

A tracker cuts each patch around its own last box, so small errors grow: from 1e-6 to tenths of a pixel
within ten frames. Another machine does the same. Smaller differences than between draws mean nothing.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from roam_lite.data.sequence import Sequence
from roam_lite.evaluation.report import Report, Score
from roam_lite.evaluation.running.engine import limited_threads
from roam_lite.evaluation.running.runner import evaluate

NUDGE = 0.01  # image pixels, at most, in x, y, w and h


def nudged(sequence: Sequence, draw: int) -> Sequence:
    """Return the sequence with its first box moved a little, otherwise in each draw."""
    generator = np.random.default_rng([draw, *sequence.name.encode()])
    boxes = sequence.boxes.copy()
    boxes[0] += generator.uniform(-NUDGE, NUDGE, size=4)
    return replace(sequence, boxes=boxes)


def drawn_reports(
    make_tracker: Callable[[], Any], sequences: Collection[Sequence], draws: int
) -> Iterator[Report]:
    """Yield the OTB scores of each draw, all sequences nudged anew, whatever the number of cores."""
    for draw in range(draws):
        moved = [nudged(sequence, draw) for sequence in sequences]
        with limited_threads(1):
            report, _ = evaluate(make_tracker, moved, progress=False)
        yield report


def mean_report(reports: list[Report]) -> Report:
    """Return one report whose scores are each sequence's means over the draws."""
    scores = [
        Score(
            same[0].name,
            {k: float(np.mean([score.metrics[k] for score in same])) for k in same[0].metrics},
            float(np.mean([score.fps for score in same])),
            same[0].frames,
        )
        for same in zip(*(report.scores for report in reports), strict=True)
    ]
    return Report(tuple(scores), {**reports[0].tracker, "draws": len(reports)})


def spread_table(reports: list[Report]) -> str:
    """Return what the draws say together: means, their standard deviation, and who hangs on chance."""
    rows = np.array([[r.mean()["auc"], r.mean()["precision_20"]] for r in reports])
    lines = [
        f"{'mean':9} {rows[:, 0].mean():6.3f} {rows[:, 1].mean():8.3f}",
        f"{'deviation':9} {rows[:, 0].std(ddof=1):6.4f} {rows[:, 1].std(ddof=1):8.4f}",
    ]
    each = np.array([[score.auc for score in report.scores] for report in reports])
    names = [score.name for score in reports[0].scores]
    for index in np.argsort(-np.ptp(each, axis=0), kind="stable")[:3]:
        low, high = each[:, index].min(), each[:, index].max()
        lines.append(f"{names[index]}: AUC {low:.3f} to {high:.3f}")
    return "\n".join(lines)
