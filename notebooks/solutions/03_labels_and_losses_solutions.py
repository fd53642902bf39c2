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
# # Solutions to 3. Labels and losses
#
# Of [03_labels_and_losses](../03_labels_and_losses.ipynb).

# %%
import torch
import torch.nn.functional as F

from roam_lite.exercises import check

# %% [markdown]
# **03.1** Distances and sizes both in patch pixels: the stride cancels, and `c` is not needed at all.


# %%
def label_map(box, cells_x, cells_y, c, sharpness):
    """Label map [H, W] by (8); all tensors."""
    x, y, w, h = box
    across = (cells_x - x - w / 2) / w
    down = (cells_y - y - h / 2) / h
    columns, rows = (torch.exp(-sharpness * away**2) for away in (across, down))
    return rows[:, None] * columns[None, :]


assert check("03.1", label_map)

# %% [markdown]
# The product of two exponentials is the exponential of the sum: a Gaussian along the axes is
# separable, and `H + W` exponentials do for `H W`.
#
# **03.2** Sizes first: the corner is half of the *new* size away from the center.


# %%
def box_of(deltas, anchor):
    """Box (x, y, w, h); x and y of boxes are their left and top edges."""
    (dx, dy, dw, dh), (ax, ay, aw, ah) = deltas, anchor
    w, h = aw * torch.exp(dw), ah * torch.exp(dh)
    return torch.stack([ax + aw / 2 + dx * aw - w / 2, ay + ah / 2 + dy * ah - h / 2, w, h])


assert check("03.2", box_of)

# %% [markdown]
# **03.3** One answer of many, without a threshold: the fourth power of the error, divided by that of the
# response 0. Small errors hardly count, large ones count wherever they are, and the denominator depends on
# the labels alone. Its gradient is small where the error is small: would you train with it?


# %%
def my_response_loss(response, labels):
    """A single number."""
    return (response - labels).pow(4).sum() / labels.pow(4).sum()


assert check("03.3", my_response_loss)

# %% [markdown]
# **03.4** The mask has no axis for the four coordinates; `None` gives it one.


# %%
def regression(deltas, targets, positive):
    """A single number; frames may have different numbers of marked anchors."""
    losses = F.smooth_l1_loss(deltas, targets, reduction="none") * positive[:, None]
    per_frame = losses.sum(dim=(1, 2, 3)) / (4 * positive.sum(dim=(1, 2)))
    return per_frame.mean()


assert check("03.4", regression)
