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
# # 3. Labels and losses: what the two branches should have said
#
# The tracking model answers two questions for every cell: *is the target here?* and *how far off is
# the anchor that lies here?* To improve it by gradient steps we need the right answers, and a number
# that says how wrong the model's are. That number is all that the optimizer of the later notebooks
# will ever work on, so its quirks become the tracker's habits.
#
# **When you are through you can**
#
# - draw the label map (8), at the positions where cells really lie;
# - describe a box relative to an anchor, and back;
# - compute both terms of the tracking loss (7), and say which cells count and why;
# - show how one innocent mean can be *lowered by making errors*;
# - compute the update loss (12) of a real frame, and take a first step on it.
#
# **Needs** notebooks 1 and 2. **Paper** section 3.2. **Run time** about 10 s on two cores (`python
# notebooks/render.py 03_labels_and_losses`).

# %%
from dataclasses import replace
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F

from roam_lite import load_tracker
from roam_lite.adaptation import adapt, initialize, make_samples, update_loss
from roam_lite.data.otb import read_sequence
from roam_lite.demo import samples_folder
from roam_lite.exercises import check
from roam_lite.figures.axes import outline, show_image, show_map
from roam_lite.figures.style import OPTIMIZER_COLORS, TRUTH_COLOR, use_style
from roam_lite.geometry import (
    box_iou,
    boxes_to_patch,
    crop,
    decode_boxes,
    encode_boxes,
    initial_stretches,
    nominal_size,
    region_around,
)
from roam_lite.model.filters import filter_size
from roam_lite.model.losses import (
    anchors_at,
    gaussian_labels,
    make_targets,
    regression_loss,
    response_loss,
    tracking_loss,
)
from roam_lite.model.tracking_model import TrackingModel
from roam_lite.rules import SGD
from roam_lite.widgets import explore, show

use_style()
BLUE = OPTIMIZER_COLORS["lstm"]
tracker = load_tracker("laptop")
config, cells = tracker.config.model, tracker.cells
c, S, alpha = config.stride, config.patch_size, config.label_sharpness

# %% [markdown]
# ## The label map
#
# The response should be high where the target's center is and fall off with its size:
#
# $$ M(x, y) = \exp\left(-\alpha\left(\frac{(x-x_0)^2}{\sigma_x^2}
#    + \frac{(y-y_0)^2}{\sigma_y^2}\right)\right) \tag{8} $$
#
# with $(\sigma_x, \sigma_y) = (w/c, h/c)$ and $\alpha = 20$; lengths are in cells. Note what is *not*
# there: no $\tfrac12$, and no rounding of the center to a cell.


# %%
def my_label(box, cells_x, cells_y):
    """Label map [H, W] of a box in patch pixels; cells_x, cells_y are the cells' positions there."""
    x, y, w, h = box / c
    across = (cells_x / c - (x + w / 2)) ** 2 / w**2
    down = (cells_y / c - (y + h / 2)) ** 2 / h**2
    return torch.exp(-alpha * (down[:, None] + across[None, :]))


generator = torch.Generator().manual_seed(0)
for box in 5 + 80 * torch.rand(50, 4, generator=generator):
    theirs = gaussian_labels(box, cells, cells[:20], c, alpha)
    torch.testing.assert_close(my_label(box, cells, cells[:20]), theirs)

box = torch.tensor([58.0, 50.0, 24.0, 36.0])
label = my_label(box, cells, cells)
width = 2 * np.sqrt(np.log(2) / alpha)
print(f"the label is above 1/2 over {width:.2f} of the target's width")
print(f"largest label {label.max():.3f}: the center lies between cells")
print(
    f"above 0.1: {(label > 0.1).sum()} of {label.numel()} cells, {(label > 0.1).float().mean():.1%}"
)
assert label.max() < 1

