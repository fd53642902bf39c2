"""Gradient descent with momentum (Polyak 1964), in the form of torch.optim.SGD."""

import torch
from torch import Tensor

from roam_lite.rules.update_rule import RuleStep


class Momentum:
    """Steps by lr * v, where v <- mu v + gradient."""

    def __init__(self, lr: float, mu: float = 0.9) -> None:
        self.lr, self.mu = lr, mu

    def init(self, theta: Tensor, learning_rates0: Tensor) -> Tensor:
        """Return the velocity `[N, P]`: none."""
        return torch.zeros_like(theta)

    def step(self, theta: Tensor, gradient: Tensor, loss: Tensor, state: Tensor) -> RuleStep:
        """Return the step, and the velocity as the state."""
        velocity = self.mu * state + gradient
        return RuleStep(self.lr * velocity, velocity)
