"""Exercises of 02_resizable_filters: filter sizes, the anchor, the warp, correlation by FFT."""

from math import ceil, floor

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from roam_lite.bench.plain import warp_filter_plain
from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.model.correlation import correlate
from roam_lite.model.filters import anchor_size, filter_size

Size = tuple[float, float]


# 02.1


def rows_and_columns(target: Size, rho: float, stride: int, limit: int) -> Tensor:
    """Return `(f_r, f_c)` for a target `(w, h)` in patch pixels."""
    return filter_size(torch.tensor(target, dtype=torch.float64), rho, stride, limit)


def _largest_odd(limit: int) -> int:
    return limit - (limit + 1) % 2


def _sizes(odd, rows_first: bool = True, most=_largest_odd, in_cells: bool = True):
    """Filter sizes with a choice of how a length in cells becomes odd, and what limits it."""

    def sizes(target: Size, rho: float, stride: int, limit: int) -> np.ndarray:
        lengths = [rho * t / (stride if in_cells else 1) for t in target]
        columns, rows = (min(max(odd(length), 1), most(limit)) for length in lengths)
        return np.array([rows, columns] if rows_first else [columns, rows])

    return sizes


def _next_odd(length: float) -> int:
    return ceil(length) - ceil(length) % 2 + 1


_FILTER_SIZE = Exercise(
    "02.1",
    "the filter's size",
    rows_and_columns,
    lambda rng: (
        tuple(rng.uniform(4, 90, 2).tolist()),
        float(rng.uniform(1, 2)),
        4,
        int(rng.integers(20, 30)),
    ),
    (
        Mistake(
            "columns first",
            _sizes(_next_odd, rows_first=False),
            "A target is (w, h), a filter is (rows, columns). Which of the two counts along the "
            "height?",
        ),
        Mistake(
            "floor for ceiling",
            _sizes(lambda length: floor(length) - floor(length) % 2 + 1),
            "Look at the brackets of (4): they round in the other direction. Follow it through with "
            "a length of 5.3 cells.",
        ),
        Mistake(
            "even sizes",
            _sizes(ceil, most=lambda limit: limit),
            "A filter has a middle cell only if its sides are odd.",
        ),
        Mistake(
            "one more than odd",
            _sizes(lambda length: ceil(length) + 1),
            "What does your function give where the ceiling is odd already? Follow (4) through "
            "with 5.",
        ),
        Mistake(
            "no limit",
            _sizes(_next_odd, most=lambda limit: 10**9),
            "What if the filter becomes larger than the map that it is laid on?",
        ),
        Mistake(
            "even limit",
            _sizes(_next_odd, most=lambda limit: limit),
            "The limit itself may be even, and filters are odd.",
        ),
        Mistake(
            "pixels for cells",
            _sizes(_next_odd, in_cells=False),
            "How many pixels of the patch does one cell of the map stand for?",
        ),
    ),
)

# 02.2


def anchor(size: tuple[int, int], rho: float, stride: int) -> Tensor:
    """Return the anchor `(a_w, a_h)` in patch pixels of a filter `(f_r, f_c)`."""
    return anchor_size(torch.tensor(size, dtype=torch.float64), rho, stride)


_ANCHOR = Exercise(
    "02.2",
    "the one anchor",
    anchor,
    lambda rng: (
        tuple((2 * rng.choice(15, 2, replace=False) + 1).tolist()),
        float(rng.uniform(1.2, 2)),
        int(rng.choice([2, 8, 16])),
    ),
    (
        Mistake(
            "rows for the width",
            lambda size, rho, stride: np.array(size) * stride / rho,
            "The number of rows is a height.",
        ),
        Mistake(
            "cells for pixels",
            lambda size, rho, stride: np.array(size[::-1]) / rho,
            "That is what (6) says, in cells. Boxes are in patch pixels.",
        ),
        Mistake(
            "times rho",
            lambda size, rho, stride: np.array(size[::-1]) * stride * rho,
            "rho made the filter larger than the target. The anchor is to be as large as the "
            "target again.",
        ),
        Mistake(
            "the whole filter",
            lambda size, rho, stride: np.array(size[::-1]) * stride,
            "The filter covers the target and some context; the anchor covers the target alone.",
        ),
        Mistake(
            "pixels per cell divided",
            lambda size, rho, stride: np.array(size[::-1]) / (rho * stride),
            "Is a length larger or smaller in pixels than in cells?",
        ),
    ),
)

# 02.3


