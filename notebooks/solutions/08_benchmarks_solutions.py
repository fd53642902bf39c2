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
# # Solutions to 8. Benchmarks
#
# Of [08_benchmarks](../08_benchmarks.ipynb). There is more than one way to write
# each; `check` accepts all that compute the same.

# %%
import numpy as np

from roam_lite.data.otb import read_sequence
from roam_lite.demo import samples_folder
from roam_lite.evaluation.metrics.otb import precision_curve, success_curve
from roam_lite.exercises import check

# %% [markdown]
# **08.1** `nan <= 20` is false, so frames without truth would count as failures unless they are taken out
# first.


# %%
def precision_at_20(errors):
    """Share of labeled frames whose error [T] is at most 20."""
    return (errors[np.isfinite(errors)] <= 20).mean()


assert check("08.1", precision_at_20)

# %% [markdown]
# **08.2** Going through the frames in order, `found[t - 1]` has been repaired already when `t` is looked at.


# %%
def repeat_last_good(found):
    """Boxes [T, 4] with bad ones replaced."""
    found = found.copy()
    for t in range(1, len(found)):
        if not (np.isfinite(found[t]).all() and (found[t, 2:] > 0).all()):
            found[t] = found[t - 1]
    return found


assert check("08.2", repeat_last_good)

# %% [markdown]
# **08.3** Means first, their ratio afterwards; the same draw for both trackers.


# %%
def relative_gain(a, b, drawn):
    """100 (mean a - mean b) / mean b over the drawn sequences."""
    return 100 * (a[drawn].mean() - b[drawn].mean()) / b[drawn].mean()


assert check("08.3", relative_gain)

# %% [markdown]
# **08.4** Among others: a box with the right center and a fifth of each side overlaps by 1/25. And in a
# video of four times the resolution a box shifted by a fifth of its width is off by more than 20 pixels and
# still overlaps by 0.67. Later benchmarks divide the center error by the size of the true box.

# %%
truth = read_sequence(samples_folder(), "scale").boxes * 4


def precise(truth):
    """Boxes [T, 4] whose centers are right and whose overlap is poor."""
    size = truth[:, 2:] / 5
    return np.concatenate([truth[:, :2] + truth[:, 2:] / 2 - size / 2, size], axis=1)


def overlapping(truth):
    """Boxes [T, 4] that overlap well and whose centers are off by more than 20 pixels."""
    return truth + truth[:, 2:3] * np.array([0.2, 0, 0, 0])


for answer in (precise, overlapping):
    found = answer(truth)
    auc, precision = success_curve(found, truth).mean(), precision_curve(found, truth)[20]
    print(f"{answer.__name__:12s} AUC {auc:.3f}, precision at 20 pixels {precision:.3f}")
    assert (auc < 0.1 and precision == 1) or (auc > 0.5 and precision < 0.3)
