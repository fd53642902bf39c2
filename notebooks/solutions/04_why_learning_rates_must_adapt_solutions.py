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
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from roam_lite import get_profile
from roam_lite.exercises import check
from roam_lite.rules import build_rule
from roam_lite.toy import draw_problems, meta_train, unroll

# %% [markdown]
# **04.1** The mean of parabolas is a parabola. Its second derivative is the mean of $2 x_j^2$, and one step
# of the inverse of that lands on its minimum. The $y_j$ move the minimum and not the curvature.


# %%
def best_for_samples(x):
    """Learning rates [P] from x [n, P]."""
    return 1 / (2 * (x**2).mean(dim=0))


assert check("04.1", best_for_samples)

# %% [markdown]
# **04.2** Every step multiplies the error by the same bracket, so each step may leave the root of the share,
# and the bracket may be that much above zero or below it. In proportion the interval is the same for all
# $x$: with a few steps left the rate must be nearly right.


# %%
def good_rates(x, left, steps):
    """Interval (low, high) of learning rates for each x, both [P]."""
    each = left ** (1 / steps)
    return (1 - each) / (2 * x**2), (1 + each) / (2 * x**2)


assert check("04.2", good_rates)

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

# %% [markdown]
# **04.6** One way of many: unrolls of eight updates. In training the network then sees the small gradients
# that come after good steps, and has to answer them well. What is it worth at 50 steps?

# %%
narrow = partial(draw_problems, low=2.5, high=3.5)
torch.manual_seed(0)
config = replace(get_profile("paper").rule, hidden=8, initial_rate=3e-3)
rule = build_rule("lstm", config=config, parts=torch.zeros(4, dtype=torch.int64))
meta_train(rule, narrow, torch.Generator().manual_seed(0), kappa=1.2, updates=8)

lasting, xs = narrow(torch.Generator().manual_seed(7), shape=(256, 4)), np.geomspace(1, 10, 15)
with torch.no_grad():
    losses = unroll(rule, lasting, 15).losses
    first = [
        float(unroll(rule, draw_problems(torch.Generator(), x, x, (64, 4)), 1).rates[0].median())
        for x in xs
    ]
left = float((losses[-1] / losses[0].median()).median())
power = np.polyfit(np.log(xs), np.log(first), 1)[0]
print(f"left after 15 steps: {left:.1e}; first rates go as x to the {power:.1f}")
assert left < 1e-2
assert power < -1.2
