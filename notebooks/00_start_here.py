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
# # 0. Start here: a tracker that has learned how to learn
#
# A tracker gets one box in the first frame and must follow whatever is in it. The target turns,
# shrinks and changes color, so the tracker's model has to be updated all the time, in one or two
# gradient steps, with its own boxes as labels. How large should those steps be, for each weight of
# the model? In ROAM a small recurrent network decides, and that network was trained to decide.
#
# ## What you will learn
#
# - See a model that is never updated lose its target, and updated ones that keep it longer.
# - Race four learned gradient steps against a hundred of Adam.
# - Measure trackers by the rule of the OTB benchmark.
# - Meta-train a tiny tracker for a few steps, with the command that trains the real one.
#
# ## Before you start
#
# **Needs** Python, some PyTorch and gradient descent; this package; no network, no GPU. **Paper**
# sections 1, 3.1, 3.2 and 4. **Run time** about a minute on two cores (`python notebooks/render.py
# 00_start_here`). **Your time** about 60 minutes: 25 to read, 35 for the exercises. Terms are in the
# [glossary](../docs/glossary.md), letters in the [symbol sheet](../docs/symbols.md).
#
# Figures and numbers come from the versions printed here. Yours may differ: other versions and machines
# add up in another order, and a tracker feeds its own output back to itself.

# %%
import os
import platform
import tempfile
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
import torchvision

from roam_lite import load_tracker
from roam_lite.data.otb import list_sequences, read_sequence
from roam_lite.demo import SGD_RATE, samples_folder
from roam_lite.evaluation.first_step import first_frame_task
from roam_lite.evaluation.metrics.otb import success_curve
from roam_lite.evaluation.running.runner import run_sequence
from roam_lite.exercises import check
from roam_lite.figures.axes import outline, show_image, show_map
from roam_lite.figures.style import OPTIMIZER_COLORS, TRUTH_COLOR, use_style
from roam_lite.geometry import boxes_to_patch, crop, iou
from roam_lite.rules import SGD, build_rule
from roam_lite.toy.descent import descend
from roam_lite.training import TrainConfig, Trainer
from roam_lite.widgets import record, scrubber, show

print(
    f"Python {platform.python_version()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads"
)
print(f"torch {torch.__version__}, torchvision {torchvision.__version__}, numpy {np.__version__}")

use_style()
COLORS = {
    "ROAM++": OPTIMIZER_COLORS["lstm"],
    "SGD": OPTIMIZER_COLORS["sgd"],
    "no update": OPTIMIZER_COLORS["none"],
}

# %% [markdown]
# ## A model that stays, and models that are updated
#
# The target below has a look-alike, and it changes for 240 frames. Three trackers follow it. They
# have the same features, the same first model and the same rules for choosing a box. They differ in
# one thing: who decides how large the steps of an update are.
#
# | | learning rates of an update, equation (9) |
# |---|---|
# | **ROAM++** | one for each weight, from an LSTM that sees weight, gradient, loss and last rate |
# | **SGD** | one number for all weights, always the same |
# | **no update** | zero: the model of the first frame stays |
#
# A `Sequence` has `frames`, read when asked for, and `boxes` `(x, y, w, h)` in pixels, 0-based. A
# tracker has two verbs: `init` with the first frame and its box, `update` with each frame that
# follows. `record` calls them frame by frame and keeps what the tracker saw.
#
# *Before you run the next cell: how long does a model of the first frame last?*

# %%
sequence = read_sequence(samples_folder() / "long", "lookalike")
WAYS = {
    "ROAM++": {"rule": "lstm"},
    "SGD": {"rule": "sgd", "lr": SGD_RATE},
    "no update": {"rule": "none"},
}
recordings = {label: record(load_tracker("laptop", **way), sequence) for label, way in WAYS.items()}
print(
    f"weights {load_tracker('laptop').description['weights_sha256'][:12]}, {len(sequence)} frames"
)

