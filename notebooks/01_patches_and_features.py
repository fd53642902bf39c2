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
# # 1. Patches and features: what the tracker looks at
#
# A tracker never sees a frame. It sees a square that was cut out around the target, resized, and
# sent through a convolutional network. Every box that it will ever report has gone through these
# two coordinate systems and back, so an error of half a pixel here stays in every result.
#
# **When you are through you can**
#
# - cut the region around a target, and carry boxes into the patch and back, exactly;
# - make the nine stretched samples from which a tracker learns its first model;
# - say where each cell of a feature map lies in the patch, and prove it with a gradient;
# - see what the features know about a target before anything was learned about *this* target.
#
# **Needs** nothing before it. **Paper** sections 4 (model initialization) and 5 (patch cropping,
# network structure). **Run time** about 15 s on two cores (`python notebooks/render.py
# 01_patches_and_features`).

# %%
import time

import matplotlib.pyplot as plt
import numpy as np
import torch

from roam_lite import get_profile, load_tracker
from roam_lite.data.otb import list_sequences, read_sequence
from roam_lite.demo import samples_folder
from roam_lite.exercises import check
from roam_lite.figures.axes import outline, show_image, show_map
from roam_lite.figures.style import OPTIMIZER_COLORS, TRUTH_COLOR, use_style
from roam_lite.geometry import (
    boxes_to_image,
    boxes_to_patch,
    crop,
    initial_stretches,
    nominal_size,
    region_around,
)
from roam_lite.model.backbones import VGG16, Lite0, SmallBackbone, VGG16Program
from roam_lite.widgets import explore, show

use_style()
BLUE = OPTIMIZER_COLORS["lstm"]
config = get_profile("laptop").model
gamma, S = config.region_scale, config.patch_size
sequences = {
    name: read_sequence(samples_folder(), name) for name in list_sequences(samples_folder())
}

# %% [markdown]
# ## Where is pixel 0?
#
# Image coordinates are **continuous**: pixel $j$ covers the interval $[j, j+1)$, so its center is
# at $j + 0.5$. A box is `(x, y, w, h)`, left and top edge first, and its center is $x + w/2$; no
# "minus one" anywhere. Files of the OTB benchmark count from 1, and only the functions that read
# and write them know that.

# %%
gray = np.random.default_rng(0).uniform(0.3, 0.9, (4, 7))
box = np.array([1, 1, 4, 2])

figure, axes = plt.subplots(figsize=(5, 3))
axes.imshow(gray, extent=(0, 7, 4, 0), cmap="gray", vmin=0, vmax=1)
outline(axes, box, TRUTH_COLOR, linewidth=3)
axes.plot(*(box[:2] + box[2:] / 2), "+", color=TRUTH_COLOR, markersize=14, markeredgewidth=3)
axes.set(xticks=range(8), yticks=range(5), xlabel="x (pixels)", ylabel="y (pixels)")
axes.set_title("box (1, 1, 4, 2): four pixels wide, center at (3, 2)")
show(figure, "A grid of 7 by 4 pixels; the box covers pixels 1 to 4 and rows 1 and 2 exactly.")

# %% [markdown]
# ## The region around a target
#
# The region has the target's center and the side
#
# $$ S = \gamma \sqrt{w h} $$
#
# with $\gamma = 5$ in the paper and 4 in `laptop`, and is resized to a fixed number of pixels. Why the
# root of the area, and not the longer side? *Before you run the next cell: how much of the patch does the
# target fill if it is 100 × 25, and how much if it is 50 × 50?*


# %%
def my_region(box, gamma):
    """Region (cx, cy, side_w, side_h) in image pixels, centered on the box."""
    x, y, w, h = box
    side = gamma * np.sqrt(w * h)
    return np.array([x + w / 2, y + h / 2, side, side])


for name, sequence in sequences.items():
    box = sequence.boxes[0]
    region = my_region(box, gamma)
    w, h = box[2:] * S / region[2:]
    print(f"{name:12s} {box[2]:5.1f} x {box[3]:5.1f} px -> {w:4.1f} x {h:4.1f}, {w * h / S**2:.1%}")
    np.testing.assert_allclose(region, region_around(box, gamma), rtol=1e-12)
    np.testing.assert_allclose([w, h], nominal_size(box, config), rtol=1e-12)

