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
# Notebook 4 ended with a network that looks at a weight's gradient and says how far to go. This
# notebook opens it. You will see that SGD, momentum and Adam answer the same question, that one LSTM
# serves two hundred thousand weights without mixing them up, and how to differentiate through a
# gradient step. At the end you take the LSTM that ships apart, and find out how much of it is
# in use.
#
# ## What you will learn
#
# - Write SGD, momentum and Adam as *update rules*, and see the learning rates that they emit (9).
# - Compute the input of the optimizer (10), and the LSTM's answer (11) as matrix products.
# - Check the meta-gradient (13), (14) by finite differences, and say what first order leaves out.
# - Read the formula of the LSTM that ships, and test in three ways what a network has learned:
#   hold an input, wipe the memory, put constants in its place.
#
# ## Before you start
#
# **Needs** [notebook 4](04_why_learning_rates_must_adapt.ipynb). **Paper** sections 3.2 and 6.2
# (architecture of the neural optimizer). **Run time** about a minute on two cores (`python
# notebooks/render.py 05_the_neural_optimizer`). **Your time** about 110 minutes: 40 to read, 70 for the
# exercises. Terms are in the [glossary](../docs/glossary.md), letters in the [symbol
# sheet](../docs/symbols.md).

# %%
import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from roam_lite import get_profile, load_tracker
from roam_lite.adaptation import adapt, make_samples, update_loss
from roam_lite.analysis.difference import differences, measure_aucs
from roam_lite.analysis.recording import record, with_rule
from roam_lite.analysis.replacing import changed_rules, part_constants
from roam_lite.analysis.scaling import measure_scale, scaled_rules
from roam_lite.analysis.variance import explain
from roam_lite.data.otb import read_sequence
from roam_lite.demo import samples_folder
from roam_lite.exercises import check
from roam_lite.figures.axes import draw_band
from roam_lite.figures.style import OPTIMIZER_COLORS, OPTIMIZER_LABELS, use_style
from roam_lite.model.tracking_model import ThetaLayout
from roam_lite.rules import SGD, Adam, Momentum, RuleStep, build_rule
from roam_lite.rules.preprocessing import INPUTS, log_and_sign, stack_input
from roam_lite.toy import Problems, best_rates, draw_problems, meta_train, toy_loss, unroll
from roam_lite.toy.descent import Task, descend
from roam_lite.widgets import explore, optimizer_race, show

use_style()
SEEDS = range(5)

# %% [markdown]
# ## One step for all
#
# Every optimizer takes the same kind of step:
#
# $$ \theta^{(t)} = \theta^{(t-1)}
#    - \lambda^{(t-1)} \odot \nabla_{\theta^{(t-1)}} \ell^{(t-1)} \tag{9} $$
#
# with a learning rate for each weight. The library has *one* function for it, `adapt`. Training and
# tracker both call it. Here it is without its options, compared with the library's on a tiny
# tracking model:


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
# An **update rule** is two functions. `init` gives a state. `step` gives a `RuleStep`: the step to
# subtract from θ, the next state and, where the rule has some, the learning rates. Rollout and
# tracker know nothing else of an optimizer. Momentum and Adam are not usually written with a rate for
# each weight. But a step divided by the gradient is a rate, whoever took the step.


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


