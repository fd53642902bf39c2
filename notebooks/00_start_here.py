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
# shrinks and changes colour, so the tracker's model has to be adapted all the time, in one or two
# gradient steps, from its own guesses. How large those steps should be, for each weight of the
# model, is the question; ROAM's answer is a small recurrent network that was trained to decide.
#
# **When you are through you will have**
#
# - tracked a video with ROAM++, with plain SGD in the optimizer's place, and with no update at all,
#   and measured the three by the rule of the OTB benchmark;
# - seen the response map in which the target is found, and how the update changes it;
# - compared update losses, what the optimizers work on;
# - meta-trained a tiny tracker for a few steps, and seen the command that trains the real one.
#
# **Needs** this package, nothing else: no network, no GPU.
# **Paper** sections 1, 3.1, 3.2 and 4. **Run time** under a minute on two cores.

# %% [markdown]
# ## The environment
#
# Figures and numbers below come from these versions. Yours may differ in the third decimal: other
# versions and machines add up in another order, and a tracker feeds its own output back.

# %%
import os
import platform
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
import torchvision

from roam_lite import load_tracker
from roam_lite.data.otb import list_sequences, read_sequence
from roam_lite.demo import SGD_RATE
from roam_lite.evaluation.otb import SUCCESS_THRESHOLDS
from roam_lite.evaluation.runner import run_sequence, score_run
from roam_lite.figures.style import OPTIMIZER_COLOURS, STYLE, TRUTH_COLOUR
from roam_lite.model.patches import crop, image_to_patch, roi_around
from roam_lite.training import TrainConfig, Trainer

print(
    f"Python {platform.python_version()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads"
)
print(f"torch {torch.__version__}, torchvision {torchvision.__version__}, numpy {np.__version__}")

plt.rcParams.update(STYLE | {"figure.dpi": 72, "figure.constrained_layout.use": True})
COLOURS = {
    "truth": TRUTH_COLOUR,
    "ROAM++": OPTIMIZER_COLOURS["lstm"],
    "SGD": OPTIMIZER_COLOURS["sgd"],
    "no update": OPTIMIZER_COLOURS["none"],
}

# %% [markdown]
# ## One sequence
#
# The repository carries six short sequences in OTB layout, rendered by the project, so every box
# is exact. A `Sequence` has `frames`, read when asked for, and `boxes` `(x, y, w, h)` in pixels,
# 0-based.

# %%
samples = next(p for p in (Path.cwd(), *Path.cwd().parents) if (p / "data_samples").is_dir())
names = list_sequences(samples / "data_samples")
sequences = {name: read_sequence(samples / "data_samples", name) for name in names}
for name, sequence in sequences.items():
    height, width, _ = sequence.frames[0].shape
    print(f"{name:12s} {len(sequence)} frames of {width}x{height}")


# %%
def draw_box(axes, box, label):
    """Outline a box (x, y, w, h) in its tracker's colour."""
    corner = np.asarray(box[:2]) - 0.5  # matplotlib has the middle of the first pixel at 0
    colour = COLOURS[label]
    axes.add_patch(plt.Rectangle(corner, *box[2:], fill=False, linewidth=1.8, edgecolor=colour))


def show_frame(axes, sequence, t, boxes):
    """Draw frame t with one box per label; `boxes` maps a label to boxes [T, 4]."""
    axes.imshow(sequence.frames[t])
    for label, track in boxes.items():
        draw_box(axes, track[t], label)
    axes.set_title(f"frame {t}")
    axes.axis("off")


figure, grid = plt.subplots(2, 3, figsize=(9, 5))
for axes, (name, sequence) in zip(grid.flat, sequences.items(), strict=True):
    show_frame(axes, sequence, 0, {"truth": sequence.boxes})
    axes.set_title(name)
plt.show()

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
# All three begin with the same meta-learned model and the same first step. They share the features,
# the two branches of section 3.1 and everything of section 4.
#
# *Before you run the next cell: which will be best? In which frames should the difference show?*

