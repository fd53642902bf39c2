"""A small regression: sine waves and a network of one hidden layer, after Finn et al. 2017.

Theta `[N, P]` are N networks with P coordinates. The loss is on some points of each wave; what counts
is the error on others.
"""

from math import pi

import torch
from torch import Tensor

from roam_lite.toy.descent import Task

HIDDEN = 12
SIZE = 3 * HIDDEN + 1  # P


def layers() -> Tensor:
    """Return the layer of each coordinate `[P]`: 0 hidden, 1 last."""
    return (torch.arange(SIZE) >= 2 * HIDDEN).long()


def initial_network(generator: torch.Generator) -> Tensor:
    """Return a random start `[P]`, with the hidden units' kinks spread over the inputs."""
    weights = torch.randn(HIDDEN, generator=generator)
    kinks = 2 * torch.randn(HIDDEN, generator=generator)
    last = torch.randn(HIDDEN, generator=generator) / HIDDEN**0.5
    return torch.cat([weights, weights * kinks, last, torch.zeros(1)])


def predict(theta: Tensor, inputs: Tensor) -> Tensor:
    """Return the outputs `[N, K]` of the networks theta `[N, P]` at inputs `[N, K]`."""
    weights, biases, last, offset = theta.split([HIDDEN, HIDDEN, HIDDEN, 1], dim=1)
    hidden = torch.tanh(inputs[..., None] * weights[:, None] + biases[:, None])
    return (hidden * last[:, None]).sum(dim=-1) + offset


def draw_waves(
    generator: torch.Generator, start: Tensor, count: int = 32, points: int = 10
) -> Task:
    """Return the problem of fitting `count` waves from a start `[P]`, each sampled at some points.

    Amplitudes are 0.5 to 2, phases any, inputs -2 to 2; the error (mean squared) is measured at 20 others.
    """
    height, phase = torch.rand((2, count, 1), generator=generator)
    inputs = 4 * torch.rand((count, points + 20), generator=generator) - 2
    targets = (0.5 + 1.5 * height) * torch.sin(2 * inputs + pi * 2 * phase)

    def error_on(part: slice):
        seen, expected = inputs[:, part], targets[:, part]
        return lambda theta: (predict(theta, seen) - expected).square().mean(dim=1)

    return Task(error_on(slice(points)), error_on(slice(points, None)), start.expand(count, -1))
