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