# %% [markdown]
# Always $1/\gamma^2$ of the patch, whatever the shape: the network sees every target at one scale,
# and only its aspect ratio is left to care about (that is notebook 2).
#
# ## The crop
#
# Patch pixel $j$ has its center at $j + 0.5$ patch pixels. With `scale` image pixels per patch
# pixel that is `left + (j + 0.5) * scale` in the image, where we want the color. Image arrays are
# indexed by pixel centers, so the array position is half a pixel less. That half pixel is the whole
# difficulty.


# %%
def my_crop(image, region, size, half=0.5):
    """The region sampled bilinearly to [size, size, 3], for regions within the image."""
    cx, cy, side_w, side_h = region
    j = np.arange(size) + half
    columns = cx - side_w / 2 + j * side_w / size - half
    rows = cy - side_h / 2 + j * side_h / size - half
    x0, y0 = np.floor(columns).astype(int), np.floor(rows).astype(int)
    u, v = (columns - x0)[:, None], (rows - y0)[:, None, None]
    top = image[y0][:, x0] * (1 - u) + image[y0][:, x0 + 1] * u
    bottom = image[y0 + 1][:, x0] * (1 - u) + image[y0 + 1][:, x0 + 1] * u
    return top * (1 - v) + bottom * v


image = sequences["deformation"].frames[0]
region = np.array([160.3, 120.8, 110.0, 90.0])
difference = np.abs(my_crop(image, region, S) - crop(image, region, S))
print(f"largest difference {difference.max():.2f} of 255 gray levels")
assert difference.max() < 5  # some versions of OpenCV interpolate in steps of 1/32 pixel

# %% [markdown]
# `half` is an argument so that we can forget it, as many programs do. On a ramp, an image whose
# value *is* its x position, the mistake can be read off directly:

# %%
ramp = np.broadcast_to((np.arange(320) + 0.5)[None, :, None], (240, 320, 3))
sides = np.arange(40, 240, 20)


def shift(side, half):
    """How far the crop of the ramp is from the truth, in image pixels, at each patch pixel."""
    true_x = 160 - side / 2 + (np.arange(S) + 0.5) * side / S
    return my_crop(ramp, np.array([160, 120, side, side]), S, half)[0, :, 0] - true_x


figure, axes = plt.subplots(figsize=(5.5, 2.8))
for half, color, label in ((0.0, BLUE, "half forgotten"), (0.5, "black", "half kept")):
    shifts = np.array([shift(side, half) for side in sides])
    assert np.ptp(shifts, axis=1).max() < 1e-9  # the whole patch moves as one
    axes.plot(sides, shifts[:, 0], ".-", color=color, label=label)
assert np.abs(shifts).max() < 1e-9
axes.set(xlabel="side of the region (image pixels)", ylabel="shift (image pixels)")
axes.legend()
show(
    figure,
    "Without the half pixel the patch is shifted, by an amount that falls as the region grows.",
)

# %% [markdown]
# A shift that depends on the region's size: it moves the target whenever the target grows. Boxes
# need no such care, because they are continuous. They only change their origin and their unit, and
# the way back is exact:

# %%
rng = np.random.default_rng(0)
boxes = rng.uniform(5, 80, (1000, 4))
region = np.array([91.7, 64.2, 173.0, 121.0])
there = boxes_to_patch(boxes, region, S)
print(
    f"there and back, largest error: {np.abs(boxes_to_image(there, region, S) - boxes).max():.1e} px"
)
assert np.abs(boxes_to_image(there, region, S) - boxes).max() < 1e-4

# %% [markdown]
# ## Play with it
#
# `sw` and `sh` make the target appear wider and higher: the region is *divided* by them. Outside the
# image there is only the mean color. Find a γ at which you could no longer say what the target is
# standing in front of, and one at which you could no longer say what the target is.

# %%
names = list(sequences)


def draw_region(figure, gamma, sw, sh, sequence):
    """The region on the frame, and the patch that it becomes."""
    figure.set_size_inches(9, 3.8)
    frame, box = sequences[sequence].frames[0], sequences[sequence].boxes[0]
    region = region_around(box, gamma, (sw, sh))
    left, right = figure.subplots(1, 2)
    show_image(left, frame, f"frame: region of {region[2]:.0f} x {region[3]:.0f} px")
    outline(left, box, TRUTH_COLOR)
    outline(left, np.concatenate([region[:2] - region[2:] / 2, region[2:]]), BLUE)
    show_image(right, crop(frame, region, S), f"patch of {S} x {S} px")
    outline(right, boxes_to_patch(box, region, S), TRUTH_COLOR)


