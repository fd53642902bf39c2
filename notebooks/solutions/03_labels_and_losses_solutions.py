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
def label_map(box, cells_x, cells_y, c, alpha):
    """Label map [H, W] by (8); all tensors."""
    x, y, w, h = box
    across = (cells_x - x - w / 2) / w
    down = (cells_y - y - h / 2) / h
    return torch.exp(-alpha * across**2)[None, :] * torch.exp(-alpha * down**2)[:, None]


assert check("03.1", label_map)

# %% [markdown]
# The product of two exponentials is the exponential of the sum: a Gaussian along the axes is
# separable, and `H + W` exponentials do for `H W`.
#
# **03.2** Centers first.


# %%
def relative(box, anchor):
    """Four numbers; x and y of boxes are their left and top edges."""
    (x, y, w, h), (ax, ay, aw, ah) = box, anchor
    dx = ((x + w / 2) - (ax + aw / 2)) / aw
    dy = ((y + h / 2) - (ay + ah / 2)) / ah
    return torch.stack([dx, dy, torch.log(w / aw), torch.log(h / ah)])


assert check("03.2", relative)

# %% [markdown]
# **03.3** The mask chooses what is summed *and* what is counted. Whether it is a number or a choice
# makes no difference to the gradient: a comparison has none.


# %%
def balanced_loss(response, labels):
    """A single number."""
    error = response - labels
    hard = error.abs() >= 0.1
    return (labels.exp() * error**2)[hard].sum() / (hard.sum() + 1)


assert check("03.3", balanced_loss)

# %% [markdown]
# **03.4** The mask has no axis for the four coordinates; `None` gives it one.


# %%
def regression(deltas, targets, positive):
    """A single number; frames may have different numbers of marked anchors."""
    losses = F.smooth_l1_loss(deltas, targets, reduction="none") * positive[:, None]
    per_frame = losses.sum(dim=(1, 2, 3)) / (4 * positive.sum(dim=(1, 2)))
    return per_frame.mean()


assert check("03.4", regression)
