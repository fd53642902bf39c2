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
# # 12. Beyond: other rules, and why learning to optimize is hard
#
# ROAM's LSTM is one answer to the question "how far should a weight move?" There are many more, by hand
# and learned. This notebook puts the update rules of the library on one leaderboard, with intervals. Then
# it looks at what goes wrong when rules are learned by gradients through an unroll: truncation makes the
# gradient *biased*, and chaos makes it *useless*. Evolution strategies help against both, at a price. In
# the end we let learned rules run longer than they were trained for.
#
# ## What you will learn
#
# - Say of ten update rules, MAML, ANIL and Meta-SGD what is learned and what is not.
# - Read a leaderboard with intervals, and see what its protocol decides.
# - Show that a truncated meta-gradient is biased, and write PES, which is not.
# - Show that a meta loss becomes rough as the unroll grows.
# - Test a learned rule outside of its training, and claim only what was tested.
#
# ## Before you start
#
# **Needs** notebooks [4](04_why_learning_rates_must_adapt.ipynb), [5](05_the_neural_optimizer.ipynb),
# [6](06_meta_training.ipynb) and [11](11_did_it_learn.ipynb). **Paper** sections 2 and 3.3, and the
# papers at the end. **Run time** about a minute on two cores with the stored leaderboard, two more if
# it is computed again (`python notebooks/render.py 12_beyond`). **Your time** about 95 minutes: 40 to
# read, 55 for the exercises. Terms are in the [glossary](../docs/glossary.md), letters in the [symbol
# sheet](../docs/symbols.md).

# %%
import json
from functools import partial
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from roam_lite import load_tracker
from roam_lite.data.otb import read_sequence
from roam_lite.demo import samples_folder
from roam_lite.evaluation.first_step import first_frame_task
from roam_lite.evolution import persistent_gradient
from roam_lite.exercises import check
from roam_lite.figures.axes import draw_band
from roam_lite.figures.style import OPTIMIZER_COLORS, use_style
from roam_lite.files import write_atomically
from roam_lite.rules import RULES, RuleStep
from roam_lite.toy import Problems, draw_problems, toy_loss, toy_rule
from roam_lite.toy.chaos import minima_by_horizon, random_direction, scan_line
from roam_lite.toy.descent import Task, train_rule
from roam_lite.toy.leaderboard import (
    BOARDS,
    STARTS,
    Entry,
    beyond_training,
    board_table,
    first_frame_board,
    search_rate,
)
from roam_lite.toy.unrolls import (
    flat_parameters,
    segment_differences,
    segment_gradient,
    toy_segment,
)
from roam_lite.widgets import explore, show

use_style()

# %% [markdown]
# ## What is learned, and what is not
#
# | method | in the library | the rate | learned before | adapts on the task |
# |---|---|---|---|---|
# | gradient descent | `sgd` | one number | nothing | no |
# | momentum, Adam | `momentum`, `adam` | from past gradients | nothing | each coordinate's scale (Adam) |
# | hypergradient | `hypergradient` | descends the loss too | nothing | one number |
# | Prodigy | `prodigy` | an estimate of the distance to go | nothing | one number |
# | steepest descent, as in DiMP | `steepest` | closed form, from the Hessian | nothing | one number |
# | MAML | `STARTS["MAML"]` | one number, learned along | the start | no |
# | ANIL | `STARTS["ANIL"]` | one number, learned along | the start | no; only the last layer moves |
# | Meta-SGD | `STARTS["Meta-SGD"]` | one for each weight | the start, all rates | no |
# | ConstLR | `const` | one for each weight | all rates | no |
# | FC, GRU, LSTM | `fc`, `gru`, `lstm` | a network emits it | a network | each coordinate's |
# | ROAM | start, $\lambda^{(0)}$ and `lstm` | a network emits it | start, rates, network | in principle |
#
# The last row says "in principle", because [notebook 11](11_did_it_learn.ipynb) found that the network
# that ships does not. Then ROAM's updates are close to Meta-SGD's.
#
# DiMP does not learn a rate at all. Its loss is nearly quadratic, and the best step along a gradient $g$
# can be written down.
#
# **12.1** (medium, about 15 minutes) Let the loss be quadratic near θ, with gradient $g$ and Hessian $H$.
# From gradients $g$ `[N, P]` and products $Hg$ `[N, P]` of N problems that do not touch, return the steps
# `[N, P]` to subtract that bring each loss as low as one step along $g$ can.


