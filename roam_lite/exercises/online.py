"""Exercises of 07_online_tracking: the motion map, the change penalty, the smoothed box."""

import numpy as np
import torch

from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.model.localization import change_penalty


def _box(rng: np.random.Generator) -> np.ndarray:
    return np.concatenate([rng.uniform(20, 80, 2), rng.uniform(15, 60, 2)])


# 07.1


def motion(point: np.ndarray, last: np.ndarray, sharpness: float) -> float:
    """Return the motion map at a point `(x, y)`, for the last box."""
    offset = point - last[:2] - last[2:] / 2
    return float(np.exp(-sharpness * (offset**2).sum() / last[2:].prod()))


_MOTION = Exercise(
    "07.1",
    "the motion map",
    motion,
    lambda rng: (rng.uniform(20, 120, 2), _box(rng), float(rng.uniform(0.1, 0.9))),
    (
        Mistake(
            "from the corner",
            lambda point, last, k: float(
                np.exp(-k * ((point - last[:2]) ** 2).sum() / last[2:].prod())
            ),
            "The map is highest at the last box's center.",
        ),
        Mistake(
            "in pixels",
            lambda point, last, k: float(
                np.exp(-k * ((point - last[:2] - last[2:] / 2) ** 2).sum())
            ),
            "A large target may move by more pixels than a small one: distances are in units of "
            "its size.",
        ),
        Mistake(
            "distance not squared",
            lambda point, last, k: float(
                np.exp(
                    -k * np.sqrt(((point - last[:2] - last[2:] / 2) ** 2).sum() / last[2:].prod())
                )
            ),
            "That falls off like a cone at the center. A Gaussian is flat there.",
        ),
        Mistake(
            "each side by itself",
            lambda point, last, k: float(
                np.exp(-k * (((point - last[:2] - last[2:] / 2) / last[2:]) ** 2).sum())
            ),
            "Your map is wider for wide targets. The paper's is round: one size, sqrt(w h), for "
            "both directions.",
        ),
    ),
)

# 07.2


def penalty(box: np.ndarray, last: np.ndarray, k: float) -> float:
    """Return exp(-k (s r - 1)) of a box against the last one."""
    return float(change_penalty(torch.from_numpy(box), torch.from_numpy(last), k))


def _changes(box: np.ndarray, last: np.ndarray) -> tuple[float, float]:
    """Factors of overall size and of aspect ratio, which may be below 1."""

    def overall(b: np.ndarray) -> float:
        pad = b[2:].sum() / 2
        return float(np.sqrt((b[2] + pad) * (b[3] + pad)))

    return overall(box) / overall(last), float(box[2] / box[3] / (last[2] / last[3]))


def _penalized(combine):
    """The penalty with another way to combine the changes s and r, both at least 1."""

    def answer(box: np.ndarray, last: np.ndarray, k: float) -> float:
        s, r = (max(change, 1 / change) for change in _changes(box, last))
        return float(np.exp(-k * combine(s, r)))

    return answer


def _growth_only(box: np.ndarray, last: np.ndarray, k: float) -> float:
    s, r = _changes(box, last)
    return float(np.exp(-k * (s * r - 1)))


def _area_for_size(box: np.ndarray, last: np.ndarray, k: float) -> float:
    s = np.sqrt(box[2:].prod() / last[2:].prod())
    r = _changes(box, last)[1]
    return float(np.exp(-k * (max(s, 1 / s) * max(r, 1 / r) - 1)))


_PENALTY = Exercise(
    "07.2",
    "the change penalty",
    penalty,
    lambda rng: (_box(rng), _box(rng), float(rng.uniform(0.05, 0.5))),
    (
        Mistake(
            "growth only",
            _growth_only,
            "A box of half the size is as suspicious as one of twice the size, but your factor "
            "falls below 1 for it and *raises* the response.",
        ),
        Mistake(
            "an unchanged box is penalized",
            _penalized(lambda s, r: s * r),
            "What does your function give if nothing changed? It should be 1.",
        ),
        Mistake(
            "sum for product",
            _penalized(lambda s, r: s + r - 2),
            "Both changes are factors: of twice the size *and* twice the ratio, what is the "
            "product?",
        ),
        Mistake(
            "no padding",
            _area_for_size,
            "The overall size is sqrt((w + p)(h + p)) with p = (w + h) / 2, not sqrt(w h).",
        ),
    ),
)

# 07.3


def smoothed(last: np.ndarray, found: np.ndarray, weight: float) -> np.ndarray:
    """Return the box with the found center and a size between the last and the found one."""
    size = (1 - weight) * last[2:] + weight * found[2:]
    center = found[:2] + found[2:] / 2
    return np.concatenate([center - size / 2, size])


_SMOOTHED = Exercise(
    "07.3",
    "the smoothed box",
    smoothed,
    lambda rng: (_box(rng), _box(rng), float(rng.uniform(0.1, 0.4))),
    (
        Mistake(
            "everything smoothed",
            lambda last, found, weight: (1 - weight) * last + weight * found,
            "A target may well jump: only the *size* is smoothed, the position is taken as found.",
        ),
        Mistake(
            "the corner kept",
            lambda last, found, weight: np.concatenate(
                [found[:2], (1 - weight) * last[2:] + weight * found[2:]]
            ),
            "Another size around the same center has another left and top edge.",
        ),
        Mistake(
            "weights exchanged",
            lambda last, found, weight: smoothed(last, found, 1 - weight),
            "The weight belongs to what was found: 0 keeps the last size.",
        ),
        Mistake(
            "the last center",
            lambda last, found, weight: smoothed(found, last, 1 - weight),
            "You move the size and leave the box where it was.",
        ),
    ),
)

EXERCISES = (_MOTION, _PENALTY, _SMOOTHED)
