"""Exercises of 10_full_scale: patches in a clip, coordinates of theta, gradients of shares."""

import numpy as np

from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.model.tracking_model import ThetaLayout

# 10.1


def patches(initial: int, updates: int, interval: int, future: int) -> int:
    """Return how many patches the backbone sees for one clip."""
    return initial + (updates - 1) * interval + updates * future


_PATCHES = Exercise(
    "10.1",
    "patches in a clip",
    patches,
    lambda rng: tuple(int(n) for n in (*rng.integers(2, 10, 3), rng.integers(2, 5))),
    (
        Mistake(
            "a window for the first update",
            lambda initial, updates, interval, future: initial + updates * (interval + future),
            "The first update learns from the stretched first patches. How many are left?",
        ),
        Mistake(
            "one meta loss",
            lambda initial, updates, interval, future: initial + (updates - 1) * interval + future,
            "Every update is judged, not only the last.",
        ),
        Mistake(
            "first model not judged",
            lambda initial, updates, interval, future: (
                initial + (updates - 1) * (interval + future)
            ),
            "Line 6 of Algorithm 1: the first model has a meta loss too.",
        ),
        Mistake(
            "stretched at every update",
            lambda initial, updates, interval, future: updates * (initial + future),
            "Only the first frame is stretched; later updates see the frames of a window.",
        ),
    ),
)

# 10.2


def coordinates(channels: int, reduced: int, side: int) -> int:
    """Return the length of theta."""
    return ThetaLayout(channels, reduced, side).size


def _count(channels: int, reduced: int, side: int, *, biases: int = 1, reductions: int = 2) -> int:
    layers = reductions * (channels + biases) * reduced
    return layers + 5 * (reduced * side * side + biases)


_COORDINATES = Exercise(
    "10.2",
    "coordinates of theta",
    coordinates,
    lambda rng: tuple(int(n) for n in (rng.integers(32, 512), rng.integers(8, 64), 21)),
    (
        Mistake(
            "no biases",
            lambda *sizes: _count(*sizes, biases=0),
            "Close. Each layer also adds a number to every output.",
        ),
        Mistake(
            "one reduction for both",
            lambda *sizes: _count(*sizes, reductions=1),
            "The branches share the backbone, but each has its own reduction layer.",
        ),
        Mistake(
            "the response branch alone",
            lambda channels, reduced, side: (channels + 1) * reduced + reduced * side * side + 1,
            "Where is the branch that regresses the box?",
        ),
        Mistake(
            "two equal branches",
            lambda channels, reduced, side: (
                2 * ((channels + 1) * reduced + reduced * side * side + 1)
            ),
            "One branch gives a response, the other four numbers.",
        ),
    ),
)

# 10.3


def combined(gradients: np.ndarray, clips: np.ndarray) -> np.ndarray:
    """Return the gradient `[P]` of the mean over all clips, from those of the shares' means."""
    return clips @ gradients / clips.sum()


_COMBINED = Exercise(
    "10.3",
    "gradients of unequal shares",
    combined,
    lambda rng: (rng.normal(size=(3, 5)), rng.permutation([1, 3, 7])),
    (
        Mistake(
            "plain mean",
            lambda gradients, clips: gradients.mean(axis=0),
            "A GPU with one clip would count as much as one with seven.",
        ),
        Mistake(
            "sum",
            lambda gradients, clips: gradients.sum(axis=0),
            "With more GPUs every step would be longer.",
        ),
        Mistake(
            "divided by the GPUs",
            lambda gradients, clips: clips @ gradients / len(clips),
            "The weights are right, but do they add up to 1?",
        ),
        Mistake(
            "not divided",
            lambda gradients, clips: clips @ gradients,
            "That is the gradient of the *sum* over all clips.",
        ),
        Mistake(
            "small shares count more",
            lambda gradients, clips: (1 / clips) @ gradients / (1 / clips).sum(),
            "The mean of many clips deserves more weight than that of few.",
        ),
    ),
)

EXERCISES = (_PATCHES, _COORDINATES, _COMBINED)