# %% [markdown]
# Almost all cells are background. Keep that in mind.
#
# ## Where a box is, seen from an anchor
#
# Every cell has the anchor of notebook 2. The regression branch says by how much the target's box
# differs from it, in four numbers that mean the same at any size:
#
# $$ d_x = \frac{x_b - x_a}{w_a}, \quad d_y = \frac{y_b - y_a}{h_a}, \quad
#    d_w = \log\frac{w_b}{w_a}, \quad d_h = \log\frac{h_b}{h_a} $$
#
# where x and y are those of the *centers*.


# %%
def my_encode(box, anchor):
    """(dx, dy, dw, dh) of a box relative to an anchor, both (x, y, w, h)."""
    center, anchor_center = (b[..., :2] + b[..., 2:] / 2 for b in (box, anchor))
    shift = (center - anchor_center) / anchor[..., 2:]
    return torch.cat([shift, torch.log(box[..., 2:] / anchor[..., 2:])], dim=-1)


pairs = 5 + 80 * torch.rand(2, 50, 4, generator=generator)
torch.testing.assert_close(my_encode(*pairs), encode_boxes(*pairs))
torch.testing.assert_close(
    decode_boxes(my_encode(*pairs), pairs[1]), pairs[0], rtol=1e-4, atol=1e-4
)

size = filter_size(box[2:], config.filter_scale, c, len(cells))
anchors = anchors_at(cells, cells, size[None], config)[0]  # [H, W, 4]
deltas = my_encode(box, anchors)

figure, grid = plt.subplots(1, 4, figsize=(10, 2.9))
for axes, values, name in zip(grid, deltas.unbind(-1), ("dx", "dy", "dw", "dh"), strict=True):
    picture = show_map(axes, values, c, name, cmap="RdBu", vmin=-3, vmax=3)
    outline(axes, box, "black")
figure.colorbar(picture, ax=grid, shrink=0.8, label="delta")
show(
    figure,
    "Deltas at every cell: shifts fall linearly across the map, sizes are the same everywhere.",
)

# %% [markdown]
# The shifts are straight lines and the sizes constants: easy for a filter. *But should it be asked at
# the map's corner?* There the shift is several anchors long, and the filter sees nothing of the
# target. So only the 32 anchors of highest overlap count, in each frame.
#
# One detail in the cell: the `laptop` profile measures deltas in units of a tenth of the anchor and a
# fifth in log size (`delta_spread`). Near the target they are then about 1, and their loss weighs
# about as much as the response's; in plain units it is a tenth of it, and a backbone that is trained
# by the sum learns little about boxes.

# %%
targets = make_targets(box[None, None], size[None], cells, cells, config)
positive = targets.positive[0, 0]
assert positive.sum() == config.regression_anchors
shift_unit, size_unit = config.delta_spread
units = torch.tensor([shift_unit, shift_unit, size_unit, size_unit])
torch.testing.assert_close(targets.deltas[0, 0].movedim(0, -1) * units, deltas)

figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3))
picture = show_map(left, box_iou(anchors, box), c, "overlap of each anchor", vmin=0, vmax=1)
figure.colorbar(picture, ax=left, shrink=0.8, label="IoU with the target")
show_map(right, positive, c, f"the {int(positive.sum())} that count", cmap="gray", vmin=0, vmax=2)
for axes in (left, right):
    outline(axes, box, TRUTH_COLOR)
show(
    figure,
    "Overlap is largest at the target's center; the 32 best anchors form a small disc there.",
)

# %% [markdown]
# "In each frame" matters. The released program takes the best anchors of the whole flattened batch.
# Put a target that fits its anchor beside one that has shrunk since its filter was sized, and see
# who is left out:

# %%
fits = torch.cat([box[:2], anchors[0, 0, 2:]])
shrunk = torch.cat([box[:2], 0.4 * anchors[0, 0, 2:]])
both = torch.stack([box_iou(anchors, fits), box_iou(anchors, shrunk)])
best = both.flatten().topk(2 * config.regression_anchors).indices // both[0].numel()
pooled = torch.bincount(best, minlength=2)
print(f"anchors that count, over the flattened batch: {pooled.tolist()}; in each frame: [32, 32]")
assert pooled[1] < pooled[0] / 8