# %%
WAYS = {
    "ROAM++": {"rule": "lstm"},
    "SGD": {"rule": "sgd", "sgd_rate": SGD_RATE},
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
# true box exceeds a threshold; its mean is the AUC. The contact sheet shows the boxes themselves.

# %%
figure, axes = plt.subplots(figsize=(4.5, 3.2))
for label, score in sorted(scores.items(), key=lambda item: -item[1].auc):
    axes.plot(
        SUCCESS_THRESHOLDS, score.success, color=COLOURS[label], label=f"{label} {score.auc:.3f}"
    )
axes.set(xlabel="overlap threshold", ylabel="share of frames", ylim=(0, 1.02), title=sequence.name)
axes.legend(title="success AUC")
plt.show()

# %%
boxes = {"truth": sequence.boxes} | {label: run.boxes for label, run in runs.items()}
figure, grid = plt.subplots(2, 4, figsize=(10, 4.2))
for axes, t in zip(grid.flat, np.linspace(1, len(sequence) - 1, 8).astype(int), strict=True):
    show_frame(axes, sequence, t, boxes)
handles = [plt.Line2D([], [], color=COLOURS[label], label=label) for label in COLOURS]
figure.legend(handles=handles, loc="outside lower center", ncols=4)
plt.show()

for run in runs.values():
    assert run.boxes.shape == (len(sequence), 4)
    assert np.isfinite(run.boxes).all()

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
profile = tracker.profile
size = profile.patch_size
tracker.init(sequence.frames[0], sequence.boxes[0])
moments = np.linspace(1, len(sequence) - 1, 4).astype(int)

figure, grid = plt.subplots(2, 4, figsize=(10, 5.2))
columns = iter(grid.T)
for t in range(1, len(sequence)):
    roi = roi_around(tracker.box, profile.roi_scale)
    result = tracker.update(sequence.frames[t])
    if t not in moments:
        continue
    above, below = next(columns)
    above.imshow(crop(sequence.frames[t], roi, size))
    draw_box(above, image_to_patch(sequence.boxes[t], roi, size), "truth")
    draw_box(above, image_to_patch(result.box, roi, size), "ROAM++")
    above.set_title(f"patch of frame {t}")
    above.axis("off")
    response = below.imshow(tracker.last_response, vmin=-0.2, vmax=1, cmap="magma")
    below.set_title(f"peak {tracker.last_response.max():.2f}")
    below.axis("off")
figure.colorbar(response, ax=grid[1], label="response", shrink=0.8)
plt.show()

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
        axes.plot(range(len(values)), values, color=COLOURS[label], marker=".", label=label)
axes.set(xlabel="gradient step", ylabel="update loss (12)", yscale="log")
axes.legend()
plt.show()

assert all(np.isfinite(values).all() for values in losses.values())

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
    config = TrainConfig(profile="smoke", data="synthetic", out=folder, steps=16, workers=0)
    records = list(Trainer(config, overwrite=True).run())

for record in records[:: len(records) // 4]:
    print(f"step {record.step:3d}  {record.stage:12s} meta loss {record.meta_loss:.3f}")

figure, axes = plt.subplots(figsize=(5, 3))
for stage in dict.fromkeys(record.stage for record in records):
    rows = [record for record in records if record.stage == stage]
    axes.plot([row.step for row in rows], [row.meta_loss for row in rows], ".-", label=stage)
axes.set(xlabel="meta-training step", ylabel="meta loss (14)", title="profile smoke")
axes.legend(title="stage")
plt.show()

assert len(records) == config.steps
assert np.isfinite([record.meta_loss for record in records]).all()

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
# several scales instead of regressing the box; `sgd_rate=` ten times larger or smaller; a first box
# that is a little off.
#
# ## References
#
# - T. Yang, P. Xu, R. Hu, H. Chai, A. B. Chan.
#   [ROAM: Recurrently Optimizing Tracking Model](https://arxiv.org/abs/1907.12006). CVPR 2020.
# - Y. Wu, J. Lim, M.-H. Yang. Object Tracking Benchmark. TPAMI 2015: success and precision curves.
# - M. Andrychowicz et al. Learning to Learn by Gradient Descent by Gradient Descent. NeurIPS 2016:
#   the coordinate-wise LSTM.
