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
# # Solutions to 12. Beyond
#
# Of [12_beyond](../12_beyond.ipynb). There is more than one way to write each; `check` accepts all that
# compute the same.

# %%
from functools import partial

import torch

from roam_lite.exercises import check
from roam_lite.toy import draw_problems, toy_loss, toy_rule
from roam_lite.toy.descent import Task, train_rule
from roam_lite.toy.leaderboard import beyond_training

# %% [markdown]
# **12.1** Along $g$ the loss is $-s\, g^\top g + s^2 g^\top H g / 2$ and a constant. Its derivative by
# $s$ is zero at $s = g^\top g / g^\top H g$.


# %%
def steepest_step(gradient, curved):
    """Steps [N, P]; curved is the Hessian times the gradient."""
    square = (gradient * gradient).sum(dim=1, keepdim=True)
    return gradient * square / (gradient * curved).sum(dim=1, keepdim=True)


assert check("12.1", steepest_step)

# %% [markdown]
# **12.2** The loss of a segment has seen its own noise and that of all segments before it: their sum.


# %%
def persistent(differences, noise, spread):
    """Estimate [n] of the gradient by omega."""
    credited = differences[..., None] * noise.cumsum(dim=1)
    return credited.sum(dim=1).mean(dim=0) / (2 * spread)


assert check("12.2", persistent)

# %% [markdown]
# **12.3** Compare the inside with what comes before and with what comes after.


# %%
def count_minima(losses):
    """Number of local minima inside."""
    inside = losses[1:-1]
    return ((inside < losses[:-2]) & (inside < losses[2:])).sum(dim=0)


assert check("12.3", count_minima)

# %% [markdown]
# **12.4** One way: let training see more steps, twenty in place of five. What happens at fifty was never
# asked for; what happens at twenty now was.


# %%
def draw_toy(generator, count=32):
    """A task of the toy, as in the notebook."""
    problems = draw_problems(generator, 1.0, 4.0, (count, 4))
    loss = partial(toy_loss, problems=problems)
    return Task(loss, loss, torch.zeros_like(problems.x))


def losses_of(horizon):
    """Losses over fifty steps of an FC that was trained for `horizon` steps, seed 0."""
    torch.manual_seed(0)
    rule = toy_rule("fc")
    train_rule(rule, draw_toy, torch.Generator().manual_seed(0), horizon)
    return beyond_training(rule, 5, 0)["toy"]


mine, theirs = losses_of(20), losses_of(5)
print(
    f"after 5 steps {mine[5]:.3f} and {theirs[5]:.3f}, after 50 {mine[50]:.4f} and {theirs[50]:.4f}"
)
assert mine[50] <= theirs[50] / 2
assert mine[5] <= 2 * theirs[5]
