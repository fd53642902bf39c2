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
# # Solutions to 1. Patches and features
#
# Of [01_patches_and_features](../01_patches_and_features.ipynb). There is more than one way to write
# each; `check` accepts all that compute the same.

# %%
import numpy as np

from roam_lite.exercises import check

# %% [markdown]
# **01.1** The file's pixel 1 is our pixel 0, so the left and top edge lose 1. Width and height are
# lengths and lose nothing.


# %%
def center_of_line(line):
    """Center (cx, cy), continuous and 0-based, of a 1-based line [4]."""
    x, y, w, h = line
    return x - 1 + w / 2, y - 1 + h / 2


assert check("01.1", center_of_line)

# %% [markdown]
# **01.2** What lies inside is a rectangle: its sides are overlaps of two intervals, never less than 0.


# %%
def padding_share(region, width, height):
    """Share of the region outside the image; region is (cx, cy, side_w, side_h), an array."""
    cx, cy, side_w, side_h = region
    across = max(0, min(cx + side_w / 2, width) - max(cx - side_w / 2, 0))
    down = max(0, min(cy + side_h / 2, height) - max(cy - side_h / 2, 0))
    return 1 - across * down / (side_w * side_h)


assert check("01.2", padding_share)

# %% [markdown]
# **01.3** One patch pixel is `side / size` image pixels, along each axis by itself; positions also
# move by the region's left and top edge.


# %%
def back_to_image(boxes, region, size):
    """Boxes [n, 4] in image pixels; region is (cx, cy, side_w, side_h)."""
    center, sides = region[:2], region[2:]
    scale = sides / size
    corners = center - sides / 2 + boxes[:, :2] * scale
    return np.hstack([corners, boxes[:, 2:] * scale])


assert check("01.3", back_to_image)

# %% [markdown]
# **01.4** Walk through the layers with two numbers: where cell 0 lies and how far apart cells are.
# A kernel's middle tap is `(kernel - 1) / 2` taps to the right of its first, padding moves that back,
# and one tap is as many pixels as the cells *before* the layer are apart.


# %%
def cell_positions(layers, count):
    """Positions [count] in patch pixels."""
    first, apart = 0.5, 1
    for kernel, stride, padding in layers:
        first += ((kernel - 1) / 2 - padding) * apart
        apart *= stride
    return first + apart * np.arange(count)


assert check("01.4", cell_positions)

# %% [markdown]
# Try it on the small backbone's stem, kernel 6 and kernel 4, both of stride 2 and symmetric:

# %%
stem = [(6, 2, 2), (4, 2, 1)]
print(cell_positions(stem, 4))
assert np.array_equal(cell_positions(stem, 4), 4 * np.arange(4) + 2)

# %% [markdown]
# **01.5** One answer of many. Two or three layers of kernel 4 and stride 2 reach the stride and lie where
# they should. Then kernels of 3 at stride 1, which move nothing, until the cells see enough: there they
# are cheap, and each adds twice the stride.


# %%
def my_layers(stride, sight):
    """List of (kernel, stride, padding) from the first layer to the last."""
    layers, apart, seen = [], 1, 1
    while apart < stride:
        layers.append((4, 2, 1))
        seen += 3 * apart
        apart *= 2
    while seen < sight:
        layers.append((3, 1, 1))
        seen += 2 * apart
    return layers


assert check("01.5", my_layers)
