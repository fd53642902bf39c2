"""Random filter scaling: the optimizer never sees theta at its own scale twice (eq. 15)."""

import torch
from torch import Tensor


def draw_scales(
    regression: Tensor,
    kappa_response: float,
    kappa_regression: float,
    videos: int,
    generator: torch.Generator,
) -> Tensor:
    """Return epsilon `[N, P]`, log-uniform in [e^-kappa, e^kappa], one vector per video (eq. 15).

    `regression` `[P]` is true on the coordinates of the regression branch, which has its own kappa
    because its parameters have another magnitude (footnote 5). The tracking model becomes
    `epsilon * theta`, and the loss divides by epsilon before it predicts. `generator` is a CPU one.
    """
    kappa = torch.where(regression.cpu(), kappa_regression, kappa_response)
    uniform = torch.rand((videos, kappa.numel()), generator=generator) * 2 - 1
    return torch.exp(uniform * kappa).to(regression.device)
