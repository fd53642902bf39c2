"""TrackingNet: success, precision and normalized precision as its development kit computes them.

Boxes are rounded to whole pixels, and the first is replaced by the ground truth. Each score is the
area under its curve over 21 thresholds (trapezoids), as a share; the kit prints percent.
"""

from collections.abc import Iterable

import numpy as np

from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation.columns import computed
from roam_lite.evaluation.metrics import paired, unreadable_among
from roam_lite.evaluation.report import Score
from roam_lite.evaluation.running.run import Run
from roam_lite.geometry import iou

SUCCESS_THRESHOLDS = np.linspace(0, 1, 21)  # IoU; at least this counts
PRECISION_THRESHOLDS = np.linspace(0, 50, 21)  # image pixels; at most this counts
NORMALIZED_THRESHOLDS = np.linspace(0, 0.5, 21)  # shares of the target's size; at most this counts


def curves(
    boxes: np.ndarray, truth: np.ndarray, unreadable: Iterable[int] = ()
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return success, precision and normalized precision, `[21]` each, over their thresholds.

    `boxes` and `truth` are `(x, y, w, h)`, 0-based, `[T, 4]` each; unlabeled frames are ignored,
    `unreadable` ones have overlap 0 and are misses. Raises InputError as `paired` does, and for a box
    that is not finite, for which the kit has no rule.
    """
    boxes, truth, labeled = paired(boxes, truth)
    boxes[0] = truth[0]
    boxes, truth = np.rint(boxes[labeled]), np.rint(truth[labeled])
    if not np.isfinite(boxes).all():
        raise InputError(
            "a box is not finite, which TrackingNet cannot score; repeat the box before it"
        )
    # Whole pixels meet thresholds exactly, so the order matters: subtract, then divide, like the kit.
    offset = boxes[:, :2] - truth[:, :2] + (boxes[:, 2:] - truth[:, 2:]) / 2
    with np.errstate(divide="ignore", invalid="ignore"):  # a box without area has no such error
        normalized = np.linalg.norm(offset / truth[:, 2:], axis=1)
    overlap, error = iou(boxes, truth), np.linalg.norm(offset, axis=1)
    missed = unreadable_among(unreadable, labeled)
    overlap[missed], error[missed], normalized[missed] = 0, np.inf, np.inf
    return (
        (overlap[:, None] >= SUCCESS_THRESHOLDS).mean(axis=0),
        (error[:, None] <= PRECISION_THRESHOLDS).mean(axis=0),
        (normalized[:, None] <= NORMALIZED_THRESHOLDS).mean(axis=0),
    )


def area(curve: np.ndarray) -> float:
    """Return the area under a curve over thresholds rescaled to the range from 0 to 1."""
    return float((curve[1:] + curve[:-1]).mean() / 2)  # by the trapezoidal rule


def score(sequence: Sequence, runs: list[Run], scoring: str) -> Score:
    """Return the TrackingNet scores of the single run."""
    run = runs[0]
    success, precision, normalized = curves(run.boxes, sequence.boxes, run.unreadable)
    metrics = {
        "auc": area(success),
        "precision": area(precision),
        "normalized_precision": area(normalized),
        **computed(sequence, run),
    }
    evidence = {"success": success, "precision": precision, "normalized": normalized}
    return Score(sequence.name, metrics, run.fps, len(sequence), evidence, len(run.unreadable))
