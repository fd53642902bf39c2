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
# # Solutions to 5. The neural optimizer
#
# Of [05_the_neural_optimizer](../05_the_neural_optimizer.ipynb).

# %%
from math import exp

import torch

from roam_lite.exercises import check

# %% [markdown]
# **05.1** Two running averages that start at zero, each corrected for what it has not seen yet.


# %%
def adam(theta, gradients, rate, beta1, beta2, eps):
    """Theta [P] after T steps of Adam."""
    m = v = torch.zeros_like(theta)
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        theta = theta - rate * m_hat / (v_hat.sqrt() + eps)
    return theta


assert check("05.1", adam)

# %% [markdown]
# **05.2** `torch.where` computes both sides; the clamp keeps the logarithm of 0 out of the side
# that is not used, and out of its derivative.


# %%
def preprocessed(gradient):
    """Log-magnitude and sign [P, 2], or -1 and the scaled gradient where it is small."""
    p = 10
    large = gradient.abs() >= exp(-p)
    size = torch.where(large, gradient.abs().clamp(min=1e-30).log() / p, -1.0)
    side = torch.where(large, gradient.sign(), exp(p) * gradient)
    return torch.stack([size, side], dim=-1)


assert check("05.2", preprocessed)

# %% [markdown]
# **05.3** `loss[:, None]` is a column: one number for each video, repeated along its coordinates.


# %%
def input_stack(rates, gradient, theta, loss):
    """Stack [N, P, 4]."""
    return torch.stack([rates, gradient, theta, loss[:, None].expand_as(theta)], dim=-1)


assert check("05.3", input_stack)

# %% [markdown]
# **05.4** $\theta^{(1)} = \theta^{(0)} - \lambda g$, so $\partial\theta^{(1)}/\partial\lambda =
# -g$, and the chain rule does the rest.


# %%
def meta_gradient(theta, rate, x, y, future_x, future_y):
    """Derivatives [P]."""
    past = 2 * x * (x * theta - y)
    stepped = theta - rate * past
    future = 2 * future_x * (future_x * stepped - future_y)
    return -future * past


assert check("05.4", meta_gradient)

# %% [markdown]
# **05.5** Detach the gradients, and nothing else: θ stays in the graph, and so do the rates.


# %%
def first_order_loss(theta, log_rate, x, y, future_x, future_y):
    """A single number with a graph."""
    for _ in range(2):
        gradient = 2 * x * (x * theta - y)
        theta = theta - log_rate.exp() * gradient.detach()
    return ((future_x * theta - future_y) ** 2).sum()


assert check("05.5", first_order_loss)

# %% [markdown]
# With a model whose gradient has no formula, `torch.autograd.grad(loss, theta)` *without*
# `create_graph` gives a gradient that is a constant already: forgetting to ask for second order is
# how first order is usually written.
