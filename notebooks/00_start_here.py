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
# shrinks and changes color, so the tracker's model has to be adapted all the time, in one or two
# gradient steps, from its own guesses. How large those steps should be, for each weight of the
# model, is the question; ROAM's answer is a small recurrent network that was trained to decide.
#
# **When you are through you will have**
#
# - tracked a video with ROAM++, with plain SGD in the optimizer's place, and with no update at all,
#   and measured the three by the rule of the OTB benchmark;
# - scrubbed through the three: boxes, response maps and update losses in step;
# - seen the response map in which the target is found, and how the update changes it;
# - meta-trained a tiny tracker for a few steps, and seen the command that trains the real one.
#
# **Needs** this package, nothing else: no network, no GPU.
# **Paper** sections 1, 3.1, 3.2 and 4. **Run time** under a minute on two cores
# (`python notebooks/render.py 00_start_here`).
#
# ## The course
#
# 1. [Patches and features](01_patches_and_features.ipynb): cropping, stretching, the backbone and
#    what its channels see.
# 2. [Resizable filters](02_resizable_filters.ipynb), (1) to (6): filter size, warp, the one anchor,
#    correlation through the FFT.
# 3. [Labels and losses](03_labels_and_losses.ipynb), (7) and (8): Gaussian labels, box coordinates,
#    smooth L1, and the loss as a surface.
# 4. [Why learning rates must adapt](04_why_learning_rates_must_adapt.ipynb), (15): the toy problem,
#    and how a learned rate overfits to the scales that it saw.
# 5. [The neural optimizer](05_the_neural_optimizer.ipynb), (9) to (11): from SGD to the LSTM, and a
#    meta-gradient by hand.
# 6. [Meta-training](06_meta_training.ipynb), (12) to (14): Algorithm 1, what goes wrong, and the live
#    dashboard.
# 7. [Online tracking](07_online_tracking.ipynb), section 4: first model, estimate, update; your own
#    video.
# 8. [Benchmarks](08_benchmarks.ipynb): one-pass evaluation, success, precision, and other measures.
# 9. [Ablations](09_ablations.ipynb): section 6.2 at laptop scale, figures 5 to 8.
# 10. [Full scale](10_full_scale.ipynb): the `paper` profile, one GPU and several, and what it costs.
#
# In order they build the tracker piece by piece; each also runs alone. Two kinds of cells recur:
# those that *define* the piece a notebook teaches and assert that it equals the library's function,
# and exercises that check themselves.

# %% [markdown]
# ## The environment
#
# Figures and numbers below come from these versions. Yours may differ in the third decimal: other
# versions and machines add up in another order, and a tracker feeds its own output back.

# %%
import os
import platform
import tempfile

import matplotlib.pyplot as plt
import numpy as np
import torch
import torchvision

from roam_lite import load_tracker
from roam_lite.data.otb import list_sequences, read_sequence
from roam_lite.demo import SGD_RATE, samples_folder
from roam_lite.evaluation.metrics.otb import SUCCESS_THRESHOLDS, score_run
from roam_lite.evaluation.running.runner import run_sequence
from roam_lite.exercises import check
from roam_lite.figures.axes import outline, show_image, show_map
from roam_lite.figures.style import OPTIMIZER_COLORS, TRUTH_COLOR, use_style
from roam_lite.geometry import boxes_to_patch, crop, region_around
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
# ## One sequence
#
# The repository carries six short sequences in OTB layout, rendered by the project, so every box
# is exact. A `Sequence` has `frames`, read when asked for, and `boxes` `(x, y, w, h)` in pixels,
# 0-based.

# %%
names = list_sequences(samples_folder())
sequences = {name: read_sequence(samples_folder(), name) for name in names}
for name, sequence in sequences.items():
    height, width, _ = sequence.frames[0].shape
    print(f"{name:12s} {len(sequence)} frames of {width}x{height}")

# %%
figure, grid = plt.subplots(2, 3, figsize=(9, 5))
for axes, (name, sequence) in zip(grid.flat, sequences.items(), strict=True):
    show_image(axes, sequence.frames[0], name)
    outline(axes, sequence.boxes[0], TRUTH_COLOR)
show(figure, "The first frame of each of the six samples, the true box in yellow")

