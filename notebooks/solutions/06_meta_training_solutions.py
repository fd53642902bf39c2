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
# # Solutions to 6. Meta-training
#
# Of [06_meta_training](../06_meta_training.ipynb). There is more than one way to write
# each; `check` accepts all that compute the same.

# %%
import torch

from roam_lite.exercises import check

# %% [markdown]
# **06.1** The factor $1 / NT$ in front of both sums makes it a mean over everything.


# %%
def averaged(losses):
    """The meta loss of losses [N, T]."""
    return losses.mean()


assert check("06.1", averaged)

# %% [markdown]
# **06.2** `2 * uniform - 1` is even between -1 and 1. The loss divides by the scale before it predicts.


# %%
def scaled(theta, uniform, kappa, x):
    """(epsilon * theta, the prediction), tensors [P] each."""
    epsilon = torch.exp(kappa * (2 * uniform - 1))
    seen = epsilon * theta
    return seen, x * (seen / epsilon)


assert check("06.2", scaled)

# %% [markdown]
# **06.3** The chain rule, once through the step: $\theta$ after it changes by $1 - 2\lambda x^2$ with
# $\theta$ before it, and by minus the gradient with the rate. Dropping the
# term $2\lambda x^2$ is what `first_order` does.


# %%
def meta_gradient_by_hand(theta, rate, past, future):
    """(dL/dtheta, dL/drate); past and future are pairs (x, y)."""
    (x, y), (u, v) = past, future
    gradient = 2 * x * (x * theta - y)
    after = theta - rate * gradient
    error = 2 * u * (u * after - v)
    return error * (1 - 2 * rate * x**2), -error * gradient


assert check("06.3", meta_gradient_by_hand)
