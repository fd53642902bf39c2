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
# # Solutions to 0. Start here
#
# Of [00_start_here](../00_start_here.ipynb). There is more than one way to write
# each; `check` accepts all that compute the same.

# %%
import numpy as np

from roam_lite.exercises import check

# %% [markdown]
# **00.1** The center is the corner plus half the size.


# %%
def distance(a, b):
    """Pixels between the centers of boxes a and b, arrays [4]."""
    return np.linalg.norm(a[:2] + a[2:] / 2 - b[:2] - b[2:] / 2)


assert check("00.1", distance)

# %% [markdown]
# **00.2** Sides of the intersection that come out negative mean that there is none: clip them *before*
# multiplying, because the product of two negative sides is positive.


# %%
def overlap(a, b):
    """Intersection over union of boxes a and b, arrays [4]."""
    low = np.maximum(a[:2], b[:2])
    high = np.minimum(a[:2] + a[2:], b[:2] + b[2:])
    common = (high - low).clip(min=0).prod()
    return common / (a[2:].prod() + b[2:].prod() - common)


assert check("00.2", overlap)

# %% [markdown]
# **00.3** Comparing a column of overlaps with a row of thresholds gives all frames times all thresholds; the
# mean of that table is the mean of the curve.


# %%
def area(overlaps):
    """The AUC of overlaps [T], some of which are nan."""
    known = overlaps[np.isfinite(overlaps)]
    return (known[:, None] > np.linspace(0, 1, 21)).mean()


assert check("00.3", area)
