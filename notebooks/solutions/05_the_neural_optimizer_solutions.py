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
from roam_lite.rules import RuleStep
from roam_lite.toy import draw_problems, unroll

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
# **05.3** A step multiplies the gradient by $1 - 2\lambda x^2$, so $1 - g_1 / g_0 = 2\lambda x^2$, and
# λ divided by that is $1/(2x^2)$. It is the secant method: the slope of the gradient from two points.


# %%
def solved_rates(first, second, rate):
    """Learning rates [P]."""
    return rate / (1 - second / first)


assert check("05.3", solved_rates)

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

# %% [markdown]
# **05.6** One rule of many: a first step so short that no $x$ up to 10 makes it diverge, and from
# then on the rates of 05.3. On the toy problem two steps are enough for all $x$, with no training at
# all. On a tracker the weights are not independent of each other, and the gradients are those of other
# frames each time; there the secant is noise.


# %%
class Secant:
    """Rates from the last two gradients, element by element."""

    def init(self, theta, learning_rates0):
        return None

    def step(self, theta, gradient, loss, state):
        rates = torch.full_like(theta, 5e-3)
        if state is not None:
            last_gradient, last_rates = state
            moved = gradient - last_gradient
            rates = torch.where(moved == 0, last_rates, -last_rates * last_gradient / moved)
        return RuleStep(rates * gradient, (gradient, rates), rates)


test = draw_problems(torch.Generator().manual_seed(99), 1.0, 10.0, (512, 4))
losses = unroll(Secant(), test, 3).losses.mean(dim=1)
print(f"left after three steps: {losses[3] / losses[0]:.1e}")
assert losses[3] < 1e-6 * losses[0]
