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
# # 11. Did it learn? Taking the optimizer apart
#
# The LSTM that ships has thousands of parameters, a memory for every coordinate, and five inputs. It
# tracks. But a tracker that works does not prove that its optimizer has learned to optimize. Maybe eight
# numbers would do the same. This notebook treats that as a case to be solved. There are four tools:
# **hold** an input, **wipe** the memory, **replace** the rule by constants, and **distill** it into a
# formula. Each gives evidence, and each can mislead.
#
# ## What you will learn
#
# - Say which part of a learned rule's output is explained by what.
# - Tell a correlation that means something from one that comes from a common cause.
# - Replace parts of a system, and measure what the replacement costs.
# - Test whether a rule follows the scale of its model, as random filter scaling is meant to teach it.
# - Word a negative result so that it can be trusted.
#
# ## Before you start
#
# **Needs** notebooks [5](05_the_neural_optimizer.ipynb), [6](06_meta_training.ipynb) and
# [8](08_benchmarks.ipynb). **Paper** sections 3.2, 3.3 and 6.2. **Run time** about a minute on two
# cores (`python notebooks/render.py 11_did_it_learn`). **Your time** about 85 minutes: 30 to read, 55
# for the exercises. Terms are in the [glossary](../docs/glossary.md), letters in the [symbol
# sheet](../docs/symbols.md).

# %%
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from roam_lite import load_tracker
from roam_lite.analysis.difference import differences, measure_aucs
from roam_lite.analysis.recording import record
from roam_lite.analysis.replacing import changed_rules, distill, part_constants, replaced_rules
from roam_lite.analysis.scaling import NOT_TOLD, SCALED, draw_epsilon, measure_scale, scaled_rules
from roam_lite.analysis.variance import agree, explain
from roam_lite.data.otb import read_sequence
from roam_lite.demo import samples_folder
from roam_lite.exercises import check
from roam_lite.figures.style import OPTIMIZER_COLORS, use_style
from roam_lite.rules import SGD
from roam_lite.widgets import explore, show

use_style()
names = ["deformation", "occlusion", "scale"]
sequences = [read_sequence(samples_folder(), name) for name in names]
tracker = load_tracker("laptop", rule="lstm")
model, digest = tracker.model, tracker.description["weights_sha256"][:12]
PARTS = [
    f"{branch}: {part}"
    for branch in ("response", "regression")
    for part in ("reduction", "its bias", "kernel", "its bias")
]
PARTS = [f"{number} {part}" for number, part in enumerate(PARTS)]
size = sum(parameter.numel() for parameter in tracker.rule.parameters())
print(f"weights {digest}: the rule has {size:,} parameters for {model.layout.size:,} coordinates")

# %% [markdown]
# ## The scene
#
# First we watch. `record` tracks sequences and keeps what the rule saw and emitted at every step, on
# about 2,000 drawn coordinates. A second recording lets changed rules step along: each sees the same θ
# and the same gradients and has its own state. Their steps are not taken. We need them below.

# %%
recording = record(tracker, sequences, progress=False)
others = changed_rules(tracker.rule, recording) | scaled_rules(tracker)
along = record(tracker, sequences, others, progress=False)
steps, coordinates = recording.log_rates.shape
print(f"{steps} steps on {', '.join(names)}; {coordinates} coordinates recorded")

# %% [markdown]
# Pick a part of θ and a rule. Every line is a coordinate. What would you expect of an optimizer that
# adapts?


# %%
def draw_rates(figure, part, rule, relative):
    log_rates = along.log_rates if rule == "as it is" else along.others[rule]
    at = np.flatnonzero(along.parts == PARTS.index(part))[:20]
    shown = log_rates[:, at] - (along.log_lambda0[at] if relative else 0)
    figure.set_size_inches(7, 3)
    axes = figure.subplots()
    axes.plot(np.exp(shown), color=OPTIMIZER_COLORS["lstm"], linewidth=1)
    axes.set(
        yscale="log", xlabel="step, all sequences in a row", ylim=(0.02, 2) if relative else None
    )
    axes.set(ylabel="learning rate / λ0" if relative else "learning rate")