# %% [markdown]
# The frame from which there is most to learn hardly counts.
#
# ## Smooth L1
#
# Deltas are compared by a loss that is quadratic near zero and linear further out: a single
# terrible anchor pulls with force 1 and no more.
#
# $$ \|d\|_s = \begin{cases} \tfrac12 d^2 & |d| < 1 \\ |d| - \tfrac12 & \text{otherwise} \end{cases} $$


# %%
def my_smooth_l1(d):
    """Quadratic below 1, linear above; the two pieces meet in value and slope."""
    return torch.where(d.abs() < 1, d**2 / 2, d.abs() - 0.5)


d = torch.linspace(-3, 3, 301, requires_grad=True)
torch.testing.assert_close(
    my_smooth_l1(d), F.smooth_l1_loss(d, torch.zeros_like(d), reduction="none")
)

figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.8))
for name, loss, style in (
    ("smooth L1", my_smooth_l1, "-"),
    ("d² / 2", lambda d: d**2 / 2, "--"),
    ("|d|", torch.abs, ":"),
):
    (slope,) = torch.autograd.grad(loss(d).sum(), d)
    left.plot(d.detach(), loss(d).detach(), style, color=BLUE, label=name)
    right.plot(d.detach(), slope, style, color=BLUE)
left.set(xlabel="error d", ylabel="loss")
right.set(xlabel="error d", ylabel="derivative")
left.legend()
show(
    figure,
    "Smooth L1 follows the parabola near zero and a line beyond; its slope is bounded by one.",
)

# %% [markdown]
# ## The response loss, and three ways to take a mean
#
# The paper writes $\|\mathcal{G} - M\|^2$. Of the map's cells about one in sixty belongs to the
# target (computed above), so the mean of that is about background. The released program therefore
# counts only cells with an error of at least 0.1, weighted by $e^{M}$:


# %%
def my_balanced(response, labels):
    """Response loss of one video; response and labels [n, H, W]."""
    error = response - labels
    counted = error.abs() >= 0.1
    return (labels.exp() * error**2)[counted].sum() / (counted.sum() + 1)


library_loss = partial(response_loss, easy_error=config.easy_error)
noisy = label + 0.15 * torch.randn(label.shape, generator=generator)
torch.testing.assert_close(
    my_balanced(noisy[None], label[None]),
    library_loss(noisy[None, None], label[None, None], kind="balanced")[0],
)

shifted = my_label(box + torch.tensor([box[2] / 2, 0, 0, 0]), cells, cells)
answers = {
    "nothing anywhere": torch.zeros_like(label),
    "right": label,
    "half a target beside it": shifted,
    "the target and a second one": torch.maximum(
        label, my_label(box + 40 * torch.eye(4)[0], cells, cells)
    ),
    "target everywhere": torch.ones_like(label),
}
KINDS = ("plain", "balanced", "focused")
print(f"{'':28s}" + "".join(f"{kind:>10s}" for kind in KINDS))
for name, answer in answers.items():
    values = [
        float(library_loss(answer[None, None], label[None, None], kind=kind)) for kind in KINDS
    ]
    print(f"{name:28s}" + "".join(f"{value:10.4f}" for value in values))

# %% [markdown]
# Under the plain loss it costs almost nothing to see nothing. The balanced loss makes that
# expensive. But look closely: the number of counted cells depends on the *model*. A model that cannot
# bring down its large errors can still bring down their mean, by adding small ones:

# %%
wrong = 0.2 * label  # a model that is too shy, everywhere else right
figure, axes = plt.subplots(figsize=(5.5, 3))
amplitudes = torch.linspace(0, 0.3, 61)
background = (label < 0.01).float()
for kind, dashes in zip(KINDS, (":", "--", "-"), strict=True):
    curve = [
        float(library_loss((wrong + a * background)[None, None], label[None, None], kind=kind))
        for a in amplitudes
    ]
    axes.plot(amplitudes, curve, dashes, color=BLUE, label=kind)
    if kind == "balanced":
        assert min(curve) < 0.5 * curve[0]
    else:
        assert min(curve) == curve[0]
