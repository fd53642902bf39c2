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
# A tracker does not see the whole frame. It sees a *patch*: a square that was cut out around the
# target, resized, and sent through a convolutional network, the *backbone*. What comes out are
# *feature maps*, and one position of a map is a *cell*. Every box that the tracker reports goes from
# the image to the patch and back, so an error of half a pixel here stays in every result.
#
# ## What you will learn
#
# - Cut the region around a target, and carry boxes into the patch and back, exactly.
# - Say how much of a patch is padding, and how much of it shows the target.
# - Make the nine stretched samples from which a tracker learns its first model.
# - Say where each cell of a feature map lies in the patch, and prove it with a gradient.
# - Measure what the features know about a target before anything was learned about *this* target.
#
# ## Before you start
#
# **Needs** NumPy and PyTorch, and an idea of what a convolution is; no other notebook. **Paper**
# sections 4 (model initialization) and 5 (patch cropping, network structure). **Run time** about 20 s
# on two cores (`python notebooks/render.py 01_patches_and_features`). **Your time** about 85 minutes:
# 30 to read, 55 for the exercises. Terms are in the [glossary](../docs/glossary.md), letters in the
# [symbol sheet](../docs/symbols.md).

# %%
import time

import matplotlib.pyplot as plt
import numpy as np
import torch

from roam_lite import get_profile, load_tracker
from roam_lite.data.otb import list_sequences, read_sequence
from roam_lite.demo import samples_folder
from roam_lite.exercises import check
from roam_lite.exercises.cells import sight_of
from roam_lite.exercises.patches import padding
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
# at $j + 0.5$. A box is `(x, y, w, h)`: its left edge, its top edge, its width and its height. Its
# center is at $x + w/2$. Files of the OTB benchmark count from 1; only the functions that read and
# write them need to know that.

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
# The *region* is the square of the image that becomes the patch. Its center is the target's, and its
# sides are
#
# $$ S_w = S_h = \gamma \sqrt{w h} $$
#
# image pixels, with $\gamma = 5$ in the paper and 4 in `laptop`. It is resized to the patch, whose
# side is $S$ patch pixels, whatever the region's is. Why the root of the area, and not the longer side?
# *Before you run the next cell: how much of the patch does the target fill if it is 100 × 25, and how
# much if it is 50 × 50?*


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
# The share is $1/\gamma^2$ whatever the shape. The network sees every target at one scale, and only
# the aspect ratio differs. Notebook 2 deals with that.
#
# ## The crop
#
# Patch pixel $j$ has its center at $j + 0.5$ patch pixels. With `scale` image pixels per patch
# pixel that is `left + (j + 0.5) * scale` in the image, where we want the color. Image arrays are
# indexed by pixel centers, so the array position is half a pixel less. That half pixel is what goes
# wrong most often.


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


image = sequences["light"].frames[0]
region = np.array([160.3, 120.8, 110.0, 90.0])
difference = np.abs(my_crop(image, region, S) - crop(image, region, S))
print(f"largest difference {difference.max():.2f} of 255 gray levels")
assert difference.max() < 5  # some versions of OpenCV interpolate in steps of 1/32 pixel

# %% [markdown]
# `half` is an argument so that we can leave it out on purpose. Take a *ramp*, an image whose value *is*
# its x position. There the mistake can be read off directly:

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
# The shift depends on the region's size, so the target appears to move whenever it grows. Boxes are
# continuous and need no half pixel. Only their origin and their unit change, and the way back is
# exact:

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
# ## Outside the image
#
# A region can reach beyond the image. What lies outside is *padding*: `crop` fills it with the image's
# mean color. How much of a patch is that? *Guess for a target of 70 × 70 pixels in the middle of a frame
# of 320 × 240.* The function `padding` is exercise 01.2; you will write it yourself.

# %%
print(
    f"70 x 70 in the middle: {padding(np.array([160, 120, gamma * 70, gamma * 70]), 320, 240):.0%}"
)
for name, sequence in sequences.items():
    height, width, _ = sequence.frames[0].shape
    shares = [padding(region_around(box, gamma), width, height) for box in sequence.boxes]
    print(f"{name:12s} padding: mean {np.mean(shares):4.0%}, largest {max(shares):4.0%}")

