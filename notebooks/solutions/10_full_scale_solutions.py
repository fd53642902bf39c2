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
import math

from roam_lite.exercises import check

# %% [markdown]
# **10.1** Patches a second that the GPU uses up, over those that a core cuts; a core that is half needed is
# needed.


# %%
def cores_needed(clips, patches, seconds, rate):
    """The least whole number of cores."""
    return math.ceil(clips * patches / seconds / rate)


assert check("10.1", cores_needed)

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

# %% [markdown]
# **10.4** With frames of 360 lines and one clip on each of 32 GPUs. By hand, from the constants of the
# notebook: 0.065 s a step of one clip, 32 frames and 40 patches a clip, 1.6 million clips in all.

# %%
gpus, clips, frame_kb, cores = 32, 1, 37.5, 6
gpu_rate = gpus * clips / (0.04 + 0.025 * clips)
core_rate = gpus * cores * 400 / 40
rate = min(gpu_rate, core_rate)
hours, gigabytes = 1_600_000 / rate / 3600, rate * 32 * frame_kb / 1e6
print(f"{hours:.2f} h, {gigabytes:.2f} GB/s, batch {gpus * clips}")
assert hours <= 1
assert gigabytes <= 2
assert gpus * clips <= 128
assert cores <= 6
