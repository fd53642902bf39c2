"""Correlation of feature maps with per-video filters, by FFT."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from roam_lite.model.filters import interpolation

# FFT lengths with only these factors are fast: the divisors of high powers of their product.
_FAST_FACTORS = 2 * 3 * 5 * 7 * 11
# At most this many products are in memory at once: 8 MB.
FITS = 2**20


def correlate(features: Tensor, kernels: Tensor) -> Tensor:
    """Return the correlation `[N, n, O, H, W]` of features with their video's kernels.

    `features` `[N, n, C, H, W]`, `kernels` `[N, O, C, K, K]` with K odd; zero padding, output as
    large as the map, kernels not flipped (the correlation layer and the regression layer of section
    5). Computed as one small matrix product per frequency, at a cost that does not grow with K and
    with derivatives of any order that are such products too.
    """
    sizes = torch.full((len(kernels), 2), kernels.shape[-1])
    return apply_filters(features, transform_filters((kernels,), sizes, features.shape[-2:]))


@dataclass(frozen=True)
class TransformedFilters:
    """Filters in the form that `apply_filters` needs, to be reused for many features."""

    spectra: tuple[Tensor, ...]  # of each group of filters: [N, O, C, f], complex conjugate
    shape: tuple[int, int]  # of the transform, rows and columns


def transform_filters(
    groups: tuple[Tensor, ...], sizes: Tensor, extent: tuple[int, int]
) -> TransformedFilters:
    """Return groups of kernels `[N, O, C, k, k]`, resized and ready for maps of `extent` rows and columns.

    `sizes` `[N, 2]` are the `(f_r, f_c)` that the kernels are warped to (eq. 2, 3). A kernel is
    small, so its spectrum is cheaper as a product with the few columns of the Fourier matrix for
    its taps than as a transform; the warp is also a product, so both are combined.
    """
    sides = sizes.tolist()
    reach = max(max(side) for side in sides) // 2
    shape = (_fast_length(extent[0] + reach), _fast_length(extent[1] + reach))
    kernels = torch.cat(groups, dim=1)
    videos, outputs, channels, base, _ = kernels.shape
    kind = kernels.dtype, kernels.device

    down, across = (  # [N, frequencies, k]
        torch.stack([_spread(side[axis], base, count, shape[axis], *kind) for side in sides])
        for axis, count in enumerate((shape[0], shape[1] // 2 + 1))
    )
    # Two large products per video: rows of all kernels at once, then their columns.
    half = kernels.flatten(1, 3) @ torch.view_as_real(across).permute(0, 2, 1, 3).flatten(2)
    half = half.view(videos, outputs * channels, base, -1, 2).permute(0, 2, 1, 3, 4)
    half = torch.view_as_complex(half.contiguous()).flatten(2)
    spectra = (down @ half).view(videos, shape[0], outputs, channels, -1)
    parts = spectra.permute(0, 2, 3, 1, 4).flatten(3).split([g.shape[1] for g in groups], dim=1)
    return TransformedFilters(tuple(parts), shape)


def apply_filters(features: Tensor, filters: TransformedFilters) -> Tensor:
    """Return the correlation `[N, n, O, H, W]` of features `[N, n, G C, H, W]` with G groups of filters.

    Each group sees its own C channels; O counts the outputs of all groups.
    """
    height, width = features.shape[-2:]
    shape = filters.shape
    maps = _Spectrum.apply(features, shape).flatten(3)  # [N, n, G C, f]
    parts = maps.chunk(len(filters.spectra), dim=2)
    products = [_multiply(part, group) for part, group in zip(parts, filters.spectra, strict=True)]
    product = torch.cat(products, dim=2).unflatten(3, (shape[0], -1))
    return torch.fft.irfft2(product, s=shape)[..., :height, :width]


def _multiply(maps: Tensor, filters: Tensor) -> Tensor:
    """Return the sums over channels `[N, n, O, f]` of maps `[N, n, C, f]` times filters `[N, O, C, f]`.

    Small matrix products per frequency are slower than all products side by side, until these no
    longer fit into the cache.
    """
    videos, samples, channels, frequencies = maps.shape
    if videos * samples * filters.shape[1] * channels * frequencies <= FITS:
        return (maps[:, :, None] * filters[:, None]).sum(dim=3)
    return (maps.permute(0, 3, 1, 2) @ filters.permute(0, 3, 2, 1)).permute(0, 2, 3, 1)


@lru_cache(maxsize=1024)
@torch.inference_mode(False)
def _spread(
    size: int, base: int, frequencies: int, length: int, dtype: torch.dtype, device: torch.device
) -> Tensor:
    """Return the first frequencies `[frequencies, base]`, conjugate, of each tap of a base filter.

    The taps are warped to `size` positions, the middle of which is the origin of the transform of `length`
    positions. Cached, because filters have few sizes and this depends on nothing else.
    """
    (warp,) = interpolation(torch.tensor([size]), base, size, dtype)
    positions = torch.arange(size) - size // 2
    turns = torch.arange(frequencies)[:, None] * positions % length
    angles = turns.double() * (2 * torch.pi / length)
    waves = torch.polar(torch.ones_like(angles), angles).to(dtype.to_complex())
    return (waves @ warp.to(waves.dtype)).to(device)


class _Spectrum(torch.autograd.Function):
    """The real FFT of zero-padded maps `[..., H, W]`, with a derivative that is also a real FFT.

    Torch's own derivative runs full complex transforms, which took 40 % of the double
    backward of `correlate`.
    """

    @staticmethod
    def forward(ctx, maps: Tensor, shape: tuple[int, int]) -> Tensor:
        ctx.shape, ctx.extent = shape, maps.shape[-2:]
        return torch.fft.rfft2(maps, s=shape)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        # The inverse counts every column twice except those that are their own mirror image: the first,
        # and the last if the length is even.
        weights = gradient.real.new_full((gradient.shape[-1],), 0.5)
        weights[0] = 1.0
        if ctx.shape[1] % 2 == 0:
            weights[-1] = 1.0
        maps = torch.fft.irfft2(gradient * weights, s=ctx.shape, norm="forward")
        return maps[..., : ctx.extent[0], : ctx.extent[1]], None


@lru_cache
def _fast_length(length: int) -> int:
    """Return the smallest even length >= `length` without prime factors above 11.

    Real transforms of odd lengths take half as long again (EXPERIMENTS.md).
    """
    length += length % 2
    while _FAST_FACTORS**32 % length:
        length += 2
    return length