explore(
    draw_rates,
    alt="Emitted rates over initial rates of twenty coordinates: flat lines on top of each other",
    part=[PARTS[2], *(part for part in PARTS if part != PARTS[2])],
    rule=["as it is", "memory wiped", "gradient sign held"],
    relative=True,
)

# %% [markdown]
# Relative to $\lambda^{(0)}$ the lines of a part lie on top of each other, and they hardly move in time.
# With *relative* off they spread over decades: that spread is $\lambda^{(0)}$.
#
# ## First clue: what explains the rates?
#
# How much of the variance of the log rates does a group of columns explain, if a linear fit may use it?
#
# **11.1** (easy, about 10 minutes) From columns `[n, k]` and a target `[n]`, return the share of the target's
# variance that a least-squares fit with a constant explains.


# %%
def explained(columns, target):
    """Share of the variance of the target that the columns and a constant explain."""
    ...


check("11.1", explained)

# %% [markdown]
# The library's `explain` does that for $\lambda^{(0)}$, for the part of θ, for time and for every input.
# Look at the row *last rate* twice: what it explains *alone*, and what it *added*.

# %%
found = explain(recording)
print(f"standard deviation of the log rates: {found.deviation:.3f}\n")
print(f"{'share explained by':18}{'alone':>9}{'added':>12}   added to")
for name, over, alone, added in zip(
    found.groups, found.over, found.alone, found.added, strict=True
):
    print(f"{name:18}{alone:9.4f}{added:12.2e}   {' and '.join(over)}")
shares = dict(zip(found.groups, found.together, strict=True))
left = found.deviation * (1 - shares["part"]) ** 0.5
print(f"\nbeside lambda0 and part, {left:.3f} is left: rates within about {100 * left:.0f} %")
assert shares["part"] > 0.99  # or the rest of this notebook tells a story of other weights

# %% [markdown]
# $\lambda^{(0)}$ and the number of the part explain nearly all. The *last rate* looks like the culprit
# when it is asked alone: its share is the largest of all inputs. But it *adds* nothing to $\lambda^{(0)}$
# and part. The last rate goes with the rate because both have the same cause. That is why one column of
# this table would mislead, and why a regression alone proves nothing about the network: it has only seen
# what happened, not what would have happened.
#
# ## Second clue: hold and wipe
#
# So we intervene. The changed rules that stepped along had one input held at its mean, or their memory
# wiped before every step. Do their log rates still go with those of the rule as it is?
#
# A plain correlation would be misleading again, for both rules contain $\lambda^{(0)}$.
#
# **11.2** (medium, about 10 minutes) Return the correlation of `own` `[n]` and `other` `[n]` beyond the
# base `[n, k]`: that of what a least-squares fit on the base, with a constant, leaves of both.


# %%
def correlation_beyond(base, own, other):
    """Correlation of the two residuals."""
    ...


check("11.2", correlation_beyond)

# %%
held = {
    name: log_rates for name, log_rates in along.others.items() if name.endswith(("held", "wiped"))
}
agreement = agree(replace(along, others=held))
rows = zip(agreement.changes, agreement.correlation, agreement.beyond, strict=True)
print(f"{'correlation with the log rates of':36}{'all':>10}{'beyond':>10}")
for name, every, beyond in rows:
    print(f"{name:36}{every:10.6f}{beyond:10.4f}")
change = np.abs(along.others["memory wiped"] - along.log_rates).mean()
print(f"\nwiping the memory changes a rate by {100 * change:.1f} % on average")
assert agreement.correlation.min() > 0.99

