"""The tracking model theta: two branches, one set of parameters per video (eq. 1, sections 3.1 and 5)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from math import prod, sqrt
from typing import NamedTuple

import torch
from torch import Tensor

from roam_lite.model.correlation import TransformedFilters, apply_filters, transform_filters
from roam_lite.model.filters import warp_filter_plain
from roam_lite.profiles import Profile

# The spread of the second layer's random start: responses begin near 0, gradients do not.
_SMALL = 0.01


# Response [N, n, H, W] and box deltas [N, n, 4, H, W] of features [N, n, C, H, W], for one theta.
Prediction = Callable[[Tensor], tuple[Tensor, Tensor]]


class Branch(NamedTuple):
    """One branch of theta for N videos: `O` is 1 (response) or 4 (regression) outputs."""

    reduction: Tensor  # [N, R, C]
    reduction_bias: Tensor  # [N, R]
    kernel: Tensor  # [N, O, R, k, k]
    bias: Tensor  # [N, O]


@dataclass(frozen=True)
class ThetaLayout:
    """Where each parameter stands in the flat vector theta of P coordinates.

    theta = [theta_cf, theta_reg] (eq. 1): the response branch first, then the regression branch;
    within a branch the reduction's weight and bias, then the kernel and its bias.
    """

    channels: int
    reduced: int
    base_filter: int

    @staticmethod
    def of(profile: Profile) -> "ThetaLayout":
        """Return the layout of a profile."""
        return ThetaLayout(profile.channels, profile.reduced, profile.base_filter)

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the eight parts, in their order."""
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

    def regression_coordinates(self, device: torch.device | None = None) -> Tensor:
        """Return a mask `[P]` that is true on the coordinates of the regression branch."""
        response = sum(prod(shape) for shape in self.shapes[:4])
        return torch.arange(self.size, device=device) >= response

    def parts(self) -> Tensor:
        """Return for each coordinate `[P]` which of the eight parts it belongs to."""
        counts = torch.tensor([prod(shape) for shape in self.shapes])
        return torch.repeat_interleave(torch.arange(len(counts)), counts)

    def initial(self, generator: torch.Generator) -> Tensor:
        """Return random parameters `[P]`: normal, scaled by the root of the fan-in, biases 0."""
        parts = []
        for shape in self.shapes:
            fan_in = prod(shape[1:])
            spread = 0.0 if len(shape) == 1 else (1.0 if len(shape) == 2 else _SMALL)
            parts.append(torch.randn(prod(shape), generator=generator) * spread / sqrt(fan_in))
        return torch.cat(parts)


def predict(
    layout: ThetaLayout, theta: Tensor, features: Tensor, sizes: Tensor
) -> tuple[Tensor, Tensor]:
    """Return response `[N, n, H, W]` and box deltas `[N, n, 4, H, W]` of all videos at once.

    `theta` `[N, P]`, `features` `[N, n, C, H, W]`, `sizes` `[N, 2]` filter sizes `(f_r, f_c)` in
    cells. This is G and R of eq. 7, their kernels warped by eq. 2 and 3.
    """
    return bind(layout, theta, sizes, features.shape[-1])(features)


def bind(layout: ThetaLayout, theta: Tensor, sizes: Tensor, cells: int) -> Prediction:
    """Return `predict` for one theta and maps of `cells` a side: what depends on theta is done once."""
    return partial(respond, prepare(layout, theta, sizes, cells))


@dataclass(frozen=True)
class ReadyModel:
    """Both branches side by side, kernels warped and transformed: it can look at many features."""

    reduction: Tensor  # [N, 2 R, C]
    reduction_bias: Tensor  # [N, 2 R]
    filters: TransformedFilters
    bias: Tensor  # [N, 5]


def prepare(layout: ThetaLayout, theta: Tensor, sizes: Tensor, cells: int) -> ReadyModel:
    """Return theta `[N, P]` at filter sizes `[N, 2]`, ready for maps of `cells` a side."""
    reductions, reduction_biases, kernels, biases = zip(*layout.split(theta), strict=True)
    return ReadyModel(
        torch.cat(reductions, dim=1),
        torch.cat(reduction_biases, dim=1),
        transform_filters(kernels, sizes, (cells, cells)),
        torch.cat(biases, dim=1),
    )


def respond(ready: ReadyModel, features: Tensor) -> tuple[Tensor, Tensor]:
    """Return response `[N, n, H, W]` and box deltas `[N, n, 4, H, W]` of features `[N, n, C, H, W]`."""
    reduced = _reduce(ready.reduction, ready.reduction_bias, features)
    maps = apply_filters(reduced, ready.filters) + ready.bias[:, None, :, None, None]
    return maps[:, :, 0], maps[:, :, 1:]


def predict_plain(
    layout: ThetaLayout, theta: Tensor, features: Tensor, sizes: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what `predict` returns: a loop over videos with direct convolutions, for comparison."""
    videos = []
    for video, size in enumerate(sizes.tolist()):
        maps = []
        for branch in layout.split(theta[video : video + 1]):
            kernel = warp_filter_plain(branch.kernel[0], tuple(size))
            rows, columns = kernel.shape[-2:]
            one = slice(video, video + 1)
            reduced = _reduce(branch.reduction, branch.reduction_bias, features[one])
            map_ = torch.nn.functional.conv2d(
                reduced[0], kernel, branch.bias[0], padding=(rows // 2, columns // 2)
            )
            maps.append(map_)
        videos.append(maps)
    response, deltas = (torch.stack(maps) for maps in zip(*videos, strict=True))
    return response[:, :, 0], deltas


def bind_plain(layout: ThetaLayout, theta: Tensor, sizes: Tensor, cells: int) -> Prediction:
    """Return `predict_plain` for one theta."""
    return lambda features: predict_plain(layout, theta, features, sizes)


def _reduce(reduction: Tensor, bias: Tensor, features: Tensor) -> Tensor:
    """Return features `[N, n, R, H, W]` after a 1x1 dimension reduction layer `[N, R, C]`."""
    flat = reduction[:, None] @ features.flatten(3) + bias[:, None, :, None]
    return flat.unflatten(3, features.shape[-2:])
