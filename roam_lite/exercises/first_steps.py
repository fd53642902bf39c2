"""Exercises of 00_start_here: how a tracker's boxes are judged."""

import numpy as np

from roam_lite.evaluation.metrics.otb import SUCCESS_THRESHOLDS
from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.geometry import center_error, iou


def _boxes(rng: np.random.Generator, shape: tuple[int, ...] = ()) -> np.ndarray:
    """Boxes of sides from 20 to 60 whose corners are near each other, so that most overlap."""
    return np.concatenate([rng.uniform(0, 15, (*shape, 2)), rng.uniform(20, 60, (*shape, 2))], -1)


# 00.1


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Return the distance between the centers of two boxes."""
    return float(center_error(a, b))


_CENTERS = Exercise(
    "00.1",
    "the center error",
    distance,
    lambda rng: (_boxes(rng), _boxes(rng)),
    (
        Mistake(
            "corners",
            lambda a, b: float(np.linalg.norm(a[:2] - b[:2])),
            "x and y are a box's left and top edge. Where is its middle?",
        ),
        Mistake(
            "far corners",
            lambda a, b: float(np.linalg.norm(a[:2] + a[2:] - b[:2] - b[2:])),
            "x + w is the right edge; the middle is half way.",
        ),
        Mistake(
            "squared",
            lambda a, b: distance(a, b) ** 2,
            "That is in square pixels.",
        ),
        Mistake(
            "sum of both directions",
            lambda a, b: float(np.abs(a[:2] + a[2:] / 2 - b[:2] - b[2:] / 2).sum()),
            "You walk along the axes. The error is the straight line.",
        ),
    ),
)

# 00.2


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Return the intersection over union of two boxes."""
    return float(iou(a, b))


def _areas(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """The intersection's area and the sum of both boxes' areas."""
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[:2] + a[2:], b[:2] + b[2:])
    return float((high - low).clip(min=0).prod()), float(a[2:].prod() + b[2:].prod())


def _unclipped(a: np.ndarray, b: np.ndarray) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[:2] + a[2:], b[:2] + b[2:])
    common = float((high - low).prod())
    return common / (a[2:].prod() + b[2:].prod() - common)


def _one_based(a: np.ndarray, b: np.ndarray) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[:2] + a[2:], b[:2] + b[2:])
    common = float((high - low + 1).clip(min=0).prod())
    return common / (a[2:].prod() + b[2:].prod() - common)


def _pair(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two boxes; of some seeds' both lie apart in x and in y."""
    a, b = _boxes(rng), _boxes(rng)
    if rng.random() < 0.4:
        b[:2] += 80
    return a, b


_OVERLAP = Exercise(
    "00.2",
    "the overlap",
    overlap,
    _pair,
    (
        Mistake(
            "negative sides",
            _unclipped,
            "Two boxes that lie apart to the right *and* below: which sides has their "
            "intersection, and what is the product of two negative numbers?",
        ),
        Mistake(
            "sum for union",
            lambda a, b: _areas(a, b)[0] / _areas(a, b)[1],
            "What is in both boxes is counted twice in the sum of their areas.",
        ),
        Mistake(
            "one box's share",
            lambda a, b: _areas(a, b)[0] / float(b[2:].prod()),
            "A box that covers the whole image would be perfect by that measure.",
        ),
        Mistake(
            "one pixel more",
            _one_based,
            "Coordinates are continuous here: from x to x + w there are w pixels, not w + 1.",
        ),
    ),
)

# 00.3


def auc(overlaps: np.ndarray) -> float:
    """Return the mean of the success curve over the thresholds 0, 0.05, ... 1; nan does not count."""
    known = overlaps[np.isfinite(overlaps)]
    return float((known[:, None] > SUCCESS_THRESHOLDS).mean())


def _overlaps(rng: np.random.Generator) -> tuple[np.ndarray]:
    """Overlaps on the thresholds and between them, with some frames that have no truth."""
    values = np.where(
        rng.random(40) < 0.5, rng.choice(SUCCESS_THRESHOLDS, 40), rng.uniform(0, 1, 40)
    )
    values[rng.choice(40, 6, replace=False)] = np.nan
    return (values,)


_AUC = Exercise(
    "00.3",
    "the area under the success curve",
    auc,
    _overlaps,
    (
        Mistake(
            "at least",
            lambda overlaps: float(
                (overlaps[np.isfinite(overlaps)][:, None] >= SUCCESS_THRESHOLDS).mean()
            ),
            "A frame whose overlap equals the threshold is no success in this benchmark: look at "
            "the threshold 0 and an overlap of 0.",
        ),
        Mistake(
            "missing frames fail",
            lambda overlaps: float((overlaps[:, None] > SUCCESS_THRESHOLDS).mean()),
            "A frame without truth is no success and no failure: it must not be in the "
            "denominator.",
        ),
        Mistake(
            "mean overlap",
            lambda overlaps: float(np.nanmean(overlaps)),
            "Close, and the curve's area would be just that with infinitely many thresholds. "
            "Here there are 21.",
        ),
        Mistake(
            "twenty thresholds",
            lambda overlaps: float(
                (overlaps[np.isfinite(overlaps)][:, None] > SUCCESS_THRESHOLDS[:-1]).mean()
            ),
            "From 0 to 1 in steps of 0.05, both ends included: how many thresholds are that?",
        ),
    ),
)

EXERCISES = (_CENTERS, _OVERLAP, _AUC)