explore(
    draw_region,
    alt="A frame with the target's box and the region of five times its size; beside it the patch.",
    gamma=(1.0, 9.0, 5.0, 0.25),
    sw=(0.6, 1.6, 1.0, 0.05),
    sh=(0.6, 1.6, 1.0, 0.05),
    sequence=names,
)

# %% [markdown]
# ## Nine samples from one frame
#
# The first model has to be learned from a single frame. To learn more than "what is here, exactly
# this large", the frame is shown nine times, the target stretched to $[s\,w\,r,\; s\,h/r]$ for $s$
# and $r$ from $\{0.8, 1, 1.2\}$. The box is stretched along with the image. (The authors' released
# program stretches the images but leaves $r$ out of the boxes: six of its nine labels are wrong.)

# %%
sequence = sequences["deformation"]
frame, box = sequence.frames[0], sequence.boxes[0]

figure, grid = plt.subplots(2, 5, figsize=(10, 4.2))
for axes, (sw, sh) in zip(grid.flat, initial_stretches(config), strict=False):
    region = region_around(box, gamma, (sw, sh))
    inside = boxes_to_patch(box, region, S)
    np.testing.assert_allclose(inside[2:] / nominal_size(box, config), [sw, sh])
    np.testing.assert_allclose(inside[:2] + inside[2:] / 2, S / 2)
    show_image(axes, crop(frame, region, S), f"w x {sw:.2f}, h x {sh:.2f}")
    outline(axes, inside, TRUTH_COLOR)
grid.flat[-1].axis("off")
show(figure, "Nine patches of the same frame, the target wider, narrower, larger and smaller.")

# %% [markdown]
# Here the target is always in the middle. In meta-training it is not: every patch is also shifted at
# random, so that a model must find its target anywhere.
#
# ## From patch to feature map
#
# Three backbones are at hand. `paper` uses the first layers of **VGG-16**, with the upper poolings
# removed, so that a cell of the map stands for 4 patch pixels and not for 16. `laptop` uses
# **EfficientNet-Lite0**, whose maps of strides 4, 8 and 16 are joined at stride 4, because two CPU cores want
# to track too. `laptop-small` uses a small residual network that learned its features from a few dozen
# videos instead of ImageNet. *How do their costs compare? Guess before you run the cell.*

# %%
torch.manual_seed(0)
backbones = {
    "paper": VGG16().eval(),
    "laptop": load_tracker("laptop").model.backbone,
    "laptop-small": load_tracker("laptop-small").model.backbone,
}
for name, backbone in backbones.items():
    side = get_profile(name).model.patch_size
    patch = torch.randint(0, 256, (1, 1, 3, side, side), dtype=torch.uint8)
    with torch.no_grad():
        backbone(patch)
        start = time.perf_counter()
        features = backbone(patch)
        seconds = time.perf_counter() - start
    parameters = sum(p.numel() for p in backbone.parameters())
    cells = len(backbone.cells(side))
    assert features.shape[-2:] == (cells, cells)
    print(
        f"{name:12s} {parameters:10,d} parameters, {side} px -> {cells} x {cells} cells of ", end=""
    )
    print(f"{features.shape[2]} channels, {1000 * seconds:6.0f} ms a patch")

side = get_profile("paper").model.patch_size
print(f"with all four poolings VGG-16 would leave {side // 16} x {side // 16} cells")

# %% [markdown]
# ## Where does a cell lie?
#
# 281 pixels at stride 4 give 70 cells, not 70.25. The middle of the patch, 140.5, is the center of
# no cell; cell 34 is centered at 138 and cell 35 at 142. A label map that takes the middle *cell*
# for the middle of the *patch* is wrong by 1.5 or 2.5 pixels, in every training sample.
#
# VGG-16 and the small backbone halve the map twice by layers that are symmetric about two pixels, hence
#
# $$ \text{cell } k \text{ is centered at } 4k + 2 \text{ patch pixels.} $$
#
# The kernels of EfficientNet-Lite0 are odd and centered on every second pixel: its cell $k$ lies on pixel
# $4k$, whose center is at $4k + \tfrac12$.
#
# Do not believe it; ask the gradient. A cell's derivative with respect to the patch shows what the
# cell looks at, and its center of mass is where the cell lies. Weights are random, so single networks
# are lopsided; the mean over several is not.