overlaps, held = {}, {}
print("           success AUC   last frame on the target   overlap, last quarter")
for label, recording in recordings.items():
    overlaps[label] = iou(recording.boxes, sequence.boxes)
    held[label] = int(np.flatnonzero(overlaps[label] > 0)[-1])
    auc = success_curve(recording.boxes, sequence.boxes).mean()
    last = overlaps[label][-len(sequence) // 4 :].mean()
    print(f"{label:10s} {auc:11.3f} {held[label]:26d} {last:23.3f}")

assert all(np.isfinite(recording.boxes).all() for recording in recordings.values())
assert held["no update"] < min(held["ROAM++"], held["SGD"])

# %% [markdown]
# The **overlap** (intersection over union, IoU) of a frame is the area that the found and the true box
# share, divided by the area that they cover together. The **AUC** is nearly its mean: the area under the
# *success curve*, which has for each threshold the share of frames whose overlap exceeds it.

# %%
figure, axes = plt.subplots(figsize=(7, 3))
for label, values in overlaps.items():
    axes.plot(values, color=COLORS[label], label=label, linewidth=1.2)
axes.axvline(held["no update"], color=COLORS["no update"], linestyle=":")
axes.set(xlabel="frame", ylabel="overlap with the true box", ylim=(0, 1.02))
axes.legend(ncols=3)
show(
    figure,
    "Overlap over 240 frames of ROAM++, SGD and no update; a line where the last one is lost",
)

# %% [markdown]
# The frozen model loses its target and never finds it again; the updated ones go on for longer. This is
# one sequence, chosen because updating decides on it (`data_samples/README.md` says how it was found).
# It does not rank the two that update. [Notebook 8](08_benchmarks.ipynb) shows how trackers are
# ranked, and [the results](../docs/results.md) have the table over many sequences, with intervals.
#
# Now **scrub**: move the slider, press Play, lay a response map over the frames. On the right are the
# update losses, with a square for every gradient step taken so far. This needs no kernel: frames, boxes
# and maps are in the page.

# %%
scrubber(
    sequence,
    recordings,
    alt="Six frames of the sequence with the true box and those of ROAM++, SGD and no update",
)

# %% [markdown]
# ## What the trackers see when one of them fails
#
# Around the last box a region of several times the target's size is cut out: the **patch**. Its features are
# correlated with a filter whose size follows the target's, equations (4) and (5). The result is the
# **response map**, and its peak says where the target is. Below are both trackers' patches and response
# maps before the frozen model fails, at its last frame on the target, and afterwards, when its box is on the
# look-alike. A map covers its own tracker's patch.

# %%
tracker = load_tracker("laptop")
size, stride = tracker.config.model.patch_size, tracker.config.model.stride
moments = np.clip(held["no update"] + np.array([-30, -10, 0, 20]), 1, len(sequence) - 1)
figure, grid = plt.subplots(4, 4, figsize=(9, 9.6))
for rows, label in ((grid[:2], "no update"), (grid[2:], "ROAM++")):
    recording = recordings[label]
    for (above, below), t in zip(rows.T, moments, strict=True):
        corner, sides = recording.regions[t][:2], recording.regions[t][2:]
        region = np.concatenate([corner + sides / 2, sides])
        show_image(above, crop(sequence.frames[t], region, size), f"{label}, frame {t}")
        for box, color in ((sequence.boxes[t], TRUTH_COLOR), (recording.boxes[t], COLORS[label])):
            outline(above, boxes_to_patch(box, region, size), color)
        above.set(xlim=(0, size), ylim=(size, 0))
        values = recording.maps["response"][t]
        peak = f"peak {values.max():.2f}"
        response = show_map(below, values, stride, peak, vmin=-0.2, vmax=1, cmap="magma")
figure.colorbar(response, ax=grid, label="response", shrink=0.4)
show(
    figure,
    "Patches with the true box in yellow, and response maps, of the frozen and the updated tracker "
    "at four moments around the frame in which the frozen one fails",
)

# %% [markdown]
# ## What the optimizers work on
#
# The update loss (12) is what the model gets wrong on the frames just tracked, measured before each
# step. The first value belongs to nine stretched copies of the first patch. A low update loss alone
# proves little: these frames are already seen, and their labels are the tracker's own boxes. What counts
# is the loss on frames to come, and that is what the LSTM was trained for.

# %%
figure, axes = plt.subplots(figsize=(6, 3))
for label in ("ROAM++", "SGD"):
    frames, losses = zip(*recordings[label].losses, strict=True)
    axes.plot(frames, losses, ".-", color=COLORS[label], label=label, linewidth=1)
axes.set(xlabel="frame", ylabel="update loss (12)", yscale="log")
axes.legend()
show(figure, "Update loss at every gradient step of ROAM++ and SGD, on a logarithmic axis")

# %% [markdown]
# ## The first model: four learned steps against a hundred of Adam
#
# Before any update there is the first model. All trackers above start from a learned $\theta^{(0)}$ and
# take a few gradient steps on the first frame, with **one learned rate for each weight of the model**,
# $\lambda^{(0)}$. How good are these rates? Let Adam start from the same $\theta^{(0)}$, on the same first
# frames of the repository's six short samples. Three rates are tried, and we keep the best in hindsight,
# which favors Adam. We measure the loss of the resulting model **ten frames later**, equation (13),
# after each step.

# %%
names = list_sequences(samples_folder())
sequences = {name: read_sequence(samples_folder(), name) for name in names}
figure, grid = plt.subplots(2, 3, figsize=(9, 5))
for axes, (name, sample) in zip(grid.flat, sequences.items(), strict=True):
    show_image(axes, sample.frames[0], name)
    outline(axes, sample.boxes[0], TRUTH_COLOR)
show(figure, "The first frame of each of the six samples, the true box in yellow")

# %%
task = first_frame_task(tracker, sequences.values())
STEPS = tracker.config.model.initial_steps


def race(rule, steps):
    """Loss ten frames later after 0 ... `steps` steps, mean of the samples; CPU-seconds taken."""
    began = time.process_time()
    with torch.no_grad():
        future = descend(rule, task, steps).mean(dim=1).numpy()
    return future, time.process_time() - began


learned, learned_seconds = race(SGD(tracker.model.lambda0.detach()), STEPS)
adam, adam_seconds = {}, {}
for rate in (1e-4, 3e-4, 1e-3):
    adam[rate], adam_seconds[rate] = race(build_rule("adam", lr=rate), 100)

print("loss ten frames later, mean of six samples")
print(f"before any step           {learned[0]:.3f}")
for steps in (2, STEPS):
    rate = min(adam, key=lambda rate: adam[rate][steps])
    print(
        f"{steps} steps, learned rates    {learned[steps]:.3f};  "
        f"Adam with its best rate, {rate:g}, {adam[rate][steps]:.3f}"
    )
sooner = {rate: np.flatnonzero(losses <= learned[STEPS]) for rate, losses in adam.items()}
for rate, found in sooner.items():
    when = (
        f"reaches the learned {STEPS} steps after {found[0]} steps" if len(found) else "never does"
    )
    print(f"Adam {rate:g}: after 100 steps {adam[rate][100]:.3f}; {when}")
print(
    f"{STEPS} learned steps took {learned_seconds:.1f} CPU-seconds, 100 of Adam {adam_seconds[3e-4]:.1f}"
)
assert learned[2] < learned[0] / 2

# %%
figure, axes = plt.subplots(figsize=(6, 3.4))
for (rate, losses), dashes in zip(adam.items(), (":", "-", "--"), strict=True):
    axes.plot(
        np.arange(101) + 1, losses, dashes, color=OPTIMIZER_COLORS["adam"], label=f"Adam {rate:g}"
    )
axes.plot(
    np.arange(STEPS + 1) + 1, learned, "o-", color=OPTIMIZER_COLORS["lstm"], label="learned rates"
)
ticks = [0, 1, 2, 4, 10, 30, 100]
axes.set(xlabel="steps taken", ylabel="loss ten frames later (13)", xscale="log")
axes.set_xticks([tick + 1 for tick in ticks], labels=ticks)
axes.minorticks_off()
axes.legend()
show(figure, "Loss ten frames later against steps taken, of the learned rates and of Adam's three")

# %% [markdown]
# Learned rates make a good model in a few steps. Given several times as many, Adam comes level and then
# passes, as the table says. So what the rates buy is time, and a tracker that must answer in the next
# frame has no time for a hundred steps. The LSTM is meant to go further than such rates: it can set them
# anew at every update. Whether it does is the question of notebooks 5 and 11. In the course ROAM++
# updates with the LSTM, as in the paper: `rule="lstm"`. `load_tracker("laptop")` alone takes SGD
# in its place, which [tracks as well](../docs/results.md) in less time.
#
# ## The course
#
# **The fast track** leads from here to the whole tracker in five notebooks: **0 → 4 → 5 → 6 → 7**. Those
# on it are marked ★. The others fill in what these use.
#
# | | notebook | equations | what it is about |
# |---|---|---|---|
# | ★ | 0. Start here | | |
# | | [1. Patches and features](01_patches_and_features.ipynb) | | cropping, stretching, the backbone |
# | | [2. Resizable filters](02_resizable_filters.ipynb) | 1 to 6 | filter size, warp, anchor, correlation |
# | | [3. Labels and losses](03_labels_and_losses.ipynb) | 7, 8 | Gaussian labels, boxes, smooth L1 |
# | ★ | [4. Why learning rates must adapt](04_why_learning_rates_must_adapt.ipynb) | 15 | the toy problem |
# | ★ | [5. The neural optimizer](05_the_neural_optimizer.ipynb) | 9 to 11 | from SGD to the LSTM |
# | ★ | [6. Meta-training](06_meta_training.ipynb) | 12 to 14 | Algorithm 1 |
# | ★ | [7. Online tracking](07_online_tracking.ipynb) | 9, 12 | estimate and update; your own video |
# | | [8. Benchmarks](08_benchmarks.ipynb) | | what a score says, and what it hides |
# | | [9. Ablations](09_ablations.ipynb) | | section 6.2 at laptop scale |
# | | [10. Full scale](10_full_scale.ipynb) | | GPUs, and what they cost |
# | | [11. Did it learn?](11_did_it_learn.ipynb) | 10, 11 | the shipped optimizer taken apart |
# | | [12. Beyond](12_beyond.ipynb) | | other rules, chaos, what came after the paper |
#
# Each notebook runs alone. Two kinds of cells recur: those that build the piece that a notebook teaches
# and assert that it equals the library's, and exercises that check themselves.
#
# ## Meta-train one
#
# Algorithm 1 of the paper, in the *profile* (a named set of all constants) `smoke`, which runs in
# seconds: draw clips, update the model along each clip with the rule, and measure the loss on a *future*
# frame. Then change the initial model, its first learning rates and the LSTM so that this loss shrinks.
# There are two stages: one for the first steps alone, then one with the LSTM's updates along the clip.
# Their losses are of different frames and do not compare. Sixteen steps show how it works; they are too
# few to learn anything.

# %%
with tempfile.TemporaryDirectory() as folder:
    run = TrainConfig(profile="smoke", data="synthetic", out=folder, steps=16, workers=0)
    steps = list(Trainer(run, overwrite=True).run())

for step in steps[:: len(steps) // 4]:
    print(f"step {step.step:3d}  {step.stage:12s} meta loss {step.meta_loss:.3f}")

figure, axes = plt.subplots(figsize=(5, 3))
for stage, dashes in zip(dict.fromkeys(step.stage for step in steps), (".:", ".-"), strict=True):
    rows = [step for step in steps if step.stage == stage]
    losses_of_stage = [row.meta_loss for row in rows]
    axes.plot(
        [row.step for row in rows], losses_of_stage, dashes, color=COLORS["ROAM++"], label=stage
    )
axes.set(xlabel="meta-training step", ylabel="meta loss (14)", title="profile smoke")
axes.legend(title="stage")
assert len(steps) == run.steps
assert np.isfinite([step.meta_loss for step in steps]).all()
show(figure, "Meta loss of a short training run, one curve a stage")

# %% [markdown]
# The same at the size of the checkpoint that ships, in a terminal. It can be stopped at any moment and
# resumed:
#
# ```bash
# roam-lite train --profile laptop --data synthetic --out runs/laptop
# roam-lite train --profile laptop --data synthetic --out runs/laptop --resume
# ```
#
# ## Recap
#
# - A tracking model is updated while it tracks; the labels of its updates are its own boxes.
# - Without updates this target was lost, with them it was kept for longer.
# - The step size of each weight decides how much a few steps help. ROAM learns it from frames *after*
#   the update.
# - Everything else is shared, so `rule="lstm"`, `"sgd"` and `"none"` compare fairly.
#
# ## What you can build now
#
# A tracker for a video of your own in five lines (`load_tracker`, `init`, `update`; notebook 7 does it
# with the mouse), a score for any tracker that answers in boxes, and a fair test of one rule against
# another.
#
# ## Exercises
#
# Write the function, run the cell: `check` compares it with the reference on several random cases,
# and knows the answers that often go wrong. Solutions are in
# [solutions](solutions/00_start_here_solutions.ipynb). Boxes are `(x, y, w, h)`.
#
# **00.1** (easy, about 5 minutes) The distance between the centers of two boxes.


# %%
def distance(a, b):
    """Pixels between the centers of boxes a and b, arrays [4]."""
    ...


check("00.1", distance)

# %% [markdown]
# **00.2** (medium, about 10 minutes) The overlap: intersection over union. Think of boxes that lie apart.


# %%
def overlap(a, b):
    """Intersection over union of boxes a and b, arrays [4]."""
    ...


check("00.2", overlap)

# %% [markdown]
# **00.3** (hard, about 10 minutes) The area under the success curve (AUC): the mean, over the 21
# thresholds 0, 0.05, ... 1, of the share of frames whose overlap *exceeds* the threshold. Frames without
# truth are nan and do not count at all. Write it without a loop.


# %%
def area(overlaps):
    """The AUC of overlaps [T], some of which are nan."""
    ...


check("00.3", area)

# %% [markdown]
# **00.4** (break it, about 10 minutes) There is no single right answer here. Spoil the first box: shift it
# by shares of its sides and stretch it, until ROAM++'s AUC falls below half of what the true first box
# gives. Then look for the *smallest* harm that does it: the largest overlap of your first box with
# the true one. It counts from an overlap of 0.3 on.

# %%
SHIFT = (0.0, 0.0)  # to the right and down, in shares of the box's width and height
STRETCH = (1.0, 1.0)  # of width and height


def auc_from(first, sample):
    """AUC of ROAM++ on a sample, started with the box `first` [4]."""
    boxes = np.concatenate([first[None], sample.boxes[1:]])
    started = type(sample)(sample.name, sample.frames, boxes, sample.visibility)
    run = run_sequence(load_tracker("laptop", rule="lstm"), started)
    return success_curve(run.boxes[1:], sample.boxes[1:]).mean()


sample = sequences["scale"]
true = sample.boxes[0]
sides = true[2:] * STRETCH
center = true[:2] + true[2:] / 2 + true[2:] * SHIFT
mine = np.concatenate([center - sides / 2, sides])
first_overlap, whole, spoiled = iou(mine, true), auc_from(true, sample), auc_from(mine, sample)
reached = spoiled < whole / 2 and first_overlap >= 0.3
print(
    f"AUC {whole:.3f} with the true first box, {spoiled:.3f} with yours (overlap {first_overlap:.2f})"
)
print("✔ 00.4: broken; now with less harm" if reached else "○ 00.4: not broken yet")

# %% [markdown]
# ## References
#
# - T. Yang, P. Xu, R. Hu, H. Chai, A. B. Chan.
#   [ROAM: Recurrently Optimizing Tracking Model](https://arxiv.org/abs/1907.12006). CVPR 2020.
# - Y. Wu, J. Lim, M.-H. Yang. Object Tracking Benchmark. TPAMI 2015: success and precision curves.
# - M. Andrychowicz et al. Learning to Learn by Gradient Descent by Gradient Descent. NeurIPS 2016:
#   the coordinate-wise LSTM.
#
# ## What next
#
# On the fast track: [4. Why learning rates must adapt](04_why_learning_rates_must_adapt.ipynb). In order:
# [1. Patches and features](01_patches_and_features.ipynb).
