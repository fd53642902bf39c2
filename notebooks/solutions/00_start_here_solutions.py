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

from roam_lite import load_tracker
from roam_lite.data.otb import read_sequence
from roam_lite.demo import samples_folder
from roam_lite.evaluation.metrics.otb import success_curve
from roam_lite.evaluation.running.runner import run_sequence
from roam_lite.exercises import check
from roam_lite.geometry import iou

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

# %% [markdown]
# **00.4** One of many: half a width to the right leaves a third of the overlap. Is a stretched box of the
# same overlap better or worse?

# %%
sample = read_sequence(samples_folder(), "scale")
true = sample.boxes[0]
mine = true + np.array([0.5 * true[2], 0, 0, 0])


def auc_from(first):
    """AUC of ROAM++ on the sample, started with the box `first` [4]."""
    boxes = np.concatenate([first[None], sample.boxes[1:]])
    started = type(sample)(sample.name, sample.frames, boxes, sample.visibility)
    run = run_sequence(load_tracker("laptop", rule="lstm"), started)
    return success_curve(run.boxes[1:], sample.boxes[1:]).mean()


whole, spoiled = auc_from(true), auc_from(mine)
print(f"overlap {iou(mine, true):.2f}, AUC {whole:.3f} and {spoiled:.3f}")
assert spoiled < whole / 2
assert iou(mine, true) >= 0.3
