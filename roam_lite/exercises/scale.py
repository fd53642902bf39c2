"""Exercises of 10_full_scale: cores that feed a GPU, coordinates of theta, gradients of shares."""

import math

import numpy as np

from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.model.tracking_model import ThetaLayout

# 10.1


def cores(clips: int, patches: int, seconds: float, rate: float) -> int:
    """Return the least number of cores that cut a GPU's patches as fast as it uses them up."""
    return math.ceil(clips * patches / seconds / rate)


def _load(rng: np.random.Generator) -> tuple[int, int, float, float]:
    """Clips, patches, seconds and patches a second; never a whole number of cores."""
    clips, patches = int(rng.integers(2, 17)), int(rng.integers(20, 60))
    seconds, needed = float(rng.uniform(0.1, 0.5)), rng.integers(3, 12) + rng.uniform(0.6, 0.9)
    return clips, patches, seconds, float(clips * patches / seconds / needed)


_CORES = Exercise(
    "10.1",
    "cores that feed a GPU",
    cores,
    _load,
    (
        Mistake(
            "rounded down",
            lambda clips, patches, seconds, rate: int(clips * patches / seconds / rate),
            "With that many the GPU waits for a part of each step.",
        ),
        Mistake(
            "a fraction of a core",
            lambda clips, patches, seconds, rate: clips * patches / seconds / rate,
            "Cores are whole. Which whole number is enough?",
        ),
        Mistake(
            "one clip",
            lambda clips, patches, seconds, rate: math.ceil(patches / seconds / rate),
            "The GPU uses up all clips of a step in that time.",
        ),
        Mistake(
            "patches of a step",
            lambda clips, patches, seconds, rate: math.ceil(clips * patches / rate),
            "These are the cores that cut a step's patches in one second. How long is a step?",
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

EXERCISES = (_CORES, _COORDINATES, _COMBINED)