axes.set(xlabel="error added to every background cell", ylabel="response loss", yscale="log")
print(f"{int(background.sum())} background cells")
assert background.sum() > 1000
axes.legend()
show(
    figure,
    "Adding errors raises the plain and the focused loss; the balanced one falls sharply at 0.1.",
)

# %% [markdown]
# More than a thousand new errors, and the balanced loss is cut by more than half. A frozen
# backbone, as in the paper, has little room for that trick. A backbone that is trained by
# the loss itself, as that of `laptop-small` was, found it. That is why our profiles have a third kind,
# `focused`: the same sum, divided by the number of cells whose *label* is at least 0.1, which no
# model can change.
#
# ## Play with it: the loss as a landscape
#
# Suppose the model answered with a perfect label map, but at the wrong place. The landscape shows the
# response loss of every such place. *How wide is the valley that leads to the target? What do α and
# the target's size do to it? From where would a gradient step lead nowhere?*


# %%
def draw_landscape(figure, alpha, width, height, center_x, loss):
    """The label, the loss over misplaced answers, and a cut through it."""
    figure.set_size_inches(10, 3.2)
    left, middle, right = figure.subplots(1, 3)
    truth = torch.tensor([center_x - width / 2, S / 2 - height / 2, width, height])
    moves = torch.linspace(-48, 48, 33)
    dy, dx = torch.meshgrid(moves, moves, indexing="ij")
    places = torch.stack([dx, dy, 0 * dx, 0 * dx], dim=-1).flatten(0, 1) + truth
    label = gaussian_labels(truth, cells, cells, c, alpha)
    answers = gaussian_labels(places, cells, cells, c, alpha)[:, None]
    values = library_loss(answers, label.expand_as(answers), kind=loss).view(33, 33)
    show_map(left, label, c, "label", cmap="magma", vmin=0, vmax=1)
    outline(left, truth, TRUTH_COLOR)
    middle.contourf(moves, moves, values, levels=20, cmap="viridis")
    middle.set(xlabel="answer too far right (px)", ylabel="too far down (px)", title=f"{loss} loss")
    middle.invert_yaxis()
    right.plot(moves, values[16], color=BLUE)
    right.set(xlabel="answer too far right (px)", ylabel="loss", title="cut through the middle")
    right.set_ylim(bottom=0)


explore(
    draw_landscape,
    alt="A label map; a bowl-shaped loss around the right place; a cut with flat shoulders beside it.",
    alpha=(2.0, 60.0, alpha, 1.0),
    width=(8, 80, 24),
    height=(8, 80, 36),
    center_x=(20, 124, 72),
    loss=list(reversed(KINDS)),
)

# %% [markdown]
# Beside the valley the shoulders are flat: two bumps that do not touch are equally wrong however
# far apart they are. Gradients on weights are kinder than this picture, since they need not *move*
# a bump: they lower it in one place and raise it in another.
#
# ## Both terms together, on a real frame
#
# $$ L(F, M, B; \theta, \phi) = \|\mathcal{G}(F; \theta_{cf}, \phi) - M\|^2
#    + \|\mathcal{R}(F; \theta_{reg}, \phi) - B\|_s \tag{7} $$
#
# and over the $n$ samples of an update its mean,
#
# $$ \ell^{(t-1)} = \frac{1}{n} \sum_{j=1}^n
#    L(F_j, M_j, B_j; \theta^{(t-1)}, \phi^{(t-1)}) \tag{12} $$
#
# Take the nine samples of notebook 1, and the meta-learned θ⁽⁰⁾ of the checkpoint.

