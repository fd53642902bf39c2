"""Steepest descent with a closed-form step length, as in DiMP (Bhat et al. 2019)."""

from collections.abc import Callable
from math import log

import torch
from torch import Tensor, nn

from roam_lite.rules.update_rule import RuleStep


class SteepestDescent(nn.Module):
    """Steps along the gradient g by s (g g) / |g H g|: for s = 1 the minimum of a quadratic loss.

    H is the Hessian of each video's own loss, which is nearly quadratic; where it curves downward
    along g, the size of the curvature counts. `scale` is where the one learned scalar s starts.
    """

    needs_hessian = True

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(log(scale)))

    def init(self, theta: Tensor, learning_rates0: Tensor) -> None:
        """Return no state."""

    def step(
        self,
        theta: Tensor,
        gradient: Tensor,
        loss: Tensor,
        state: None,
        hessian: Callable[[Tensor], Tensor],
    ) -> RuleStep:
        """Return the step; its rates are equal for all coordinates of a video."""
        square = gradient.square().sum(dim=1, keepdim=True)
        curvature = (gradient * hessian(gradient)).sum(dim=1, keepdim=True).abs()
        # Where the loss is flat, as at its minimum, the step is 0.
        length = square / curvature.where(curvature > 0, torch.inf)
        rates = (self.log_scale.exp() * length).expand_as(theta)
        return RuleStep(rates * gradient, None, rates)
