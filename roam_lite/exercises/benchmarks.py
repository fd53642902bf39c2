"""Exercises of 08_benchmarks: precision, repaired boxes, a relative gain."""

import numpy as np

from roam_lite.evaluation.metrics.otb import repeat_invalid
from roam_lite.exercises.exercise import Exercise, Mistake

# 08.1


def precision_at_20(errors: np.ndarray) -> float:
    """Return the share of labeled frames whose center error is at most 20 pixels."""
    return float((errors[np.isfinite(errors)] <= 20).mean())


def _errors(rng: np.random.Generator) -> tuple[np.ndarray]:
    """Errors on both sides of 20 and exactly there, with some frames that have no truth."""
    errors = rng.uniform(0, 40, 40)
    errors[:5], errors[5:9] = 20.0, np.nan
    return (rng.permutation(errors),)


_PRECISION = Exercise(
    "08.1",
    "precision at 20 pixels",
    precision_at_20,
    _errors,
    (
        Mistake(
            "below",
            lambda errors: float((errors[np.isfinite(errors)] < 20).mean()),
            "What about an error of exactly 20 pixels?",
        ),
        Mistake(
            "missing frames fail",
            lambda errors: float((errors <= 20).mean()),
            "Compare nan with 20: what comes out, and what does that frame do to the mean?",
        ),
        Mistake(
            "number of frames",
            lambda errors: float((errors <= 20).sum()),
            "A share lies between 0 and 1.",
        ),
        Mistake(
            "mean error",
            lambda errors: float(np.nanmean(errors)),
            "A single lost frame far away would spoil that. Precision only asks: within, or not?",
        ),
    ),
)

# 08.2


def repaired(boxes: np.ndarray) -> np.ndarray:
    """Return the boxes with each bad one replaced by the last good one."""
    return repeat_invalid(boxes)


def _boxes(rng: np.random.Generator) -> tuple[np.ndarray]:
    """Good boxes, then a run without area, and single ones that are bad in other ways."""
    boxes = rng.uniform(10, 60, (12, 4))
    boxes[3:6, 2] = 0.0
    boxes[7, 0] = np.inf
    boxes[9] = np.nan
    boxes[11, 3] = -4.0
    return (boxes,)


def _one_back(boxes: np.ndarray) -> np.ndarray:
    result = boxes.copy()
    for t in range(1, len(boxes)):
        if not (np.isfinite(boxes[t]).all() and (boxes[t, 2:] > 0).all()):
            result[t] = boxes[t - 1]
    return result


def _repaired_if(good):
    def answer(boxes: np.ndarray) -> np.ndarray:
        result = boxes.copy()
        for t in range(1, len(boxes)):
            if not good(boxes[t]):
                result[t] = result[t - 1]
        return result

    return answer


def _good(boxes: np.ndarray) -> np.ndarray:
    return np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)


_REPAIRED = Exercise(
    "08.2",
    "the last good box",
    repaired,
    _boxes,
    (
        Mistake(
            "the box before",
            _one_back,
            "The box before a bad one may be bad itself. Look at two bad ones in a row.",
        ),
        Mistake(
            "finite is enough",
            _repaired_if(lambda box: np.isfinite(box).all()),
            "A box of width 0 is finite. Does it have an overlap with anything?",
        ),
        Mistake(
            "zeros",
            lambda boxes: np.where(_good(boxes)[:, None], boxes, 0.0),
            "A box of zeros overlaps with nothing: the tracker would be punished twice. What did "
            "it say last that made sense?",
        ),
        Mistake(
            "frames left out",
            lambda boxes: boxes[_good(boxes)],
            "There must be one box a frame, or everything after the first bad one is compared with "
            "another frame's truth.",
        ),
    ),
)

# 08.3


def relative_gain(a: np.ndarray, b: np.ndarray, drawn: np.ndarray) -> float:
    """Return the gain of a's mean over b's, in percent of b's, on the drawn sequences."""
    return float(100 * (a[drawn].mean() - b[drawn].mean()) / b[drawn].mean())


_GAIN = Exercise(
    "08.3",
    "a relative gain",
    relative_gain,
    lambda rng: (rng.uniform(0.3, 0.8, 9), rng.uniform(0.3, 0.8, 9), rng.integers(9, size=9)),
    (
        Mistake(
            "mean of the gains",
            lambda a, b, drawn: float((100 * (a[drawn] - b[drawn]) / b[drawn]).mean()),
            "A sequence that b can hardly track would decide everything. First the means, then "
            "their ratio.",
        ),
        Mistake(
            "all sequences",
            lambda a, b, drawn: relative_gain(a, b, np.arange(len(a))),
            "The draw has no effect: some sequences are in it twice, others not at all.",
        ),
        Mistake(
            "points for percent",
            lambda a, b, drawn: float(100 * (a[drawn].mean() - b[drawn].mean())),
            "From 0.50 to 0.55 these are 5 points. In percent of 0.50 it is more.",
        ),
        Mistake(
            "in percent of a",
            lambda a, b, drawn: float(100 * (1 - b[drawn].mean() / a[drawn].mean())),
            "What is gained is measured against what was there before, b.",
        ),
    ),
)

EXERCISES = (_PRECISION, _REPAIRED, _GAIN)
