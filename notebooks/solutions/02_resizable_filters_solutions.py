# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Solutions to 2. Resizable filters
#
# Of [02_resizable_filters](../02_resizable_filters.ipynb).

# %%
import math

import numpy as np
import torch
import torch.nn.functional as F

from roam_lite.exercises import check

# %% [markdown]
# **02.1** An odd number stays what it is, an even one becomes the next; the limit is made odd
# downward. Rows come from the height.


# %%
def filter_of(target, rho, stride, limit):
    """Filter size (f_r, f_c) in cells."""
    largest = limit if limit % 2 else limit - 1
    w, h = target
    sides = []
    for extent in (h, w):
        cells = math.ceil(rho * extent / stride)
        odd = cells - cells % 2 + 1
        sides.append(max(1, min(odd, largest)))
    return sides


assert check("02.1", filter_of)

# %% [markdown]
# **02.2** An odd number of columns $f$ comes from a ceiling of $f$ or of $f - 1$. So the length in cells
# lies above $f - 2$ and at most at $f$. The anchor is the upper end: no target is larger, and none is
# smaller by $2c/\rho$.


# %%
def widths_of(columns, rho, stride):
    """Interval (low, high] of widths in patch pixels."""
    return (columns - 2) * stride / rho, columns * stride / rho


assert check("02.2", widths_of)

# %% [markdown]
# **02.3** A warped tap is a weighted sum of stored taps. A stored tap collects the gradients of all warped
# taps that it went into, with the same weights: the two matrices, transposed.


# %%
def interpolation(base, taps):
    """Matrix [taps, base] of the warp along one axis."""
    position = torch.arange(taps) * (base - 1) / max(taps - 1, 1)
    return (1 - (position[:, None] - torch.arange(base)).abs()).clamp(min=0).double()


def gradient_of_stored(gradient, k):
    """Gradient [k, k] by the stored kernel, a tensor; rows and columns are gradient's shape."""
    rows, columns = gradient.shape
    return interpolation(k, rows).T @ gradient @ interpolation(k, columns)


assert check("02.3", gradient_of_stored)

# %% [markdown]
# Autograd gives the same. The loss whose gradient by the warped filter is `gradient` is their product,
# summed:


# %%
def gradient_by_autograd(gradient, k):
    """Gradient [k, k], through a library's interpolation."""
    stored = torch.zeros(1, 1, k, k, dtype=gradient.dtype, requires_grad=True)
    warped = F.interpolate(stored, size=gradient.shape, mode="bilinear", align_corners=True)
    return torch.autograd.grad((warped[0, 0] * gradient).sum(), stored)[0][0, 0]


assert check("02.3", gradient_by_autograd)

# %% [markdown]
# **02.4** A margin against wrapping around, the middle tap at the origin, the conjugate. A margin as
# wide as the whole kernel is more than enough and easier to remember:


# %%
def correlated(m, k):
    """Correlation [H, W]; torch.fft has rfft2 and irfft2."""
    (height, width), side = m.shape, k.shape[0]
    shape = (height + side, width + side)
    spectrum = torch.fft.rfft2(m, s=shape) * torch.fft.rfft2(k, s=shape).conj()
    counted_from_corner = torch.fft.irfft2(spectrum, s=shape)
    centered = torch.roll(counted_from_corner, (side // 2, side // 2), dims=(0, 1))
    return centered[:height, :width]


assert check("02.4", correlated)

# %% [markdown]
# **02.5** One answer of many: aspect ratios in equal steps of their logarithm, half a step from both ends.


# %%
def my_anchors(targets, count):
    """Anchors [count, 2] as (w, h), each of the targets' area; targets is an array [n, 2]."""
    logs = np.log(targets[:, 0] / targets[:, 1])
    low, high = logs.min(), logs.max()
    ratios = np.exp(low + (high - low) * (np.arange(count) + 0.5) / count)
    side = np.sqrt(targets[0].prod())
    return side * np.stack([np.sqrt(ratios), 1 / np.sqrt(ratios)], axis=1)


assert check("02.5", my_anchors)