# %%
def steepest_step(gradient, curved):
    """Steps [N, P]; curved is the Hessian times the gradient."""
    ...


check("12.1", steepest_step)

# %% [markdown]
# ## One leaderboard
#
# The protocol decides what a leaderboard says. Here, for every seed: draw training tasks; **search** the
# rate of a rule that has one (23 values, half a decade apart); **meta-train** a rule that is learned;
# then measure the mean loss after five steps on *other* tasks of the same kind. There are three problems:
#
# - **toy**: $\|x\theta - y\|^2$ from θ = 0, with $x$ from 1 to 4;
# - **regression**: sine waves, a network of 37 weights, the error on points that the loss did not see;
# - **first frame**: the tracker's model on first frames, two steps from the learned start, the loss ten
#   frames later; rates searched on three samples, measured on three others. Its interval is over three
#   sequences.
#
# That takes two minutes, so the result is stored with the code that makes it.

# %%
STORE, SEEDS, STEPS, FIRST = Path("results/leaderboard.json"), 5, 5, 2
HALVES = ("camera", "distractors", "light"), ("deformation", "occlusion", "scale")


def measure_boards(tracker):
    """All rows of the three boards."""
    tasks = [
        first_frame_task(tracker, (read_sequence(samples_folder(), name) for name in half))
        for half in HALVES
    ]
    rows = [entry for board in BOARDS for entry in board(SEEDS, STEPS)]
    return [*rows, *first_frame_board(*tasks, FIRST, tracker.model.lambda0.detach())]


tracker = load_tracker("laptop", rule="none")
digest = tracker.description["weights_sha256"][:12]
stored = json.loads(STORE.read_text(encoding="utf-8")) if STORE.is_file() else {}
if (stored.get("weights"), stored.get("rules")) != (digest, list(RULES)):
    rows = [entry.to_json() for entry in measure_boards(tracker)]
    stored = {"weights": digest, "rules": list(RULES), "entries": rows}
    write_atomically(STORE, (json.dumps(stored, indent=1) + "\n").encode())
FIELDS = ("problem", "name", "made", "at_border")
entries = [
    Entry(
        **{field: row[field] for field in FIELDS},
        losses=tuple(np.inf if loss is None else loss for loss in row["losses"]),
    )
    for row in stored["entries"]
]
print(board_table([entry for entry in entries if entry.problem != "first frame"], STEPS))
print()
print(board_table([entry for entry in entries if entry.problem == "first frame"], FIRST))

# %% [markdown]
# One of the stored rows is computed again, to keep them honest:


# %%
def draw_toy(generator, count=32):
    """A task of the toy, as on the leaderboard."""
    problems = draw_problems(generator, 1.0, 4.0, (count, 4))
    loss = partial(toy_loss, problems=problems)
    return Task(loss, loss, torch.zeros_like(problems.x))


(sgd,) = (entry for entry in entries if (entry.problem, entry.name) == ("toy", "sgd"))
generator = torch.Generator().manual_seed(0)
rule, _ = search_rate("sgd", draw_toy(generator, count=128), STEPS)
theta, task = torch.zeros(128, 4), draw_toy(generator, count=128)
for _ in range(STEPS):
    point = theta.requires_grad_()
    (gradient,) = torch.autograd.grad(task.loss(point).sum(), point)
    theta = (theta - rule.lr * gradient).detach()
