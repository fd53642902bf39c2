"""Exercises 1 to 3 of 05_the_neural_optimizer: Adam, and what a network sees of each weight."""

from collections.abc import Callable
from math import exp

import numpy as np
import torch
from torch import Tensor

from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.rules.preprocessing import log_and_sign, stack_input

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


def stack(rates: Tensor, gradient: Tensor, theta: Tensor, loss: Tensor) -> Tensor:
    """Return the stack (10), `[N, P, 4]`."""
    return stack_input("raw", _P, rates, gradient, theta, loss)


_STACK = Exercise(
    "05.3",
    "the input stack",
    stack,
    # As many coordinates as videos: broadcasting along the wrong axis raises nothing.
    lambda rng: (
        *torch.from_numpy(rng.normal(size=(3, 4, 4))),
        torch.from_numpy(rng.uniform(size=4)),
    ),
    (
        Mistake(
            "loss along coordinates",
            lambda r, g, t, loss: torch.stack([r, g, t, loss.expand(4, 4)], dim=-1),
            "Each video has one loss, shown to all of its coordinates. You show each coordinate "
            "one loss, in all videos.",
        ),
        Mistake(
            "mean loss",
            lambda r, g, t, loss: torch.stack([r, g, t, torch.full_like(t, loss.mean())], dim=-1),
            "Videos do not see each other's losses.",
        ),
        Mistake(
            "another order",
            lambda r, g, t, loss: stack(g, r, t, loss),
            "The right four, but compare their order with (10).",
        ),
        Mistake(
            "theta first",
            lambda r, g, t, loss: stack(t, g, r, loss),
            "Begin with the previous learning rate, as (10) does.",
        ),
        Mistake(
            "channels first",
            lambda r, g, t, loss: stack(r, g, t, loss).movedim(-1, 0),
            "The new axis is the last one: every coordinate is a row of four numbers.",
        ),
        Mistake(
            "channels before coordinates",
            lambda r, g, t, loss: stack(r, g, t, loss).movedim(-1, 1),
            "Close: videos, then coordinates, then what the network sees of each.",
        ),
    ),
)

EXERCISES = (_ADAM, _PREPROCESSING, _STACK)
