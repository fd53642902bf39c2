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
# The tracking model answers two questions for every cell: *is the target here?* (the response) and *how
# far is its box from the anchor that lies here?* (the regression). To improve the model by gradient steps
# we need the right answers, the *labels*, and a number that says how wrong the model's are, the *loss*.
# The optimizer of the later notebooks works on nothing but this number.
#
# ## What you will learn
#
# - Draw the label map (8), at the positions where cells really lie.
# - Describe a box relative to an anchor, and go back.
# - Compute both terms of the tracking loss (7), and say which cells count and why.
# - Show how a loss can be *lowered by making errors*, and design one that cannot.
# - Compute the update loss (12) of a real frame, and take a first step on it.
#
# ## Before you start
#
# **Needs** notebooks [1](01_patches_and_features.ipynb) and [2](02_resizable_filters.ipynb): patches,
# cells, the filter's size and the anchor. **Paper** section 3.2. **Run time** about 15 s on two cores
# (`python notebooks/render.py 03_labels_and_losses`). **Your time** about 100 minutes: 40 to read, 60
# for the exercises. Terms are in the [glossary](../docs/glossary.md), letters in the [symbol
# sheet](../docs/symbols.md).

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
c, S, sharpness = config.stride, config.patch_size, config.label_sharpness

# %% [markdown]
# ## The label map
#
# The response should be high where the target's center is, and fall off with the target's size:
#
# $$ M(x, y) = \exp\left(-\alpha\left(\frac{(x-x_0)^2}{\sigma_x^2}
#    + \frac{(y-y_0)^2}{\sigma_y^2}\right)\right) \tag{8} $$
#
# with $(\sigma_x, \sigma_y) = (w/c, h/c)$ and the label's sharpness $\alpha = 20$; lengths are in cells of
# $c$ patch pixels. There is no $\tfrac12$ in the exponent, and the center $(x_0, y_0)$ is not rounded to
# a cell. The library's function is `gaussian_labels`. You will write your own in exercise 03.1. *How wide
# is the part above 1/2, in widths of the target? How many of the 36 × 36 cells are above 0.1?*

# %%
box = torch.tensor([58.0, 50.0, 24.0, 36.0])
label = gaussian_labels(box, cells, cells, c, sharpness)

figure, axes = plt.subplots(figsize=(4.2, 3.2))
picture = show_map(axes, label, c, "label of the outlined box", cmap="magma", vmin=0, vmax=1)
outline(axes, box, TRUTH_COLOR)
figure.colorbar(picture, label="label M")

width = 2 * np.sqrt(np.log(2) / sharpness)
share = (label > 0.1).float().mean()
print(f"the label is above 1/2 over {width:.2f} of the target's width")
print(f"largest label {label.max():.3f}: the center lies between cells")
print(f"above 0.1: {(label > 0.1).sum()} of {label.numel()} cells, one in {1 / share:.0f}")
assert label.max() < 1
show(figure, "A bright spot in the middle of the box; the rest of the label map is dark.")

# %% [markdown]
# Almost all cells are background. That will matter for the loss.
#
# The paper's label depends on where the target is. In `laptop` it also depends on its size: the label is
# multiplied by a number that is 1 if the target has its usual size in the patch, and less if it is larger
# or smaller (`scale_sharpness`). The stretched samples below have such labels.
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


generator = torch.Generator().manual_seed(0)
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
# These four numbers are the *deltas*. The shifts are straight lines and the sizes constants: easy for a
# filter. *But should it be asked at the map's corner?* There the shift is several anchors long, and the
# filter sees nothing of the target. So only the 32 anchors of highest overlap (IoU) count, in each frame.
#
# The `laptop` profile measures deltas in units of a tenth of the anchor and a fifth in log size
# (`delta_spread`). The cell prints how large they are in both units.

# %%
targets = make_targets(box[None, None], size[None], cells, cells, config)
positive = targets.positive[0, 0]
assert positive.sum() == config.regression_anchors
shift_unit, size_unit = config.delta_spread
units = torch.tensor([shift_unit, shift_unit, size_unit, size_unit])
torch.testing.assert_close(targets.deltas[0, 0].movedim(0, -1) * units, deltas)
plain_size = deltas[positive > 0].abs().mean()
unit_size = targets.deltas[0, 0].movedim(0, -1)[positive > 0].abs().mean()
print(
    f"mean size of the deltas that count: {plain_size:.2f} plain, {unit_size:.2f} in units of the profile"
)

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
# "In each frame" matters. The released program takes the best anchors of the whole batch together. Put
# a target that fits its anchor beside one that has shrunk since its filter was sized, and count the
# anchors of each:

