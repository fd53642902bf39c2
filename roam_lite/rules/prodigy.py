"""Prodigy (Mishchenko and Defazio 2024): Adam that estimates how far away the solution is."""

from math import sqrt
from typing import NamedTuple

import torch
from torch import Tensor

from roam_lite.rules.update_rule import RuleStep


class Estimates(NamedTuple):
    """What Prodigy remembers; moments and weighted sum are `[N, P]`, numbers of a video `[N, 1]`."""

    start: Tensor  # theta before the first step
    first: Tensor
    second: Tensor
    weighted: Tensor  # s, the sum of the gradients
    progress: Tensor  # r, of the gradients' products with the way back to the start
    distance: Tensor  # d, the estimate: it only grows


class Prodigy:
    """Steps by lr * d * m / sqrt(v), with Adam's moments and d a lower bound of the distance.

    For a convex loss g (start - theta) / |g| tells how far the solution is at least; d is the largest
    such bound so far, beginning with `first_distance` (Algorithm 4, the numbers of its authors'
    program). 1 is the `lr` that it is made for.
    """

    def __init__(
        self,
        lr: float = 1.0,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        first_distance: float = 1e-6,
    ) -> None:
        self.lr, self.betas = lr, betas
        self.epsilon, self.first_distance = epsilon, first_distance

    def init(self, theta: Tensor, learning_rates0: Tensor) -> Estimates:
        """Return moments and sums of 0, and where theta started."""
        zero, none = torch.zeros_like(theta), torch.zeros_like(theta[:, :1])
        return Estimates(theta.detach(), zero, zero, zero, none, none + self.first_distance)

    def step(self, theta: Tensor, gradient: Tensor, loss: Tensor, state: Estimates) -> RuleStep:
        """Return the step; the rates are those of the mean gradient."""
        decay1, decay2 = self.betas
        decay3 = sqrt(decay2)
        d = state.distance
        weight = d.square() * self.lr / self.first_distance  # relative to the start: no underflow
        moved = (gradient * (state.start - theta)).sum(dim=1, keepdim=True)
        progress = decay3 * state.progress + weight * moved
        weighted = decay3 * state.weighted + weight * gradient
        first = decay1 * state.first + (1 - decay1) * d * gradient
        second = decay2 * state.second + (1 - decay2) * (d * gradient).square()

        size = weighted.abs().sum(dim=1, keepdim=True)
        bound = torch.where(size > 0, progress / size.clamp(min=1e-38), 0.0)
        distance = torch.maximum(d, bound)
        rates = d * self.lr / (second.sqrt() + distance * self.epsilon)
        after = Estimates(state.start, first, second, weighted, progress, distance)
        return RuleStep(rates * first, after, rates * d)
