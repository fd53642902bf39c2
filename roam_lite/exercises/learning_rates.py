"""Exercises of 04_why_learning_rates_must_adapt: best rates, good ones, scaling."""

from math import exp, log

import numpy as np
import torch
from torch import Tensor

from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.toy import best_rates

# 04.1


def best_for_samples(x: Tensor) -> Tensor:
    """Return the rates [P] that minimize mean losses over n samples in one step, from x [n, P]."""
    return 1 / (2 * x.square().mean(dim=0))


_BEST = Exercise(
    "04.1",
    "the best rate for several samples",
    best_for_samples,
    lambda rng: (torch.from_numpy(rng.uniform(0.3, 4, (3, 5))),),
    (
        Mistake(
            "two forgotten",
            lambda x: 1 / x.square().mean(dim=0),
            "With that rate the step lands exactly as far on the other side. What does the square "
            "bring down when you differentiate it?",
        ),
        Mistake(
            "mean of the best",
            lambda x: best_rates(x).mean(dim=0),
            "The best rate of a sample with a small x is huge, and rules your mean. Add up the losses "
            "first: what is the second derivative of their mean?",
        ),
        Mistake(
            "square of the mean",
            lambda x: best_rates(x.mean(dim=0)),
            "The mean is squared here. Which comes first in the loss, the square or the mean?",
        ),
        Mistake(
            "for the sum",
            lambda x: 1 / (2 * x.square().sum(dim=0)),
            "That is right for the sum of the losses. A mean has smaller gradients.",
        ),
        Mistake(
            "safest",
            lambda x: best_rates(x).min(dim=0).values,
            "Right for the sample with the largest x alone. The others pull as well.",
        ),
        Mistake(
            "one for all",
            lambda x: torch.full_like(x[0], float(1 / (2 * x.square().mean()))),
            "One rate for all weights. They do not touch: each has a best rate of its own.",
        ),
    ),
)

# 04.2


def good_rates(x: Tensor, left: float, steps: int) -> tuple[Tensor, Tensor]:
    """Return the lowest and the highest rate [P] that leave at most that share of the error."""
    return _rates_within(x, left ** (1 / steps))


def _rates_within(x: Tensor, each: float, high: float | None = None) -> tuple[Tensor, Tensor]:
    """Return the rates whose steps leave the share `each`, and on the other side `high`."""
    return (1 - each) * best_rates(x), (1 + (each if high is None else high)) * best_rates(x)


_GOOD_RATES = Exercise(
    "04.2",
    "rates that are good enough",
    good_rates,
    lambda rng: (
        torch.from_numpy(rng.uniform(0.3, 3, 5)),
        float(rng.uniform(0.01, 0.5)),
        int(rng.integers(2, 5)),
    ),
    (
        Mistake(
            "two forgotten",
            lambda x, left, steps: tuple(2 * rates for rates in good_rates(x, left, steps)),
            "Nothing at all should be left at the middle of your interval. Is it the best rate?",
        ),
        Mistake(
            "one step",
            lambda x, left, steps: _rates_within(x, left),
            "After one step, yes. There are more, and each multiplies what the last one left.",
        ),
        Mistake(
            "steps added",
            lambda x, left, steps: _rates_within(x, 1 - (1 - left) / steps),
            "You share the way equally among the steps. But the second step starts from what the "
            "first one left: steps multiply.",
        ),
        Mistake(
            "of the loss",
            lambda x, left, steps: _rates_within(x, left ** (1 / (2 * steps))),
            "That is the share of the loss, which is the error squared.",
        ),
        Mistake(
            "not beyond",
            lambda x, left, steps: _rates_within(x, left ** (1 / steps), 0.0),
            "Your interval ends at the best rate. May a step not go a little too far?",
        ),
        Mistake(
            "as long as it falls",
            lambda x, left, steps: _rates_within(x, left ** (1 / steps), 1.0),
            "Up to your upper end the error still gets smaller. Does it get small enough?",
        ),
    ),
)

# 04.3


def scales(uniform: Tensor, kappa: float) -> Tensor:
    """Return epsilon for numbers drawn uniformly from [0, 1)."""
    return torch.exp((2 * uniform - 1) * kappa)