# %% [markdown]
# In some of these sequences a third or a half of the patch holds nothing to learn from. That is the
# price of a large γ. A small γ has a price too: less of the surroundings is searched, and a fast target
# leaves the region. The figures below use `light`, whose patches have no padding.
#
# ## Play with it: the region (about 5 minutes)
#
# `sw` and `sh` make the target appear wider and higher: the region's sides are *divided* by them. Find
# the γ from which on a quarter of the patch is padding, in each sequence. Then find one at which you can
# no longer tell what the target is.

# %%
names = sorted(sequences, key=lambda name: name != "light")


def draw_region(figure, gamma, sw, sh, sequence):
    """The region on the frame, and the patch that it becomes."""
    figure.set_size_inches(9, 3.8)
    frame, box = sequences[sequence].frames[0], sequences[sequence].boxes[0]
    region = region_around(box, gamma, (sw, sh))
    share = padding(region, frame.shape[1], frame.shape[0])
    left, right = figure.subplots(1, 2)
    show_image(left, frame, f"frame: region of {region[2]:.0f} x {region[3]:.0f} px")
    outline(left, box, TRUTH_COLOR)
    outline(left, np.concatenate([region[:2] - region[2:] / 2, region[2:]]), BLUE)
    show_image(right, crop(frame, region, S), f"patch of {S} x {S} px, {share:.0%} padding")
    outline(right, boxes_to_patch(box, region, S), TRUTH_COLOR)


explore(
    draw_region,
    alt="A frame with the target's box and the region of four times its size; beside it the patch.",
    gamma=(1.0, 9.0, gamma, 0.25),
    sw=(0.6, 1.6, 1.0, 0.05),
    sh=(0.6, 1.6, 1.0, 0.05),
    sequence=names,
)

# %% [markdown]
# ## Nine samples from one frame
#
# The first model has to be learned from a single frame. So that it also learns what a target of another
# size and shape looks like, the frame is shown nine times, the target stretched to
# $[s\,w\,r,\; s\,h/r]$. In the paper, $s$ and $r$ are 0.8, 1 and 1.2; in `laptop` they are 0.7, 1 and
# 1.4. The box is stretched along with the image. (The authors' released program leaves $r$ out of the
# boxes. $r$ is not 1 in six of the nine, so six boxes are wrong.)

# %%
sequence = sequences["light"]
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
# Here the target is always in the middle. In meta-training (notebook 6) each patch is also shifted at
# random, so that a model learns to find its target anywhere.
#
# ## From patch to feature map
#
# The *stride* of a map is the number of patch pixels from one cell to the next. There are three
# backbones:
#
# - `paper` uses the first layers of **VGG-16**, with the upper poolings removed: stride 4 and not 16.
# - `laptop` uses **EfficientNet-Lite0**, made for small machines. Its maps of strides 4, 8 and 16 are
#   joined at stride 4.
# - `laptop-small` uses a small residual network whose features were not learned from ImageNet.
#
# *How do their costs compare? Guess before you run the cell.*

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
        start = time.process_time()
        features = backbone(patch)
        seconds = time.process_time() - start
    parameters = sum(p.numel() for p in backbone.parameters())
    cells = len(backbone.cells(side))
    assert features.shape[-2:] == (cells, cells)
    print(
        f"{name:12s} {parameters:10,d} parameters, {side} px -> {cells} x {cells} cells of ", end=""
    )
    print(f"{features.shape[2]} channels, {1000 * seconds:6.0f} ms of processor time a patch")

side = get_profile("paper").model.patch_size
print(f"with all four poolings VGG-16 would leave {side // 16} x {side // 16} cells")

