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
# # Solutions to 10. Full scale
#
# Of [10_full_scale](../10_full_scale.ipynb). There is more than one way to write
# each; `check` accepts all that compute the same.

# %%
from roam_lite.exercises import check

# %% [markdown]
# **10.1** The first update has the stretched patches in place of a window; all T updates are judged.


# %%
def patches_in_a_clip(initial, updates, interval, future):
    """Patches of the first update, of the later ones, and of T meta losses on `future` frames each."""
    return initial + (updates - 1) * interval + updates * future


assert check("10.1", patches_in_a_clip)

# %% [markdown]
# **10.2** Two reduction layers, and kernels of 1 + 4 outputs, each output with its bias.


# %%
def coordinates(channels, reduced, side):
    """The length of theta; 206,789 for (512, 64, 21)."""
    return 2 * (channels + 1) * reduced + (1 + 4) * (reduced * side**2 + 1)


assert coordinates(512, 64, 21) == 206_789


assert check("10.2", coordinates)

# %% [markdown]
# **10.3** The mean over all clips is the mean of the shares' means, weighted by their sizes.


# %%
def combined(gradients, clips):
    """The whole batch's gradient [P]."""
    return clips @ gradients / clips.sum()


assert check("10.3", combined)