_SCALES = Exercise(
    "04.3",
    "drawing the scales",
    scales,
    lambda rng: (torch.from_numpy(rng.uniform(size=6)), float(rng.uniform(0.5, 2))),
    (
        Mistake(
            "one side",
            lambda uniform, kappa: torch.exp(uniform * kappa),
            "Your scales only ever enlarge θ. The interval in (15) begins at minus κ.",
        ),
        Mistake(
            "half the range",
            lambda uniform, kappa: torch.exp((uniform - 0.5) * kappa),
            "Symmetric, but what is the largest scale that you can draw?",
        ),
        Mistake(
            "no exponential",
            lambda uniform, kappa: (2 * uniform - 1) * kappa,
            "A scale should be positive: half of yours turn θ around.",
        ),
        Mistake(
            "uniform scales",
            lambda uniform, kappa: exp(-kappa) + uniform * (exp(kappa) - exp(-kappa)),
            "The right interval, evenly filled: most of your scales enlarge. Halving and doubling "
            "should be equally likely.",
        ),
        Mistake(
            "around one",
            lambda uniform, kappa: 1 + (2 * uniform - 1) * kappa,
            "That becomes negative once κ exceeds 1. It is the logarithm that is uniform.",
        ),
        Mistake(
            "decades",
            lambda uniform, kappa: 10 ** ((2 * uniform - 1) * kappa),
            "Log-uniform, to another base than (15) has.",
        ),
    ),
)

# 04.4


def scaled_loss(theta: Tensor, x: Tensor, y: Tensor, epsilon: Tensor) -> Tensor:
    """Return the loss of a theta that is given in scaled coordinates."""
    return (x * theta / epsilon - y).square().sum()


def _draw_scaled(rng: np.random.Generator) -> tuple[Tensor, ...]:
    theta, y = torch.from_numpy(rng.normal(size=(2, 5)))
    x, epsilon = torch.from_numpy(np.exp(rng.uniform(-1, 1, (2, 5))))
    return theta, x, y, epsilon


_SCALED_LOSS = Exercise(
    "04.4",
    "the loss in scaled coordinates",
    scaled_loss,
    _draw_scaled,
    (
        Mistake(
            "no compensation",
            lambda theta, x, y, epsilon: (x * theta - y).square().sum(),
            "θ came in multiplied by ε, and your model predicts with it as it is. Is that still "
            "the same problem?",
        ),
        Mistake(
            "scaled twice",
            lambda theta, x, y, epsilon: (x * theta * epsilon - y).square().sum(),
            "ε is in θ already; now it is in there twice.",
        ),
        Mistake(
            "residual divided",
            lambda theta, x, y, epsilon: ((x * theta - y) / epsilon).square().sum(),
            "You divide y too. Which part of the residual was scaled?",
        ),
        Mistake(
            "loss divided",
            lambda theta, x, y, epsilon: ((x * theta - y).square() / epsilon).sum(),
            "The compensation belongs where θ is used, not where the loss is.",
        ),
        Mistake(
            "mean for sum",
            lambda theta, x, y, epsilon: (x * theta / epsilon - y).square().mean(),
            "Compensated well. But the norm is a sum over coordinates; a mean would change every "
            "best rate.",
        ),
    ),
)

# 04.5


def best_constant(x: Tensor, y: Tensor) -> Tensor:
    """Return the one rate with which a step from theta = 0 leaves the least loss over all coordinates."""
    return (x**2 * y**2).sum() / (2 * (x**4 * y**2).sum())


_BEST_CONSTANT = Exercise(
    "04.5",
    "one rate for all",
    best_constant,
    lambda rng: (
        torch.from_numpy(np.exp(rng.uniform(log(0.5), log(4), 7))),
        torch.from_numpy(rng.normal(size=7)),
    ),
    (
        Mistake(
            "mean of the best",
            lambda x, y: best_rates(x).mean(),
            "For the largest x that step would be far too long, and its loss counts as well.",
        ),
        Mistake(
            "best of the mean",
            lambda x, y: 1 / (2 * (x**2).mean()),
            "Write the loss after the step as a parabola in λ: what multiplies λ squared?",
        ),
        Mistake(
            "safest",
            lambda x, y: best_rates(x).min(),
            "Nothing diverges with that. But the question is which rate leaves the least loss.",
        ),
        Mistake(
            "y forgotten",
            lambda x, y: (x**2).sum() / (2 * (x**4).sum()),
            "A coordinate that begins with a large loss weighs more in the sum: what is the loss "
            "of each at θ = 0?",
        ),
        Mistake(
            "weights not squared",
            lambda x, y: (x**2 * y.abs()).sum() / (2 * (x**4 * y.abs()).sum()),
            "Close. The loss is the square of the residual, so what is the weight of each?",
        ),
        Mistake(
            "two forgotten",
            lambda x, y: (x**2 * y**2).sum() / (x**4 * y**2).sum(),
            "Check it with a single coordinate: is it 1 / (2x²)?",
        ),
    ),
)

EXERCISES = (_BEST, _GOOD_RATES, _SCALES, _SCALED_LOSS, _BEST_CONSTANT)