# %%
sequence = read_sequence(samples_folder(), "deformation")
frame, truth = sequence.frames[0], sequence.boxes[0]
regions = [
    region_around(truth, config.region_scale, stretch) for stretch in initial_stretches(config)
]
patches = np.stack([crop(frame, region, S) for region in regions])
boxes = torch.tensor(
    np.stack([boxes_to_patch(truth, region, S) for region in regions]), dtype=torch.float32
)
with torch.no_grad():
    features = tracker.model.backbone(torch.from_numpy(patches).permute(0, 3, 1, 2)[None])
wanted = torch.tensor(nominal_size(truth, config), dtype=torch.float32)
sizes = filter_size(wanted, config.filter_scale, c, len(cells))[None]
samples = make_samples(features, boxes[None], sizes, cells, config)
theta0 = tracker.model.theta0[None]


def predict(theta, features):
    """Response [1, n, H, W] and box deltas [1, n, 4, H, W] of theta [1, P]."""
    return TrackingModel(tracker.model.layout, theta, sizes, len(cells))(features)


response, deltas = predict(theta0, features)


# %%
def my_loss(response, deltas, targets):
    """The tracking loss (7) of one sample, its response term plain: [H, W], [4, H, W]."""
    labels, wanted, positive = targets
    box_term = (my_smooth_l1(deltas - wanted) * positive).sum() / (4 * positive.sum())
    return (response - labels).square().mean() + box_term


t = samples.targets
each = [
    my_loss(response[0, j], deltas[0, j], (t.labels[0, j], t.deltas[0, j], t.positive[0, j]))
    for j in range(len(boxes))
]
mine = torch.stack(each).mean()
plain = replace(config, response_loss="plain")
torch.testing.assert_close(mine, tracking_loss(response, deltas, t, plain)[0])
torch.testing.assert_close(mine, update_loss(theta0, samples, plain)[0])
torch.testing.assert_close(
    update_loss(theta0, samples, config),
    library_loss(response, t.labels, kind=config.response_loss)
    + regression_loss(deltas, t.deltas, t.positive),
)
for kind in KINDS:
    print(
        f"{kind:9s} response term {library_loss(response, t.labels, kind=kind).item():.4f}",
        end=", ",
    )
    print(f"box term {regression_loss(deltas, t.deltas, t.positive).item():.4f}")

# %% [markdown]
# (With `balanced` and `focused` the cells are counted over all $n$ samples together, so (12) is not
# quite a mean of nine losses. Only `plain` is.)
#
# ## The first steps
#
# Everything is in place for a gradient step with the meta-learned rates λ⁽⁰⁾. The paper takes one
# (its footnote 1 says that more are straightforward), this profile `initial_steps`. Where do the rates
# come from? That is what the next three notebooks are about. What do they do? Look:

# %%
first = initialize(theta0, tracker.model.lambda0, samples, config)
after = update_loss(first.theta, samples, config)
print(f"update loss {first.update_loss.item():.4f} before, ", end="")
print(f"{after.item():.4f} after {config.initial_steps} steps with λ⁽⁰⁾")
assert after < first.update_loss

later = 20
region = region_around(sequence.boxes[later], config.region_scale)
patch = crop(sequence.frames[later], region, S)
with torch.no_grad():
    unseen = tracker.model.backbone(torch.from_numpy(patch).permute(2, 0, 1)[None, None])
box_there = torch.tensor(boxes_to_patch(sequence.boxes[later], region, S), dtype=torch.float32)

figure, grid = plt.subplots(2, 4, figsize=(10, 5))
rows = (
    ("the first frame", patches[0], boxes[0], features[:, :1]),
    (f"frame {later}, never seen", patch, box_there, unseen),
)
for row, (name, picture, box, maps) in zip(grid, rows, strict=True):
    show_image(row[0], picture, name)
    outline(row[0], box, TRUTH_COLOR)
    options = {"cmap": "magma", "vmin": -0.2, "vmax": 1}
    for axes, theta, when in ((row[1], theta0, "before"), (row[2], first.theta, "after")):
        response, _ = predict(theta, maps)
        show_map(axes, response[0, 0].detach(), c, f"response {when}", **options)
    show_map(row[3], my_label(box, cells, cells), c, "label", **options)