# %% [markdown]
# ## Track it
#
# Let us take the sequence whose target changes its form, so that no model of the first frame can
# describe it for long.
#
# `load_tracker("laptop")` loads the checkpoint that ships with the package. A tracker has two
# verbs, as the tracking toolkits want them: `init` with the first frame and its box, then `update`
# with each frame that follows.

# %%
sequence = sequences["deformation"]
tracker = load_tracker("laptop")
print(f"weights {tracker.description['weights_sha256'][:12]}")
tracker.init(sequence.frames[0], sequence.boxes[0])
result = tracker.update(sequence.frames[1])
print("found ", np.round(result.box, 1), f"score {result.score:.2f}")
print("truth ", np.round(sequence.boxes[1], 1))

# %% [markdown]
# Now three trackers that differ in one thing: who decides how large the update's steps are.
#
# | | learning rates of an update, equation (9) |
# |---|---|
# | **ROAM++** | one a weight, from an LSTM that sees weight, gradient, loss and last rate |
# | **SGD** | one number for all weights, always the same |
# | **no update** | zero: the model of the first frame stays |
#
# All three begin with the same meta-learned model and the same first steps. They share the features,
# the two branches of section 3.1 and everything of section 4.
#
# *Before you run the next cell: which will be best? In which frames should the difference show?*

# %%
WAYS = {
    "ROAM++": {"rule": "lstm"},
    "SGD": {"rule": "sgd", "lr": SGD_RATE},
    "no update": {"rule": "none"},
}

runs, losses = {}, {}
for label, way in WAYS.items():
    tracker = load_tracker("laptop", **way)
    runs[label] = run_sequence(tracker, sequence)
    losses[label] = list(tracker.update_losses)

scores = {label: score_run(sequence, run) for label, run in runs.items()}
print(f"{sequence.name}: success AUC, precision at 20 px")
for label, score in scores.items():
    print(f"{label:10s} {score.auc:6.3f} {score.precision_20:6.3f}")

# %% [markdown]
# The success curve says in what share of the frames the overlap (intersection over union) with the
# true box exceeds a threshold; its mean is the AUC.

# %%
figure, axes = plt.subplots(figsize=(4.5, 3.2))
for label, score in sorted(scores.items(), key=lambda item: -item[1].auc):
    axes.plot(
        SUCCESS_THRESHOLDS, score.success, color=COLORS[label], label=f"{label} {score.auc:.3f}"
    )
axes.set(xlabel="overlap threshold", ylabel="share of frames", ylim=(0, 1.02), title=sequence.name)
axes.legend(title="success AUC")
show(figure, "Success curves of the three trackers on this sequence")

# %% [markdown]
# Now **scrub**: move the slider, press Play, lay a response map over the frames. On the right are the
# update losses, what the optimizers work on, with a square for every gradient step taken so far. This
# needs no kernel: frames, boxes and maps are in the page.

# %%
recordings = {label: record(load_tracker("laptop", **way), sequence) for label, way in WAYS.items()}
scrubber(
    sequence,
    recordings,
    alt="Six frames of the sequence with the true box and those of ROAM++, SGD and no update",
)

# %%
for label, run in runs.items():
    assert run.boxes.shape == (len(sequence), 4)
    assert np.isfinite(run.boxes).all()
    np.testing.assert_allclose(recordings[label].boxes, run.boxes)  # watching changes nothing

# %% [markdown]
# One sequence proves nothing, and on an easy one all three do well. The README's table has the
# figures over many sequences, with intervals.
#
# ## What the tracker sees
#
# Around the last box a region of 5 times the target's size is cut out. The features of that patch
# are correlated with a filter whose size follows the target's (4), (5), and the peak of the
# response map says where it is; the second branch then corrects the box there.

# %%
tracker = load_tracker("laptop")
config = tracker.config.model
size = config.patch_size
tracker.init(sequence.frames[0], sequence.boxes[0])
moments = np.linspace(1, len(sequence) - 1, 4).astype(int)

figure, grid = plt.subplots(2, 4, figsize=(10, 5.2))
columns = iter(grid.T)
for t in range(1, len(sequence)):
    region = region_around(tracker.box, config.region_scale)
    result = tracker.update(sequence.frames[t])
    if t not in moments:
        continue
    above, below = next(columns)
    show_image(above, crop(sequence.frames[t], region, size), f"patch of frame {t}")
    outline(above, boxes_to_patch(sequence.boxes[t], region, size), TRUTH_COLOR)
    outline(above, boxes_to_patch(result.box, region, size), COLORS["ROAM++"])
    peak = f"peak {tracker.last_response.max():.2f}"
    response = show_map(
        below, tracker.last_response, config.stride, peak, vmin=-0.2, vmax=1, cmap="magma"
    )