# %% [markdown]
# Nothing that we hold or wipe changes the rates by much. Even what little is left beyond $\lambda^{(0)}$
# and part goes on nearly as before. The network does read the sign of the gradient and its memory: those
# two have the lowest correlations in the last column. But that column is about deviations of a few
# percent.
#
# ## Third clue: replace
#
# Deviations of a few percent might still matter, if they came at the right moment. There is only one way
# to know: track without them. `replaced_rules` gives rules for the LSTM's place:
#
# | rule | rates |
# |---|---|
# | own | those of the LSTM |
# | constants | $\lambda^{(0)}$ times one number for each part, the geometric mean of what was emitted |
# | part means | the LSTM's, averaged over each part at every step |
# | formula | a linear formula of $\log\lambda^{(0)}$, part and inputs |
# | memory wiped | those of the LSTM without its memory |
# | none | no update at all |

# %%
rules = replaced_rules(tracker, recording)
live = {name: rules[name] for name in ("own", "constants", "none")}
aucs = measure_aucs(tracker, live, sequences, draws=1, progress=False)
here = differences(list(live), names, aucs)
constants = part_constants(recording)
print("constants:", " ".join(f"{share:.3g}" for share in constants), "of lambda0, by part\n")
print(f"{'own minus':12}{'mean':>8}   {'95 % interval':18} one left out")
for k in (1, 2):
    row = (*here.interval[k], *here.left_out[k])
    print("{:12}{:+8.4f}   [{:+.4f}, {:+.4f}]  {:+.4f} to {:+.4f}".format(
        here.rules[k], here.mean[k], *row
    ))  # fmt: skip

# %% [markdown]
# Three rendered sequences are few, and an interval over three says little. The same was done on eight
# real sequences of a development set, none of them used in training, with three draws of the first box.
# Constants and formula were fitted on other sequences. The command is stored with its result:

# %%
stored = json.loads(Path("results/analysis.json").read_text(encoding="utf-8"))
dev = stored["differences"]
real = differences(dev["rules"], dev["sequences"], np.array(dev["aucs"]))
same = "the same weights" if stored["weights"] == digest else f"OTHER weights, {stored['weights']}"
print(f"{stored['command']}\n{same}; {', '.join(real.sequences)}\n")
print(f"AUC {real.aucs[0].mean():.4f}; own minus")
for k in range(1, len(real.rules)):
    row = (*real.interval[k], *real.left_out[k], real.carriers[k])
    print("{:12}{:+8.4f}   [{:+.4f}, {:+.4f}]  {:+.4f} to {:+.4f}, most by {}".format(
        real.rules[k], real.mean[k], *row
    ))  # fmt: skip
assert np.abs(real.interval[1:-1]).max() < 0.01


# %%
def draw_verdicts(found, count, figure):
    """Own minus each replacement: means and intervals on an axis of 0.05 to either side."""
    axes, places = figure.subplots(), np.arange(len(found.rules) - 1)
    colors = [OPTIMIZER_COLORS.get(name, OPTIMIZER_COLORS["lstm"]) for name in found.rules[1:]]
    axes.axvline(0, color="gray", linewidth=1)
    for place, mean, (low, high), color in zip(
        places, found.mean[1:], found.interval[1:], colors, strict=True
    ):
        axes.plot([low, high], [place, place], color=color, linewidth=3)
        axes.plot(mean, place, "o", color=color)
    axes.set(
        xlim=(-0.05, 0.05),
        yticks=places,
        yticklabels=found.rules[1:],
        ylim=(-0.6, len(places) - 0.4),
    )
    axes.set(xlabel=f"AUC of the LSTM minus AUC of its replacement, {count}")
    axes.invert_yaxis()


figure = Figure(figsize=(6.5, 2.8))
draw_verdicts(real, f"{len(real.sequences)} real sequences", figure)
show(figure, "Differences with intervals, an axis of 0.05: every interval includes zero")