again = task.measure(theta).mean().item()
print(f"sgd on the toy, seed 0, rate {rule.lr:g}: stored {sgd.losses[0]:.6f}, now {again:.6f}")
assert abs(again - sgd.losses[0]) < 1e-4 * again


# %%
def color_of(name):
    return OPTIMIZER_COLORS.get(name, "#CC79A7")


def draw_board(figure, problem):
    rows = [entry for entry in entries if entry.problem == problem]
    rows.sort(key=lambda entry: -entry.interval().mean)
    figure.set_size_inches(6.5, 0.3 * len(rows) + 0.9)
    axes = figure.subplots()
    for place, entry in enumerate(rows):
        mean, low, high = entry.interval()
        axes.plot([low, high], [place, place], color=color_of(entry.name), linewidth=3)
        axes.plot(mean, place, "o", color=color_of(entry.name))
    axes.set(yticks=range(len(rows)), yticklabels=[f"{e.name} ({e.made})" for e in rows])
    steps = FIRST if problem == "first frame" else STEPS
    axes.set(xscale="log", xlabel=f"{problem}: mean loss after {steps} steps, 95 % interval")


explore(
    draw_board,
    alt="Mean losses of ten rules on the toy with intervals on a logarithmic axis, the best on top",
    problem=["toy", "regression", "first frame"],
)

# %% [markdown]
# Which statements does the table carry? These two are computed:

# %%
by_name = {(entry.problem, entry.name): entry for entry in entries}
for problem in ("toy", "regression", "first frame"):
    rows = [entry for entry in entries if entry.problem == problem]
    best = min(rows, key=lambda entry: entry.interval().mean)
    hand = [entry for entry in rows if entry.made == "searched"]
    by_hand = min(hand, key=lambda entry: entry.interval().mean)
    print(f"{problem:12} best of all: {best.name}; best with a searched rate: {by_hand.name}")
worse, better = by_name["regression", "lstm"], by_name["regression", "MAML"]
factor = worse.interval().mean / better.interval().mean
print(
    f"regression: a learned start is {factor:.1f} times better than a learned LSTM from another start"
)
print("learned starts:", ", ".join(STARTS))

# %% [markdown]
# On the toy every coordinate has a best rate of its own, and the gradient shows it. There the two
# recurrent rules lead by far. On the regression the *start* decides, and no network that emits rates is
# clearly ahead of SGD with a searched rate. On first frames the rates that were learned with the start
# are ahead, by less than three sequences can settle. It is also a warning: rules with a learned start and
# rules without one do not compete on equal terms.
#
# ## Meta-gradients that fail, part one: truncation
#
# A long unroll costs memory, so people cut it into segments and take each segment's start as a constant.
# The gradient becomes cheap. What does it lose? The smallest rule that can be learned has one number: its
# log rate.


# %%
class OneRate(nn.Module):
    """exp(omega) times the gradient."""

    def __init__(self, rate):
        super().__init__()
        self.log_rate = nn.Parameter(torch.tensor([rate], dtype=torch.float64).log())

    def init(self, theta, learning_rates0):
        return None

    def step(self, theta, gradient, loss, state):
        return RuleStep(self.log_rate.exp() * gradient, None)


def drawn(seed, high, shape):
    problems = draw_problems(torch.Generator().manual_seed(seed), 1.0, high, shape)
    return Problems(problems.x.double(), problems.y.double())


one, counts = OneRate(0.04), (1, 2, 4, 8)
omega, problems = flat_parameters(one), drawn(0, 2.0, (4, 3))
ratios = []
for updates in (1, 2, 4):
    segment = toy_segment(one, problems, updates)
    gradients = [
        [segment_gradient(segment, omega, count, truncated=cut).item() for count in counts]
        for cut in (True, False)
    ]
    ratios.append(np.divide(*gradients))
    told = ", ".join(f"{ratio:.2f}" for ratio in ratios[-1])
    print(f"segments of {updates}: truncated / full = {told} for {counts} segments")