# %%
def sensitivity(backbone, k, side):
    """How much |d cell / d pixel| falls on each column of the patch; cell (k, k), [side]."""
    pixels = torch.rand(1, 3, side, side, requires_grad=True)
    map_ = backbone.layers(pixels)
    (gradient,) = torch.autograd.grad(map_[0, :, k, k].square().sum(), pixels)
    return gradient.square().sum(dim=(0, 1, 2))


side, k, networks = 96, 11, 12
column = torch.arange(side) + 0.5


class NarrowBackbone(SmallBackbone):
    """The small one with fewer channels: sooner done, and its cells lie where they did."""

    channels = 16


kinds = {
    "VGG-16, 10 convolutions": VGG16Program,
    "small": NarrowBackbone,
    "EfficientNet-Lite0": Lite0,
}

figure, axes = plt.subplots(figsize=(6, 3))
for (name, build), style in zip(kinds.items(), ("--", "-", ":"), strict=True):
    looks, position = [], float(build().cells(side)[k])
    for seed in range(networks):
        torch.manual_seed(seed)
        looks.append(sensitivity(build().eval(), k, side))
    looks = torch.stack([look / look.sum() for look in looks])
    centers = looks @ column
    error = centers.std() / networks**0.5
    print(f"{name:24s} center {centers.mean():6.2f} ± {error:.2f}, the cell is at {position}")
    assert (centers.mean() - position).abs() < max(3 * error, 0.5)
    axes.plot(column, looks.mean(dim=0), style, color=BLUE, label=name)
    low, high = looks.quantile(torch.tensor([0.1, 0.9]), dim=0)
    axes.fill_between(column, low, high, color=BLUE, alpha=0.12)
axes.axvline(4 * k + 2, color="black", linewidth=1, label=f"4k + 2 = {4 * k + 2}")
axes.set(xlabel="patch column (pixels)", ylabel="share of the sensitivity", xlim=(10, 82))
axes.legend(fontsize=8)
show(figure, "What cell 11 looks at: bumps of three backbones, two at 46 pixels and one at 44.5.")

# %% [markdown]
# The bands hold 80 % of the twelve networks. VGG-16 has no padding trouble here because the
# cell is far from the border: near it, a cell sees zeros that are not in the image.
#
# ## What the features know
#
# The checkpoint's backbone was trained by the tracking loss itself. Move the channel: some answer
# to edges, some to blobs, some to nothing you could name. Move the frame: do they still answer at the
# same places of the target?

# %%
backbone = backbones["laptop"]


@torch.no_grad()
def features_of(sequence, t):
    """Patch of frame t around the true box, and its features [C, H, W]."""
    region = region_around(sequence.boxes[t], gamma)
    patch = crop(sequence.frames[t], region, S)
    tensor = torch.from_numpy(patch).permute(2, 0, 1)[None, None]
    return patch, backbone(tensor)[0, 0]


def draw_channel(figure, channel, frame, sequence):
    """One channel of the features, over the patch."""
    figure.set_size_inches(9, 3.6)
    chosen = sequences[sequence]
    patch, features = features_of(chosen, frame)
    left, middle, right = figure.subplots(1, 3)
    show_image(left, patch, f"patch of frame {frame}")
    picture = show_map(
        middle, features[channel], 4, f"channel {channel}", cmap="magma", vmin=-2, vmax=4
    )
    figure.colorbar(picture, ax=middle, shrink=0.7)
    show_image(right, patch, "one over the other")
    show_map(
        right, features[channel], 4, "one over the other", cmap="magma", alpha=0.55, vmin=-2, vmax=4
    )


explore(
    draw_channel,
    alt="A patch, one channel of its features, and the channel laid over the patch.",
    channel=(0, config.channels - 1, 3),
    frame=(0, 59, 0),
    sequence=names,
)

# %% [markdown]
# Taken together, the channels tell things apart. Take the feature vector at the target's center in
# the *first* frame, and compare it with every cell of *later* frames by the cosine between them:

# %%
sequence = sequences["deformation"]
cells = backbone.cells(S)
_, first = features_of(sequence, 0)
middle = int(torch.argmin((cells - S / 2).abs()))
template = first[:, middle, middle]

