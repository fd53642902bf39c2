"""Exercises 1 to 3 of 05_the_neural_optimizer: Adam, what a network sees, what memory is worth."""

from collections.abc import Callable
from math import exp

import numpy as np
import torch
from torch import Tensor

from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.rules.preprocessing import log_and_sign

# 05.1


def _adam(
    first_share: Callable = lambda m, beta, t: m / (1 - beta**t),
    second_share: Callable = lambda v, beta, t: v / (1 - beta**t),
    length: Callable = lambda v, eps: v.sqrt() + eps,
    keep: Callable = lambda beta: 1 - beta,
    sign: float = -1.0,
):
    """Adam with a choice of each of its parts."""

    def adam(
        theta: Tensor, gradients: Tensor, rate: float, beta1: float, beta2: float, eps: float
    ) -> Tensor:
        m = v = torch.zeros_like(theta)
        for t, g in enumerate(gradients, 1):
            m = beta1 * m + keep(beta1) * g
            v = beta2 * v + keep(beta2) * g**2
            step = first_share(m, beta1, t) / length(second_share(v, beta2, t), eps)
            theta = theta + sign * rate * step
        return theta

    return adam


_uncorrected = {
    "first_share": lambda m, beta, t: m,
    "second_share": lambda v, beta, t: v,
}

_ADAM = Exercise(
    "05.1",
    "Adam",
    _adam(),
    lambda rng: (
        torch.from_numpy(rng.normal(size=4)),
        torch.from_numpy(rng.normal(size=(5, 4))),
        0.1,
        0.9,
        0.99,
        0.05,
    ),
    (
        Mistake(
            "no bias correction",
            _adam(**_uncorrected),
            "Both averages start at 0, so after a few steps they are too small. Adam corrects for "
            "that.",
        ),
        Mistake(
            "one average corrected",
            _adam(second_share=_uncorrected["second_share"]),
            "The first average is corrected, the second is not.",
        ),
        Mistake(
            "same correction at every step",
            _adam(
                first_share=lambda m, beta, t: m / (1 - beta),
                second_share=lambda v, beta, t: v / (1 - beta),
            ),
            "Right for the first step. Later the averages have filled up, and need less.",
        ),
        Mistake(
            "epsilon under the root",
            _adam(length=lambda v, eps: (v + eps).sqrt()),
            "Very close: is ε added before or after the root is taken?",
        ),
        Mistake(
            "no root",
            _adam(length=lambda v, eps: v + eps),
            "Check the units: a gradient over a gradient squared still has some.",
        ),
        Mistake(
            "sum for average",
            _adam(keep=lambda beta: 1.0),
            "Your averages are sums: for a constant gradient they should tend to that gradient.",
        ),
        Mistake(
            "uphill",
            _adam(sign=1.0),
            "You go up.",
        ),
    ),
)

# 05.2

_P = 10.0


def two_channels(gradient: Tensor) -> Tensor:
    """Return magnitude and sign over many decades, `[..., 2]`."""
    return torch.stack(log_and_sign(gradient, _P), dim=-1)


def _channels(first: Callable, second: Callable = torch.sign, small: bool = True):
    """Both channels with a choice of each where the gradient is large."""

    def channels(gradient: Tensor) -> Tensor:
        large = gradient.abs() >= exp(-_P) if small else torch.ones_like(gradient).bool()
        one = torch.where(large, first(gradient), -torch.ones_like(gradient))
        return torch.stack([one, torch.where(large, second(gradient), gradient * exp(_P))], dim=-1)

    return channels


def _log(gradient: Tensor) -> Tensor:
    return torch.log(gradient.abs()) / _P


def _draw_decades(rng: np.random.Generator) -> tuple[Tensor]:
    magnitude = 10.0 ** np.concatenate([rng.uniform(-3, 2, 4), rng.uniform(-7, -5, 2)])
    return (torch.from_numpy(magnitude * rng.choice([-1, 1], 6)),)


_PREPROCESSING = Exercise(
    "05.2",
    "showing a gradient to a network",
    two_channels,
    _draw_decades,
    (
        Mistake(
            "no log",
            _channels(torch.abs),
            "Your first channel still spans decades: a network would see nothing but the largest "
            "gradients.",
        ),
        Mistake(
            "not divided by p",
            _channels(lambda g: torch.log(g.abs())),
            "Your first channel reaches from -10 to 0 and more. What does p do in the formula?",
        ),
        Mistake(
            "log to base 10",
            _channels(lambda g: torch.log10(g.abs()) / _P),
            "With the natural logarithm the two cases meet at |g| = exp(-p); do yours?",
        ),
        Mistake(
            "no second case",
            _channels(_log, small=False),
            "Almost. What do you give for a gradient of exactly 0?",
        ),
        Mistake(
            "gradient for sign",
            _channels(_log, second=lambda g: g),
            "The second channel should say where to, not how far: the first says that.",
        ),
        Mistake(
            "sign also when small",
            lambda g: torch.stack([two_channels(g)[:, 0], g.sign()], dim=-1),
            "Below exp(-p) the sign jumps between -1 and 1 on noise. The second case passes "
            "through 0 instead.",
        ),
        Mistake(
            "sign first",
            lambda g: two_channels(g).flip(-1),
            "Both are right, in the other order.",
        ),
    ),
)

# 05.3


def solved_rates(first: Tensor, second: Tensor, rate: Tensor) -> Tensor:
    """Return the rates 1 / (2 x^2), from the gradients before and after a step of a known rate."""
    return rate / (1 - second / first)


def _draw_gradients(rng: np.random.Generator) -> tuple[Tensor, ...]:
    x = torch.from_numpy(rng.uniform(0.5, 3, 5))
    theta, y = torch.from_numpy(rng.normal(size=(2, 5)))
    rate = torch.from_numpy(rng.uniform(0.01, 0.15, 5))
    first = 2 * x * (x * theta - y)
    return first, (1 - 2 * rate * x**2) * first, rate


_SOLVED = Exercise(
    "05.3",
    "what memory is worth",
    solved_rates,
    _draw_gradients,
    (
        Mistake(
            "ratio upside down",
            lambda first, second, rate: rate / (1 - first / second),
            "Which of the two gradients is the other one times 1 - 2 λ x²?",
        ),
        Mistake(
            "curvature",
            lambda first, second, rate: (1 - second / first) / rate,
            "That is 2 x², the curvature. You have solved for x; which rate does it ask for?",
        ),
        Mistake(
            "two too many",
            lambda first, second, rate: rate / (2 * (1 - second / first)),
            "1 - second / first is 2 λ x². The 2 of the best rate is in it already.",
        ),
        Mistake(
            "loss for gradient",
            lambda first, second, rate: rate / (1 - (second / first).abs().sqrt()),
            "You take a root, as if these were losses. A step multiplies the gradient by "
            "1 - 2 λ x² and the loss by its square.",
        ),
        Mistake(
            "sign lost",
            lambda first, second, rate: rate / (1 - (second / first).abs()),
            "Right where the first step fell short. Where it went too far, the gradient has changed "
            "its sign.",
        ),
        Mistake(
            "what is left to go",
            lambda first, second, rate: rate * first / second,
            "A smaller gradient does not ask for a larger rate by itself. How does the gradient "
            "change in one step?",
        ),
    ),
)

EXERCISES = (_ADAM, _PREPROCESSING, _SOLVED)