# %% [markdown]
# ## Where does a cell lie?
#
# 281 pixels at stride 4 give 70 cells, not 70.25. The middle of the patch, 140.5, is the center of
# no cell: cell 34 is centered at 138 and cell 35 at 142. Whoever takes a middle *cell* for the middle
# of the *patch* is wrong by 2.5 or by 1.5 pixels, in every training sample.
#
# VGG-16 and the small backbone halve the map twice by layers that are symmetric about two pixels, hence
#
# $$ \text{cell } k \text{ is centered at } 4k + 2 \text{ patch pixels.} $$
#
# The kernels of EfficientNet-Lite0 are odd and centered on every second pixel: its cell $k$ lies on pixel
# $4k$, whose center is at $4k + \tfrac12$.
#
# The gradient can prove it. A cell's derivative with respect to the patch shows what the cell looks
# at, and the center of mass of its magnitude is where the cell lies. The weights are random, so a single
# network is off to one side or the other. The mean over several is not.


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
# The bands hold 80 % of the twelve networks. Cell 11 is far from the border. Near the border a cell
# also sees zeros, which convolutions put around their maps.
#
# ## Play with it: the channels (about 5 minutes)
#
# The features of the checkpoint that ships. Move the channel and look for one that answers to edges,
# and one that answers to blobs. Move the frame: do they still answer at the same places of the target?

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


_, features = features_of(sequences["light"], 0)
contrast = features[:, 17:19, 17:19].mean(dim=(1, 2)) - features.mean(dim=(1, 2))
clearest = int((contrast / features.std(dim=(1, 2))).argmax())  # stands out at the patch's center
explore(
    draw_channel,
    alt="A patch, one channel of its features, and the channel laid over the patch.",
    channel=(0, config.channels - 1, clearest),
    frame=(0, 59, 0),
    sequence=names,
)

# %% [markdown]
# ## What the features know
#
# Take the feature vector at the target's center in the *first* frame, and compare it with every cell
# of *later* frames by the cosine between the two vectors:

# %%
cells = backbone.cells(S)
middle = int(torch.argmin((cells - S / 2).abs()))


def compare(sequence, t):
    """Patch of frame t, its cosines [H, W] with the first center, and the peak (x, y) in the patch."""
    patch, features = features_of(sequence, t)
    first = features_of(sequence, 0)[1][:, middle, middle]
    cosine = torch.nn.functional.cosine_similarity(first[:, None, None], features, dim=0)
    row, column = divmod(int(cosine.argmax()), len(cells))
    return patch, cosine, np.array([cells[column], cells[row]])


figure, grid = plt.subplots(2, 4, figsize=(10, 5.2))
for (above, below), t in zip(grid.T, (0, 10, 30, 55), strict=True):
    patch, cosine, peak = compare(sequences["light"], t)
    box = sequences["light"].boxes[t]
    assert t > 0 or (peak == np.array([cells[middle]] * 2)).all()
    show_image(above, patch, f"frame {t}")
    outline(above, boxes_to_patch(box, region_around(box, gamma), S), TRUTH_COLOR)
    title = f"peak {np.linalg.norm(peak - S / 2):.0f} px off"
    picture = show_map(below, cosine, 4, title, cmap="magma", vmin=-0.5, vmax=1)
figure.colorbar(picture, ax=grid[1], shrink=0.7, label="cosine with the first center")
show(
    figure,
    "Cosine of each cell with the first frame's target: largest on the target, lower elsewhere.",
)

# %%
for name, sequence in sequences.items():
    inside, off, above_half = [], [], []
    for t in range(5, 60, 6):
        _, cosine, peak = compare(sequence, t)
        w, h = nominal_size(sequence.boxes[t], config)
        inside.append((np.abs(peak - S / 2) < (w / 2, h / 2)).all())
        off.append(np.linalg.norm(peak - S / 2))
        above_half.append(float((cosine > 0.5).float().mean()))
    print(
        f"{name:12s} peak on the target in {sum(inside):2d} of {len(inside)} frames, "
        f"{np.mean(off):4.1f} px off; {np.mean(above_half):4.0%} of the cells above 0.5"
    )
print(f"the target covers {1 / gamma**2:.0%} of the cells")

