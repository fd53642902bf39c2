"""Exercises 2 and 5 of 02_resizable_filters: the targets of a filter, and anchors of fixed shapes."""

import numpy as np
from numpy.typing import NDArray

from roam_lite.exercises.exercise import Exercise, Function, Mistake

Array = NDArray[np.float64]
LEAST_OVERLAP = 0.8  # of 02.5

# 02.2


def widths(columns: int, rho: float, stride: int) -> Array:
    """Return `(low, high)`: targets wider than low, up to high, get a filter of so many columns."""
    return np.array([columns - 2, columns]) * stride / rho


def _widths(low: int, high: int, share=lambda rho: 1 / rho, in_pixels: bool = True):
    """An interval with a choice of its ends in cells, and of how cells become pixels."""

    def interval(columns: int, rho: float, stride: int) -> Array:
        ends = np.array([columns + low, columns + high])
        return ends * share(rho) * (stride if in_pixels else 1)

    return interval


_WIDTHS = Exercise(
    "02.2",
    "the targets of one filter",
    widths,
    lambda rng: (
        2 * int(rng.integers(2, 15)) + 1,
        float(rng.uniform(1.2, 2)),
        int(rng.choice([2, 8, 16])),
    ),
    (
        Mistake(
            "odd ceilings alone",
            _widths(-1, 0),
            "Those are the widths whose ceiling is odd already. Which even ceiling ends at the same "
            "size?",
        ),
        Mistake(
            "around the size",
            _widths(-1, 1),
            "Try a width at your upper end in (5): the ceiling is even there, and what does (5) do "
            "with an even one?",
        ),
        Mistake(
            "above the anchor",
            _widths(0, 2),
            "All of yours are larger than the anchor. (5) rounds up: can the filter be too small?",
        ),
        Mistake(
            "times rho",
            _widths(-2, 0, share=lambda rho: rho),
            "rho made the filter larger than the target. On the way back the target is smaller.",
        ),
        Mistake(
            "rho forgotten",
            _widths(-2, 0, share=lambda rho: 1.0),
            "That is how wide the filter can have been before rounding, context included.",
        ),
        Mistake(
            "cells for pixels",
            _widths(-2, 0, in_pixels=False),
            "The filter is in cells, targets are in patch pixels.",
        ),
    ),
)

# 02.5


def overlaps(targets: Array, anchors: Array) -> Array:
    """Return the overlap (IoU) of each target `[n, 2]` with the best of the anchors `[k, 2]`, one center."""
    inside = np.minimum(targets[:, None], anchors[None]).prod(axis=-1)
    union = targets.prod(axis=-1)[:, None] + anchors.prod(axis=-1)[None] - inside
    return (inside / union).max(axis=1)


def shapes(targets: Array, count: int) -> Array:
    """Return anchors `[count, 2]` of the targets' area, at quantiles of the targets' aspect ratios."""
    ratios = targets[:, 0] / targets[:, 1]
    return _of_ratios(targets, np.quantile(ratios, (np.arange(count) + 0.5) / count))


def _of_ratios(targets: Array, ratios: Array) -> Array:
    side = np.sqrt(targets[0].prod())
    return side * np.stack([np.sqrt(ratios), 1 / np.sqrt(ratios)], axis=-1)


def covered(design: Function, arguments: tuple[Array, int]) -> tuple[Array, Array]:
    """Return the anchors' areas, relative to the targets', and whether tall and wide ones are covered."""
    targets, _ = arguments
    anchors = np.asarray(design(*arguments), dtype=float)
    areas = anchors.prod(axis=-1) / targets[0].prod()
    best = overlaps(targets, anchors.reshape(-1, 2))
    ratios = targets[:, 0] / targets[:, 1]
    tall = ratios < np.median(ratios)
    return areas, np.array([best[half].mean() >= LEAST_OVERLAP for half in (tall, ~tall)])


def _draw_targets(rng: np.random.Generator) -> tuple[Array, int]:
    middle, reach = rng.uniform(-0.5, 0.5), rng.uniform(0.8, 1.1)
    ratios = np.exp(middle + reach * rng.uniform(-1, 1, 60))
    side = rng.uniform(30, 60)
    targets = side * np.stack([np.sqrt(ratios), 1 / np.sqrt(ratios)], axis=-1)
    return targets, int(rng.integers(3, 6))


_SHAPES = Exercise(
    "02.5",
    "anchors of fixed shapes",
    shapes,
    _draw_targets,
    (
        Mistake(
            "squares of several sizes",
            lambda targets, count: (
                np.sqrt(targets[0].prod()) * np.geomspace(0.6, 1.6, count)[:, None] * np.ones(2)
            ),
            "The crop has made all areas equal. In what do the targets still differ?",
        ),
        Mistake(
            "one shape many times",
            lambda targets, count: _of_ratios(targets, np.ones(count)),
            "All of your anchors have the same shape. One would do as well.",
        ),
        Mistake(
            "height first",
            lambda targets, count: shapes(targets, count)[:, ::-1],
            "Your anchors fit the targets after a quarter turn. Targets are (w, h).",
        ),
        Mistake(
            "tall ones alone",
            lambda targets, count: _of_ratios(
                targets, np.full(count, np.quantile(targets[:, 0] / targets[:, 1], 0.25))
            ),
            "The taller half of the targets is covered, the wider half is not.",
        ),
        Mistake(
            "more than asked",
            lambda targets, count: shapes(targets, 2 * count),
            "They cover the targets, but there are more of them than `count`.",
        ),
    ),
    observe=covered,
)

EXERCISES = (_WIDTHS, _SHAPES)
