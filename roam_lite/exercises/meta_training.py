"""Exercises of 06_meta_training: the averaged meta loss, random scales, a meta-gradient by hand."""

import torch
from torch import Tensor

from roam_lite.exercises.exercise import Exercise, Mistake

# 06.1


def averaged(losses: Tensor) -> Tensor:
    """Return the meta loss of N videos over T updates, from losses `[N, T]` (eq. 14)."""
    return losses.mean()


_AVERAGE = Exercise(
    "06.1",
    "the averaged meta loss",
    averaged,
    lambda rng: (torch.from_numpy(rng.uniform(0.1, 2, (3, 5))),),
    (
        Mistake(
            "sum over the updates",
            lambda losses: losses.sum(dim=1).mean(),
            "A clip that is twice as long would count twice as much. Look at the factor in front "
            "of the sums in (14).",
        ),
        Mistake(
            "sum over the videos",
            lambda losses: losses.mean(dim=1).sum(),
            "With a larger mini-batch your loss grows, and with it every step of the training.",
        ),
        Mistake(
            "the last update alone",
            lambda losses: losses[:, -1].mean(),
            "A tracker is used after every update, and so is every model judged.",
        ),
        Mistake(
            "the first step left out",
            lambda losses: losses[:, 1:].mean(),
            "Line 6 of Algorithm 1: the model of the first frame is judged as well.",
        ),
    ),
)

# 06.2


def scaled(theta: Tensor, uniform: Tensor, kappa: float, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return epsilon * theta, and the prediction x * theta as a function of it (eq. 15)."""
    epsilon = torch.exp(kappa * (2 * uniform - 1))
    seen = epsilon * theta
    return seen, x * (seen / epsilon)


def _with(scale, compensated: bool = True):
    """An answer with other scales, or whose prediction does not divide by them."""

    def answer(theta: Tensor, uniform: Tensor, kappa: float, x: Tensor) -> tuple[Tensor, Tensor]:
        seen = scale(uniform, kappa) * theta
        return seen, x * theta if compensated else x * seen

    return answer


_SCALING = Exercise(
    "06.2",
    "random filter scaling",
    scaled,
    lambda rng: (
        torch.from_numpy(rng.normal(size=6)),
        torch.from_numpy(rng.uniform(0, 1, 6)),
        float(rng.uniform(0.5, 2)),
        torch.from_numpy(rng.normal(size=6)),
    ),
    (
        Mistake(
            "no compensation",
            _with(lambda u, kappa: torch.exp(kappa * (2 * u - 1)), compensated=False),
            "The scaled model predicts something else now. RFS changes the scale of the problem, "
            "not the problem: what must the loss do before it predicts?",
        ),
        Mistake(
            "upwards only",
            _with(lambda u, kappa: torch.exp(kappa * u)),
            "The exponent of (15) is drawn from -kappa to kappa. Which is the smallest that yours "
            "can be?",
        ),
        Mistake(
            "no exponential",
            _with(lambda u, kappa: kappa * (2 * u - 1)),
            "Some of your scales are negative. Scales are a matter of factors: the exponent is "
            "what is uniform.",
        ),
        Mistake(
            "half the range",
            _with(lambda u, kappa: torch.exp(kappa * (u - 0.5))),
            "u - 1/2 goes from -1/2 to 1/2.",
        ),
    ),
)

# 06.3

Sample = tuple[float, float]


def meta_gradient(theta: float, rate: float, past: Sample, future: Sample) -> tuple[float, float]:
    """Return the derivatives by theta and by the rate of the future loss after one step.

    The loss of a sample (x, y) is (x theta - y)^2.
    """
    (x, y), (u, v) = past, future
    gradient = 2 * x * (x * theta - y)
    error = 2 * u * (u * (theta - rate * gradient) - v)
    return error * (1 - 2 * rate * x * x), -error * gradient


def _first_order(theta, rate, past, future):
    (x, y), (u, v) = past, future
    gradient = 2 * x * (x * theta - y)
    error = 2 * u * (u * (theta - rate * gradient) - v)
    return error, -error * gradient


def _before_the_step(theta, rate, past, future):
    (x, y), (u, v) = past, future
    gradient, error = 2 * x * (x * theta - y), 2 * u * (u * theta - v)
    return error * (1 - 2 * rate * x * x), -error * gradient


def _positive(theta, rate, past, future):
    by_theta, by_rate = meta_gradient(theta, rate, past, future)
    return by_theta, -by_rate


_BY_HAND = Exercise(
    "06.3",
    "a meta-gradient by hand",
    meta_gradient,
    lambda rng: (
        float(rng.normal()),
        float(rng.uniform(0.01, 0.2)),
        tuple(rng.uniform(0.5, 1.5, 2).tolist()),
        tuple(rng.uniform(0.5, 1.5, 2).tolist()),
    ),
    (
        Mistake(
            "first order",
            _first_order,
            "By the rate it is right. By theta you take the step's gradient for a constant: how "
            "does it change when theta does?",
        ),
        Mistake(
            "the past is judged",
            lambda theta, rate, past, future: meta_gradient(theta, rate, past, past),
            "You judge the model on the sample that it has just learned from.",
        ),
        Mistake(
            "judged before the step",
            _before_the_step,
            "The future loss is taken at theta after the step, and so is its derivative.",
        ),
        Mistake(
            "sign of the rate",
            _positive,
            "The step *subtracts* rate times gradient. With which sign does the rate act on theta?",
        ),
        Mistake(
            "the other order",
            lambda *arguments: meta_gradient(*arguments)[::-1],
            "Both numbers are right. By theta first, then by the rate.",
        ),
    ),
)

EXERCISES = (_AVERAGE, _SCALING, _BY_HAND)