# %% [markdown]
# With one segment nothing is cut. With more, a truncated gradient sees only a part: it does not know that
# a longer step now makes all later losses smaller. So it asks for shorter steps than are best (Wu et al.
# 2018 call it short-horizon bias).
#
# **Evolution strategies** need no gradient. Perturb ω by noise $\sigma\epsilon$, run the unroll with $+$
# and with $-$, and credit the difference of the losses to the noise. For a long unroll that is slow: one
# update of ω for each whole unroll. **Persistent ES** (PES, Vicol et al. 2021) draws new noise in each
# segment and updates after each. Each pair of unrolls goes on with its own state.
#
# **12.2** (hard, about 20 minutes) From the differences of the segments' losses `[pairs, K]`, those with
# positive noise minus those with negative, and the noise `[pairs, K, n]`, return the estimate `[n]` of
# the gradient of the sum of all K losses. Which noise has the loss of segment $k$ seen? The check divides
# your estimate by the true gradient, on an unroll that is quadratic in ω, with noise that leaves nothing
# to chance. What is not 1 is bias.


# %%
def persistent(differences, noise, spread):
    """Estimate [n] of the gradient by omega."""
    ...


check("12.2", persistent)

# %% [markdown]
# On the toy noise is random, so an estimate has a bias *and* a variance:

# %%
SPREAD, K = 0.05, 4
segment, generator = toy_segment(one, problems, 2), torch.Generator().manual_seed(1)
full = segment_gradient(segment, omega, K).item()
cut = segment_gradient(segment, omega, K, truncated=True).item()
noise = torch.randn((4000, K, 1), generator=generator, dtype=torch.float64)
with torch.no_grad():
    gaps = segment_differences(segment, omega, noise, SPREAD)
own_noise = (gaps[..., None] * noise).sum(dim=1) / (2 * SPREAD)  # truncated ES, each pair
each_pair = torch.stack(
    [persistent_gradient(d, e, SPREAD) for d, e in zip(gaps[:, None], noise[:, None], strict=True)]
)
print(f"full gradient {full:.3f}, truncated {cut:.3f}")
for name, found in (("ES, own noise", own_noise), ("PES", each_pair)):
    mean, error = found.mean().item(), found.std().item() / len(found) ** 0.5
    print(
        f"{name:14} {mean:.3f} +- {error:.3f} over {len(found)} pairs; a single pair +- {found.std():.1f}"
    )

# %%
figure = Figure(figsize=(6, 3.2))
axes, sizes = figure.subplots(), np.arange(1, 4001)
for name, found, color in (
    ("ES, own noise", own_noise, OPTIMIZER_COLORS["sgd"]),
    ("PES", each_pair, OPTIMIZER_COLORS["lstm"]),
):
    axes.plot(sizes, found[:, 0].numpy().cumsum() / sizes, color=color, label=name)
axes.axhline(full, color="black", linestyle="--", label="full gradient")
axes.axhline(cut, color="gray", linestyle=":", label="truncated gradient")
axes.set(xscale="log", xlim=(10, 4000), ylim=(2 * full, 0) if full < 0 else (0, 2 * full))
axes.set(xlabel="pairs averaged", ylabel="estimate of the gradient")
axes.legend()
show(figure, "Estimates against pairs: PES ends at the full gradient, ES at the truncated one")

# %% [markdown]
# The mean of PES is the full gradient, that of ES with each segment's own noise is the truncated one. The
# price is variance: the noise of all earlier segments is summed up. It grows with the number of segments.
#
# ## Meta-gradients that fail, part two: chaos
#
# The full gradient is exact. Is it useful? Go along a random line in the space of ω and watch the loss
# after T updates. If it has many dips, its slope at a point says little about where to go ("Gradients are
# not all you need", Metz et al. 2021).
#
# **12.3** (easy, about 5 minutes) Return the number of local minima `[...]` of curves `[S, ...]`: points
# below both their neighbors. The ends do not count.