# %% [markdown]
# Constants, means, a formula and a wiped memory all do as well as the LSTM: no end of their intervals is
# beyond 0.01. The last row is different: its interval is wide. On some sequences updating helps, on
# others it hurts. That row is about *updating*, not about the LSTM.
#
# An interval that includes zero does not prove that two rules are equal. It says how large a difference
# could still hide: for constants, the end of the interval. Which single sequence could carry a
# difference?
#
# **11.3** (medium, about 10 minutes) From AUCs `[draws, S]` of two rules, return the least and the
# largest mean difference, own minus other, that remains when any one sequence is left out.


# %%
def left_out(own, other):
    """(least, largest) mean difference without one sequence."""
    ...


check("11.3", left_out)


# %%
def draw_sequences(figure, replacement):
    gains = (real.aucs[0] - real.aucs[real.rules.index(replacement)]).mean(axis=0)
    order = np.argsort(gains)
    figure.set_size_inches(6.5, 3)
    axes = figure.subplots()
    axes.barh(range(len(gains)), gains[order], color=OPTIMIZER_COLORS["lstm"])
    axes.axvline(0, color="gray", linewidth=1)
    axes.set(yticks=range(len(gains)), yticklabels=[real.sequences[k] for k in order])
    low, high = real.left_out[real.rules.index(replacement)]
    axes.set(xlim=(-0.06, 0.06), xlabel=f"AUC, LSTM minus {replacement}")
    axes.set(title=f"mean {gains.mean():+.4f}, one left out {low:+.4f} to {high:+.4f}")


explore(
    draw_sequences,
    alt="AUC of the LSTM minus that of a replacement, a bar for each of eight sequences",
    replacement=["none", *real.rules[1:-1]],
)

# %% [markdown]
# ## Fourth clue: distill
#
# If eight constants are enough, the network can be written down. `distill` fits the log rate by
# $\log\lambda^{(0)}$, an offset for each part, and the inputs:

# %%
formula = distill(recording)
print(f"log rate = {formula.slope:.4f} log lambda0 + offset of the part")
for weight, channel in zip(formula.weights, formula.channels, strict=True):
    spread = recording.inputs[..., formula.channels.index(channel)].std()
    print(f"  {weight:+.4f} {channel:14} whose spread is {spread:.3f}: {weight * spread:+.5f}")
print(
    "offsets as shares of lambda0:", " ".join(f"{value:.3f}" for value in np.exp(formula.offsets))
)

# %% [markdown]
# The slope on $\log\lambda^{(0)}$ is close to 1: rates are *shares* of the initial rates. The last column
# is what an input's usual spread does to a log rate. Compare it with the offsets, which differ by more
# than 1.
#
# **11.4** (design it, about 15 minutes) There is no single right answer here. How few numbers are enough?
# Return eight shares of $\lambda^{(0)}$, one for each part. The goal: at most **two distinct numbers**,
# and on these three sequences a mean AUC that is not below the LSTM's. Begin by looking at which parts
# have similar shares.


# %%
def my_shares(fitted):
    """Eight shares of lambda0 from those that were fitted, [8]. Here: half of everything."""
    return np.full(8, 0.5)


chosen = np.asarray(my_shares(constants), dtype=float)
mine = SGD(model.lambda0.detach() * torch.as_tensor(chosen, dtype=torch.float32)[model.parts])
tried = measure_aucs(tracker, {"mine": mine}, sequences, draws=1, progress=False).mean()
own = aucs[0].mean()
distinct = len(np.unique(chosen.round(6)))
reached = distinct <= 2 and tried >= own
print(f"{distinct} distinct numbers: AUC {tried:.3f}, the LSTM {own:.3f}")
print("✔ 11.4: reached" if reached else "○ 11.4: not yet")

