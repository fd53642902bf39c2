"""Correlation of feature maps with per-video filters: through the FFT, and plainly."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

# FFT lengths made of these factors are fast; lengths with large prime factors are not.
_FAST_FACTORS = (2, 3, 5, 7)


def correlate(features: Tensor, kernels: Tensor) -> Tensor:
    """Return the correlation `[N, n, O, H, W]` of features with their video's kernels.

    `features` `[N, n, C, H, W]`, `kernels` `[N, O, C, K, K]` with K odd; zero padding, the output as
    large as the map, kernels not flipped (the correlation layer and the regression layer of section
    5). Computed as one small matrix product per frequency, whose cost does not grow with K and
    whose derivatives of any order are such products too.
    """
    return apply_filters(features, transform_filters(kernels, features.shape[-2:]))


@dataclass(frozen=True)
class TransformedFilters:
    """Filters as `apply_filters` wants them: worth keeping where they serve many features."""

    spectra: Tensor  # [N, f, C, O], complex conjugate
    shape: tuple[int, int]  # of the transform, rows and columns


def transform_filters(kernels: Tensor, extent: tuple[int, int]) -> TransformedFilters:
    """Return the kernels `[N, O, C, K, K]` ready for feature maps of `extent` rows and columns."""
    reach = kernels.shape[-1] // 2
    shape = (_fast_length(extent[0] + reach), _fast_length(extent[1] + reach))
    # A circular shift puts the kernel's middle tap at the origin; the padding absorbs the wrap.
    padded = F.pad(kernels, (0, shape[1] - kernels.shape[-1], 0, shape[0] - kernels.shape[-2]))
    padded = torch.roll(padded, (-reach, -reach), dims=(-2, -1))
    spectra = _Spectrum.apply(padded, shape).flatten(3).permute(0, 3, 2, 1)
    return TransformedFilters(spectra.conj(), shape)


def apply_filters(features: Tensor, filters: TransformedFilters) -> Tensor:
    """Return the correlation `[N, n, O, H, W]` of features `[N, n, C, H, W]` with the filters."""
    height, width = features.shape[-2:]
    shape = filters.shape
    maps = _Spectrum.apply(features, shape).flatten(3).permute(0, 3, 1, 2)  # [N, f, n, C]
    product = (maps @ filters.spectra).permute(0, 2, 3, 1).unflatten(3, (shape[0], -1))
    return torch.fft.irfft2(product, s=shape)[..., :height, :width]


def correlate_plain(features: Tensor, kernels: Tensor) -> Tensor:
    """Return what `correlate` returns, one video at a time with a direct convolution."""
    maps = [
        F.conv2d(video, kernel, padding=kernel.shape[-1] // 2)
        for video, kernel in zip(features, kernels, strict=True)
    ]
    return torch.stack(maps)


class _Spectrum(torch.autograd.Function):
    """The real FFT of zero-padded maps `[..., H, W]`, with a derivative that is a real FFT too.

    torch's own derivative of it runs full complex transforms, which made up 40 % of the double
    backward of `correlate`.
    """

    @staticmethod
    def forward(ctx, maps: Tensor, shape: tuple[int, int]) -> Tensor:
        ctx.shape, ctx.extent = shape, maps.shape[-2:]
        return torch.fft.rfft2(maps, s=shape)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        # The inverse counts every column twice but those that are their own mirror image.
        weights = gradient.real.new_full((gradient.shape[-1],), 0.5)
        weights[0] = 1.0
        if ctx.shape[1] % 2 == 0:
            weights[-1] = 1.0
        maps = torch.fft.irfft2(gradient * weights, s=ctx.shape, norm="forward")
        return maps[..., : ctx.extent[0], : ctx.extent[1]], None


def _fast_length(length: int) -> int:
    """Return the smallest length >= `length` without prime factors above 7."""
    while True:
        rest = length
        for factor in _FAST_FACTORS:
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
        length += 1