RULES = {
    "SGD": (SGD, torch.optim.SGD, {"lr": 5e-3}),
    "momentum": (Momentum, torch.optim.SGD, {"lr": 1e-3, "momentum": 0.9}),
    "Adam": (Adam, torch.optim.Adam, {"lr": 0.1}),
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
for name, (library, theirs, options) in RULES.items():
    thetas = unroll(library(options["lr"]), broad, updates=8).thetas
    torch.testing.assert_close(thetas, torch_path(theirs, broad, 8, **options))
    rates = (thetas[:-1] - thetas[1:]) / (2 * broad.x * (broad.x * thetas[:-1] - broad.y))
    low, high = rates.min(), rates.max()
    print(f"{name:9s} emits rates from {low:9.2e} to {high:9.2e}")
    assert (low < 0) == (name != "SGD")
mine = unroll(MyMomentum(1e-3), broad, updates=8).thetas
torch.testing.assert_close(mine, unroll(Momentum(1e-3), broad, updates=8).thetas)

# %% [markdown]
# All three agree with torch's own. (You write Adam yourself in exercise 05.1.) The division shows
# something: momentum and Adam emit *negative* rates where their memory pulls against the gradient,
# and huge ones where the gradient is nearly zero. The paper's optimizer cannot. Its rates go through
# a sigmoid, so they lie between 0 and 1, and the *direction* of each step is downhill. That is no
# guarantee that the loss falls. A step of rate λ multiplies the error by $1 - 2\lambda x^2$:

# %%
for x in (0.5, 1.0, 3.0, 10.0):
    print(f"x = {x:4g}: rates above {1 / x**2:5.2f} raise the loss; ", end="")
    print(f"a rate of 0.06 multiplies the error by {1 - 2 * 0.06 * x**2:6.2f}")

# %% [markdown]
# From $x = 1$ on, part of the sigmoid's range overshoots. This is how the optimizer of notebook 4
# could explode.
#
# ## What the network sees
#
# Four numbers for each weight: its last rate, its gradient, the weight itself, and the loss of the
# whole model:
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
# and the last rate by its logarithm, over p as well. That makes five channels. The curves below are
# the library's; you write the function in exercise 05.2.

# %%
shape = (2, 6)
generator = torch.Generator().manual_seed(0)
rates, theta, gradient = (torch.randn(shape, generator=generator) for _ in range(3))
rates, loss = rates.sigmoid(), torch.tensor([0.3, 0.7])
gradient = gradient * torch.logspace(-8, 2, 6)
stack = stack_input("log_sign", 10, rates, gradient, theta, loss)
print("gradient   " + "".join(f"{name:>15s}" for name in INPUTS["log_sign"]))
for value, row in zip(gradient[0], stack[0], strict=True):
    print(f"{value:10.1e} " + "".join(f"{channel:15.3f}" for channel in row))

decades = torch.logspace(-8, 2, 400)
figure, axes = plt.subplots(figsize=(5.5, 2.8))
size, sign = log_and_sign(decades, p=10)
axes.plot(decades, size, color=COLORS["LSTM"], label="first channel: how large")
axes.plot(decades, sign, "--", color=COLORS["LSTM"], label="second channel: which way")
axes.axvline(np.exp(-10), color="gray", linewidth=1, label="exp(−p)")
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
# $\mathcal{O}$ is two stacked LSTM cells and a linear layer, with parameters ω. It is
# **coordinate-wise**: the weights of the model are its *batch*. All share ω, each has a memory of its
# own, and none sees another.


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
    seen = stack_input("log_sign", 10, last, gradient * 0.5**t, theta, loss)
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
for kind, channels in (
    ("log_sign", "the five channels of the program"),
    ("raw", "the four of (10)"),
):
    rule = build_rule("lstm", config=replace(paper.rule, input=kind), parts=parts)
    parameters = sum(parameter.numel() for parameter in rule.parameters())
    print(f"LSTM with {channels}: {parameters:,d} parameters")

# %% [markdown]
# ConstLR has one parameter for each weight and looks at nothing. FC looks, but remembers only its last
# rate. What that costs is measured below.
#
# ## The meta-gradient
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
# that step. Take the toy problem, with a past $(x, y)$ for the step and a future $(x', y')$ to judge
# it. The table has the derivative by autograd and by finite differences. Below are the two gradients
# that are involved, the past one at the start and the future one after the step. *How does the first
# line follow from the last two?*

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


by_autograd = torch.autograd.functional.jacobian(meta_loss, rates)
nudges = 1e-6 * torch.eye(4, dtype=torch.float64)
by_force = torch.stack([(meta_loss(rates + n) - meta_loss(rates - n)) / 2e-6 for n in nudges])
past = slope(theta0, x, y)
table = {
    "derivative, autograd": by_autograd,
    "derivative, finite differences": by_force,
    "past gradient": past,
    "future gradient, after the step": slope(theta0 - rates * past, future_x, future_y),
}
for name, values in table.items():
    print(f"{name:33s}" + "".join(f"{value:10.4f}" for value in values))
torch.testing.assert_close(by_autograd, by_force, rtol=1e-6, atol=1e-8)

# %% [markdown]
# Look at the signs first. Where the past and the future gradient agree, the derivative is negative: a
# longer step would have left a smaller loss. Where they disagree, a shorter one would have. That is
# all that the optimizer learns from. The formula is exercise 05.4.
#
# ## First order and second order
#
# The initial model θ⁽⁰⁾ is learned as well. It acts on the meta loss in two ways: it is where the
# steps start, and the steps' gradients depend on it. **First order** ignores the second way and
# takes the gradients for constants. It saves the graph of the gradient and most of the time. What
# is lost? For $x = 1$, this is how much of the start is left after some steps, as autograd sees it:


# %%
def pull_on_start(rates, steps, second_order):
    """d theta_T / d theta_0 for each rate, x = 1."""
    start = torch.full((len(rates), 1), 0.3, dtype=torch.float64, requires_grad=True)
    task = Task(lambda t: (t[:, 0] - 0.8) ** 2, lambda t: t[:, 0], start)
    end = descend(SGD(rates[:, None]), task, steps, second_order)[-1]
    return torch.autograd.grad(end.sum(), start)[0][:, 0]


grid = torch.linspace(0, 1.1, 45, dtype=torch.float64)
figure, axes = plt.subplots(figsize=(5.5, 3))
for steps, dashes in ((2, "-"), (6, ":")):
    full = pull_on_start(grid, steps, second_order=True)
    torch.testing.assert_close(full, (1 - 2 * grid) ** steps)
    axes.plot(grid, full, dashes, color=COLORS["LSTM"], label=f"second order, {steps} steps")
first_order = pull_on_start(grid, 2, second_order=False)
axes.plot(grid, first_order, "--", color=COLORS["SGD"], label="first order")
axes.axvline(0.5, color="gray", linewidth=1, label="best rate")
axes.set(xlabel="learning rate λ, for x = 1", ylabel="share of the start that is left")
axes.legend(fontsize=8)
print(f"at rate 1.1 after 6 steps: second order {full[-1]:.2f}, first order {first_order[-1]:.2f}")
show(
    figure,
    "Second order is zero at the best rate and grows fast beyond 1; first order stays at one.",
)

# %% [markdown]
# At the best rate the start does not matter at all: the step lands on the optimum from anywhere.
# Second order knows that; first order goes on pulling. Beyond the stable range second order
# grows exponentially with the number of steps, and first order stays at 1. So there are choices. The library
# has four meta-gradients by backpropagation (`first_step`, `first_order`, `chained`, `full`) and one
# by evolution strategies. [Notebook 6](06_meta_training.ipynb) compares them.
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
by_hand = {name: [best_of(library, candidates)] for name, (library, *_) in RULES.items()}

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
# seeds.) A rule that does not look at the weight cannot serve a decade of $x$. Looking without memory
# (FC) goes a long way, and memory goes further. The paper's Fig. 5 has the same order. On the toy the
# cause can be computed. First, the *first* rate that each emits, before there is anything to
# remember:

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
# |g|$: it falls as $1/x$, half of the way. The networks come close to $1/x^2$, all three alike. So
# far, FC is no worse. How close can a single look come? The first gradient is $-2xy$, and $|y|$ is
# anything from 0.5 to 1.5. A guess from it is $c / g^2$, off by a factor that depends on $y$ alone. The
# table compares the networks with it. After the first step there are *two* gradients and the rate
# between them. A rule that remembers the first gradient can solve for $x$ (exercise 05.3).

# %%
guess = (2 * test.x * test.y).square().reciprocal().log10()
off_guess = guess - best_rates(test.x).log10()
floor = (off_guess - off_guess.median()).abs().mean()
print("how far the rates are from 1 / (2x²), in decades (median over seeds)")
print(f"c / g²    first step {floor:.2f}")
off = {}
for name in ("LSTM", "GRU", "FC", "ConstLR"):
    rates = torch.stack([unroll(rule, test, 3).rates for rule in learned[name]])
    distance = (rates / best_rates(test.x)).log10().abs().mean(dim=(2, 3))
    off[name] = distance.median(dim=0).values
    first, second, third = off[name]
    print(f"{name:9s} first step {first:.2f}, second {second:.2f}, third {third:.2f}")
assert off["LSTM"][1] < off["LSTM"][0]
assert off["FC"][1] > off["FC"][0]

rules = learned["LSTM"]
outside = [unroll(rule, draw_problems(torch.Generator(), 30.0, 30.0), 1).rates for rule in rules]
emitted = torch.stack(outside).median()
print(f"\nLSTM at x = 30, outside of its training: rate {emitted:.1e}, ", end="")
print(f"which multiplies the error by {1 - 2 * emitted * 30**2:.2f}")

# %% [markdown]
# With one look all networks do about as well as $c / g^2$. With memory the second rate is better than
# the first. Without, it is worse: after a good first step the gradient that is left is small, whatever
# $x$ was. The last line is the explosion of notebook 4 once more: a step downhill that ends on the other
# side, much farther away than it began.
#
# ## Inside the tracker
#
# Now the LSTM that ships. `Recorder` is an update rule that asks another rule and takes notes;
# the tracker does not notice. It runs over sixty frames, two updates of θ every five frames.


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


tracker = load_tracker("laptop", rule="lstm")
layout = tracker.model.layout
PARTS = [
    f"{branch}: {part}"
    for branch in ("response", "box")
    for part in ("reduction", "reduction bias", "kernel", "kernel bias")
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
tracker_again = with_rule(tracker, tracker.rule)  # for the tests below
tracker.rule = Recorder(tracker.rule, chosen)
sequence = read_sequence(samples_folder(), "deformation")
tracker.init(sequence.frames[0], sequence.boxes[0])
for frame in range(1, len(sequence)):
    tracker.update(sequence.frames[frame])

gradients, rates, hidden = (torch.stack(values) for values in zip(*tracker.rule.notes, strict=True))
lambda0_all = tracker.model.lambda0.detach()
lambda0 = lambda0_all[chosen]
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
    right.axhline(float(lambda0[index]), color="gray", linewidth=1, label="λ⁽⁰⁾")
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
# hardly move. Between weights they differ by decades.

# %%
between = lambda0.log10().std()
within = rates.log10().std(dim=0).mean()
print(
    f"spread of log10(rate): {between:.2f} between the noted weights, {within:.4f} over a weight's updates"
)

# %% [markdown]
# ## The formula of the LSTM that ships
#
# It is not (11) as it stands. The network adds to a center, in logits:
#
# $$ \lambda^{(t-1)} = \sigma\bigl(\mathcal{O}(\mathcal{I}^{(t-1)}; \omega)
#    + \operatorname{logit}(\lambda^{(0)} \odot g_{\text{part}})\bigr) $$
#
# θ has eight *parts*: reduction, its bias, kernel and its bias, in the response branch and in the box
# branch. $g_{\text{part}}$ is one learned **gain** for each part. It says by how much the updates of a whole
# part should be larger or smaller than its first step. The center is fixed when the target is
# chosen. If $\mathcal{O}$ were a constant, the rates would never change. *Is it?* Compute
# $\mathcal{O}$ from the rates that were noted:

# %%
own_rule = tracker.rule.rule
gains = own_rule.log_gains.detach().exp()
center = torch.logit(lambda0 * gains[of_part[chosen]])
answers = torch.logit(rates) - center
print("part                        gain   O, least and largest")
for number, part in enumerate(PARTS):
    of_this = answers[:, of_part[chosen] == number]
    print(f"{part:25s} {gains[number]:6.3f}   {of_this.min():.4f} {of_this.max():.4f}")
print(
    f"\nlambda0: 1 % below {lambda0_all.quantile(0.01):.1e}, 1 % above {lambda0_all.quantile(0.99):.1e}"
)
print(
    f"exp(O): {answers.exp().min():.4f} to {answers.exp().max():.4f}; it began training at ", end=""
)
print(f"{tracker.model.config.rule.initial_share}")

# %% [markdown]
# The LSTM answers with the same number for every weight at every update, up to a few percent. The
# decades between the rates are in $\lambda^{(0)}$, the rest of the differences is in the gains.
#
# ## Three tests: hold, wipe, replace
#
# An optimizer could still use its inputs in those few percent. The package
# [roam_lite/analysis](../roam_lite/analysis/report.py) tests it, on any checkpoint. `record` tracks and notes
# inputs and rates of 2,000 weights. `explain` asks what a linear regression on λ⁽⁰⁾, the gains, the
# time and the inputs explains of the log rates. `changed_rules` **hold** one input at its mean, or
# **wipe** the memory before every step, and step along. *Before you run it: which of the inputs will
# matter?*

# %%
recording = record(tracker_again, [sequence], progress=False)
shares = explain(recording)
print(f"{recording.log_rates.size:,d} log rates, standard deviation {shares.deviation:.2f}")
for name, over, together in zip(shares.groups, shares.over, shares.together, strict=True):
    print(f"explained by {' + '.join((*over, name)):30s} {together:.6f}")

changed = changed_rules(own_rule, recording)
along = record(tracker_again, [sequence], changed | scaled_rules(tracker_again), progress=False)
changes = {
    name: np.expm1(np.abs(along.others[name] - along.log_rates).ravel()) * 100 for name in changed
}
figure, axes = plt.subplots(figsize=(6, 2.8))
axes.boxplot(list(changes.values()), whis=(0, 100), orientation="horizontal")
axes.set_yticklabels(changes)
axes.set(xscale="log", xlim=(1e-4, 100), xlabel="change of a rate, percent")
for name, change in changes.items():
    print(
        f"{name:20s} rates change by {np.median(change):.3f} % (median), {change.max():.2f} % at most"
    )
show(
    figure,
    "Changes of the rates when an input is held or the memory is wiped: all below 2 percent.",
)

# %%
alone = dict(zip(shares.groups, shares.alone, strict=True))
print(f"explained by the last rate alone: {alone['last rate']:.3f}")

# %% [markdown]
# So it is tempting to say that the last rate tells the optimizer which part a weight belongs to. But
# hold it, and the rates stay where they were. It *correlates*, because it comes from the same center.
# That is why one intervenes instead of correlating.
#
# So **replace** the LSTM by eight constants, one share of λ⁽⁰⁾ for each part, and track. Is anything
# lost?

# %%
constants = part_constants(recording)
initial = tracker_again.model.lambda0.detach()
shared = initial * initial.new_tensor(constants)[of_part]
replaced = {"LSTM": own_rule, "eight constants": SGD(shared), "no updating": None}
videos = [read_sequence(samples_folder(), name) for name in ("deformation", "light")]
aucs = measure_aucs(tracker_again, replaced, videos, draws=1, progress=False)
compared = differences(tuple(replaced), [video.name for video in videos], aucs)
print("AUC                " + "".join(f"{video.name:>13s}" for video in videos))
for name, values in zip(replaced, aucs[:, 0], strict=True):
    print(f"{name:19s}" + "".join(f"{value:13.4f}" for value in values))
print("constants, shares of lambda0: " + ", ".join(f"{value:.3f}" for value in constants))

response = measure_scale(tracker_again, along)
print(f"\nslope of the log rates on log epsilon: {response.slope:.3f}")

# %% [markdown]
# Two short sequences decide little about AUC. The same was measured on eight real sequences, three draws
# of the first box each, by the command that is stored with its result:

# %%
stored = json.loads(Path("results/analysis.json").read_text(encoding="utf-8"))
dev = stored["differences"]
on_real = differences(dev["rules"], dev["sequences"], np.array(dev["aucs"]))
k = dev["rules"].index("constants")
low, high = on_real.interval[k]
digest = tracker.description["weights_sha256"][:12]
same = "the same weights" if stored["weights"] == digest else f"OTHER weights, {stored['weights']}"
print(f"{stored['command']}: {same}")
print(
    f"AUC, LSTM minus eight constants: {on_real.mean[k]:+.4f}, interval [{low:+.4f}, {high:+.4f}]"
)

# %% [markdown]
# *This LSTM is eight constants.* It is what training left of it. So `load_tracker("laptop")` updates with
# plain SGD, unless it is asked for the LSTM, as here. [Notebook 11](11_did_it_learn.ipynb) has the whole
# inquiry.
#
# The line on the slope above belongs to random filter scaling: rates should grow with $\epsilon^2$, which
# is a slope of 2. They do, but for a reason that has nothing to do with the network. The first rates λ⁽⁰⁾
# are scaled with $\epsilon^2$, and the center follows. [Notebook 6](06_meta_training.ipynb) trains
# networks that have to follow by themselves.
#
# ## One that trains before your eyes
#
# Here is a learned optimizer that does use what it sees. It is the rule FC with 57 parameters, and it
# trains in the browser, by evolution strategies. Press **Train** and watch its rates. Then set κ to 0
# and train again: it gets better on bowls of one steepness and fails on steeper ones. (A page
# without scripts, as on GitHub, shows a picture.)

# %%
optimizer_race()

# %% [markdown]
# ## Recap
#
# - The step (9) is common to all; optimizers differ in the rates they emit.
# - The network sees (10) of each weight, with gradients by log-magnitude and sign; (11) is two LSTM
#   cells shared by all weights, with a memory for each.
# - Where past and future gradient agree, the step should have been longer.
# - First order keeps the way through θ and drops the one through the gradients.
# - The LSTM that ships adds its answer to $\operatorname{logit}(\lambda^{(0)} g_{\text{part}})$. Its
#   answer is nearly constant. Correlation did not show that; holding, wiping and replacing did.
#
# ## What you can build now
#
# An update rule of your own, for training, tracking and notebooks alike: a file in
# [roam_lite/rules](../roam_lite/rules/__init__.py) and a line in its registry. And a test of what any learned
# optimizer has learned: `roam-lite analyze`.
#
# ## Exercises
#
# Solutions are in [solutions](solutions/05_the_neural_optimizer_solutions.ipynb).
#
# **05.1** (easy, about 10 minutes) Adam. Both averages $m$ and $v$ start at 0. At step $t = 1, 2,
# \dots$ each keeps β of itself and takes $1 - \beta$ of the new value, $g$ for $m$ and $g^2$ for $v$.
# Each is divided by $1 - \beta^t$. The step is the rate times $\hat m / (\sqrt{\hat v} + \epsilon)$.
# Return `theta` `[P]` after the steps on the given `gradients` `[T, P]`, one after the other.


# %%
def adam(theta, gradients, rate, beta1, beta2, eps):
    """Theta [P] after T steps of Adam."""
    ...


check("05.1", adam)

# %% [markdown]
# <details><summary>The library's Adam, to compare when you are done</summary>
#
# [roam_lite/rules/adam.py](../roam_lite/rules/adam.py)
#
# </details>
#
# **05.2** (medium, about 10 minutes) Show gradients `[P]` to a network: two channels, `[P, 2]`, by
# the formula above with p = 10. A gradient can be exactly 0.


# %%
def preprocessed(gradient):
    """Log-magnitude and sign [P, 2], or -1 and the scaled gradient where it is small."""
    ...


check("05.2", preprocessed)

# %% [markdown]
# <details><summary>The library's, to compare when you are done</summary>
#
# [roam_lite/rules/preprocessing.py](../roam_lite/rules/preprocessing.py)
#
# </details>
#
# **05.3** (medium, about 10 minutes) What memory is worth. A step of rate `rate` on $\|x\theta -
# y\|^2$ changed the gradient from `first` to `second`. All are `[P]`. You know $x$ and $y$ no more
# than the optimizer does. With which rates does the *next* step land on $y / x$?


# %%
def solved_rates(first, second, rate):
    """Learning rates [P]."""
    ...


check("05.3", solved_rates)

# %% [markdown]
# **05.4** (medium, about 10 minutes) The derivative of the loss $\|x'\theta - y'\|^2$ after one step
# on $\|x\theta - y\|^2$ with respect to each learning rate, by hand, without autograd. Everything is
# `[P]`. The table above lets you test a guess.


# %%
def meta_gradient(theta, rate, x, y, future_x, future_y):
    """Derivatives [P]."""
    ...


check("05.4", meta_gradient)

# %% [markdown]
# **05.5** (hard, about 10 minutes) The *first-order* meta loss: two steps on $\|x\theta - y\|^2$ with
# rates `log_rate.exp()`, then the loss $\|x'\theta - y'\|^2$. `check` differentiates your result with
# respect to `theta` and `log_rate`; the value alone is not enough.


# %%
def first_order_loss(theta, log_rate, x, y, future_x, future_y):
    """A single number with a graph."""
    ...


check("05.5", first_order_loss)

# %% [markdown]
# **05.6** (design it, about 20 minutes) There is no single right answer here. Write an update rule that
# leaves less than the trained LSTM after three steps on the toy problem, with $x$ anywhere from 1 to 10.
# It may use what `step` is given, and nothing else. Start from momentum, say, and look at what it gets
# wrong. The cell measures what you reach.


# %%
class YourRule:
    """An update rule of your own; this one is SGD."""

    def init(self, theta, learning_rates0):
        return ()

    def step(self, theta, gradient, loss, state):
        return RuleStep(5e-3 * gradient, state)


def leaves(rule):
    """The share of the loss that is left after three steps on the test problems."""
    losses = unroll(rule, test, 3).losses.mean(dim=1)
    return float(losses[3] / losses[0])


reached = leaves(YourRule())
goal = left["LSTM"]
print(f"your rule leaves {reached:.2e}, the LSTM {goal:.2e}")
print("✔ 05.6: reached" if reached < goal else "○ 05.6: not yet")

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
# ## What next
#
# [6. Meta-training](06_meta_training.ipynb): how such an optimizer is trained, and what goes
# wrong on the way.
