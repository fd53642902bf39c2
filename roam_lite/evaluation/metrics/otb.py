"""OTB one-pass evaluation: success over 21 overlap thresholds and precision at 20 pixels.

The official rule is that of the benchmark's Matlab program; `got10k` and `pysot` are the rules of those
two toolkits, which differ in three details (`Rule`). Frames whose ground truth is missing (`nan`)
count in neither score nor denominator under any rule.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation.columns import computed
from roam_lite.evaluation.metrics import paired, unreadable_among
from roam_lite.evaluation.report import Score
from roam_lite.evaluation.running.run import Run
from roam_lite.geometry import center_error, iou

SUCCESS_THRESHOLDS = np.linspace(0, 1, 21)  # IoU; greater than this counts
PRECISION_THRESHOLDS = np.arange(51.0)  # image pixels; at most this counts


@dataclass(frozen=True)
class Rule:
    """What toolkits do differently before they compare boxes."""

    repeat_invalid: bool  # replace an invalid prediction by the one before
    replace_first: bool  # replace the first frame's prediction by the ground truth
    mask_ground_truth: bool  # 1-based ground truth with a value <= 0: no success, but a hit


RULES = {
    "official": Rule(repeat_invalid=True, replace_first=True, mask_ground_truth=True),
    "got10k": Rule(repeat_invalid=False, replace_first=True, mask_ground_truth=False),
    "pysot": Rule(repeat_invalid=False, replace_first=False, mask_ground_truth=False),
}


def success_curve(
    boxes: np.ndarray, truth: np.ndarray, rule: str = "official", unreadable: Iterable[int] = ()
) -> np.ndarray:
    """Return the share of frames, `[21]`, whose overlap exceeds each of the thresholds 0:0.05:1.

    `boxes` and `truth` are `(x, y, w, h)`, 0-based, `[T, 4]` each. The mean of the curve is the AUC:
    because overlap must exceed the threshold, a perfect tracker has 20/21.
    """
    overlap, _ = frame_scores(boxes, truth, rule, unreadable)
    return (overlap[:, None] > SUCCESS_THRESHOLDS).mean(axis=0)


def precision_curve(
    boxes: np.ndarray, truth: np.ndarray, rule: str = "official", unreadable: Iterable[int] = ()
) -> np.ndarray:
    """Return the share of frames, `[51]`, whose center is off by at most 0, 1, ..., 50 pixels."""
    _, error = frame_scores(boxes, truth, rule, unreadable)
    return (error[:, None] <= PRECISION_THRESHOLDS).mean(axis=0)


def frame_scores(
    boxes: np.ndarray, truth: np.ndarray, rule: str = "official", unreadable: Iterable[int] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Return overlap and center error (image pixels), `[F]` each, of the F labeled frames.

    Both are -1 if the official rule finds no ground truth inside the image, and 0 and infinite in frames
    that are `unreadable`. Raises InputError if the tracks differ in length, if no frame is labeled, or
    if there is no rule with that name.
    """
    labeled = np.isfinite(np.asarray(truth, dtype=float)).all(axis=-1)
    boxes, truth, outside = compared(boxes, truth, rule)
    overlap, error = iou(boxes, truth), center_error(boxes, truth)
    overlap[outside] = error[outside] = -1
    missed = unreadable_among(unreadable, labeled)
    overlap[missed], error[missed] = 0, np.inf
    return overlap, error


def compared(
    boxes: np.ndarray, truth: np.ndarray, rule: str = "official"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return boxes `[F, 4]`, ground truth `[F, 4]` and a mask `[F]`, as the rule compares them.

    The mask is true where the ground truth is not a box inside the image. Raises as `frame_scores` does.
    """
    if rule not in RULES:
        raise InputError(f"there is no scoring rule {rule!r}; choose one of: {', '.join(RULES)}")
    details = RULES[rule]
    boxes, truth, labeled = paired(boxes, truth)
    if details.repeat_invalid:
        boxes = repeat_invalid(boxes)
    if details.replace_first:
        boxes[0] = truth[0]
    boxes, truth = boxes[labeled], truth[labeled]
    # The official test looks at the file's numbers, which are 1-based.
    outside = (truth + np.array([1, 1, 0, 0]) <= 0).any(axis=1) & details.mask_ground_truth
    return boxes, truth, outside


def repeat_invalid(boxes: np.ndarray) -> np.ndarray:
    """Return the boxes, with those that are not finite or have no area replaced by the last good one."""
    valid = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)
    last_valid = np.maximum.accumulate(np.where(valid, np.arange(len(boxes)), -1))
    return boxes[np.where(last_valid < 0, np.arange(len(boxes)), last_valid)]


def lost_for_good(boxes: np.ndarray, truth: np.ndarray, unreadable: Iterable[int] = ()) -> bool:
    """Return whether boxes `[T, 4]` never overlap the truth in the last quarter of its labeled frames.

    `unreadable` frames have no overlap.
    """
    labeled = np.flatnonzero(np.isfinite(truth).all(axis=1))
    last = np.setdiff1d(labeled[-max(1, len(labeled) // 4) :], list(unreadable))
    return not np.nan_to_num(iou(boxes[last], truth[last])).any()


def score_run(sequence: Sequence, run: Run, scoring: str = "official") -> Score:
    """Return the OTB scores of a run."""
    success = success_curve(run.boxes, sequence.boxes, scoring, run.unreadable)
    precision = precision_curve(run.boxes, sequence.boxes, scoring, run.unreadable)
    metrics = {
        "auc": float(success.mean()),
        "precision_20": float(precision[20]),
        **computed(sequence, run),
    }
    lost = lost_for_good(run.boxes, sequence.boxes, run.unreadable)
    evidence = {"success": success, "precision": precision, "lost": lost}
    return Score(sequence.name, metrics, run.fps, len(sequence), evidence, len(run.unreadable))


def score(sequence: Sequence, runs: list[Run], scoring: str) -> Score:
    """Return the OTB scores of the single run."""
    return score_run(sequence, runs[0], scoring)