figure, grid = plt.subplots(2, 4, figsize=(10, 5.2))
for (above, below), t in zip(grid.T, (0, 10, 30, 55), strict=True):
    patch, features = features_of(sequence, t)
    cosine = torch.nn.functional.cosine_similarity(template[:, None, None], features, dim=0)
    row, column = divmod(int(cosine.argmax()), len(cells))
    miss = float(torch.hypot(cells[row] - S / 2, cells[column] - S / 2))
    assert t > 0 or (row, column) == (middle, middle)
    show_image(above, patch, f"frame {t}")
    region = region_around(sequence.boxes[t], gamma)
    outline(above, boxes_to_patch(sequence.boxes[t], region, S), TRUTH_COLOR)
    title = f"peak {miss:.0f} px off"
    picture = show_map(below, cosine, 4, title, cmap="magma", vmin=-0.5, vmax=1)
figure.colorbar(picture, ax=grid[1], shrink=0.7, label="cosine with the first center")
show(
    figure,
    "Cosine of each cell with the first frame's target: a broad blob on the target, and others.",
)

# %% [markdown]
# The target stands out from the floor, and the features stay alike while it turns. But the blob is
# as broad as the target, its peak wanders, and other things light up as well: the cosine says *the
# same kind of thing*, not *here*. The next notebooks build filters that are trained to say *here*,
# and then keep them up to date.
#
# ## Recap
#
# - Continuous coordinates, 0-based: pixel $j$ covers $[j, j+1)$, and cell $k$ is centered at $4k+2$,
#   with EfficientNet-Lite0 at $4k+\tfrac12$.
# - The region's side is $\gamma\sqrt{wh}$: each target fills $1/\gamma^2$ of its patch.
# - Images are sampled at pixel centers, boxes are not: half a pixel belongs to the crop alone.
# - Nine stretched samples with nine stretched *boxes* make the first training set.
#
# ## Exercises
#
# Write the function, run the cell. `check` compares it with the reference on several random cases,
# and knows the answers that often go wrong. Solutions are in
# [solutions](solutions/01_patches_and_features_solutions.ipynb).
#
# **01.1** (easy) A line of an OTB file holds `x, y, w, h`, counted from 1. Return the center
# `(cx, cy)` of that box in our coordinates.


# %%
def center_of_line(line):
    """Center (cx, cy), continuous and 0-based, of a 1-based line [4]."""
    ...


check("01.1", center_of_line)

# %% [markdown]
# **01.2** (easy) Return the region `(cx, cy, side_w, side_h)` around `box` in which the target
# appears `stretch = (sw, sh)` times wider and higher.


# %%
def region(box, region_scale, stretch):
    """Region (cx, cy, side_w, side_h) in image pixels; stretch is an array [2]."""
    ...


check("01.2", region)

# %% [markdown]
# **01.3** (medium) The tracker found boxes `[n, 4]` in a patch of `size` pixels that was cut at
# `region`. Return them in image pixels. The region may be stretched.


# %%
def back_to_image(boxes, region, size):
    """Boxes [n, 4] in image pixels; region is (cx, cy, side_w, side_h)."""
    ...


check("01.3", back_to_image)

# %% [markdown]
# **01.4** (hard) Design a backbone of your own. Where in the patch are its cells 0 to `count - 1`
# centered, given `layers`, a list of `(kernel, stride, padding)` from the first layer to the last?


# %%
def cell_positions(layers, count):
    """Positions [count] in patch pixels."""
    ...


check("01.4", cell_positions)

# %% [markdown]
# ## References
#
# - T. Yang, P. Xu, R. Hu, H. Chai, A. B. Chan.
#   [ROAM: Recurrently Optimizing Tracking Model](https://arxiv.org/abs/1907.12006). CVPR 2020.
# - K. Simonyan, A. Zisserman. Very Deep Convolutional Networks for Large-Scale Image Recognition.
#   ICLR 2015: VGG-16.
# - W. Luo, Y. Li, R. Urtasun, R. Zemel. Understanding the Effective Receptive Field in Deep
#   Convolutional Neural Networks. NeurIPS 2016: gradients as a map of what a cell sees.
#
# **Next:** [2. Resizable filters](02_resizable_filters.ipynb).
