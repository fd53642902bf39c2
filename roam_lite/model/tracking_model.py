"""The tracking model theta: two branches, one set of parameters per video (eq. 1, sections 3.1 and 5)."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod, sqrt
from typing import NamedTuple

import torch
from torch import Tensor

from roam_lite.config import ModelConfig
from roam_lite.model.correlation import apply_filters, transform_filters


class Branch(NamedTuple):
    """One branch of theta for N videos: `O` is 1 (response) or 4 (regression) outputs."""

    reduction: Tensor  # [N, R, C]
    reduction_bias: Tensor  # [N, R]
    kernel: Tensor  # [N, O, R, k, k]
    bias: Tensor  # [N, O]


@dataclass(frozen=True)
class ThetaLayout:
    """The place of each parameter in the flat vector theta of P coordinates.

    theta = [theta_cf, theta_reg] (eq. 1): the response branch first, then the regression branch;
    within a branch the reduction's weight and bias, then the kernel and its bias.
    """

    channels: int
    reduced: int
    base_filter: int

    @staticmethod
    def of(config: ModelConfig) -> "ThetaLayout":
        """Return the layout of a configuration."""
        return _layout(config.channels, config.reduced, config.base_filter)

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the eight parts, in order."""
        c, r, k = self.channels, self.reduced, self.base_filter
        return tuple(shape for o in (1, 4) for shape in ((r, c), (r,), (o, r, k, k), (o,)))

    @cached_property
    def size(self) -> int:
        """P, the number of coordinates of theta."""
        return sum(prod(shape) for shape in self.shapes)

    def split(self, theta: Tensor) -> tuple[Branch, Branch]:
        """Return the response branch and the regression branch of theta `[N, P]`, as views."""
        pieces = theta.split([prod(shape) for shape in self.shapes], dim=1)
        parts = [
            piece.unflatten(1, shape) for piece, shape in zip(pieces, self.shapes, strict=True)
        ]
        return Branch(*parts[:4]), Branch(*parts[4:])

    def regression_coordinates(self) -> Tensor:
        """Return a mask `[P]` that is true on the coordinates of the regression branch."""
        response = sum(prod(shape) for shape in self.shapes[:4])
        return torch.arange(self.size) >= response

    def parts(self) -> Tensor:
        """Return the number of the part, of eight, that each coordinate `[P]` belongs to."""
        counts = torch.tensor([prod(shape) for shape in self.shapes])
        return torch.repeat_interleave(torch.arange(len(counts)), counts)

    def initial(self, generator: torch.Generator, kernel_spread: float) -> Tensor:
        """Return random parameters `[P]`: normal, scaled by the root of the fan-in, biases 0.

        The second layer's kernels are multiplied by `kernel_spread`.
        """
        parts = []
        for shape in self.shapes:
            fan_in = prod(shape[1:])
            spread = 0.0 if len(shape) == 1 else (1.0 if len(shape) == 2 else kernel_spread)
            parts.append(torch.randn(prod(shape), generator=generator) * spread / sqrt(fan_in))
        return torch.cat(parts)


_layout = lru_cache(ThetaLayout)  # so that shapes and sizes are computed only once


class TrackingModel:
    """The tracking model of N videos: theta at given filter sizes, prepared once and called on features.

    G and R of eq. 7 with their kernels warped by eq. 2 and 3. Both branches are combined, so
    that features are reduced and correlated only once.
    """

    def __init__(self, layout: ThetaLayout, theta: Tensor, sizes: Tensor, cells: int) -> None:
        """Prepare theta `[N, P]` at filter sizes `[N, 2]` (cells) for maps with `cells` cells per side."""
        reductions, reduction_biases, kernels, biases = zip(*layout.split(theta), strict=True)
        self.reduction = torch.cat(reductions, dim=1)  # [N, 2 R, C]
        self.reduction_bias = torch.cat(reduction_biases, dim=1)  # [N, 2 R]
        self.filters = transform_filters(kernels, sizes, (cells, cells))
        self.bias = torch.cat(biases, dim=1)  # [N, 5]

    def __call__(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return response `[N, n, H, W]` and box deltas `[N, n, 4, H, W]` of features `[N, n, C, H, W]`."""
        reduced = (
            self.reduction[:, None] @ features.flatten(3) + self.reduction_bias[:, None, :, None]
        )
        maps = apply_filters(reduced.unflatten(3, features.shape[-2:]), self.filters)
        maps = maps + self.bias[:, None, :, None, None]
        return maps[:, :, 0], maps[:, :, 1:]