# %%
def count_minima(losses):
    """Number of local minima inside."""
    ...


check("12.3", count_minima)

# %%
minima = {name: minima_by_horizon(name, seeds=6, points=200) for name in ("lstm", "gru", "fc")}
figure = Figure(figsize=(5.5, 3.2))
axes = figure.subplots()
for name, counts in minima.items():
    draw_band(axes, np.arange(1, 16), counts[:, 1:].double(), OPTIMIZER_COLORS[name], name.upper())
axes.set(xlabel="T, updates in the unroll", ylabel="local minima along a line", ylim=(0, None))
axes.yaxis.get_major_locator().set_params(integer=True)
axes.legend()
for name, counts in minima.items():
    few, many = counts[:, 3].tolist(), counts[:, 15].tolist()
    more = sum(b > a for a, b in zip(few, many, strict=True))
    print(f"{name:4} minima at T = 3: {few}, at T = 15: {many}; more in {more} of {len(few)} seeds")
show(figure, "Local minima along a random line against the horizon T, bands over six seeds")

# %% [markdown]
# Does the count grow with the horizon? The lines above the picture say in how many seeds. It depends on the
# rule, and some lines stay smooth. So chaos is a tendency here, and no law.
#
# Scrub through the horizon on one line. The upper plot has the loss, the lower one its exact slope and
# what ES estimates. ES sees the loss *smoothed* by its noise, so its estimate is the slope of another,
# smoother function. It ignores dips that are narrower than the noise. It does not help where the loss
# itself is steep over the width of the noise.

# %%
torch.manual_seed(1)
generator = torch.Generator().manual_seed(1)
chaotic = toy_rule("fc").double()
problems = draw_problems(generator, 1.0, 4.0, (8, 4))
problems = Problems(problems.x.double(), problems.y.double())
direction = random_direction(chaotic, generator)
shares = torch.linspace(0.2, 1.2, 300, dtype=torch.float64)
noise = torch.randn(32, generator=generator, dtype=torch.float64)
line = scan_line(chaotic, problems, direction, shares, 15, noise, spread=0.05)


def draw_line(figure, T):
    figure.set_size_inches(6.5, 4.2)
    above, below = figure.subplots(2, 1, sharex=True)
    above.plot(shares, line.losses[:, T], color="#7F7F7F", linewidth=1)
    above.set(yscale="log", ylabel=f"loss after {T} updates")
    below.plot(shares, line.slopes[:, T], color=OPTIMIZER_COLORS["sgd"], linewidth=1, label="slope")
    below.plot(shares, line.smoothed[:, T], color=OPTIMIZER_COLORS["lstm"], label="ES")
    below.set(xlabel="s along the line", ylabel="slope")
    below.set_yscale("symlog", linthresh=1)
    below.yaxis.get_major_locator().set_params(numticks=7)
    below.legend()


explore(
    draw_line,
    alt="Loss along a line of omega, with dips, its slope with spikes, and a smoother ES estimate",
    T=(1, 15, 9),
)

# %%
print("how often the slope changes its sign along the line, of 299 chances:")
for T in (1, 3, 5, 9, 15):
    turns = [
        int((values[1:, T].sign() != values[:-1, T].sign()).sum())
        for values in (line.slopes, line.smoothed)
    ]
    print(f"T = {T:2}: exact {turns[0]}, ES {turns[1]}")

# %% [markdown]
# What do people do about it? Short unrolls, clipped meta-gradients, ES, and rules that cannot explode.
# Training here unrolls few steps and clips. VeLO used ES throughout.
#
# ## When learned rules do not generalize
#
# A learned rule is tuned to its training: the horizon, the scale, the kind of problem. Train LSTM and FC
# on the toy for five steps. Then let them run fifty, and let them fit the small networks of the
# regression for as long, which they have never seen.

