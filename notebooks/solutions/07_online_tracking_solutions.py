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
# # Solutions to 7. Online tracking
#
# Of [07_online_tracking](../07_online_tracking.ipynb). There is more than one way to write
# each; `check` accepts all that compute the same.

# %%
import numpy as np

from roam_lite import load_tracker
from roam_lite.data.otb import read_sequence
from roam_lite.demo import samples_folder
from roam_lite.evaluation.metrics.otb import score_run
from roam_lite.evaluation.running.runner import run_sequence
from roam_lite.exercises import check

# %% [markdown]
# **07.1** $\sqrt{wh}$ squared is $wh$, so no root is needed.


# %%
def motion_at(point, last, sharpness):
    """exp(-sharpness * squared distance); point is (x, y), last a box, arrays."""
    offset = point - last[:2] - last[2:] / 2
    return np.exp(-sharpness * (offset**2).sum() / last[2:].prod())


assert check("07.1", motion_at)

# %% [markdown]
# **07.2** Shrinking is as suspicious as growing: each change or its inverse, whichever is above 1.


# %%
def penalty_of(box, last, k):
    """The penalty of a box [4]; 1 if nothing changed."""

    def overall(b):
        padding = (b[2] + b[3]) / 2
        return np.sqrt((b[2] + padding) * (b[3] + padding))

    s = overall(box) / overall(last)
    r = (box[2] / box[3]) / (last[2] / last[3])
    return np.exp(-k * (max(s, 1 / s) * max(r, 1 / r) - 1))


assert check("07.2", penalty_of)

# %% [markdown]
# **07.3** The size changes around the found center. Positions are not smoothed, because a target may
# move fast; sizes change slowly, and an error in a size is learned from by the next updates.


# %%
def smoothed(last, found, weight):
    """The box [4] that the tracker goes on with."""
    size = (1 - weight) * last[2:] + weight * found[2:]
    center = found[:2] + found[2:] / 2
    return np.concatenate([center - size / 2, size])


assert check("07.3", smoothed)

# %% [markdown]
# **07.4** One of many: the queue holds twice as many frames, and an update comes half as often.

# %%
crowd = read_sequence(samples_folder(), "distractors")


def tried(**constants):
    """(AUC, gradient steps after the first model) with these online constants."""
    tracker = load_tracker("laptop", rule="lstm", **constants)
    run = run_sequence(tracker, crowd)
    return score_run(crowd, run).auc, len(tracker.update_losses) - 1


tau = load_tracker("laptop").config.online.update_interval
shipped, most = tried()
auc, steps = tried(update_interval=2 * tau)
print(f"AUC {auc:.3f} with {steps} steps; as shipped {shipped:.3f} with {most}")
assert auc >= shipped - 0.02
assert 0 < steps <= most / 2
