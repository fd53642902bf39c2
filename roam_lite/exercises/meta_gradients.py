"""Exercises 4 and 5 of 05_the_neural_optimizer: gradients of gradient steps."""

import numpy as np
import torch
from torch import Tensor

from roam_lite.exercises.exercise import Exercise, Function, Mistake

# 05.4


def _gradient(theta: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return 2 * x * (x * theta - y)


def meta_gradient(
    theta: Tensor, rate: Tensor, x: Tensor, y: Tensor, future_x: Tensor, future_y: Tensor
) -> Tensor:
    """Return the derivative of the loss after one step with respect to each learning rate."""
    step = _gradient(theta, x, y)
    return -_gradient(theta - rate * step, future_x, future_y) * step


def _draw_problem(rng: np.random.Generator) -> tuple[Tensor, ...]:
    theta, x, y, future_x, future_y = torch.from_numpy(rng.normal(size=(5, 4)))
    return theta, torch.from_numpy(rng.uniform(0.05, 0.3, 4)), x, y, future_x, future_y


_META_GRADIENT = Exercise(
    "05.4",
    "a meta-gradient by hand",
    meta_gradient,
    _draw_problem,
    (
        Mistake(
            "sign",
            lambda *a: -meta_gradient(*a),
            "If both gradients point the same way, a longer step lowers the loss. What sign must "
            "the derivative have then?",
        ),
        Mistake(
            "before the step",
            lambda t, r, x, y, fx, fy: -_gradient(t, fx, fy) * _gradient(t, x, y),
            "The meta loss is that of the model after the step.",
        ),
        Mistake(
            "same data",
            lambda t, r, x, y, fx, fy: meta_gradient(t, r, x, y, x, y),
            "That judges the step by the data it was made with. Where do the future x and y come "
            "in?",
        ),
        Mistake(
            "future data in the step",
            lambda t, r, x, y, fx, fy: meta_gradient(t, r, fx, fy, fx, fy),
            "The step must not know the future.",
        ),
        Mistake(
            "one factor",
            lambda t, r, x, y, fx, fy: -_gradient(t - r * _gradient(t, x, y), fx, fy),
            "That is the derivative with respect to θ. By the chain rule: how does θ change with "
            "the rate?",
        ),
        Mistake(
            "summed",
            lambda *a: meta_gradient(*a).sum(),
            "One derivative for each learning rate; you return their sum.",
        ),
        Mistake(
            "of the logarithm",
            lambda t, r, *data: r * meta_gradient(t, r, *data),
            "That is the derivative with respect to the logarithm of each rate. A good choice, but "
            "not the question.",
        ),
    ),
)

# 05.5


def _two_steps(keep_theta: bool = True, keep_gradient: bool = False, keep_rate: bool = True):
    """The meta loss after two steps, with a choice of what the meta-gradient passes through."""

    def loss(
        theta: Tensor, log_rate: Tensor, x: Tensor, y: Tensor, future_x: Tensor, future_y: Tensor
    ) -> Tensor:
        rate = log_rate.exp() if keep_rate else log_rate.exp().detach()
        for _ in range(2):
            gradient = _gradient(theta, x, y)
            theta = theta if keep_theta else theta.detach()
            theta = theta - rate * (gradient if keep_gradient else gradient.detach())
        return (future_x * theta - future_y).square().sum()

    return loss


def _value_and_gradients(function: Function, arguments: tuple) -> tuple[Tensor, ...]:
    """Return the loss and its gradients with respect to theta and the logarithms of the rates."""
    theta, log_rate, *data = arguments
    inputs = theta.requires_grad_(), log_rate.requires_grad_()
    loss = torch.as_tensor(function(*inputs, *data))
    gradients = (
        torch.autograd.grad(loss.sum(), inputs, allow_unused=True)
        if loss.requires_grad
        else (None, None)
    )
    shown = [
        torch.zeros_like(value) if gradient is None else gradient
        for value, gradient in zip(inputs, gradients, strict=True)
    ]
    return (loss, *shown)


def _one_step(theta: Tensor, log_rate: Tensor, x: Tensor, y: Tensor, *future: Tensor) -> Tensor:
    stepped = theta - log_rate.exp() * _gradient(theta, x, y).detach()
    return (future[0] * stepped - future[1]).square().sum()


def _draw_two_steps(rng: np.random.Generator) -> tuple[Tensor, ...]:
    theta, rate, *data = _draw_problem(rng)
    return theta, torch.log(rate), *data


_FIRST_ORDER = Exercise(
    "05.5",
    "first order",
    _two_steps(),
    _draw_two_steps,
    (
        Mistake(
            "forgotten detach",
            _two_steps(keep_gradient=True),
            "The value is right, but its gradient passes through the gradients of the steps: that "
            "is second order. Who has to be told that they are constants?",
        ),
        Mistake(
            "theta detached",
            _two_steps(keep_theta=False),
            "The value is right, but the initial model learns nothing, and the first step's rate "
            "neither. What did you cut off besides the gradients?",
        ),
        Mistake(
            "rates detached",
            _two_steps(keep_rate=False),
            "The value is right, but the learning rates learn nothing.",
        ),
        Mistake(
            "everything detached",
            lambda *a: _two_steps()(*a).detach(),
            "The value is right, but nobody learns from it: your result has no graph.",
        ),
        Mistake(
            "one step",
            _one_step,
            "After how many steps is the model judged?",
        ),
        Mistake(
            "logarithm as rate",
            lambda theta, log_rate, *data: _two_steps()(theta, torch.log(log_rate.abs()), *data),
            "The rates are given by their logarithms.",
        ),
        Mistake(
            "past for future",
            lambda theta, log_rate, x, y, *future: _two_steps()(theta, log_rate, x, y, x, y),
            "The model is judged on data that the steps have not seen.",
        ),
        Mistake(
            "mean for sum",
            lambda *a: _two_steps()(*a) / len(a[0]),
            "Right up to a factor: the norm is a sum over coordinates.",
        ),
    ),
    observe=_value_and_gradients,
)

EXERCISES = (_META_GRADIENT, _FIRST_ORDER)