# %%
HORIZON = 5


def trained(name, seed):
    """A rule that was meta-trained on the toy."""
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        rule = toy_rule(name)
    train_rule(rule, draw_toy, generator, HORIZON)
    return rule


curves = {
    name: [beyond_training(trained(name, seed), HORIZON, seed) for seed in range(3)]
    for name in ("lstm", "fc")
}
AT = [0, HORIZON, 5 * HORIZON, 10 * HORIZON]
print(f"{'mean loss after':22}" + "".join(f"{step:9}" for step in AT) + " steps")
for name, seeds in curves.items():
    for problem in ("toy", "regression"):
        for seed, found in enumerate(seeds):
            values = found[problem][AT].tolist()
            told = "".join(f"{value:9.3g}" for value in values)
            print(f"{name:5}{problem:11} seed {seed}{told}")
print()
for name, seeds in curves.items():
    for problem in ("toy", "regression"):
        rises = sum(bool(found[problem][-1] > 1.1 * found[problem][HORIZON]) for found in seeds)
        late = np.median([float(f[problem][-1] / f[problem][5 * HORIZON]) for f in seeds])
        print(
            f"{name:5}{problem:11} higher at the end than after its horizon: {rises} of {len(seeds)}; "
            f"second half of the run: times {late:.2f}"
        )

# %%
figure = Figure(figsize=(8, 3.2))
for axes, problem in zip(figure.subplots(1, 2), ("toy", "regression"), strict=True):
    for name, seeds in curves.items():
        for seed, found in enumerate(seeds):
            label = name.upper() if seed == 0 else None
            axes.plot(found[problem], color=OPTIMIZER_COLORS[name], label=label, linewidth=1.2)
    axes.axvline(HORIZON, color="gray", linestyle=":", label="end of training")
    axes.set(yscale="log", xlabel="steps", ylabel="mean loss", title=problem)
axes.legend()
show(figure, "Losses of learned rules over fifty steps on the toy and the regression, three seeds")

# %% [markdown]
# Training asked for low losses in the first five steps and for nothing after them. The LSTM, which is
# best within its horizon, ends higher than it was there in most seeds of the toy. FC goes on for a few
# steps and then stays on a plateau. On the regression, which they were not trained on, both still bring
# the loss down. Whether that is *good* is another question. It needs other rules beside them for as many
# steps.
#
# **12.4** (train it, about 15 minutes) There is no single right answer here. Train an FC that lasts. The
# goal, on seed 0: after fifty steps on the toy the loss is at most **half** of that of the FC above after
# fifty steps, and after five steps at most **twice** that of the FC above after five. You may change the
# horizon of the training, its iterations, the problems that are drawn, or the rule.


# %%
def my_training():
    """A rule for the toy. Here: the training from above."""
    return trained("fc", seed=0)


mine = beyond_training(my_training(), HORIZON, seed=0)["toy"]
theirs = curves["fc"][0]["toy"]
print(f"after {HORIZON} steps: mine {mine[HORIZON]:.4g}, FC above {theirs[HORIZON]:.4g}")
print(f"after {10 * HORIZON} steps: mine {mine[-1]:.4g}, FC above {theirs[-1]:.4g}")
reached = bool(mine[-1] <= theirs[-1] / 2) and bool(mine[HORIZON] <= 2 * theirs[HORIZON])
print("✔ 12.4: reached" if reached else "○ 12.4: not yet")

