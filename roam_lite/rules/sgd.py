"""Gradient descent with fixed rates: SGD, and the steps with lambda0."""

import torch
from torch import Tensor

from roam_lite.rules.update_rule import RuleStep


class SGD:
    """Steps by the given rates: a number, or a vector `[P]` (lambda0 of Algorithm 1, line 5)."""

    def __init__(self, lr: float | Tensor) -> None:
        self.lr = lr

    def init(self, theta: Tensor, learning_rates0: Tensor) -> None:
        """Return no state."""

    def step(self, theta: Tensor, gradient: Tensor, loss: Tensor, state: None) -> RuleStep:
        """Return rates * gradient."""
        rates = torch.as_tensor(self.lr, dtype=theta.dtype, device=theta.device).expand_as(theta)
        return RuleStep(rates * gradient, None, rates)