show(figure, "Before the steps the response is flat or vague; after them it peaks at the target.")

# %% [markdown]
# A few steps on one frame, and the model finds the target in a frame it has never seen. How far
# would plain gradient descent come, with one rate for all weights?

# %%
steps = 20
for rate in (1e-4, 1e-3, 1e-2, 1e-1):
    theta, values = theta0, []
    for _ in range(steps):
        step = adapt(theta, samples, SGD(rate), None, config)
        theta = step.theta
        values.append(float(step.update_loss))
    reached = next((t for t, value in enumerate(values) if value <= after), None)
    print(
        f"rate {rate:6g}: loss {values[1]:8.3g} after 1 step, {values[-1]:8.3g} after {steps - 1}",
        end="",
    )
    print("" if reached is None else f", as low as with λ⁽⁰⁾ after {reached}")

# %% [markdown]
# Every weight's curvature is another. A rate that the steepest of them can bear is slow for the rest:
# the small rates need many steps for what λ⁽⁰⁾ did in `initial_steps`, if they get there at all. A
# rate that is larger than that diverges, until the loss is no number any more (`nan`). The learned
# rates are none of the two, and nobody has to choose them. (A low loss on a frame already seen does
# not make a good tracker, though; what counts are frames to come.)
#
# ## Recap
#
# - Labels (8) sit at the cells' true positions; between cells none is 1.
# - Deltas are relative to the one anchor, and only the 32 nearest anchors of *each* frame count.
# - Smooth L1 bounds the pull of a single anchor.
# - A mean whose denominator the model can change is a loophole, and training will find it.
# - (7) on past frames, averaged, is the update loss (12): what an optimizer gets to see.
#
# ## Exercises
#
# Solutions are in [solutions](solutions/03_labels_and_losses_solutions.ipynb).
#
# **03.1** (easy) The label map `[H, W]` of one `box` in patch pixels. `cells_x` `[W]` and `cells_y`
# `[H]` are the positions of the cells in patch pixels; `c` is the stride.


# %%
def label_map(box, cells_x, cells_y, c, alpha):
    """Label map [H, W] by (8); all tensors."""
    ...


check("03.1", label_map)

# %% [markdown]
# **03.2** (easy) `(dx, dy, dw, dh)` of `box` relative to `anchor`, both tensors `(x, y, w, h)`.


# %%
def relative(box, anchor):
    """Four numbers; x and y of boxes are their left and top edges."""
    ...


check("03.2", relative)

# %% [markdown]
# **03.3** (medium) The balanced response loss of one video's samples, `[n, H, W]` both: squared
# errors of at least 0.1 in magnitude, weighted by exp(label), divided by their number plus 1.


# %%
def balanced_loss(response, labels):
    """A single number."""
    ...


check("03.3", balanced_loss)

# %% [markdown]
# **03.4** (hard) The regression loss of one video's samples: smooth L1 of `deltas - targets` (`[n,
# 4, H, W]`), its mean over the anchors that `positive` `[n, H, W]` marks with 1 and over the four
# coordinates, frame by frame; then the mean over the frames.


# %%
def regression(deltas, targets, positive):
    """A single number; frames may have different numbers of marked anchors."""
    ...


check("03.4", regression)

# %% [markdown]
# ## References
#
# - T. Yang, P. Xu, R. Hu, H. Chai, A. B. Chan.
#   [ROAM: Recurrently Optimizing Tracking Model](https://arxiv.org/abs/1907.12006). CVPR 2020.
# - S. Ren, K. He, R. Girshick, J. Sun. Faster R-CNN: Toward Real-Time Object Detection with Region
#   Proposal Networks. NeurIPS 2015: the parameterization of boxes.
# - R. Girshick. Fast R-CNN. ICCV 2015: smooth L1.
#
# **Next:** [4. Why learning rates must adapt](04_why_learning_rates_must_adapt.ipynb).