# %%
fits = torch.cat([box[:2], anchors[0, 0, 2:]])
shrunk = torch.cat([box[:2], 0.4 * anchors[0, 0, 2:]])
both = torch.stack([box_iou(anchors, fits), box_iou(anchors, shrunk)])
best = both.flatten().topk(2 * config.regression_anchors).indices // both[0].numel()
pooled = torch.bincount(best, minlength=2)
print(f"anchors that count, over the flattened batch: {pooled.tolist()}; in each frame: [32, 32]")
assert pooled[1] < pooled[0] / 8

# %% [markdown]
# The frame whose box is wrong hardly counts.
#
# ## Smooth L1
#
# Deltas are compared by a loss that is quadratic near zero and linear further out. Its derivative is at
# most 1, so one very wrong anchor cannot outweigh all the others.
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
# The paper writes $\|\mathcal{G} - M\|^2$, $\mathcal{G}$ being the response. Only few cells belong to the
# target (counted above), so the mean of that is about background. The released program counts only cells
# with an error of at least 0.1, and weighs them by $e^{M}$. We call this loss *balanced*:


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

shifted, second = (
    gaussian_labels(box + move * torch.eye(4)[0], cells, cells, c, sharpness)
    for move in (box[2] / 2, 40)
)
answers = {
    "nothing anywhere": torch.zeros_like(label),
    "right": label,
    "half a target beside it": shifted,
    "the target and a second one": torch.maximum(label, second),
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
# Compare "nothing anywhere" with "target everywhere": under the plain loss the first costs almost nothing.
# The balanced loss makes it expensive. But the number of counted cells depends on the *model*. A model
# that cannot bring down its large errors can still bring down their mean, by adding small ones:

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
# There are more than a thousand new errors, and the balanced loss is less than half of what it was. That
# is why our profiles have a third kind, `focused`: the same sum, divided by the number of cells whose
# *label* is at least 0.1. No model can change that number. Exercise 03.3 asks for a loss of your own.
#
# ## Play with it: the loss as a landscape (about 10 minutes)
#
# Suppose the model answered with a perfect label map, but at the wrong place. The landscape shows the
# response loss of every such place. *How wide is the valley that leads to the target? What do the label's
# sharpness α and the target's size do to it? From where would a gradient step lead nowhere?*


# %%
def draw_landscape(figure, sharpness, width, height, center_x, loss):
    """The label, the loss over misplaced answers, and a cut through it."""
    figure.set_size_inches(10, 3.2)
    left, middle, right = figure.subplots(1, 3)
    truth = torch.tensor([center_x - width / 2, S / 2 - height / 2, width, height])
    moves = torch.linspace(-48, 48, 33)
    dy, dx = torch.meshgrid(moves, moves, indexing="ij")
    places = torch.stack([dx, dy, 0 * dx, 0 * dx], dim=-1).flatten(0, 1) + truth
    label = gaussian_labels(truth, cells, cells, c, sharpness)
    answers = gaussian_labels(places, cells, cells, c, sharpness)[:, None]
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
    sharpness=(2.0, 60.0, sharpness, 1.0),
    width=(8, 80, 24),
    height=(8, 80, 36),
    center_x=(20, 124, 72),
    loss=list(reversed(KINDS)),
)

# %% [markdown]
# Beside the valley the loss is flat: two bumps that do not touch are equally wrong however far apart they
# are. A model's weights need not *move* a bump, though. They can lower it in one place and raise it in
# another, as the first steps below do.
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
# $\mathcal{R}$ is the regression, $B$ the deltas that it should have given, and $\|\cdot\|_s$ smooth L1.
# Take the nine samples of notebook 1, and θ⁽⁰⁾, the initial θ that the checkpoint has learned.

# %%
sequence = read_sequence(samples_folder(), "light")
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
t = samples.targets
response_terms, box_terms = zip(
    *(
        (
            library_loss(response[:, j : j + 1], t.labels[:, j : j + 1], kind="plain"),
            regression_loss(deltas[:, j : j + 1], t.deltas[:, j : j + 1], t.positive[:, j : j + 1]),
        )
        for j in range(len(boxes))
    ),
    strict=True,
)
mine = (torch.cat(response_terms) + torch.cat(box_terms)).mean()
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
# Everything is in place for gradient steps. The checkpoint has learned their rates as well: λ⁽⁰⁾ holds
# one for each coordinate of θ. The paper takes one step (its footnote 1 says that more are
# straightforward), this profile takes `initial_steps`. Notebooks 4 to 6 are about where the rates come
# from. Here is what they do:

# %%
first = initialize(theta0, tracker.model.lambda0, samples, config)
after = update_loss(first.theta, samples, config)
print(f"update loss {first.update_loss.item():.4f} before, ", end="")
print(f"{after.item():.4f} after {config.initial_steps} steps with λ⁽⁰⁾")
low, middle, high = np.quantile(tracker.model.lambda0.detach(), (0.05, 0.5, 0.95))
print(f"rates λ⁽⁰⁾: 5 % are below {low:.2g}, half below {middle:.2g}, 95 % below {high:.2g}")
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
        response = response[0, 0].detach()
        peak = divmod(int(response.argmax()), len(cells))
        miss = float(torch.linalg.norm(cells[list(peak)] - S / 2))
        show_map(axes, response, c, f"{when}: peak {miss:.0f} px off", **options)
    label = gaussian_labels(box, cells, cells, c, sharpness)
    picture = show_map(row[3], label, c, "label", **options)
figure.colorbar(picture, ax=grid, shrink=0.7, label="response, or label")
show(
    figure,
    "Before the steps the response is weak at the target; after them it has a clear peak there.",
)

# %% [markdown]
# The steps were taken on the first frame alone; the second row is a frame that the model has never seen.
# How far would plain gradient descent come, with one rate for all coordinates?

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
# Read the table from the top. The smallest rates are slow. A larger one gets as low as λ⁽⁰⁾, after more
# than twice as many steps. The largest one diverges, until the loss is no number any more (`nan`). λ⁽⁰⁾
# holds rates of several orders of magnitude (printed above). Notebook 4 shows on a small problem why one
# rate cannot suit all coordinates. A low loss on a frame already seen does not make a good tracker,
# though: what counts are the frames to come.
#
# ## Recap
#
# - Labels (8) sit at the cells' true positions. A center between cells has no label of 1.
# - Deltas are relative to the one anchor, and only the 32 best anchors of *each* frame count.
# - Smooth L1 bounds the derivative of each anchor's error.
# - If the model can change a mean's denominator, it can lower the mean by making errors.
# - (7) averaged over past frames is the update loss (12): what an optimizer gets to see.
#
# ## What you can build now
#
# The targets and the loss of a detector with one anchor, for any backbone of notebook 1 and any filter of
# notebook 2; and a tracker that learns its model from one frame by plain gradient descent.
#
# ## Exercises
#
# Solutions are in [solutions](solutions/03_labels_and_losses_solutions.ipynb). When a check has passed,
# compare with the library's own code: `gaussian_labels??` in a new cell shows it.
#
# **03.1** (easy, about 10 minutes) The label map `[H, W]` of one `box` in patch pixels by (8). `cells_x`
# `[W]` and `cells_y` `[H]` are the positions of the cells in patch pixels; `c` is the stride and
# `sharpness` the label's α.


# %%
def label_map(box, cells_x, cells_y, c, sharpness):
    """Label map [H, W] by (8); all tensors."""
    ...


check("03.1", label_map)

# %% [markdown]
# **03.2** (medium, about 10 minutes) The tracker needs the way back. Return the box `(x, y, w, h)` that
# `deltas = (dx, dy, dw, dh)` mean at `anchor = (x, y, w, h)`, both tensors, the deltas in plain units.


# %%
def box_of(deltas, anchor):
    """Box (x, y, w, h); x and y of boxes are their left and top edges."""
    ...


check("03.2", box_of)

# %% [markdown]
# **03.3** (design it, about 25 minutes; there are many answers) Write a response loss of your own, for
# samples `[n, H, W]` of one video. Choose its unit so that the response 0 everywhere costs 1. `check`
# tries other responses, five things, 1 for yes and 0 for no:
#
# - 0: the right response costs 0;
# - 1: the right response with a second target costs at least 0.2;
# - 2: the right response with noise of ±0.08 in every cell costs less than 0.5;
# - 3: a response of only 0.2 times the label costs no less when errors are added to the background;
# - 4: the same samples twice cost the same.
#
# <details><summary>A hint</summary>
#
# Try the three kinds above first, and see which of the five each of them fails.
#
# </details>


# %%
def my_response_loss(response, labels):
    """A single number."""
    ...


check("03.3", my_response_loss)

# %% [markdown]
# **03.4** (hard, about 15 minutes) The regression loss of one video's samples: smooth L1 of
# `deltas - targets` (`[n, 4, H, W]`), its mean over the anchors that `positive` `[n, H, W]` marks with 1
# and over the four coordinates, frame by frame; then the mean over the frames.


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
# ## What next
#
# [4. Why learning rates must adapt](04_why_learning_rates_must_adapt.ipynb): one rate, many coordinates.
