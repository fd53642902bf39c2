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
# # Solutions to 4. Why learning rates must adapt
#
# Of [04_why_learning_rates_must_adapt](../04_why_learning_rates_must_adapt.ipynb).

# %%
import torch

from roam_lite.exercises import check

# %% [markdown]
# **04.1** The bracket $1 - 2\lambda x^2$ is to be zero.


# %%
def best(x):
    """Best learning rates [P]."""
    return 1 / (2 * x**2)


assert check("04.1", best)

# %% [markdown]
# **04.2** Every step multiplies by the same bracket. Its sign matters: at $-1$ the loss stays what it
# was, for ever.


# %%
def left_over(x, rate, steps):
    """Shares [P]; 0 is perfect, -1 is as far on the other side."""
    return (1 - 2 * rate * x**2) ** steps


assert check("04.2", left_over)

# %% [markdown]
# **04.3** From [0, 1) to [−κ, κ), then the exponential. Halving and doubling are equally likely,
# because it is the logarithm that is uniform.


# %%
def scales_from(uniform, kappa):
    """Scales, as many as there are numbers."""
    return torch.exp(-kappa + 2 * kappa * uniform)


assert check("04.3", scales_from)

# %% [markdown]
# **04.4** The compensation undoes the scaling before the model predicts. Forget it, and the
# optimizer learns to train a model that nobody uses.


# %%
def loss_of_scaled(theta, x, y, epsilon):
    """A single number."""
    model = theta / epsilon
    return ((x * model - y) ** 2).sum()


assert check("04.4", loss_of_scaled)

# %% [markdown]
# **04.5** From θ = 0 the residuals after the step are $(2\lambda x^2 - 1)\,y$. With $a = x^2 y$ the
# loss is $\|2\lambda a - y\|^2$: a parabola in λ, with its minimum at
#
# $$ \lambda = \frac{a \cdot y}{2\, a \cdot a} = \frac{\sum x^2 y^2}{2 \sum x^4 y^2}. $$
#
# The fourth power says who rules: the largest $x$.


# %%
def best_shared(x, y):
    """A single learning rate."""
    a = x**2 * y
    return (a @ y) / (2 * a @ a)


assert check("04.5", best_shared)
