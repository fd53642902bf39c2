"""Hypergradient descent (Baydin et al. 2018): the learning rate descends the loss too."""

from typing import NamedTuple

import torch
from torch import Tensor

from roam_lite.rules.update_rule import RuleStep


class LastStep(NamedTuple):
    """What the next hypergradient needs."""

    gradient: Tensor  # [N, P]
    rates: Tensor  # [N, 1]


class HypergradientDescent:
    """Steps by one rate a video, which grows while successive gradients agree and shrinks after.

    The derivative of the loss by the rate of the step before is minus their inner product. This is
    the paper's multiplicative form: the rate changes by at most the share `beta` a step, whatever
    the scale of the loss.
    """

    def __init__(self, lr: float, beta: float = 0.3) -> None:
        self.lr, self.beta = lr, beta

    def init(self, theta: Tensor, learning_rates0: Tensor) -> LastStep:
        """Return a gradient of 0, from which the rate starts as given."""
        return LastStep(torch.zeros_like(theta), torch.full_like(theta[:, :1], self.lr))

    def step(self, theta: Tensor, gradient: Tensor, loss: Tensor, state: LastStep) -> RuleStep:
        """Return the step; its rates are equal for all coordinates of a video."""
        cosine = torch.cosine_similarity(gradient, state.gradient, dim=1, eps=1e-30)[:, None]
        rates = state.rates * (1 + self.beta * cosine)
        step = rates * gradient
        return RuleStep(step, LastStep(gradient, rates), rates.expand_as(theta))
