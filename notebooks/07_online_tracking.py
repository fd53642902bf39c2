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
# # 7. Online tracking: the training loop without its teacher
#
# Section 4 of the paper is short, because almost everything is there already: tracking runs the
# training procedure without the meta loss. What is new is that nobody knows the true boxes. The labels
# of every update are the tracker's own boxes, so it learns from its mistakes as from anything else.
#
# ## What you will learn
#
# - Build the first model from one frame, and show that it is the tracker's.
# - Say how a response becomes a box: change penalty, motion map, the best anchor, smoothing.
# - Take an update as the tracker takes it, two steps on a queue of $2\tau$ samples.
# - Tell ROAM from ROAM++, say which part of a box costs each of them its score, and see how far a
#   tracker that learned from true boxes would come.
# - Track something in a video of your own.
#
# ## Before you start
#
# **Needs** [notebook 0](00_start_here.ipynb), and for the update [notebook 6](06_meta_training.ipynb).
# **Paper** section 4; equations (9) and (12). **Run time** under a minute on two cores (`python
# notebooks/render.py 07_online_tracking`). **Your time** about 70 minutes: 30 to read, 40 for the
# exercises. Terms are in the [glossary](../docs/glossary.md), letters in the [symbol
# sheet](../docs/symbols.md).
#
# This is the last notebook of the fast track 0 → 4 → 5 → 6 → 7.

# %%
import tempfile

import cv2
import matplotlib.pyplot as plt
import numpy as np
import torch

from roam_lite import load_tracker
from roam_lite.adaptation import make_samples, update_loss
from roam_lite.data.otb import list_sequences, read_sequence
from roam_lite.demo import samples_folder
from roam_lite.evaluation.metrics.otb import score_run, success_curve
from roam_lite.evaluation.running.runner import run_sequence
from roam_lite.exercises import check
from roam_lite.figures.axes import outline, show_image, show_map
from roam_lite.figures.film import follow
from roam_lite.figures.style import OPTIMIZER_COLORS, TRUTH_COLOR, use_style
from roam_lite.geometry import (
    boxes_to_patch,
    crop,
    decode_boxes,
    initial_stretches,
    iou,
    region_around,
)
from roam_lite.model.localization import best_box, change_penalty, motion_map, score_maps
from roam_lite.model.losses import anchors_at
from roam_lite.model.tracking_model import TrackingModel
from roam_lite.widgets import box_picker, explore, record, scrubber, show

use_style()
BLUE = OPTIMIZER_COLORS["lstm"]
sequences = {
    name: read_sequence(samples_folder(), name) for name in list_sequences(samples_folder())
}
sequence = sequences["scale"]
tracker = load_tracker("laptop", rule="lstm")  # as in the paper
model, config, cells = tracker.model, tracker.config, tracker.cells
S = config.model.patch_size

# %% [markdown]
# ## The first model
#
# One frame is one sample; stretching it to nine aspect ratios and scales makes nine. A gradient
# step from the meta-learned $\theta^{(0)}$ with the meta-learned rates $\lambda^{(0)}$ gives
# $\theta^{(1)}$, equation (9). The paper takes one such step, this profile `initial_steps`; and these
# have to be enough.


# %%
def features_of(image, regions):
    """Features [1, n, C, H, W] of the patches cut at those regions."""
    patches = np.stack([crop(image, region, S) for region in regions])
    return tracker.backbone(torch.from_numpy(patches).permute(0, 3, 1, 2)[None])


def in_patch(box, region):
    return torch.as_tensor(boxes_to_patch(box, region, S), dtype=torch.float32)


def first_model(image, box, sizes):
    """theta^(1) [1, P]: nine stretched samples and the first steps with lambda^(0)."""
    regions = [
        region_around(box, config.model.region_scale, s) for s in initial_stretches(config.model)
    ]
    boxes = torch.stack([in_patch(box, region) for region in regions])[None]
    samples = make_samples(features_of(image, regions), boxes, sizes, cells, config.model)
    theta = model.theta0.detach()[None]
    for _ in range(config.model.initial_steps):
        point = theta.requires_grad_()
        loss = update_loss(point, samples, config.model)
        (gradient,) = torch.autograd.grad(loss.sum(), point)
        theta = (point - model.lambda0 * gradient).detach()
    return theta


