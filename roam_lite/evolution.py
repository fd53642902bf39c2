"""Gradients from function values alone: evolution strategies, and their persistent form for unrolls."""

from collections.abc import Callable

import torch
from torch import Tensor


def evolution_gradient(
    objective: Callable[[Tensor], Tensor], center: Tensor, noise: Tensor, spread: float
) -> Tensor:
    """Return the antithetic estimate `[n]` of the gradient of a smoothed objective at `center` `[n]`.

    `noise` `[pairs, n]` is standard normal. The objective is smoothed by a normal distribution of
    standard deviation `spread`; it need not be differentiable (Salimans et al. 2017).
    """
    differences = [objective(center + spread * e) - objective(center - spread * e) for e in noise]
    return (torch.stack(differences)[:, None] * noise).mean(dim=0) / (2 * spread)


def persistent_gradient(differences: Tensor, noise: Tensor, spread: float) -> Tensor:
    """Return the estimate `[n]` of persistent evolution strategies (Vicol et al. 2021).

    An unroll has K segments, each with its own perturbation: `noise` `[pairs, K, n]`;
    `differences` `[pairs, K]` are the losses of the segments, those with positive noise minus those
    with negative. A segment's loss depends on all perturbations so far, so it is credited to their
    sum. For K = 1 this is `evolution_gradient`.
    """
    credited = differences[..., None] * noise.cumsum(dim=1)
    return credited.sum(dim=1).mean(dim=0) / (2 * spread)