# %% [markdown]
# ## What the field says
#
# VeLO (Metz et al. 2022) met generalization with breadth: many kinds of tasks, long unrolls, ES, about
# four thousand TPU-months. Its authors also list where it fails, for instance on much larger models and
# on longer trainings than it has seen. Rezk et al. (2023) tested it independently. They report that the
# number of steps it must be told is a hyperparameter that matters, and that it is not always better or
# faster than tuned rules by hand. Celo (Moudgil et al. 2025) reaches generalization with 24 GPU hours, by
# its architecture, by a training in two stages and by rescaled tasks. Harrison et al. (2022) start from
# stability: a rule by hand inside the learned one, so that the network only corrects.
#
# The last idea is close to what ships here. Rates are centered on $\lambda^{(0)}$, and the network
# corrects. It is stable. [Notebook 11](11_did_it_learn.ipynb) tells what it costs: there is little left
# to learn.
#
# ## Recap
#
# - Say what is learned: the start, the rates, or the rule. On few steps the start decides much.
# - A leaderboard is its protocol: searched on what, measured on what, with which interval.
# - Truncation makes a meta-gradient biased. PES is unbiased and pays with variance.
# - An exact gradient of a rough function is exact, and of little use. Smoothing is what ES offers.
# - A learned rule has been tested where it was tested.
#
# ## What you can build now
#
# - **Your own rule on the board**: one file in `roam_lite/rules/` and one line in `RULES`, then
#   `roam-lite bench rules --seeds 5`.
# - **PES for the LSTM**: train with `persistent_gradient` in place of the truncated gradient. Which
#   spread is best? How many pairs does it need?
# - **ES on the real objective**: overlap over a whole sequence, forward passes only.
# - **A positive control**: tasks where no constant rates can be right, as the toy with a scale for each
#   problem.
#
# ## Exercises
#
# 12.1 to 12.4 stand where they belong above. Solutions are in
# [solutions](solutions/12_beyond_solutions.ipynb).
#
# ## References
#
# - L. Metz, C. D. Freeman, S. S. Schoenholz, T. Kachman. [Gradients are Not All You
#   Need](https://arxiv.org/abs/2111.05803). 2021.
# - P. Vicol, L. Metz, J. Sohl-Dickstein. Unbiased Gradient Estimation in Unrolled Computation Graphs with
#   Persistent Evolution Strategies. ICML 2021.
# - L. Metz, J. Harrison, C. D. Freeman et al. [VeLO: Training Versatile Learned Optimizers by Scaling
#   Up](https://arxiv.org/abs/2211.09760). 2022.
# - F. Rezk, A. Antoniou, H. Gouk, T. Hospedales. Is Scaling Learned Optimizers Worth It? Evaluating The
#   Value of VeLO's 4000 TPU Months. 2023.
# - J. Harrison, L. Metz, J. Sohl-Dickstein. A Closer Look at Learned Optimization: Stability, Robustness,
#   and Inductive Biases. NeurIPS 2022.
# - A. Moudgil, B. Knyazev, G. Lajoie, E. Belilovsky. [Celo: Training Versatile Learned Optimizers on a
#   Compute Diet](https://arxiv.org/abs/2501.12670). 2025.
# - A. Defazio, K. Mishchenko. Learning-Rate-Free Learning by D-Adaptation. ICML 2023.
# - K. Mishchenko, A. Defazio. Prodigy: An Expeditiously Adaptive Parameter-Free Learner. ICML 2024.
# - K. Chandra, A. Xie, J. Ragan-Kelley, E. Meijer. Gradient Descent: The Ultimate Optimizer. NeurIPS
#   2022: hypergradients, stacked.
#
# Where the methods come from: A. G. Baydin et al. Online Learning Rate Adaptation with Hypergradient
# Descent. ICLR 2018. C. Finn et al. Model-Agnostic Meta-Learning. ICML 2017 (MAML). Z. Li et al. Meta-SGD.
# arXiv, 2017. A. Raghu et al. Rapid Learning or Feature Reuse? ICLR 2020 (ANIL). G. Bhat et al. Learning
# Discriminative Model Prediction for Tracking. ICCV 2019 (DiMP). Y. Wu et al. Understanding Short-Horizon
# Bias in Stochastic Meta-Optimization. ICLR 2018.
#
# ## What next
#
# This was the last notebook. Back to [the map of the course](00_start_here.ipynb).