# %% [markdown]
# ## Fifth clue: does it follow the scale?
#
# Section 3.3 has a reason for random filter scaling: the optimizer should look at the gradient and not
# remember one rate. Write the model as εθ. Its gradient is divided by ε. For the model to move as it did,
# its rates have to grow with ε². So a rule that follows the scale has the slope 2 in a plot of log rate
# against log ε. A rule that does not notice has the slope 0.
#
# **11.5** (medium, about 10 minutes) From rates emitted on the plain model `[T, C]`, rates emitted on the
# scaled one `[T, C]`, and ε `[C]`, return that slope: one least-squares line through the origin, over all
# steps and coordinates.


# %%
def slope(plain, scaled, epsilon):
    """Slope of the change of log rates on log epsilon."""
    ...


check("11.5", slope)

# %% [markdown]
# Here is the twist of the case. The LSTM that ships emits $\sigma(\mathcal{O} +
# \mathrm{logit}(\lambda^{(0)} g_{\text{part}}))$, with a learned gain for each part. It is *told*
# $\lambda^{(0)}$. In training $\lambda^{(0)}$ is scaled by ε² along with θ. So there are two questions.
# Does it follow when $\lambda^{(0)}$ follows? And does it follow when only θ and the gradient show the
# scale?

# %%
response = measure_scale(tracker, along)
print(f"lambda0 is scaled too    slope {response.slope:+.3f}")
print(f"only theta and gradient  slope {response.not_told:+.3f}")
assert abs(response.slope - 2) < 0.2
assert abs(response.not_told) < 0.5

# %%
log_epsilon = draw_epsilon(tracker)[0].log().numpy()[along.coordinates]
figure = Figure(figsize=(6, 3.4))
axes = figure.subplots()
for name, key, color in (
    ("λ0 is scaled too", SCALED, OPTIMIZER_COLORS["lstm"]),
    ("only θ and gradient", NOT_TOLD, OPTIMIZER_COLORS["const"]),
):
    change = (along.others[key] + 2 * log_epsilon - along.log_rates).mean(axis=0)
    axes.plot(log_epsilon, change, ".", markersize=2, color=color, label=name)
line = np.array([log_epsilon.min(), log_epsilon.max()])
axes.plot(line, 2 * line, color="gray", linestyle="--", label="slope 2, as eq. 15 asks")
axes.set(xlabel="log ε of a coordinate", ylabel="change of the log rate")
axes.legend(markerscale=5)
show(figure, "Change of log rates against log epsilon: slope 2 where lambda0 is scaled, else flat")

# %% [markdown]
# With $\lambda^{(0)}$ scaled the slope is 2, and no learning is needed for it: the formula contains
# $\lambda^{(0)}$. With $\lambda^{(0)}$ as it was, the rates stay as they were. The network does not
# measure the scale. It is told.
#
# ## A second LSTM
#
# Can this LSTM learn at all, or do our tests find nothing because they never do? Another LSTM ships,
# `lstm_common_start`. It has the form of eq. 11, $\sigma(\mathcal{O}(I))$: all coordinates start from
# one rate, and nothing is centered on $\lambda^{(0)}$. And its updates had to do the work: it was
# trained without first steps, from $\theta^{(0)}$ on. A tracker that uses it takes none either. The
# same tests, with the same functions:

# %%
second = load_tracker("laptop", rule="lstm_common_start")
print(
    f"first steps: {second.config.model.initial_steps}, before: {tracker.config.model.initial_steps}"
)
others = changed_rules(second.rule, record(second, sequences, progress=False))
watched = record(second, sequences, others | scaled_rules(second), progress=False)
parts = explain(watched)
by_group = dict(zip(parts.groups, parts.together, strict=True))
print(
    f"explained by lambda0 and part: {by_group['part']:.2f}, with all inputs {by_group['all inputs']:.2f}"
)
changes = agree(replace(watched, others={name: watched.others[name] for name in others}))
for name, correlation in zip(changes.changes, changes.correlation, strict=True):
    print(f"{name:20} correlation {correlation:+.2f}")
