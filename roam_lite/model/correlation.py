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


def transform_filters(
    kernels: Tensor, extent: tuple[int, int], warp: tuple[Tensor, Tensor] | None = None
) -> TransformedFilters:
    """Return kernels `[N, O, C, k, k]` ready for feature maps of `extent` rows and columns.

    `warp` resizes them first: matrices `[N, K, k]` for rows and columns (`interpolation`). A kernel
    is small, so its spectrum is cheaper as a product with the few columns of the Fourier matrix that
    meet its taps than as a transform; and the warp is a product too, so both are one.
    """
    if warp is None:
        taps = torch.eye(kernels.shape[-1], dtype=kernels.dtype, device=kernels.device)
        warp = (taps.expand(len(kernels), -1, -1),) * 2
    reach = warp[0].shape[1] // 2
    shape = (_fast_length(extent[0] + reach), _fast_length(extent[1] + reach))
    down = _fourier(shape[0], shape[0], warp[0])  # [N, F, k]
    across = _fourier(shape[1] // 2 + 1, shape[1], warp[1])  # [N, G, k]
    videos, outputs, channels, base, _ = kernels.shape
    # Two large products a video: rows of all kernels at once, then their columns.
    half = kernels.flatten(1, 3) @ torch.view_as_real(across).permute(0, 2, 1, 3).flatten(2)
    half = half.view(videos, outputs * channels, base, -1, 2).permute(0, 2, 1, 3, 4)
    half = torch.view_as_complex(half.contiguous()).flatten(2)
    spectra = (down @ half).view(videos, shape[0], outputs, channels, -1)
    return TransformedFilters(spectra.permute(0, 1, 4, 3, 2).flatten(1, 2).conj(), shape)


def apply_filters(features: Tensor, filters: TransformedFilters) -> Tensor:
    """Return the correlation `[N, n, O, H, W]` of features `[N, n, C, H, W]` with the filters."""
    height, width = features.shape[-2:]
    shape = filters.shape
    maps = _Spectrum.apply(features, shape).flatten(3).permute(0, 3, 1, 2)  # [N, f, n, C]
    product = (maps @ filters.spectra).permute(0, 2, 3, 1).unflatten(3, (shape[0], -1))
    return torch.fft.irfft2(product, s=shape)[..., :height, :width]


def _fourier(frequencies: int, length: int, warp: Tensor) -> Tensor:
    """Return the first frequencies `[N, frequencies, k]` of taps that are spread by `warp` `[N, K, k]`.

    The middle of the K positions is the origin of the transform of `length` positions.
    """
    positions = torch.arange(warp.shape[1], device=warp.device) - warp.shape[1] // 2
    turns = torch.arange(frequencies, device=warp.device)[:, None] * positions % length
    angles = turns.double() * (-2 * torch.pi / length)
    kind = warp.dtype.to_complex()
    return torch.polar(torch.ones_like(angles), angles).to(kind) @ warp.to(kind)


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
