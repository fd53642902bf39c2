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
from functools import partial

import numpy as np
import torch

from roam_lite.exercises import check
from roam_lite.toy import best_rates, draw_problems, meta_train, toy_rule, unroll

# %% [markdown]
# **06.1** A step multiplies a change of the weight by $1 - \lambda h$: the 1 is the way along θ, the
# $\lambda h$ the way through the gradient. `full` keeps all factors, `chained` the first, with 1 for
# the others, `first_order` replaces all by 1, and `first_step` cuts the chain: after the second update
# nothing is left.


# %%
def reach(rates, curvature):
    """Four derivatives of theta_T by theta_0."""
    factors = 1 - rates * curvature
    return factors.prod(), factors[0], torch.ones(()), torch.zeros(())


assert check("06.1", reach)

# %% [markdown]
# **06.2** Each pair measures a slope along its own direction. Times the direction, averaged over normal
# noise, this is the gradient.


# %%
def estimated_gradient(losses, center, noise, spread):
    """Estimate [n] of the gradient of the smoothed loss."""
    total = torch.zeros_like(center)
    for direction in noise:
        ahead = losses(center + spread * direction)
        behind = losses(center - spread * direction)
        total += (ahead - behind) / (2 * spread) * direction
    return total / len(noise)


assert check("06.2", estimated_gradient)

# %% [markdown]
# **06.3** $e_t = a\,e_{t-1} + b$, which settles at $b / (1 - a)$: with half of each error left, at
# twice the bias. With true boxes every frame would show $b$ alone, and training would not notice.


# %%
def drift(bias, share, frames):
    """Errors [frames]."""
    return [bias * (1 - share ** (t + 1)) / (1 - share) for t in range(frames)]


assert check("06.3", drift)

# %% [markdown]
# **06.4** Scaling has to reach as far as you want the optimizer to follow. No rule that ends in a
# sigmoid can follow to $e^{2.4}$: at $x = 3$ the best rate would be $e^{4.8} / 18 \approx 6.8$, and it
# emits less than 1. Here is one that reaches the goal; how few iterations are enough is for you to find.

# %%
torch.manual_seed(0)
rule = toy_rule("lstm", initial_rate=3e-3)
narrow = partial(draw_problems, low=2.5, high=3.5)
meta_train(rule, narrow, torch.Generator().manual_seed(0), kappa=1.8)

EXPONENTS = np.linspace(-1.8, 1.2, 6)
problems = narrow(torch.Generator().manual_seed(1), shape=(128, 4))
off = []
with torch.no_grad():
    for e in EXPONENTS:
        scaled = problems.scaled(torch.full_like(problems.x, float(np.exp(e))))
        rate = float(unroll(rule, scaled, 1).rates[0].median())
        off.append(abs(np.log10(rate / (np.exp(2 * e) * float(best_rates(torch.tensor(3.0)))))))
print(f"decades off at the worst scale: {max(off):.2f}")
assert max(off) < 0.3