measured = measure_scale(second, watched)
print(
    f"slope {measured.slope:+.2f}, and {measured.not_told:+.2f} if only theta and gradient show the scale"
)
assert by_group["part"] < 0.5
assert changes.correlation.min() < 0.7
assert 1.3 < measured.slope < 2.5
assert measured.not_told > 1

# %%
figure = Figure(figsize=(6, 3.4))
axes = figure.subplots()
for name, recorded, color in (
    ("the first LSTM", along, OPTIMIZER_COLORS["const"]),
    ("the second LSTM", watched, OPTIMIZER_COLORS["lstm"]),
):
    at = draw_epsilon(tracker)[0].log().numpy()[recorded.coordinates]
    change = (recorded.others[NOT_TOLD] + 2 * at - recorded.log_rates).mean(axis=0)
    axes.plot(at, change, ".", markersize=2, color=color, label=name)
axes.plot(line, 2 * line, color="gray", linestyle="--", label="slope 2, as eq. 15 asks")
axes.set(xlabel="log ε of a coordinate, λ0 as it was", ylabel="change of the log rate")
axes.legend(markerscale=5)
show(
    figure,
    "Change of log rates against log epsilon: flat for the first LSTM, rising for the second",
)

# %% [markdown]
# This one measures the scale. It needs its memory, and the size of the gradient. It is an optimizer in
# the sense of the paper. Was it random filter scaling that taught it? A third LSTM had the same training
# and the same seed, but without it:

# %%
plain = load_tracker("laptop", rule="lstm_common_start_no_rfs")
unscaled = measure_scale(plain, record(plain, sequences, scaled_rules(plain), progress=False))
print(
    f"with RFS     slope {measured.slope:.2f}, from theta and gradient alone {measured.not_told:.2f}"
)
print(
    f"without RFS  slope {unscaled.slope:.2f}, from theta and gradient alone {unscaled.not_told:.2f}"
)
assert unscaled.slope < measured.slope

# %% [markdown]
# Without it, the LSTM follows about half as far: gradients of different sizes occur anyway. This is one
# seed; [the results](../docs/results.md) have more.
#
# Does the second LSTM track better than no updating?

# %%
alone = {"own": second.rule, "memory wiped": others["memory wiped"], "none": None}
tracked = measure_aucs(second, alone, sequences, draws=1, progress=False).mean(axis=(1, 2))
for name, score in zip(alone, tracked, strict=True):
    print(f"without first steps, {name:14} AUC {score:.3f}")
print(f"with first steps, the first LSTM    AUC {aucs[0].mean():.3f}")
print(f"with first steps, none              AUC {aucs[2].mean():.3f}")
assert tracked[0] > tracked[2] > tracked[1]

# %% [markdown]
# It does learn while it tracks: it is ahead of a model that is never updated, and with its memory wiped
# it falls behind it. But four learned first steps, without any learning later, reach as much.
#
# ## What was found
#
# The verdict is put together from the numbers above, none of them typed:

# %%
print(f"explained by lambda0 and part: {shares['part']:.4f} of the variance of the log rates")
print(f"least correlation, held or wiped: {agreement.correlation.min():.6f}")
print(
    f"slope on the scale: {response.slope:.2f} when told lambda0, {response.not_told:+.2f} when not"
)
for where, result in (("3 samples", here), ("8 real", real)):
    for k in (1, len(result.rules) - 1):
        low, high = result.interval[k]
        print(
            f"own minus {result.rules[k]:10} on {where:9}: {result.mean[k]:+.4f} [{low:+.4f}, {high:+.4f}]"
        )