box = sequence.boxes[0]
tracker.init(sequence.frames[0], box)
theta = first_model(sequence.frames[0], box, tracker.sizes)
torch.testing.assert_close(theta, tracker.theta, rtol=1e-4, atol=1e-6)
print(f"theta has {theta.shape[1]:,} coordinates; mine and the tracker's agree")

# %% [markdown]
# What did these steps do? The response before and after them, on the next frame:

# %%
image = sequence.frames[1]
region = region_around(box, config.model.region_scale)
features = features_of(image, [region])


def predict(theta, features, sizes):
    """Response [1, n, H, W] and box deltas [1, n, 4, H, W] of theta [1, P]."""
    return TrackingModel(model.layout, theta, sizes, len(cells))(features)


figure, grid = plt.subplots(1, 3, figsize=(9, 3))
show_image(grid[0], crop(image, region, S), "patch of frame 1")
outline(grid[0], boxes_to_patch(sequence.boxes[1], region, S), TRUTH_COLOR)
peaks = []
for axes, (name, value) in zip(
    grid[1:], {"θ⁽⁰⁾": model.theta0.detach()[None], "θ⁽¹⁾": theta}.items(), strict=True
):
    response, _ = predict(value, features, tracker.sizes)
    peaks.append(response.max().item())
    title = f"response of {name}: highest {peaks[-1]:.2f}"
    show_map(
        axes, response[0, 0].detach(), config.model.stride, title, vmin=-0.2, vmax=1, cmap="magma"
    )
show(figure, "A patch with the true box, and the response maps before and after the first steps")

# %% [markdown]
# ## From responses to a box
#
# Every cell has a response and a box that its anchor regresses to. Two factors lower the response of
# boxes that are hard to believe:
#
# - the **change penalty** of SiamRPN, $e^{-k(sr - 1)}$. Here $s$ and $r$ are the changes of overall size
#   and of aspect ratio from the last box to this one, each written as a number of at least 1. The
#   overall size of a box is $\sqrt{(w + p)(h + p)}$ with the padding $p = (w + h) / 2$;
# - the **motion map**, a Gaussian of the distance from the last box's center, in units of its size.
#
# The cell with the highest product gives the box. You write both factors yourself in exercises 07.1
# and 07.2; here are the library's.

# %%
last = in_patch(box, region)
response, deltas = (m.detach() for m in predict(theta, features, tracker.sizes))
anchors = anchors_at(cells, cells, tracker.sizes, config.model)[0]
boxes = decode_boxes(deltas[0, 0].movedim(0, -1), anchors, config.model.delta_spread)
penalty = change_penalty(boxes, last, config.online.penalty)
motion = motion_map(cells, last, config.online.motion)

score = response[0, 0].clamp(min=0) * penalty * motion
best = int(score.argmax())
maps = score_maps(response[0, 0], deltas[0, 0], anchors, cells, last, config.online.motion, config)
torch.testing.assert_close(score, maps.score)
estimate = best_box(maps)
torch.testing.assert_close(boxes.flatten(0, 1)[best], estimate.box)
print("best cell's box in the patch:", [f"{value:.1f}" for value in estimate.box.tolist()])
print(
    f"there: response {response.flatten()[best]:.2f}, penalty {penalty.flatten()[best]:.2f}, ",
    end="",
)
print(f"motion {motion.flatten()[best]:.2f}")

# %% [markdown]
# *Predict first: with a very sharp motion map, what happens to a target that jumps? With none, to a
# target among others that look like it?* The sliders show the product for any k and sharpness.


