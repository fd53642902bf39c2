"""Exercises of 12_beyond: the steepest step, PES, whose bias is measured, and local minima."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from roam_lite.evolution import persistent_gradient
from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.rules.steepest import SteepestDescent
from roam_lite.toy.chaos import count_minima
from roam_lite.toy.unrolls import segment_differences, segment_gradient

SEGMENTS, SPREAD = 4, 0.3

# 12.1


def steepest_step(gradient: Tensor, curved: Tensor) -> Tensor:
    """Return the step `[N, P]` of steepest descent; `curved` `[N, P]` is the Hessian times the gradient."""
    zero = torch.zeros(len(gradient))
    taken = SteepestDescent().step(gradient, gradient, zero, None, hessian=lambda v: curved)
    return taken.step.detach()


def _drawn_curvature(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    root, gradient = rng.normal(size=(3, 5, 5)), rng.normal(size=(3, 5))
    curved = np.einsum("nij,nkj,nk->ni", root, root, gradient)
    return torch.from_numpy(gradient), torch.from_numpy(curved)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(dim=1, keepdim=True)


_STEEPEST = Exercise(
    "12.1",
    "the step of steepest descent",
    steepest_step,
    _drawn_curvature,
    (
        Mistake(
            "upside down",
            lambda g, h: g * _dot(g, h) / _dot(g, g),
            "That is the curvature along the gradient. Where it is large, should the step be long?",
        ),
        Mistake(
            "one length for all",
            lambda g, h: g * (g * g).sum() / (g * h).sum(),
            "Each of the N problems has a length of its own: sum over the last axis alone.",
        ),
        Mistake(
            "the length alone",
            lambda g, h: (_dot(g, g) / _dot(g, h)).expand_as(g),
            "That is how far. A step also needs a direction.",
        ),
        Mistake(
            "minimal residual",
            lambda g, h: g * _dot(g, h) / _dot(h, h),
            "That length makes the next gradient short. Asked for is the lowest loss along this one: set "
            "the derivative of the loss by the length to zero.",
        ),
        Mistake(
            "a half",
            lambda g, h: g * _dot(g, g) / _dot(g, h) / 2,
            "The quadratic term has a factor of one half, and its derivative has not.",
        ),
    ),
)

# 12.2


def linear_system(generator: torch.Generator) -> Callable:
    """Return a segment with a linear state and a quadratic loss: all of it is quadratic in omega."""

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64) / 2

    keep, move, goal = normal(3, 3), normal(3, 2), normal(3)

    def segment(omega: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        state = keep @ (torch.zeros_like(goal) if state is None else state) + move @ omega
        return (state - goal).square().sum(), state

    return segment


def _drawn_unroll(rng: np.random.Generator) -> tuple[Tensor, Tensor, float, Tensor]:
    """Return what PES is given, and the true gradient.

    The noise is a complete set of directions, each as likely: on a quadratic loss no chance is left, and
    what an estimate is off by is its bias.
    """
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    segment = linear_system(generator)
    center = torch.randn(2, generator=generator, dtype=torch.float64)
    pairs = 2 * SEGMENTS
    full = torch.randn(pairs, pairs, generator=generator, dtype=torch.float64)
    noise = (pairs**0.5 * torch.linalg.qr(full).Q).view(pairs, SEGMENTS, 2)
    with torch.no_grad():
        differences = segment_differences(segment, center, noise, SPREAD)
    return differences, noise, SPREAD, segment_gradient(segment, center, SEGMENTS)


def persistent_estimate(differences: Tensor, noise: Tensor, spread: float, *_: Tensor) -> Tensor:
    """Return the library's estimate; the true gradient is for `_found_share`."""
    return persistent_gradient(differences, noise, spread)


def _found_share(function: Callable, arguments: tuple) -> Tensor:
    """Return an estimate over the true gradient: 1 where there is no bias."""
    *given, truth = arguments
    found = torch.as_tensor(function(*given))
    return found / truth if found.shape == truth.shape else found


_PES = Exercise(
    "12.2",
    "PES, and its bias",
    persistent_estimate,
    _drawn_unroll,
    (
        Mistake(
            "credited to its own noise",
            lambda d, e, s: (d[..., None] * e).sum(1).mean(0) / (2 * s),
            "You find only a part of the true gradient: the truncated one. A segment's loss also depends on "
            "the noise of the segments before it.",
        ),
        Mistake(
            "credited to earlier noise",
            lambda d, e, s: (d[..., None] * (e.cumsum(1) - e)).sum(1).mean(0) / (2 * s),
            "A segment's loss depends on the noise before it, and on its own as well.",
        ),
        Mistake(
            "without the two",
            lambda d, e, s: persistent_gradient(d, e, s) * 2,
            "The two of a pair are 2 spread e apart, not spread e.",
        ),
        Mistake(
            "without the spread",
            lambda d, e, s: persistent_gradient(d, e, 1.0),
            "Losses change by the gradient times *spread* times noise.",
        ),
        Mistake(
            "mean over segments",
            lambda d, e, s: persistent_gradient(d, e, s) / d.shape[1],
            "The loss of an unroll is the sum over its segments. Average over the pairs alone.",
        ),
    ),
    observe=_found_share,
)

# 12.3


def _drawn_curve(rng: np.random.Generator) -> tuple[Tensor]:
    return (torch.from_numpy(rng.normal(size=(40, 1)).cumsum(axis=0)),)


def _turns(losses: Tensor) -> tuple[Tensor, Tensor]:
    """Return masks of local minima and of local maxima inside."""
    before, after = losses[1:-1] - losses[:-2], losses[2:] - losses[1:-1]
    return (before < 0) & (after > 0), (before > 0) & (after < 0)


_MINIMA = Exercise(
    "12.3",
    "how many local minima?",
    count_minima,
    _drawn_curve,
    (
        Mistake(
            "ends counted",
            lambda losses: (
                _turns(losses)[0].sum(0)
                + (losses[0] < losses[1]).long()
                + (losses[-1] < losses[-2]).long()
            ),
            "The ends of the line have one neighbor only. Nobody knows how the loss goes on there.",
        ),
        Mistake(
            "maxima",
            lambda losses: _turns(losses)[1].sum(0),
            "Those are the tops. A minimum is below both its neighbors.",
        ),
        Mistake(
            "both",
            lambda losses: _turns(losses)[0].sum(0) + _turns(losses)[1].sum(0),
            "You count every change of direction: tops as well.",
        ),
        Mistake(
            "one neighbor",
            lambda losses: (losses[1:-1] < losses[:-2]).sum(0),
            "You look to one side only, so every way down counts at each of its points.",
        ),
    ),
)

EXERCISES = (_STEEPEST, _PES, _MINIMA)
