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
# # 5. The neural optimizer: a network that emits learning rates
#
# Notebook 4 ended with a network that looks at a weight's gradient and says how far to go. Now we
# open it. On the way we shall see that SGD, momentum and Adam are answers to the same question,
# that one LSTM serves two hundred thousand weights without mixing them up, and how one
# differentiates through a gradient step: by hand, by machine, and by brute force.
#
# **When you are through you can**
#
# - write SGD, momentum and Adam as *update rules* and compare what they emit (9);
# - compute the input stack (10), and the LSTM's answer (11) with nothing but matrix products;
# - derive a meta-gradient (13), (14) and check it by finite differences;
# - say what first order leaves out;
# - watch hidden state, gradients and rates of single weights while a tracker runs.
#
# **Needs** notebook 4. **Paper** sections 3.2 and 6.2 (architecture of the neural optimizer). **Run
# time** about 30 s on two cores (`python notebooks/render.py 05_the_neural_optimizer`).

# %%
from dataclasses import replace
from functools import partial
from math import exp

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from roam_lite import get_profile, load_tracker
from roam_lite.adaptation import adapt, make_samples, update_loss
from roam_lite.data.otb import read_sequence
from roam_lite.demo import samples_folder
from roam_lite.exercises import check
from roam_lite.figures.axes import draw_band
from roam_lite.figures.style import OPTIMIZER_COLORS, OPTIMIZER_LABELS, use_style
from roam_lite.model.tracking_model import ThetaLayout
from roam_lite.rules import SGD, Adam, Momentum, RuleStep, build_rule
from roam_lite.rules.preprocessing import log_and_sign, stack_input
from roam_lite.toy import Problems, best_rates, draw_problems, meta_train, toy_loss, unroll
from roam_lite.widgets import explore, show

use_style()
SEEDS = range(5)

# %% [markdown]
# ## One step for all
#
# Whoever the optimizer is, the step is the same:
#
# $$ \theta^{(t)} = \theta^{(t-1)}
#    - \lambda^{(t-1)} \odot \nabla_{\theta^{(t-1)}} \ell^{(t-1)} \tag{9} $$
#
# with a learning rate for each weight. The library has *one* function for it, called `adapt`, which
# both the training and the tracker call. Here it is without its options, compared with the
# library's on a tiny tracking model:


# %%
def my_adapt(theta, rates, loss_of):
    """Theta after one step (9)."""
    theta = theta.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss_of(theta).sum(), theta)
    return theta.detach() - rates * gradient


