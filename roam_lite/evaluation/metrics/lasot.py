"""LaSOT one-pass evaluation: success, precision and normalized precision.

The official rule is that of the benchmark's Matlab program; `pysot` is that toolkit's, which neither
replaces the first box nor repeats invalid ones (`otb.RULES`). Frames in which the target is absent
are not compared, but the denominator is still the number of all labeled frames.
"""

from collections.abc import Iterable

import numpy as np

from roam_lite.data.sequence import Sequence
from roam_lite.evaluation.columns import computed
from roam_lite.evaluation.metrics import unreadable_among
from roam_lite.evaluation.metrics.otb import PRECISION_THRESHOLDS, SUCCESS_THRESHOLDS, compared
from roam_lite.evaluation.report import Score
from roam_lite.evaluation.running.run import Run
from roam_lite.geometry import center_error, iou

RULES = ("official", "pysot")
NORMALIZED_THRESHOLDS = np.linspace(0, 0.5, 51)  # shares of the target's size; at most this counts
REPORTED_NORMALIZED = 20  # the threshold 0.20


def curves(
    boxes: np.ndarray,
    truth: np.ndarray,
    visible: np.ndarray,
    rule: str = "official",
    unreadable: Iterable[int] = (),
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return success `[21]`, precision `[51]` and normalized precision `[51]` over their thresholds.

    `boxes` and `truth` are `(x, y, w, h)`, 0-based, `[T, 4]` each; `visible` is bool `[T]`, false
    where the target is fully occluded or out of view. Boxes after the last ground truth are
    ignored, `unreadable` frames are misses. The official AUC is the mean of the success curve; precision
    is reported at 20 pixels, normalized precision at 0.20. Raises InputError as `otb.frame_scores` does.
    """
    truth = np.asarray(truth, dtype=float)
    boxes = np.asarray(boxes, dtype=float)[: len(truth)]
    frames = np.isfinite(truth).all(axis=1).sum()
    seen = np.where(np.asarray(visible, dtype=bool)[:, None], truth, np.nan)
    missed = unreadable_among(unreadable, np.isfinite(seen).all(axis=1))
    boxes, truth, outside = compared(boxes, seen, rule)
    overlap, error = iou(boxes, truth), center_error(boxes, truth)
    with np.errstate(divide="ignore", invalid="ignore"):  # boxes without area are masked below
        offset = _center(boxes) / truth[:, 2:] - _center(truth) / truth[:, 2:]
    normalized = np.linalg.norm(offset, axis=1)
    overlap[outside] = error[outside] = normalized[outside] = -1
    overlap[missed], error[missed], normalized[missed] = 0, np.inf, np.inf
    return (
        (overlap[:, None] > SUCCESS_THRESHOLDS).sum(axis=0) / frames,
        (error[:, None] <= PRECISION_THRESHOLDS).sum(axis=0) / frames,
        (normalized[:, None] <= NORMALIZED_THRESHOLDS).sum(axis=0) / frames,
    )


def _center(boxes: np.ndarray) -> np.ndarray:
    """Return the centers in the official program's 1-based numbers, which decide ties."""
    return boxes[:, :2] + 1 + (boxes[:, 2:] - 1) / 2


def score(sequence: Sequence, runs: list[Run], scoring: str) -> Score:
    """Return the LaSOT scores of the single run."""
    run, visible = runs[0], sequence.visibility > 0
    success, precision, normalized = curves(
        run.boxes, sequence.boxes, visible, scoring, run.unreadable
    )
    metrics = {
        "auc": float(success.mean()),
        "precision_20": float(precision[20]),
        "normalized_precision": float(normalized[REPORTED_NORMALIZED]),
        **computed(sequence, run),
    }
    evidence = {"success": success, "precision": precision, "normalized": normalized}
    return Score(sequence.name, metrics, run.fps, len(sequence), evidence, len(run.unreadable))
