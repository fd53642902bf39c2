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

import torch
import torch.nn.functional as F

from roam_lite.exercises import check

# %% [markdown]
# **02.1** An odd number stays what it is, an even one becomes the next; the limit is made odd
# downwards. Rows come from the height.


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
# **02.2** Cells times the stride are pixels; divided by ρ they lose the context.


# %%
def anchor_of(size, rho, stride):
    """Anchor (a_w, a_h) in patch pixels."""
    rows, columns = size
    return columns * stride / rho, rows * stride / rho


assert check("02.2", anchor_of)

# %% [markdown]
# **02.3** `align_corners=True` puts corners on corners. The same with loops, tap by tap, to see that
# there is no magic in it:


# %%
def resized(kernel, rows, columns):
    """Kernel [rows, columns], bilinear."""
    return F.interpolate(
        kernel[None, None], size=(rows, columns), mode="bilinear", align_corners=True
    )[0, 0]


assert check("02.3", resized)


# %%
def resized_by_loops(kernel, rows, columns):
    """Kernel [rows, columns], bilinear, one tap at a time."""
    k = len(kernel)
    out = torch.zeros(rows, columns, dtype=kernel.dtype)
    for i in range(rows):
        for j in range(columns):
            y, x = i * (k - 1) / (rows - 1), j * (k - 1) / (columns - 1)
            top, left = min(int(y), k - 2), min(int(x), k - 2)
            v, u = y - top, x - left
            out[i, j] = (
                (1 - v) * (1 - u) * kernel[top, left]
                + (1 - v) * u * kernel[top, left + 1]
                + v * (1 - u) * kernel[top + 1, left]
                + v * u * kernel[top + 1, left + 1]
            )
    return out


assert check("02.3", resized_by_loops)

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