# %% [markdown]
# These weights have learned **where to start** ($\theta^{(0)}$), **how far to go for each coordinate**
# ($\lambda^{(0)}$), and **eight shares**. The LSTM carries the eight shares and adds deviations that
# tracking does not notice. That is not nothing: [notebook 0](00_start_here.ipynb) shows what the learned
# start is worth. But it is not an optimizer that looks at a gradient and decides. So the tracker that ships
# updates with SGD, which [does as well](../docs/results.md), unless it is asked for its LSTM.
#
# Why might that be? Three explanations come to mind, and each was put to a test
# ([experiment log](../EXPERIMENTS.md)):
#
# 1. **The form.** Rates are centered on $\lambda^{(0)}$ times a gain. What remains for the network is a
#    correction. But the form of the second LSTM, trained behind four first steps, learned nothing either.
# 2. **The gradient.** The meta-gradient does not pass through the boxes that an update leads to. But
#    evolution strategies, which need no such gradient and see the overlap itself, gained nothing.
# 3. **The task.** Four first steps with learned rates do the work, and later updates have little left to
#    do. Without them, the same program trained the second LSTM. A rule that sees the future would bound
#    what any rule can gain here. "What you can build now" has it.
#
# ## How others answered
#
# **VeLO** (Metz et al. 2022) asked what scale can do. An LSTM runs once for each *tensor*, not for each
# weight. It sees statistics of the tensor, the loss and the progress of the training. From them it
# weights a bank of small MLPs, and the resulting MLP acts on each weight, whose inputs include momentum
# and second moments of the gradient at several time scales. It was meta-trained by evolution strategies,
# which need no meta-gradient through the training, on a wide variety of tasks, with about four thousand
# TPU-months. So it changed all three of the above: the form, the gradient, and the tasks.
#
# **Celo** (Moudgil et al. 2025) asked what of that is needed. It keeps the two levels, a learned update
# for each weight and a learned schedule for each tensor. It trains them one after the other: first the
# update, then the schedule. And it *augments* tasks by rescaling their parameters. That is a relative of
# random filter scaling. The authors report 24 GPU hours of meta-training, and generalization to tasks
# that it was not trained on.
#
# Both have in common that the number of a part is not enough to answer: their tasks differ so much that
# no set of constants fits all. For a tracker, all videos share one model, one loss and one start.
#
# ## Recap
#
# - Ask what an input *adds*, not what it explains alone.
# - Compare beyond what both sides share.
# - An intervention tells what a regression cannot.
# - Differences in the output matter only as far as the task notices them: replace, and measure in pairs.
# - A response can be right by construction. Take away what tells the answer, and look again.
#
# ## What you can build now
#
# - **An oracle that bounds the gain**: a rule that tries each update, looks some frames ahead with true
#   boxes, and keeps the update only if it helps. If even that is no better than constants, training is
#   not the problem.
# - **A rule that must look, behind first steps**: train the second LSTM on in the closed loop (`roam-lite
#   train --init`), with the first steps in place. Does it stay an optimizer, and does it track better?
# - **A positive control**: multiply the features of each video by a factor of its own, and train where
#   constants must fail.
#
# ## Exercises
#
# 11.1 to 11.5 stand where they belong above. Solutions are in
# [solutions](solutions/11_did_it_learn_solutions.ipynb).
#
# ## References
#
# - T. Yang, P. Xu, R. Hu, H. Chai, A. B. Chan. [ROAM: Recurrently Optimizing Tracking
#   Model](https://arxiv.org/abs/1907.12006). CVPR 2020.
# - L. Metz, J. Harrison, C. D. Freeman et al. [VeLO: Training Versatile Learned Optimizers by Scaling
#   Up](https://arxiv.org/abs/2211.09760). 2022.
# - A. Moudgil, B. Knyazev, G. Lajoie, E. Belilovsky. [Celo: Training Versatile Learned Optimizers on a
#   Compute Diet](https://arxiv.org/abs/2501.12670). 2025.
# - N. Maheswaranathan, D. Sussillo, L. Metz, R. Sun, J. Sohl-Dickstein. Reverse Engineering Learned
#   Optimizers Reveals Known and Novel Mechanisms. NeurIPS 2021: the same question, on other tasks.
#
# ## What next
#
# [12. Beyond](12_beyond.ipynb) puts this optimizer on one leaderboard with other rules, and looks at why
# meta-gradients fail.
