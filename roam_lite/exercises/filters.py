"""Exercises 1, 3 and 4 of 02_resizable_filters: the size, the warp's gradient, correlation by FFT."""

from math import ceil, floor

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from roam_lite.bench.plain import warp_filter_plain
from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.model.correlation import correlate
from roam_lite.model.filters import filter_size, interpolation

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

# 02.3


def warp(kernel: Tensor, rows: int, columns: int) -> Tensor:
    """Return the kernel `[k, k]` resized to `[rows, columns]`, corners on corners."""
    return warp_filter_plain(kernel[None, None], (rows, columns))[0, 0]


def gradient_of_stored(gradient: Tensor, k: int) -> Tensor:
    """Return the gradient `[k, k]` by a stored kernel, from the one `[rows, columns]` by its warp."""
    stored = torch.zeros(k, k, dtype=gradient.dtype, requires_grad=True)
    return torch.autograd.grad(warp(stored, *gradient.shape), stored, gradient)[0]


def _matrices(gradient: Tensor, k: int) -> list[Tensor]:
    return [interpolation(torch.tensor([n]), k, n, gradient.dtype)[0] for n in gradient.shape]


def _resized_back(gradient: Tensor, k: int) -> Tensor:
    options = {"size": (k, k), "mode": "bilinear", "align_corners": True}
    return F.interpolate(gradient[None, None], **options)[0, 0]


def _closest_kernel(gradient: Tensor, k: int) -> Tensor:
    rows, columns = _matrices(gradient, k)
    return torch.linalg.pinv(rows) @ gradient @ torch.linalg.pinv(columns).T


def _weights_scaled(gradient: Tensor, k: int) -> Tensor:
    rows, columns = (m / m.sum(dim=0) for m in _matrices(gradient, k))
    return rows.T @ gradient @ columns


_WARP = Exercise(
    "02.3",
    "the gradient through the warp",
    gradient_of_stored,
    lambda rng: (
        torch.from_numpy(rng.normal(size=2 * rng.choice(np.arange(4, 9), 2, replace=False) + 1)),
        5,
    ),
    (
        Mistake(
            "resized back",
            _resized_back,
            "You sample the gradient at k x k places and drop the rest. Every tap of the warped "
            "filter was made of stored taps: each should get its share back.",
        ),
        Mistake(
            "the closest kernel",
            _closest_kernel,
            "That is the kernel whose warp comes closest to the array given. A gradient does not go "
            "back through the inverse of a matrix: what does it go back through?",
        ),
        Mistake(
            "turned",
            lambda gradient, k: gradient_of_stored(gradient, k).T,
            "The shape is right, but the picture is mirrored at its diagonal. Which matrix belongs "
            "to the rows?",
        ),
        Mistake(
            "shares that add up",
            _weights_scaled,
            "Nearly. You average over the taps that a stored value goes to. A gradient adds up.",
        ),
        Mistake(
            "one axis",
            lambda gradient, k: _resized_back(_matrices(gradient, k)[0].T @ gradient, k),
            "The rows are right. Columns go back in the same way.",
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

EXERCISES = (_FILTER_SIZE, _WARP, _CORRELATION)