def warp(kernel: Tensor, rows: int, columns: int) -> Tensor:
    """Return the kernel `[k, k]` resized to `[rows, columns]`, corners on corners."""
    return warp_filter_plain(kernel[None, None], (rows, columns))[0, 0]


def _interpolate(kernel: Tensor, rows: int, columns: int, **options) -> Tensor:
    return F.interpolate(kernel[None, None], size=(rows, columns), **options)[0, 0]


def _sum_kept(kernel: Tensor, rows: int, columns: int) -> Tensor:
    warped = warp(kernel, rows, columns)
    return warped * kernel.sum() / warped.sum()


_WARP = Exercise(
    "02.3",
    "the warp",
    warp,
    lambda rng: (
        torch.from_numpy(rng.uniform(0.5, 1.5, (5, 5))),
        *(2 * rng.choice(np.arange(3, 9), 2, replace=False) + 1).tolist(),
    ),
    (
        Mistake(
            "pixel areas",
            lambda kernel, rows, columns: _interpolate(kernel, rows, columns, mode="bilinear"),
            "Are the corner values of your result those of the kernel? Positions 0 and k - 1 "
            "should be hit exactly; interpolation libraries have an option for it.",
        ),
        Mistake(
            "nearest",
            lambda kernel, rows, columns: _interpolate(kernel, rows, columns, mode="nearest"),
            "Your result repeats values of the kernel. Between two taps there should be values "
            "between theirs.",
        ),
        Mistake(
            "rows for columns",
            lambda kernel, rows, columns: warp(kernel, columns, rows),
            "Look at the shape of your result.",
        ),
        Mistake(
            "turned",
            lambda kernel, rows, columns: warp(kernel.T, rows, columns),
            "The shape is right, but the picture is mirrored at its diagonal.",
        ),
        Mistake(
            "sum kept",
            _sum_kept,
            "You make up for the larger number of taps. The paper does not: values are "
            "interpolated and left as they are.",
        ),
    ),
)

# 02.4


def correlation(map_: Tensor, kernel: Tensor) -> Tensor:
    """Return the correlation `[H, W]` of a map with an odd kernel `[K, K]`, zeros around the map."""
    return correlate(map_[None, None, None], kernel[None, None, None])[0, 0, 0]


def _circular(map_: Tensor, kernel: Tensor) -> Tensor:
    reach, side = kernel.shape[-1] // 2, kernel.shape[-1]
    padded = F.pad(kernel, (0, map_.shape[1] - side, 0, map_.shape[0] - side))
    padded = torch.roll(padded, (-reach, -reach), dims=(0, 1))
    return torch.fft.irfft2(torch.fft.rfft2(map_) * torch.fft.rfft2(padded).conj(), s=map_.shape)


def _from_corner(map_: Tensor, kernel: Tensor) -> Tensor:
    reach = kernel.shape[-1] // 2
    return correlation(F.pad(map_, (0, reach, 0, reach)), kernel)[reach:, reach:]


def _to_corner(map_: Tensor, kernel: Tensor) -> Tensor:
    reach = kernel.shape[-1] // 2
    moved = F.pad(map_, (reach, 0, reach, 0))
    return correlation(moved, kernel.flip(0, 1))[: map_.shape[0], : map_.shape[1]]


_CORRELATION = Exercise(
    "02.4",
    "correlation through the FFT",
    correlation,
    lambda rng: (
        torch.from_numpy(rng.normal(size=(int(rng.integers(9, 14)), int(rng.integers(9, 14))))),
        torch.from_numpy(rng.normal(size=(5, 5))),
    ),
    (
        Mistake(
            "convolution",
            lambda map_, kernel: correlation(map_, kernel.flip(0, 1)),
            "That is a convolution: the kernel is flipped. One symbol on one of the two spectra "
            "makes it a correlation.",
        ),
        Mistake(
            "circular",
            _circular,
            "Right in the middle, wrong near the borders: the FFT takes the map for a torus. Leave "
            "enough room of zeros, and cut the result.",
        ),
        Mistake(
            "kernel from its corner",
            _from_corner,
            "Everything is shifted: the FFT counts the kernel's taps from its upper left one, and "
            "the middle one should be at the origin.",
        ),
        Mistake(
            "convolution from the corner",
            _to_corner,
            "Two things at once: the kernel is flipped, and counted from its corner. Mend the flip "
            "first.",
        ),
    ),
)

EXERCISES = (_FILTER_SIZE, _ANCHOR, _WARP, _CORRELATION)
