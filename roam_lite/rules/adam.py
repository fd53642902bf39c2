"""Adam (Kingma and Ba 2015): the mean of the gradients over the root of that of their squares."""

from typing import NamedTuple

import torch
from torch import Tensor

from roam_lite.rules.update_rule import RuleStep


class Moments(NamedTuple):
    """What Adam remembers; the moments are `[N, P]`."""

    first: Tensor
    second: Tensor
    steps: int


class Adam:
    """Steps by rates * m, where m is the bias-corrected mean of the gradients."""

    def __init__(
        self, lr: float, betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8
    ) -> None:
        self.lr, self.betas, self.epsilon = lr, betas, epsilon

    def init(self, theta: Tensor, learning_rates0: Tensor) -> Moments:
        """Return moments of 0."""
        return Moments(torch.zeros_like(theta), torch.zeros_like(theta), 0)

    def step(self, theta: Tensor, gradient: Tensor, loss: Tensor, state: Moments) -> RuleStep:
        """Return the step; the rates are those of the mean gradient."""
        decay1, decay2 = self.betas
        first = decay1 * state.first + (1 - decay1) * gradient
        second = decay2 * state.second + (1 - decay2) * gradient.square()
        steps = state.steps + 1
        spread = (second / (1 - decay2**steps)).sqrt() + self.epsilon
        rates = self.lr / spread
        return RuleStep(rates * first / (1 - decay1**steps), Moments(first, second, steps), rates)