figure.colorbar(response, ax=grid[1], label="response", shrink=0.8)
show(figure, "Patches at four moments with true and found box, and the response maps below them")

# %% [markdown]
# ## What the optimizers work on
#
# The update loss (12) is what the model gets wrong on the frames just tracked, measured before each
# step: the first value belongs to the nine stretched copies of the first patch. A good optimizer
# brings the loss down in one or two steps and *keeps* it there (compare the paper's figure 7). Yet a
# low update loss alone proves little: the frames are already seen, and their labels are guesses.
# What counts is the loss on frames to come, and that is what the LSTM was trained for.

# %%
figure, axes = plt.subplots(figsize=(5, 3))
for label, values in losses.items():
    if len(values) > 1:
        axes.plot(range(len(values)), values, color=COLORS[label], marker=".", label=label)
axes.set(xlabel="gradient step", ylabel="update loss (12)", yscale="log")
axes.legend()
assert all(np.isfinite(values).all() for values in losses.values())
show(figure, "Update loss at every gradient step of ROAM++ and SGD, on a logarithmic axis")

# %% [markdown]
# ## Meta-train one
#
# Algorithm 1, at a size that runs in seconds: draw clips, update the model along each clip with the
# rule, measure the loss on a *future* frame, and improve the initial model, its first learning
# rates and the LSTM so that this loss shrinks. It is done in two stages: one for the first step
# alone, on which everything rests, then one with the LSTM's updates along the clip. Their losses
# are of different frames and do not compare. A few steps show the machinery and nothing more.

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
# The same at full scale, in a terminal; it can be stopped at any moment and resumed:
#
# ```bash
# roam-lite train --profile laptop --data synthetic --out runs/laptop
# roam-lite train --profile laptop --data synthetic --out runs/laptop --resume
# ```
#
# ## Recap
#
# - A tracking model is adapted while it tracks; the labels of its updates are its own guesses.
# - The step size of each weight decides whether that helps. ROAM learns to choose it by looking at
#   frames *after* the update, which is what a tracker cares about.
# - Everything else is shared, so `rule="lstm"`, `"sgd"` or `"none"` is a fair comparison.
#
# **Try:** another of the six sequences (change `"deformation"`); `variant="roam"`, which searches
# several scales instead of regressing the box; `lr=` ten times larger or smaller; a first box
# that is a little off.
#
# ## Exercises
#
# Write the function, run the cell: `check` compares it with the reference on several random cases,
# and knows the answers that often go wrong. Solutions are in
# [solutions](solutions/00_start_here_solutions.ipynb). Boxes are `(x, y, w, h)`.
#
# **00.1** (easy) The distance between the centers of two boxes.


# %%
def distance(a, b):
    """Pixels between the centers of boxes a and b, arrays [4]."""
    ...


check("00.1", distance)

# %% [markdown]
# **00.2** (medium) The overlap: intersection over union. Mind boxes that lie apart.


# %%
def overlap(a, b):
    """Intersection over union of boxes a and b, arrays [4]."""
    ...


check("00.2", overlap)

# %% [markdown]
# **00.3** (hard) The area under the success curve: the mean, over the 21 thresholds 0, 0.05, ... 1, of
# the share of frames whose overlap *exceeds* the threshold. Frames without truth are nan and do not
# count at all. Write it without a loop.


# %%
def area(overlaps):
    """The AUC of overlaps [T], some of which are nan."""
    ...


check("00.3", area)

# %% [markdown]
# ## References
#
# - T. Yang, P. Xu, R. Hu, H. Chai, A. B. Chan.
#   [ROAM: Recurrently Optimizing Tracking Model](https://arxiv.org/abs/1907.12006). CVPR 2020.
# - Y. Wu, J. Lim, M.-H. Yang. Object Tracking Benchmark. TPAMI 2015: success and precision curves.
# - M. Andrychowicz et al. Learning to Learn by Gradient Descent by Gradient Descent. NeurIPS 2016:
#   the coordinate-wise LSTM.
#
# **Next:** [1. Patches and features](01_patches_and_features.ipynb).
