"""Exercises of 04_why_learning_rates_must_adapt: best rates, what a rate leaves over, scaling."""

from math import exp, log

import numpy as np
import torch
from torch import Tensor

from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.toy import best_rates

# 04.1

_BEST = Exercise(
    "04.1",
    "the best rate of each coordinate",
    best_rates,
    lambda rng: (torch.from_numpy(rng.uniform(0.3, 4, 5)),),
    (
        Mistake(
            "two forgotten",
            lambda x: 1 / x**2,
            "With that rate the step lands exactly as far on the other side. What does the square "
            "bring down when you differentiate it?",
        ),
        Mistake(
            "too short",
            lambda x: 1 / (4 * x**2),
            "The step goes half the way. Write down the derivative once more.",
        ),
        Mistake(
            "x not squared",
            lambda x: 1 / (2 * x),
            "x enters twice: once in the gradient, and once when θ becomes a prediction.",
        ),
        Mistake(
            "curvature",
            lambda x: 2 * x**2,
            "That is the second derivative. Where it is large, steps should be small.",
        ),
        Mistake(
            "one for all",
            lambda x: torch.ones_like(x) / (2 * (x**2).mean()),
            "One rate for all coordinates. They do not touch: each has a best rate of its own.",
        ),
    ),
)

# 04.2


def remaining(x: Tensor, rate: float, steps: int) -> Tensor:
    """Return what share of the error x theta - y is left after some steps, with its sign."""
    return (1 - 2 * rate * x**2) ** steps


_REMAINING = Exercise(
    "04.2",
    "what is left of the error",
    remaining,
    # Both parities must occur: an even power hides signs.
    lambda rng: (torch.from_numpy(rng.uniform(0.3, 3, 5)), 0.15, int(rng.integers(1, 5))),
    (
        Mistake(
            "two forgotten",
            lambda x, rate, steps: (1 - rate * x**2) ** steps,
            "Try the best rate of 04.1: nothing should be left.",
        ),
        Mistake(
            "loss for error",
            lambda x, rate, steps: (1 - 2 * rate * x**2) ** (2 * steps),
            "That is what is left of the loss, which is the error squared.",
        ),
        Mistake(
            "sign lost",
            lambda x, rate, steps: ((1 - 2 * rate * x**2) ** steps).abs(),
            "A step that is too long lands on the other side: the error changes its sign.",
        ),
        Mistake(
            "steps added",
            lambda x, rate, steps: 1 - 2 * rate * x**2 * steps,
            "The second step starts from what the first one left over.",
        ),
        Mistake(
            "continuous",
            lambda x, rate, steps: torch.exp(-2 * rate * x**2 * steps),
            "That is what infinitely many small steps would leave. It can never diverge; these "
            "steps can.",
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
            "Check it with a single coordinate: is it the rate of 04.1?",
        ),
    ),
)

EXERCISES = (_BEST, _REMAINING, _SCALES, _SCALED_LOSS, _BEST_CONSTANT)