# %%
def draw_estimate(figure, penalty, sharpness, frame):
    figure.set_size_inches(9, 2.8)
    image = crowd.frames[frame]
    region = region_around(crowd.boxes[frame - 1], config.model.region_scale)
    before = in_patch(crowd.boxes[frame - 1], region)
    with torch.no_grad():
        maps, shifts = predict(watcher.theta, features_of(image, [region]), sizes)
    anchors = anchors_at(cells, cells, sizes, config.model)[0]
    candidates = decode_boxes(shifts[0, 0].movedim(0, -1), anchors, config.model.delta_spread)
    factors = change_penalty(candidates, before, penalty) * motion_map(cells, before, sharpness)
    product = maps[0, 0].clamp(min=0) * factors
    patch, raw, final = figure.subplots(1, 3)
    show_image(patch, crop(image, region, S), f"frame {frame}")
    outline(patch, boxes_to_patch(crowd.boxes[frame], region, S), TRUTH_COLOR)
    outline(patch, candidates.flatten(0, 1)[int(product.argmax())].numpy(), BLUE)
    show_map(raw, maps[0, 0], config.model.stride, "response", vmin=0, vmax=1, cmap="magma")
    show_map(
        final, product, config.model.stride, "times both factors", vmin=0, vmax=1, cmap="magma"
    )


crowd = sequences["distractors"]
watcher = load_tracker("laptop", rule="none")
watcher.init(crowd.frames[0], crowd.boxes[0])
sizes = watcher.sizes
explore(
    draw_estimate,
    alt="A patch with true and estimated box, the response, and the response times both factors",
    penalty=(0.0, 1.0, config.online.penalty),
    sharpness=(0.0, 8.0, config.online.motion),
    frame=(1, len(crowd) - 1, 20),
)

# %% [markdown]
# The size is smoothed: the new one counts with a weight of `size_rate` times response and penalty, at most
# 1, and the last one with the rest.
#
# ## The update
#
# Every $\tau$ frames the model takes two steps on the last $2\tau$ samples, the older half first. The
# step is the one of training; its rates come from the optimizer. Here it is by hand, from where the
# tracker stood one frame before.

# %%
tracker = load_tracker("laptop", rule="lstm")
tracker.init(sequence.frames[0], sequence.boxes[0])
tau = config.online.update_interval
for t in range(1, 2 * tau):
    tracker.update(sequence.frames[t])
theta, state = tracker.theta, tracker.state
tracker.update(sequence.frames[2 * tau])  # the queue is full now


def my_update(theta, state, queue, sizes):
    """theta and the rule's state after one step on each half of the queue."""
    for half in (queue[:-tau], queue[-tau:]):
        maps = torch.cat([features for features, _ in half], dim=1)
        labels = torch.stack([box for _, box in half], dim=1)
        samples = make_samples(maps, labels, sizes, cells, config.model)
        point = theta.detach().requires_grad_()
        loss = update_loss(point, samples, config.model)
        (gradient,) = torch.autograd.grad(loss.sum(), point)
        step, state, _ = model.rule.step(theta, gradient, loss.detach(), state)
        theta = theta - step
    return theta, state


mine, _ = my_update(theta, state, list(tracker.queue), tracker.sizes)
assert len(tracker.queue) == 2 * tau
if config.online.update_batches == "halves" and config.online.update_steps == 2:
    torch.testing.assert_close(mine.detach(), tracker.theta, rtol=1e-3, atol=1e-5)
change = (mine - theta).norm() / theta.norm()
print(f"the update changed theta by {100 * change:.2f} % of its length")

# %% [markdown]
# ## Every map in step
#
# Scrub through a sequence with the tracker's maps as layers: the response, the two factors, and the
# score that decides. The overlap under the frame says how right the box is; the squares in the plot
# mark the gradient steps taken so far.

# %%
target = sequences["deformation"]
recording = record(load_tracker("laptop", rule="lstm"), target)
scrubber(
    target,
    {"ROAM++": recording},
    layers=("response", "penalty", "motion", "score"),
    alt="Frames of one sequence with the true box and the box of ROAM++",
)

# %% [markdown]
# ## ROAM and ROAM++
#
# ROAM++ regresses the box. ROAM looks at the target in patches of three scales and keeps its aspect
# ratio; each frame costs three passes through the backbone in place of one. And how good would ROAM++ be
# if its *updates* used true boxes (an **oracle**, section 6.2)? The estimate itself never sees them.