# %% [markdown]
# In five of the sequences the peak lies on the target in nearly all frames. In `distractors`, which shows
# other things of the target's kind, it mostly lies elsewhere. The cosine says *this kind of thing*; it does
# not say *this one, and exactly here*. The next notebooks build filters that are trained to say that, and
# keep them up to date.
#
# ## Recap
#
# - Coordinates are continuous and 0-based: pixel $j$ covers $[j, j+1)$. Cell $k$ is centered at $4k+2$,
#   with EfficientNet-Lite0 at $4k+\tfrac12$.
# - The region's sides are $S_w = S_h = \gamma\sqrt{wh}$: each target fills $1/\gamma^2$ of its patch.
# - Images are sampled at pixel centers and boxes are not: the half pixel belongs to the crop alone.
# - What a region holds outside the image is padding, in one of the samples about half of the patch.
# - Nine stretched samples with nine stretched *boxes* make the first training set.
#
# ## What you can build now
#
# A crop that is exact below the pixel for any detector or tracker; a test that tells whether somebody
# else's crop is; and, with 01.4 and the gradient, the position of the cells of any backbone.
#
# ## Exercises
#
# Write the function, run the cell. `check` compares it with the reference on several random cases,
# and knows the answers that often go wrong. Solutions are in
# [solutions](solutions/01_patches_and_features_solutions.ipynb).
#
# **01.1** (easy, about 5 minutes) A line of an OTB file holds `x, y, w, h`, counted from 1. Return the
# center `(cx, cy)` of that box in our coordinates.


# %%
def center_of_line(line):
    """Center (cx, cy), continuous and 0-based, of a 1-based line [4]."""
    ...


check("01.1", center_of_line)

# %% [markdown]
# **01.2** (medium, about 10 minutes) Return the share, 0 to 1, of a patch that is padding, given its
# region and the image's width and height in pixels. A region may lie wholly outside.


# %%
def padding_share(region, width, height):
    """Share of the region outside the image; region is (cx, cy, side_w, side_h), an array."""
    ...


check("01.2", padding_share)

# %% [markdown]
# **01.3** (medium, about 10 minutes) The tracker found boxes `[n, 4]` in a patch of `size` pixels that
# was cut at `region`. Return them in image pixels. The region may be stretched.


# %%
def back_to_image(boxes, region, size):
    """Boxes [n, 4] in image pixels; region is (cx, cy, side_w, side_h)."""
    ...


check("01.3", back_to_image)

# %% [markdown]
# **01.4** (hard, about 15 minutes) Where in the patch are the cells 0 to `count - 1` of a backbone
# centered, given `layers`, a list of `(kernel, stride, padding)` from the first layer to the last?


# %%
def cell_positions(layers, count):
    """Positions [count] in patch pixels."""
    ...


check("01.4", cell_positions)

# %% [markdown]
# **01.5** (design it, about 15 minutes; there are many answers) Return layers of your own, as in 01.4.
# `check` looks at what they reach, four things, 1 for yes and 0 for no:
#
# - 0: their total stride is `stride`, which is 4 or 8;
# - 1: the first cell is centered at `stride / 2`;
# - 2: a cell sees at least `sight` pixels along each axis, up to 60;
# - 3: they cost at most 10 taps a patch pixel. A kernel of side $k$ has $k^2$ taps, computed once for
#   each of its output cells; channels are left out.
#
# <details><summary>A hint</summary>
#
# A kernel of side $k$ lets a cell see $k - 1$ more positions of the map that it is laid on. The further
# apart those positions are, the more pixels that is, and the fewer cells have to be computed.
#
# </details>


# %%
def my_layers(stride, sight):
    """List of (kernel, stride, padding) from the first layer to the last."""
    ...


check("01.5", my_layers)

# %% [markdown]
# To compare with: how far a cell of VGG-16 sees, with the twelve convolutions of `paper` and its
# two poolings.

# %%
convolution, pooling = (3, 1, 1), (2, 2, 0)
vgg = [convolution] * 2 + [pooling] + [convolution] * 2 + [pooling] + [convolution] * 8
print(f"VGG-16: {sight_of(vgg)} pixels")

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
# ## What next
#
# [2. Resizable filters](02_resizable_filters.ipynb): the model that is laid over these features.