smoke = get_profile("smoke").model
layout, generator = ThetaLayout.of(smoke), torch.Generator().manual_seed(0)
cells = torch.arange(smoke.patch_size // smoke.stride) * 4.0 + 2.0
features = torch.randn(2, 3, smoke.channels, len(cells), len(cells), generator=generator)
boxes = torch.tensor([20.0, 24.0, 16.0, 12.0]).expand(2, 3, 4)
samples = make_samples(features, boxes, torch.tensor([[5, 7], [5, 7]]), cells, smoke)
theta = torch.stack([layout.initial(generator, smoke.kernel_spread) for _ in range(2)])
rates = torch.rand(theta.shape, generator=generator)
mine = my_adapt(theta, rates, partial(update_loss, samples=samples, config=smoke))
torch.testing.assert_close(mine, adapt(theta, samples, SGD(rates), None, smoke).theta)

# %% [markdown]
# ## SGD, momentum, Adam: three update rules
#
# An **update rule** is two functions: `init` gives a state, `step` gives a `RuleStep`: the step to
# subtract from θ, the next state and, where the rule has some, the learning rates. That is all that
# rollout and tracker know of an optimizer. Momentum and Adam do not usually talk of element-wise
# rates; but whatever step they take, divided by the gradient it is one.


# %%
class MyMomentum:
    """SGD with momentum as an update rule."""

    def __init__(self, rate, keep=0.9):
        self.rate, self.keep = rate, keep

    def init(self, theta, learning_rates0):
        return torch.zeros_like(theta)

    def step(self, theta, gradient, loss, velocity):
        velocity = self.keep * velocity + gradient
        return RuleStep(self.rate * velocity, velocity)


class MyAdam:
    """Adam as an update rule."""

    def __init__(self, rate, beta1=0.9, beta2=0.999, eps=1e-8):
        self.rate, self.beta1, self.beta2, self.eps = rate, beta1, beta2, eps

    def init(self, theta, learning_rates0):
        return torch.zeros_like(theta), torch.zeros_like(theta), 0

    def step(self, theta, gradient, loss, state):
        m, v, t = state
        m, v, t = self.beta1 * m, self.beta2 * v, t + 1
        m, v = m + (1 - self.beta1) * gradient, v + (1 - self.beta2) * gradient**2
        m_hat, v_hat = m / (1 - self.beta1**t), v / (1 - self.beta2**t)
        step = self.rate * m_hat / (v_hat.sqrt() + self.eps)
        return RuleStep(step, (m, v, t))


RULES = {
    "SGD": (SGD, SGD, torch.optim.SGD, {"lr": 5e-3}),
    "momentum": (MyMomentum, Momentum, torch.optim.SGD, {"lr": 1e-3, "momentum": 0.9}),
    "Adam": (MyAdam, Adam, torch.optim.Adam, {"lr": 0.1}),
}
COLORS = {OPTIMIZER_LABELS[rule]: color for rule, color in OPTIMIZER_COLORS.items()}


def torch_path(optimizer, problems, steps, **options):
    """What torch's own optimizer does, [steps + 1, N, P]."""
    theta = torch.zeros_like(problems.x, requires_grad=True)
    optimizer = optimizer([theta], **options)
    path = [theta.detach().clone()]
    for _ in range(steps):
        optimizer.zero_grad()
        toy_loss(theta, problems).sum().backward()
        optimizer.step()
        path.append(theta.detach().clone())
    return torch.stack(path)


broad = draw_problems(torch.Generator().manual_seed(0), 1.0, 10.0, (64, 4))
broad = Problems(broad.x.double(), broad.y.double())
for name, (mine, library, theirs, options) in RULES.items():
    thetas = unroll(mine(options["lr"]), broad, updates=8).thetas
    torch.testing.assert_close(thetas, unroll(library(options["lr"]), broad, updates=8).thetas)
    torch.testing.assert_close(thetas, torch_path(theirs, broad, 8, **options))
    rates = (thetas[:-1] - thetas[1:]) / (2 * broad.x * (broad.x * thetas[:-1] - broad.y))
    low, high = rates.min(), rates.max()
    print(f"{name:9s} emits rates from {low:9.2e} to {high:9.2e}")
    assert (low < 0) == (name != "SGD")

# %% [markdown]
# All three agree with torch's own. And see what the division shows: momentum and Adam emit
# *negative* rates where their memory pulls against the gradient, and huge ones where the gradient is
# nearly zero. The paper's optimizer cannot: its rates go through a sigmoid, so it always goes
# downhill, and by less than the gradient.
#
# ## What the network sees
#
# Of each weight four numbers, its last rate, its gradient, itself, and the loss of the whole model:
#
# $$ \mathcal{I}^{(t-1)} = [\lambda^{(t-2)}, \nabla_{\theta^{(t-1)}} \ell^{(t-1)},
#    \theta^{(t-1)}, \ell^{(t-1)}] \tag{10} $$
#
# Gradients span many decades, and a network with weights around 1 would see only the largest. So,
# after Andrychowicz et al., a gradient is shown by two channels,
#
# $$ g \mapsto \begin{cases} (\log|g| / p,\; \operatorname{sign} g) & |g| \geq e^{-p} \\
#    (-1,\; e^p g) & \text{otherwise} \end{cases} \qquad p = 10, $$
#
# and the last rate by its logarithm: five channels.


# %%
def my_stack(rates, gradient, theta, loss, p=10):
    """What the optimizer sees of every weight, [N, P, 5]; loss is [N]."""
    large = gradient.abs() >= exp(-p)
    size = torch.where(large, gradient.abs().clamp(min=1e-30).log() / p, -1.0)
    sign = torch.where(large, gradient.sign(), gradient * exp(p))
    loss = loss[:, None].expand_as(theta)
    return torch.stack([rates.log() / p, size, sign, theta, loss], dim=-1)


shape = (2, 6)
rates, theta, gradient = (torch.randn(shape, generator=generator) for _ in range(3))
rates, loss = rates.sigmoid(), torch.tensor([0.3, 0.7])
gradient = gradient * torch.logspace(-8, 2, 6)
stack = stack_input("log_sign", 10, rates, gradient, theta, loss)
torch.testing.assert_close(my_stack(rates, gradient, theta, loss), stack)

decades = torch.logspace(-8, 2, 400)
figure, axes = plt.subplots(figsize=(5.5, 2.8))
size, sign = log_and_sign(decades, p=10)
axes.plot(decades, size, color=COLORS["LSTM"], label="first channel: how large")
axes.plot(decades, sign, "--", color=COLORS["LSTM"], label="second channel: which way")
axes.axvline(exp(-10), color="black", linewidth=1, label="exp(−p)")
axes.set(xscale="log", xlabel="gradient (positive)", ylabel="what the network sees")
axes.legend(fontsize=8)
show(
    figure,
    "Below exp(-p) the second channel grows linearly from 0 to 1; above, the first one grows.",
)

# %% [markdown]
# ## What the network is
#
# $$ \lambda^{(t-1)} = \sigma(\mathcal{O}(\mathcal{I}^{(t-1)}; \omega)) \tag{11} $$
#
# $\mathcal{O}$ is two stacked LSTM cells and a linear layer. It is **coordinate-wise**: the weights
# are its *batch*. All share ω, each has a memory of its own, and none sees another.


# %%
def my_lstm(x, memory, cell):
    """One LSTM cell by its equations: h and c after seeing x."""
    h, c = memory
    gates = x @ cell.weight_ih.T + cell.bias_ih + h @ cell.weight_hh.T + cell.bias_hh
    take, keep, new, show_ = gates.chunk(4, dim=-1)
    c = keep.sigmoid() * c + take.sigmoid() * new.tanh()
    return show_.sigmoid() * c.tanh(), c


def my_rates(rule, stack, memories):
    """Learning rates (11) of all weights, and the memories after it."""
    x, after = stack.flatten(0, 1), []
    for cell, memory in zip(rule.cells, memories, strict=True):
        after.append(my_lstm(x, memory, cell))
        x = after[-1][0]
    return rule.output(x).sigmoid().view(stack.shape[:2]), after


torch.manual_seed(0)
paper = get_profile("paper")
of_one_kind = torch.zeros(6, dtype=torch.int64)  # all weights are parts of the same thing
config = replace(paper.rule, hidden=6, initial_rate=0.05)
rule = build_rule("lstm", config=config, parts=of_one_kind)
for parameter in rule.parameters():
    nn.init.normal_(parameter, std=0.5)
memories = [(torch.zeros(12, 6), torch.zeros(12, 6)) for _ in rule.cells]
state, last = rule.init(theta, rates), rates
for t in range(4):
    seen = my_stack(last, gradient * 0.5**t, theta, loss)
    _, state, theirs = rule.step(theta, gradient * 0.5**t, loss, state)
    last, memories = my_rates(rule, seen, memories)
    torch.testing.assert_close(last, theirs)

order = torch.randperm(6, generator=generator)
shuffled = rule.step(theta[:, order], gradient[:, order], loss, rule.init(theta, rates[:, order]))
straight = rule.step(theta, gradient, loss, rule.init(theta, rates))
torch.testing.assert_close(shuffled.rates, straight.rates[:, order])
print("weights in another order get the same rates in that order")

# %% [markdown]
# Its size does not depend on the model's, but its memory does. *How many parameters has the paper's
# optimizer, and how much must it remember for 206,789 weights?*

# %%
parts = ThetaLayout.of(paper.model).parts()
for name in ("lstm", "gru", "fc", "const"):
    rule = build_rule(name, config=paper.rule, parts=parts)
    parameters = sum(parameter.numel() for parameter in rule.parameters())
    numbers = {"lstm": 4, "gru": 2}.get(name, 0) * paper.rule.hidden + (name != "const")
    print(
        f"{name:6s} {parameters:8,d} parameters, remembers {numbers:3d} numbers a weight, ", end=""
    )
    print(f"{numbers * len(parts) * 4 / 2**20:5.1f} MiB a video")

# %% [markdown]
# ConstLR has one parameter for each weight and looks at nothing; FC looks but remembers only its last
# rate. We shall see what that costs.
#
# ## A meta-gradient, three ways
#
# What is a good rate? One after which the model does well on a frame it was *not* updated with:
#
# $$ \mathcal{L}^{(t)} = L(F^{(t+\delta)}, M^{(t+\delta)}, B^{(t+\delta)};
#    \theta^{(t)}, \phi^{(t-1)}) \tag{13} $$
#
# $$ \bar{\mathcal{L}} = \frac{1}{NT} \sum_{i=1}^N \sum_{t=1}^T
#    \mathcal{L}_{\mathcal{V}_i}^{(t)} \tag{14} $$
#
# Minimizing it takes the derivative of a loss *after* a gradient step with respect to the rate *of*
# that step. On the toy problem, with a past $(x, y)$ and a future $(x', y')$, the chain rule gives
# for each weight
#
# $$ \frac{\partial \mathcal{L}}{\partial \lambda}
#    = -\nabla \mathcal{L}(\theta^{(1)}) \cdot \nabla \ell(\theta^{(0)}). $$
#
# In words: *if the past gradient and the future gradient agree, the step should have been longer.*
# That is the whole signal from which the optimizer learns.

# %%
rng = np.random.default_rng(0)
theta0, x, y, future_x, future_y = torch.from_numpy(rng.normal(size=(5, 4)))
rates = torch.full((4,), 0.15, dtype=torch.float64)


def slope(theta, x, y):
    """Gradient of sum (x theta - y)^2."""
    return 2 * x * (x * theta - y)


def meta_loss(rates):
    """Loss on the future after one step on the past."""
    theta1 = theta0 - rates * slope(theta0, x, y)
    return ((future_x * theta1 - future_y) ** 2).sum()


theta1 = theta0 - rates * slope(theta0, x, y)
by_hand = -slope(theta1, future_x, future_y) * slope(theta0, x, y)
by_autograd = torch.autograd.functional.jacobian(meta_loss, rates)
nudges = 1e-6 * torch.eye(4, dtype=torch.float64)
by_force = torch.stack([(meta_loss(rates + n) - meta_loss(rates - n)) / 2e-6 for n in nudges])
for name, values in (
    ("hand", by_hand),
    ("autograd", by_autograd),
    ("finite differences", by_force),
):
    print(f"{name:20s}" + "".join(f"{value:12.6f}" for value in values))
torch.testing.assert_close(by_hand, by_autograd)
torch.testing.assert_close(by_hand, by_force, rtol=1e-6, atol=1e-8)

# %% [markdown]
# ## First order and second order
#
# The initial model θ⁽⁰⁾ is learned as well. It acts on the meta loss in two ways: it is where the
# steps start, and the steps' gradients depend on it. **First order** ignores the second way and
# takes the gradients for constants; it saves the graph of the gradient and most of the time. What
# is lost?


# %%
def after_steps(theta, rate, x, y, steps, second_order):
    """Theta after some steps; first order cuts the gradients from the graph."""
    for _ in range(steps):
        gradient = slope(theta, x, y)
        theta = theta - rate * (gradient if second_order else gradient.detach())
    return theta


def pull_on_start(rate, second_order, steps=2):
    """d theta_T / d theta_0 of one weight with x = 1: (1 - 2 rate)^T, in second order."""
    start = torch.tensor(0.3, requires_grad=True)
    one = torch.tensor(1.0)
    return float(
        torch.autograd.grad(after_steps(start, rate, one, 0.8 * one, steps, second_order), start)[0]
    )


grid = np.linspace(0, 1.1, 45)
figure, axes = plt.subplots(figsize=(5.5, 3))
for steps, dashes in ((2, "-"), (6, ":")):
    full = [pull_on_start(rate, True, steps) for rate in grid]
    np.testing.assert_allclose(full, (1 - 2 * grid) ** steps, atol=1e-5)
    axes.plot(grid, full, dashes, color="black", label=f"second order, {steps} steps")
axes.plot(grid, [pull_on_start(r, False) for r in grid], "--", color="black", label="first order")
axes.axvline(0.5, color="gray", linewidth=1, label="best rate")
axes.set(xlabel="learning rate λ, for x = 1", ylabel="share of the start that is left")
axes.legend(fontsize=8)
show(
    figure,
    "Second order is zero at the best rate and grows fast beyond 1; first order stays at one.",
)

# %% [markdown]
# At the best rate the start does not matter at all: the step lands on the optimum from anywhere.
# Second order knows that; first order goes on pulling. Beyond the stable range second order
# *explodes* with the number of steps, while first order stays calm. Both matter: the library offers
# `first_step`, `first_order` and `full`, and notebook 6 compares them on the tracker.
#
# ## Four architectures
#
# Section 6.2 of the paper compares the LSTM with a GRU, a network without memory (FC), and learned
# constants (ConstLR). On the toy problem, with $x$ anywhere between 1 and 10, after the same
# training, five seeds each:

# %%
draw = partial(draw_problems, low=1.0, high=10.0)
config = replace(paper.rule, hidden=8, initial_rate=3e-3)
learned = {}
for name in ("lstm", "gru", "fc", "const"):
    trained = learned[OPTIMIZER_LABELS[name]] = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        rule = build_rule(name, config=config, parts=of_one_kind[:4])
        meta_train(rule, draw, torch.Generator().manual_seed(seed))
        trained.append(rule.requires_grad_(False))

test = draw(torch.Generator().manual_seed(99), shape=(512, 4))


def best_of(build, candidates):
    """The rule whose rate leaves the smallest loss after three steps on the test problems."""
    return min(
        (build(rate) for rate in candidates),
        key=lambda rule: unroll(rule, test, 3).losses[3].mean(),
    )


candidates = np.geomspace(1e-3, 1, 31)
by_hand = {name: [best_of(library, candidates)] for name, (_, library, *_) in RULES.items()}

figure, axes = plt.subplots(figsize=(6, 3.4))
left = {}
for name, rules in (by_hand | learned).items():
    curves = np.array([unroll(rule, test, 3).losses.mean(dim=1) for rule in rules])
    curves /= curves[:, :1]
    dashes = "--" if name in by_hand else "-"
    draw_band(axes, range(4), curves, COLORS[name], name, dashes)
    left[name] = np.median(curves[:, 3])
    print(f"{name:9s} loss left after 3 steps: median {left[name]:.4f}, ", end="")
    print(f"{curves[:, 3].min():.4f} to {curves[:, 3].max():.4f}")
assert left["LSTM"] < left["FC"] < left["ConstLR"]
axes.set(xlabel="step", ylabel="loss, relative", yscale="log", xticks=range(4))
axes.legend(fontsize=8, bbox_to_anchor=(1, 1))
show(
    figure,
    "Loss over three steps: the networks that look fall fastest; constants and SGD hardly move.",
)

# %% [markdown]
# (Dashed: by hand, their rates chosen on these very problems; solid: learned. Bands: range over five
# seeds.) Whoever does not look at the weight cannot serve a decade of $x$. Looking without memory
# (FC) goes a long way, and memory goes further. That is the order of the paper's Fig. 5, and here
# one can say why. The *first* rate that each emits, before there is anything to remember:

# %%
xs = np.geomspace(1, 10, 20)
figure, axes = plt.subplots(figsize=(5.5, 3.2))
for name, rules in (by_hand | learned).items():
    if name == "momentum":
        continue  # it begins as SGD
    firsts = np.array(
        [
            [
                unroll(rule, draw_problems(torch.Generator().manual_seed(1), v, v, (64, 4)), 1)
                .rates[0]
                .median()
                for v in xs
            ]
            for rule in rules
        ]
    )
    dashes = "--" if name in by_hand else "-"
    draw_band(axes, xs, firsts, COLORS[name], name, dashes)
axes.plot(xs, best_rates(torch.from_numpy(xs)), color="black", linewidth=1, label="1 / (2x²)")
axes.set(xscale="log", yscale="log", xlabel="x", ylabel="first learning rate")
axes.set_xticks([1, 3, 10], ["1", "3", "10"])
axes.legend(fontsize=8, bbox_to_anchor=(1, 1))
show(
    figure,
    "First rates against x: constants are flat, Adam falls as 1/x, the networks as 1/x squared.",
)

# %% [markdown]
# Constants are flat. Adam's first step has the same length everywhere, so its rate is $\alpha /
# |g|$: it falls as $1/x$, half of the way. The networks come close to $1/x^2$, all three alike: so
# far, FC is no worse. But one gradient does not tell $x$ from $y$. After the first step there are
# two gradients and the rate between them, and their ratio is $1 - 2\lambda x^2$: whoever remembers
# the first gradient can solve for $x$.

# %%
print("how far the rates are from 1 / (2x²), in decades (median over seeds)")
for name in ("LSTM", "GRU", "FC", "ConstLR"):
    rates = torch.stack([unroll(rule, test, 3).rates for rule in learned[name]])
    off = (rates / best_rates(test.x)).log10().abs().mean(dim=(2, 3)).median(dim=0).values
    print(f"{name:9s} first step {off[0]:.2f}, second {off[1]:.2f}, third {off[2]:.2f}")

# %% [markdown]
# With memory the second rate is better than the first. Without, it is worse: after a good first step
# the gradient that is left is small, whatever $x$ was.
#
# ## Inside the tracker
#
# Now the real one. `Recorder` is an update rule that asks another rule and takes notes; the tracker
# does not notice. It runs over sixty frames, two updates of θ every five frames.


# %%
class Recorder:
    """Passes everything on, and keeps what happened to the chosen weights."""

    def __init__(self, rule, chosen):
        self.rule, self.chosen, self.notes = rule, chosen, []

    def init(self, theta, learning_rates0):
        return self.rule.init(theta, learning_rates0)

    def step(self, theta, gradient, loss, state):
        taken = self.rule.step(theta, gradient, loss, state)
        # h of the second layer, [hidden, coordinates]; the memory lies in blocks of coordinates
        hidden = torch.cat([cells[-1][0] for cells in taken.state.memory], dim=1)
        kept = (gradient[0, self.chosen], taken.rates[0, self.chosen], hidden[:, self.chosen].T)
        self.notes.append([value.clone() for value in kept])
        return taken


tracker = load_tracker("laptop")
layout = tracker.model.layout
PARTS = [
    f"{branch}: {part}"
    for branch in ("response", "box")
    for part in ("reduction", "its bias", "kernel", "its bias ")
]
of_part = tracker.model.parts
chosen = torch.cat(
    [
        torch.nonzero(of_part == part).flatten()[
            torch.linspace(0, int((of_part == part).sum()) - 1, 5).long()
        ]
        for part in range(8)
    ]
)
tracker.rule = Recorder(tracker.rule, chosen)
sequence = read_sequence(samples_folder(), "deformation")
tracker.init(sequence.frames[0], sequence.boxes[0])
for frame in range(1, len(sequence)):
    tracker.update(sequence.frames[frame])

gradients, rates, hidden = (torch.stack(values) for values in zip(*tracker.rule.notes, strict=True))
lambda0 = tracker.model.lambda0.detach()[chosen]
sizes = gradients.abs()[gradients != 0].log10()
print(f"{len(rates)} updates of {layout.size:,d} weights, {len(chosen)} of them noted")
print(f"gradients from 10^{sizes.quantile(0.01):.1f} to 10^{sizes.quantile(0.99):.1f}, ", end="")
print(f"emitted rates {rates.min():.1e} to {rates.max():.1e}")
assert (rates > 0).all()
assert (rates < 1).all()


def draw_weight(figure, part, number, update):
    """Hidden state, gradients and rates of one weight, up to and beyond the chosen update."""
    figure.set_size_inches(10, 3.2)
    left, middle, right = figure.subplots(1, 3)
    index, steps = PARTS.index(part) * 5 + number - 1, np.arange(1, len(rates) + 1)
    picture = left.imshow(
        hidden[:, index].T,
        aspect="auto",
        cmap="RdBu",
        vmin=-1,
        vmax=1,
        extent=(0.5, len(rates) + 0.5, hidden.shape[-1] + 0.5, 0.5),
    )
    figure.colorbar(picture, ax=left, label="hidden state")
    left.set(xlabel="update", ylabel="unit of the second layer")
    left.set_yticks(range(5, hidden.shape[-1] + 1, 5))
    left.grid(False)
    span = float(gradients[:, index].abs().max()) + 1e-12
    middle.bar(steps, gradients[:, index], color="gray")
    middle.set(xlabel="update", ylabel="gradient", ylim=(-1.1 * span, 1.1 * span))
    right.plot(steps, rates[:, index], ".-", color=COLORS["LSTM"], label="emitted")
    right.axhline(float(lambda0[index]), color="black", linewidth=1, label="λ⁽⁰⁾")
    emitted = [*rates[:, index].tolist(), float(lambda0[index])]
    limits = (min(emitted) / 2, max(emitted) * 2)
    right.set(xlabel="update", ylabel="learning rate", yscale="log", ylim=limits)
    right.legend(fontsize=8)
    for axes in (left, middle, right):
        axes.axvline(update, color="black", linestyle=":", linewidth=1)
    g, rate = float(gradients[update - 1, index]), float(rates[update - 1, index])
    figure.suptitle(
        f"weight {int(chosen[index]):,d} at update {update}: gradient {g:.2e}, rate {rate:.2e}, "
        f"step {-rate * g:.2e}",
        fontsize=10,
    )


explore(
    draw_weight,
    alt="Hidden state of twenty units over the updates; the gradients of one weight; its emitted rates.",
    part=PARTS,
    number=(1, 5, 3),
    update=(1, len(rates), 1),
)

# %% [markdown]
# Compare a kernel's weight with a bias, and the first update with the last. The rates of one weight
# move little beside the decades between parts: most of what this optimizer knows is *which part a
# weight belongs to*, and it knows that from the last rate, which it inherited from λ⁽⁰⁾. Is that
# what you expected of an LSTM? How much the rest contributes is measured in
# [notebook 9](09_ablations.ipynb) (*shares*), not guessed here.

# %%
between = lambda0.log10().std()
within = rates.log10().std(dim=0).mean()
print(
    f"spread of log10(rate): {between:.2f} between the noted weights, {within:.3f} over a weight's updates"
)

# %% [markdown]
# ## Recap
#
# - The step (9) is everybody's; optimizers differ in the rates they emit.
# - The network sees (10) of each weight, with gradients by log-magnitude and sign; (11) is two LSTM
#   cells shared by all weights, a memory for each.
# - The meta-gradient is minus the product of future and past gradient: agreement asks for longer
#   steps.
# - First order keeps the way through θ and drops the one through the gradients.
#
# ## Exercises
#
# Solutions are in [solutions](solutions/05_the_neural_optimizer_solutions.ipynb).
#
# **05.1** (easy) Adam. Return `theta` `[P]` after the steps on the given `gradients` `[T, P]`, one
# after the other.


# %%
def adam(theta, gradients, rate, beta1, beta2, eps):
    """Theta [P] after T steps of Adam."""
    ...


check("05.1", adam)

# %% [markdown]
# **05.2** (medium) Show gradients `[P]` to a network: two channels, `[P, 2]`, with p = 10.


# %%
def preprocessed(gradient):
    """Log-magnitude and sign [P, 2], or -1 and the scaled gradient where it is small."""
    ...


check("05.2", preprocessed)

# %% [markdown]
# **05.3** (easy) The stack (10) with its four channels as they are, `[N, P, 4]`, from `rates`,
# `gradient` and `theta`, all `[N, P]`, and `loss` `[N]`.


# %%
def input_stack(rates, gradient, theta, loss):
    """Stack [N, P, 4]."""
    ...


check("05.3", input_stack)

# %% [markdown]
# **05.4** (medium) The derivative of the loss $\|x'\theta - y'\|^2$ after one step on $\|x\theta -
# y\|^2$ with respect to each learning rate, by hand. Everything is `[P]`.


# %%
def meta_gradient(theta, rate, x, y, future_x, future_y):
    """Derivatives [P]."""
    ...


check("05.4", meta_gradient)

# %% [markdown]
# **05.5** (hard) The *first-order* meta loss: two steps on $\|x\theta - y\|^2$ with rates
# `log_rate.exp()`, then the loss $\|x'\theta - y'\|^2$. `check` differentiates your result with
# respect to `theta` and `log_rate`; the value alone is not enough.


# %%
def first_order_loss(theta, log_rate, x, y, future_x, future_y):
    """A single number with a graph."""
    ...


check("05.5", first_order_loss)

# %% [markdown]
# ## References
#
# - T. Yang, P. Xu, R. Hu, H. Chai, A. B. Chan.
#   [ROAM: Recurrently Optimizing Tracking Model](https://arxiv.org/abs/1907.12006). CVPR 2020.
# - M. Andrychowicz et al. Learning to Learn by Gradient Descent by Gradient Descent. NeurIPS 2016:
#   the coordinate-wise LSTM, and how it is shown a gradient (appendix A).
# - D. P. Kingma, J. Ba. Adam: A Method for Stochastic Optimization. ICLR 2015.
# - C. Finn, P. Abbeel, S. Levine. Model-Agnostic Meta-Learning. ICML 2017: first order, second order.
#
# **Next:** [6. Meta-training](06_meta_training.ipynb).