# %%
configurations = {
    "ROAM++": ({"rule": "lstm"}, False),
    "ROAM": ({"variant": "roam", "rule": "lstm"}, False),
    "ROAM++, oracle updates": ({"rule": "lstm"}, True),
}
pair = [target, crowd]
results, found = {}, {}
for name, (way, oracle) in configurations.items():
    runs = [run_sequence(load_tracker("laptop", **way), s, oracle=oracle) for s in pair]
    found[name] = [run.boxes for run in runs]
    results[name] = [score_run(s, r).auc for s, r in zip(pair, runs, strict=True)]
print(f"{'success AUC':24s} {target.name:>12s} {crowd.name:>12s}")
for name, values in results.items():
    print(f"{name:24s} {values[0]:12.3f} {values[1]:12.3f}")

assert all(0 <= value <= 1 for values in results.values() for value in values)

# %% [markdown]
# ## Why do the two differ?
#
# A box has a center and a size, and both cost overlap. To see which costs more, replace one of them by
# the truth and score again: the found center with the true size, and the true center with the found
# size. Whatever a replacement wins back is what that part of the box had cost.


# %%
def replaced(boxes, truth):
    """AUC of the boxes, of their centers with true sizes, of true centers with their sizes."""
    center, true_center = (b[:, :2] + b[:, 2:] / 2 for b in (boxes, truth))
    true_size = np.concatenate([center - truth[:, 2:] / 2, truth[:, 2:]], axis=1)
    true_place = np.concatenate([true_center - boxes[:, 2:] / 2, boxes[:, 2:]], axis=1)
    return [success_curve(b, truth).mean() for b in (boxes, true_size, true_place)]


figure, grid = plt.subplots(1, 2, figsize=(9, 3), sharey=True)
print(f"{'':12s} {'':8s} {'AUC':>6s} {'true size':>10s} {'true center':>12s}")
for index, (sample, axes) in enumerate(zip(pair, grid, strict=True)):
    for name, dashes in (("ROAM++", "-"), ("ROAM", "--")):
        boxes = found[name][index]
        auc, true_size, true_place = replaced(boxes, sample.boxes)
        worse = "size" if true_size > true_place else "center"
        print(
            f"{sample.name:12s} {name:8s} {auc:6.3f} {true_size:10.3f} {true_place:12.3f}"
            f"   the {worse} costs more"
        )
        axes.plot(iou(boxes, sample.boxes), dashes, color=BLUE, label=name)
    ratio = sample.boxes[:, 2] / sample.boxes[:, 3]
    print(f"{sample.name:12s} true aspect ratios: {ratio.min():.2f} to {ratio.max():.2f}")
    axes.set(xlabel="frame", ylim=(0, 1.02), title=sample.name)
grid[0].set_ylabel("overlap with the true box")
grid[1].legend()
show(figure, "Overlap over time of ROAM++ and ROAM on two samples")

# %% [markdown]
# With true sizes the two trackers are nearly level: compare the second column. What separates them here is
# the size. ROAM keeps the aspect ratio of the first box whatever the target does; the range of the true
# ratios stands under its row. Two sequences decide nothing; [notebook 8](08_benchmarks.ipynb) measures
# properly. But a question stays: what does a tracker learn from a box that is wrong?
#
# ## Your own video
#
# Give a path to a video or to a folder of images, or upload one (large files: by path), drag a box
# over the first frame, press **Track**, and take the MP4 with you.

# %%
box_picker(
    samples_folder() / "light" / "img",
    sequences["light"].boxes[0].round(1),
    make_tracker=lambda: load_tracker("laptop"),
    out="tracked.mp4",
    alt="The first frame of a sequence with a box around its target",
)

# %% [markdown]
# The same without a mouse:

# %%
with tempfile.TemporaryDirectory() as folder:
    film = f"{folder}/tracked.mp4"
    short = [sequences["light"].frames[t] for t in range(12)]
    first = tuple(sequences["light"].boxes[0])
    run = follow(load_tracker("laptop"), short, first, video=film, progress=False)
    video = cv2.VideoCapture(film)
    length = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    video.release()
print(f"{length} frames filmed, target lost in {len(run.lost)}")
assert length == len(short)

# %% [markdown]
# ## Recap
#
# - The first model is a few gradient steps from a learned start, with learned rates.
# - A response becomes a box through two factors, for change and for motion, and a smoothed size.
# - Updating is training's inner loop, fed with the tracker's own boxes.
# - ROAM searches scales, ROAM++ regresses; with true boxes in the updates one sees what the labels
#   cost.
#
# ## What you can build now
#
# The whole tracker: first model, estimate and update, each of which you have compared with the library's.
# You can change any of its constants and say what it costs, and track a video of your own.
#
# ## Exercises
#
# Write the function, run the cell. Solutions are in
# [solutions](solutions/07_online_tracking_solutions.ipynb). Boxes are `(x, y, w, h)`.
#
# **07.1** (easy, about 5 minutes) The motion map at one point: a Gaussian of the distance from the last
# box's center, in units of its size $\sqrt{wh}$.


# %%
def motion_at(point, last, sharpness):
    """exp(-sharpness * squared distance); point is (x, y), last a box, arrays."""
    ...


check("07.1", motion_at)

# %% [markdown]
# **07.2** (medium, about 10 minutes) The change penalty $e^{-k(sr - 1)}$ of one box against the last.


# %%
def penalty_of(box, last, k):
    """The penalty of a box [4]; 1 if nothing changed."""
    ...


check("07.2", penalty_of)

# %% [markdown]
# **07.3** (hard, about 10 minutes) The smoothed box: its center is the found one's, its size lies between
# the last and the found one, the latter counting with `weight`. Then ask yourself why only the size is
# smoothed.


# %%
def smoothed(last, found, weight):
    """The box [4] that the tracker goes on with."""
    ...


check("07.3", smoothed)

# %% [markdown]
# **07.4** (design it, about 15 minutes) There is no single right answer here. An update costs time: ROAM++
# takes two steps every $\tau$ frames. Choose how often it updates and with how many steps, and how strong
# the two factors are, so that the AUC on `distractors` stays within 0.02 of what ships with **half the
# gradient steps or fewer**. Which of the constants can you turn far without harm?

# %%
MINE = {
    "update_interval": config.online.update_interval,  # tau, frames
    "update_steps": config.online.update_steps,
    "penalty": config.online.penalty,  # k
    "motion": config.online.motion,  # sharpness of the motion map
}


def tried(constants):
    """(AUC on `distractors`, gradient steps after the first model) with these online constants."""
    tracker = load_tracker("laptop", rule="lstm", **constants)
    run = run_sequence(tracker, crowd)
    return score_run(crowd, run).auc, len(tracker.update_losses) - 1


auc, steps = tried(MINE)
shipped, updates = results["ROAM++"][1], len(range(tau, len(crowd), tau))
most = updates * config.online.update_steps
reached = auc >= shipped - 0.02 and 0 < steps <= most / 2
print(f"AUC {auc:.3f} with {steps} steps; as shipped {shipped:.3f} with {most}")
print("✔ 07.4: reached" if reached else "○ 07.4: half the steps or fewer are asked for")

# %% [markdown]
# ## References
#
# - T. Yang, P. Xu, R. Hu, H. Chai, A. B. Chan.
#   [ROAM: Recurrently Optimizing Tracking Model](https://arxiv.org/abs/1907.12006). CVPR 2020.
# - B. Li, J. Yan, W. Wu, Z. Zhu, X. Hu. High Performance Visual Tracking with Siamese Region Proposal
#   Network. CVPR 2018: the change penalty.
# - E. Park, A. C. Berg. Meta-Tracker. ECCV 2018: a learned start and first rates, then SGD.
#
# ## What next
#
# The fast track ends here. [8. Benchmarks](08_benchmarks.ipynb): what a score is worth.
