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
# # 2. Resizable filters: one anchor in place of many
#
# The tracking model lays a filter over the feature map. Where they match, the target is. But the
# target turns and its shape changes, and a filter of another shape has another *number* of
# parameters. The optimizer of the later notebooks keeps one learning rate for each parameter, so that
# number must stay the same. ROAM's answer: the filter is stored at one size and *resized* when it is used.
#
# ## What you will learn
#
# - Compute the filter's size and its anchor from the target's box (4), (5), (6).
# - Resize a filter as two small matrix products (2), (3), and carry a gradient back through them.
# - Find each parameter of θ in one flat vector (1).
# - Correlate through the FFT, and measure when that pays.
# - Design anchors of fixed shapes, and compare them with the one that is resized.
#
# ## Before you start
#
# **Needs** [notebook 1](01_patches_and_features.ipynb): patches, their side $S$ in pixels, feature maps
# and cells. **Paper** sections 3.1 and 5 (network structure). **Run time** about 15 s on two cores
# (`python notebooks/render.py 02_resizable_filters`). **Your time** about 100 minutes: 30 to read, 70
# for the exercises. Terms are in the [glossary](../docs/glossary.md), letters in the [symbol
# sheet](../docs/symbols.md).

# %%
import time

import matplotlib.pyplot as plt
import numpy as np
import torch

from roam_lite import get_profile, load_tracker
from roam_lite.bench.plain import PlainTrackingModel, correlate_plain, warp_filter_plain
from roam_lite.data.otb import list_sequences, read_sequence
from roam_lite.demo import samples_folder
from roam_lite.exercises import check
from roam_lite.exercises.anchors import overlaps
from roam_lite.figures.axes import outline, show_image, show_map
from roam_lite.figures.style import OPTIMIZER_COLORS, TRUTH_COLOR, use_style
from roam_lite.geometry import crop, nominal_size, region_around
from roam_lite.model.correlation import correlate
from roam_lite.model.filters import anchor_size, filter_size, warp_filters
from roam_lite.model.tracking_model import ThetaLayout, TrackingModel
from roam_lite.widgets import explore, show

use_style()
BLUE = OPTIMIZER_COLORS["lstm"]
paper, laptop = (get_profile(name).model for name in ("paper", "laptop"))
rho, c, S, gamma = laptop.filter_scale, laptop.stride, laptop.patch_size, laptop.region_scale
folder = samples_folder()
sequences = {name: read_sequence(folder, name) for name in list_sequences(folder)}

# %% [markdown]
# ## Shapes change
#
# In a patch every target has the same area (notebook 1), but not the same aspect ratio. Here is how the
# aspect ratio changes in the six sample sequences:

# %%
figure, axes = plt.subplots(figsize=(6, 3))
for (name, sequence), dashes in zip(sequences.items(), ("-", "--", ":", "-.") * 2, strict=False):
    ratio = sequence.boxes[:, 2] / sequence.boxes[:, 3]
    axes.plot(ratio / ratio[0], dashes, label=f"{name}: {ratio.min():.2f} to {ratio.max():.2f}")
axes.set(xlabel="frame", ylabel="w / h, relative to frame 0", yscale="log")
axes.set_yticks([0.5, 1, 2], ["0.5", "1", "2"])
axes.yaxis.set_minor_formatter("")
axes.legend(title="w / h", fontsize=8, bbox_to_anchor=(1, 1))
show(
    figure,
    "Aspect ratios over 60 frames: some stay constant, some change by up to a factor of two.",
)

# %% [markdown]
# ## How large is the filter?
#
# It covers $\rho = 1.5$ times the target, so that it sees some surroundings. It is measured in cells
# of $c = 4$ patch pixels, $c$ being the stride of the map. And it is odd, so that it has a middle cell:
#
# $$ f_r = \lceil \rho h / c \rceil - \lceil \rho h / c \rceil \bmod 2 + 1 \tag{4} $$
#
# $$ f_c = \lceil \rho w / c \rceil - \lceil \rho w / c \rceil \bmod 2 + 1 \tag{5} $$
#
# $f_r$ is the number of rows and goes with the height $h$; $f_c$ is the number of columns and goes with
# the width $w$. The library's function is `filter_size`. You will write your own in exercise 02.1, so the
# cell below only uses it. *Before you run it: which targets of the first row below share a filter?*


# %%
def size_of(w, h, limit):
    """Filter size (f_r, f_c) in cells of a target of w x h patch pixels, on a map of `limit` cells."""
    return filter_size(torch.tensor([w, h]), rho, c, limit).tolist()


limit = S // c
for targets in (
    [(20, 20), (21, 20), (22, 20), (26, 20), (27, 20)],
    [(90, 20), (95, 20), (140, 20)],
):
    print(", ".join(f"{w} x {h} px: {size_of(w, h, limit)}" for w, h in targets))

nominal = paper.patch_size / paper.region_scale
size = size_of(nominal, nominal, paper.patch_size // c)
print(
    f"paper: a square target is {nominal} px, its filter {size} cells, the stored one {paper.base_filter}"
)

# %% [markdown]
# ## The one anchor
#
# An *anchor* is a box of known size that is laid on every position of the map. The model only has to say
# how far the target's box is off. Detectors use many anchors of several shapes and sizes. With a filter
# that has the target's shape, one is enough:
#
# $$ (a_w, a_h) = (f_c, f_r) / \rho \tag{6} $$
#
# in cells; times $c$ in patch pixels. *How far can the anchor be from the target's true size?* Work it out
# from (4) before you look.


# %%
def my_anchor(f_r, f_c):
    """Anchor (a_w, a_h) in patch pixels of a filter of f_r x f_c cells."""
    return f_c * c / rho, f_r * c / rho


w = torch.linspace(1, 90, 1000)
sizes = filter_size(torch.stack([w, w], dim=-1), rho, c, limit)
a_w, w = my_anchor(*sizes.T.numpy())[0], w.numpy()
np.testing.assert_allclose(a_w, anchor_size(sizes, rho, c)[:, 0])
below_limit = sizes[:, 0].numpy() < limit - 1
excess = (a_w - w)[below_limit]
print(
    f"anchor minus target: {excess.min():.2f} to {excess.max():.2f} px; 2c / ρ = {2 * c / rho:.2f} px"
)
assert 0 <= excess.min() <= excess.max() <= 2 * c / rho

figure, axes = plt.subplots(figsize=(5.5, 3))
axes.plot(w, a_w, color=BLUE, label="anchor")
axes.fill_between(w, w, w + 2 * c / rho, color=BLUE, alpha=0.15, label="w to w + 2c / ρ")
axes.plot(w, w, color="black", linewidth=1, label="target")
axes.set(xlabel="width of the target (patch pixels)", ylabel="width (patch pixels)")
axes.legend()
show(
    figure, "The anchor's width climbs in steps of 2c / rho pixels and is never below the target's."
)

# %% [markdown]
# The anchor is never smaller than the target, and less than $2c/\rho$ patch pixels larger, as long as
# the filter fits the map. Exercise 02.2 asks why. The model's second branch, the *regression* branch,
# corrects the rest.
#
# ## θ, one flat vector
#
# The model has two branches of two layers each. The *response* branch says where the target is, the
# regression branch how its box differs from the anchor. In both, a 1×1 convolution, the *reduction*, takes
# the features to fewer channels. Then comes a kernel of fixed size with one output for the response and
# four for the box. All their parameters together are θ:
#
# $$ \theta = [\theta_{cf}, \theta_{reg}] \tag{1} $$
#
# The optimizer treats each coordinate of θ by itself, so θ is kept as one flat vector.

# %%
for name, config in (("laptop", laptop), ("paper", paper)):
    layout = ThetaLayout.of(config)
    print(f"{name}: {layout.size:,d} coordinates")
    parts = ("reduction", "its bias", "kernel", "its bias")
    for shape, part in zip(layout.shapes, parts * 2, strict=True):
        print(f"  {part:10s} {np.prod(shape):8,d}  {list(shape)}")

# %% [markdown]
# *What would $k$ anchors of fixed shapes cost?* They need $k$ outputs for the response and $4k$ for the
# boxes. And how well would they fit? The overlap of two boxes is their intersection over their union
# (IoU). Take targets of equal area whose aspect ratio is between 1/3 and 3:

# %%
R, K = paper.reduced, paper.base_filter
for k in (1, 3, 5):
    print(f"{k} anchors: {R * K * K * (1 + 4) * k:9,d} parameters in the two kernels")

ratios = np.geomspace(1 / 3, 3, 61)[:, None]
shapes = S / gamma * np.hstack([np.sqrt(ratios), 1 / np.sqrt(ratios)])
resized_anchors = anchor_size(filter_size(torch.tensor(shapes), rho, c, limit), rho, c).numpy()
fits = [overlaps(shapes[i : i + 1], resized_anchors[i : i + 1]) for i in range(len(shapes))]
square = overlaps(shapes, np.full((1, 2), S / gamma))
for name, overlap in (("one that is resized", fits), ("one fixed square", square)):
    print(f"{name:20s} overlap: mean {np.mean(overlap):.2f}, least {np.min(overlap):.2f}")

# %% [markdown]
# How well can three to five fixed shapes do? Exercise 02.5 asks for your design.
#
# ## The warp
#
# The kernel is stored at 21×21 (13×13 in the `laptop` profile; the table above says so) and used at the
# size $\phi = (f_r, f_c)$. $\mathcal{W}$ is the *warp*, bilinear interpolation:
#
# $$ \tilde{\theta}_{cf} = \mathcal{W}(\theta_{cf}, \phi) \tag{2} $$
#
# $$ \tilde{\theta}_{reg} = \mathcal{W}(\theta_{reg}, \phi) \tag{3} $$
#
# Bilinear interpolation is *linear* in the kernel, and it works on rows and columns one after the other.
# So the warp is a product with two small matrices. Its gradient is another such product: exercise 02.3.


# %%
def my_interpolation(base, taps):
    """Matrix [taps, base]: row i interpolates at i (base - 1) / (taps - 1), corners on corners."""
    position = torch.arange(taps) * (base - 1) / max(taps - 1, 1)
    return (1 - (position[:, None] - torch.arange(base)).abs()).clamp(min=0)


def my_warp(kernel, f_r, f_c):
    """Kernel [..., k, k] resized to [..., f_r, f_c]."""
    k = kernel.shape[-1]
    return my_interpolation(k, f_r) @ kernel @ my_interpolation(k, f_c).T


kernel = torch.randn(4, 16, 11, 11, generator=torch.Generator().manual_seed(0))
for f_r, f_c in ((11, 11), (23, 7), (1, 35)):
    torch.testing.assert_close(my_warp(kernel, f_r, f_c), warp_filter_plain(kernel, (f_r, f_c)))
print(my_interpolation(3, 5))

# %% [markdown]
# Several videos, each with its own filter size, should still go through *one* correlation. So the
# library writes each warped filter into the middle of a canvas with zeros around it. The answer is the
# same as from a loop over videos with direct convolutions. The figure shows one filter at three sizes. It
# is a real one: the response branch's after its first steps on a frame of `light`. Of its input channels
# the one with the largest weights is shown.

# %%
layout = ThetaLayout.of(laptop)
generator = torch.Generator().manual_seed(1)
theta = layout.initial(generator, laptop.kernel_spread).expand(3, -1)
features = torch.randn(3, 2, laptop.channels, limit, limit, generator=generator)
sizes = torch.tensor([[11, 11], [5, 23], [19, 7]])
together, one_by_one = (
    Model(layout, theta, sizes, limit)(features) for Model in (TrackingModel, PlainTrackingModel)
)
torch.testing.assert_close(together, one_by_one, atol=1e-4, rtol=1e-4)

sequence = sequences["light"]
tracker = load_tracker("laptop")
tracker.init(sequence.frames[0], sequence.boxes[0])
kernel = tracker.model.layout.split(tracker.theta)[0].kernel[0, 0].detach()
strongest = kernel[kernel.square().sum(dim=(1, 2)).argmax()]
span, side = float(strongest.abs().max()), laptop.base_filter

figure, (first, *others) = plt.subplots(1, 4, figsize=(10, 2.8))
show_map(first, strongest, 1, f"stored: {side} x {side}", cmap="RdBu", vmin=-span, vmax=span)
for axes, size in zip(others, sizes, strict=True):
    (canvas,) = warp_filters(strongest[None, None, None], size[None], 23)[:, 0, 0]
    title = f"{size[0]} x {size[1]} on 23 x 23"
    picture = show_map(axes, canvas, 1, title, cmap="RdBu", vmin=-span, vmax=span)
figure.colorbar(picture, ax=[first, *others], shrink=0.8, label="weight")
show(
    figure,
    "One stored filter, and the same filter resized to three shapes, each on a canvas of zeros.",
)

# %% [markdown]
# ## Play with it (about 5 minutes)
#
# The same filter. Change the target's width and height and watch filter and anchor follow. By how many
# pixels can you change the width before the anchor jumps? Compare with $2c/\rho$.

# %%
patch = crop(sequence.frames[0], region_around(sequence.boxes[0], gamma), S)


def draw_filter(figure, width, height):
    """The target's box and its anchor on the patch, the stored filter and the warped one."""
    figure.set_size_inches(9, 3.4)
    left, middle, right = figure.subplots(1, 3)
    f_r, f_c = size_of(width, height, limit)
    a_w, a_h = my_anchor(f_r, f_c)
    show_image(left, patch, f"target {width} x {height} px,\nanchor {a_w:.1f} x {a_h:.1f} px")
    outline(left, (S / 2 - width / 2, S / 2 - height / 2, width, height), TRUTH_COLOR)
    outline(left, (S / 2 - a_w / 2, S / 2 - a_h / 2, a_w, a_h), BLUE, linestyle="--")
    style = {"cmap": "RdBu", "vmin": -span, "vmax": span}
    show_map(middle, strongest, 1, f"stored: {side} x {side}", **style)
    warped = my_warp(strongest, f_r, f_c)
    half_w, half_h = f_c * c / 2, f_r * c / 2
    extent = (S / 2 - half_w, S / 2 + half_w, S / 2 + half_h, S / 2 - half_h)
    right.imshow(warped, extent=extent, **style)
    right.set(xlim=(0, S), ylim=(S, 0), xticks=[], yticks=[])
    right.set_title(f"used on the patch: {f_r} x {f_c} cells")
    right.grid(False)
    right.spines[:].set_visible(True)
    figure.suptitle(
        f"parameters: {kernel.numel() * 5:,d}, whatever the size; "
        f"unwarped they would be {f_r * f_c * len(kernel) * 5:,d}; "
        f"with 5 anchors of fixed shapes {kernel.numel() * 25:,d}",
        fontsize=10,
    )


w0, h0 = (round(value) for value in nominal_size(sequence.boxes[0], laptop))
explore(
    draw_filter,
    alt="A patch with the target's box and its anchor; the stored 13 by 13 filter and the warped one.",
    width=(4, 100, w0),
    height=(4, 100, h0),
)

# %% [markdown]
# ## What the warp does to the response
#
# Interpolated values are not renormalized: a filter of twice the side has four times as many weights,
# or *taps*, and sums up about four times as much. In a patch, though, the target's area is fixed. So we
# compare, for the real filter, targets that grow with targets that only change their shape:

# %%
flat = strongest.abs()
grow = np.linspace(0.3, 2, 40)
stretch = np.exp(np.linspace(-1.1, 1.1, 40))


def gain(factor_w, factor_h):
    """Sum of the warped absolute weights relative to the size of a square target."""
    base = S / gamma
    sizes = size_of(base * factor_w, base * factor_h, limit)
    return float(my_warp(flat, *sizes).sum() / my_warp(flat, *size_of(base, base, limit)).sum())


figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), sharey=True)
left.plot(grow, [gain(g, g) for g in grow], color=BLUE)
left.plot(grow, grow**2, color="black", linewidth=1, label="factor squared")
left.set(xlabel="factor on width and height", ylabel="sum of |weights|, relative")
left.legend()
shapes = [gain(np.sqrt(s), 1 / np.sqrt(s)) for s in stretch]
right.plot(stretch, shapes, color=BLUE)
right.set(xlabel="aspect ratio w / h at constant area", xscale="log", ylim=(0, 4.2))
right.set_xticks([1 / 3, 1, 3], ["1/3", "1", "3"])
right.minorticks_off()
print(f"at constant area the sum stays within {min(shapes):.2f} and {max(shapes):.2f}")
show(
    figure,
    "Summed weights grow with the area on the left and hardly move with the shape on the right.",
)

# %% [markdown]
# The number above is for aspect ratios from 1/3 to 3. The crop keeps the area constant, so the sum changes
# little. The rest comes from rounding to odd sizes.
#
# ## Correlation, and why through the FFT
#
# Laying the filter on every position is a correlation,
#
# $$ (m \star k)(y, x) = \sum_{i, j} k(i, j)\, m(y + i, x + j), \qquad
#    \widehat{m \star k} = \hat{m} \cdot \overline{\hat{k}}. $$
#
# Here $m$ is the map, $k$ the filter, the hat is the Fourier transform and the bar the complex
# conjugate. Three things go wrong when one writes that down for the first time: the FFT continues the map
# periodically, so a margin of zeros is needed; it counts taps from the corner, so the middle tap must be
# moved to the origin; and without the conjugate it is a convolution. You will write it in exercise 02.4.
# The library's `correlate` agrees with direct convolution:

# %%
generator = torch.Generator().manual_seed(2)
m, k = (torch.randn(1, 1, 1, *size, generator=generator) for size in ((20, 25), (7, 7)))
difference = (correlate(m, k) - correlate_plain(m, k)).abs().max()
print(f"largest difference {difference:.1e} of {correlate_plain(m, k).abs().max():.1f}")
assert difference < 1e-4

# %% [markdown]
# Does it pay? *Guess first: from which filter size on is the FFT faster?* Meta-training needs the
# response, its gradient, and the gradient of that gradient (notebook 5). We measure all three together.


# %%
def seconds(function, side, repeats=3):
    """Least processor time of response, gradient and its gradient; 8 channels, a map of 36 x 36."""
    generator = torch.Generator().manual_seed(3)
    m = torch.randn(1, 1, 8, 36, 36, generator=generator)
    k = torch.randn(1, 1, 8, side, side, generator=generator, requires_grad=True)
    times = []
    for _ in range(repeats):
        start = time.process_time()
        (gradient,) = torch.autograd.grad(function(m, k).square().sum(), k, create_graph=True)
        torch.autograd.grad(gradient.square().sum(), k)
        times.append(time.process_time() - start)
    return min(times)


threads = torch.get_num_threads()
torch.set_num_threads(1)
sides = (3, 5, 9, 15, 21)
seconds(correlate, 5)  # the first call builds the plans of the FFT
direct, fourier = ([seconds(f, side) for side in sides] for f in (correlate_plain, correlate))
torch.set_num_threads(threads)

figure, axes = plt.subplots(figsize=(5.5, 3))
axes.plot(sides, np.multiply(direct, 1000), ".--", color=BLUE, label="direct")
axes.plot(sides, np.multiply(fourier, 1000), ".-", color=BLUE, label="through the FFT")
axes.set(xlabel="side of the filter (cells)", ylabel="processor time (ms)", yscale="log")
axes.legend()
for side, a, b in zip(sides, direct, fourier, strict=True):
    print(
        f"{side:2d} x {side:2d}: direct {1000 * a:7.1f} ms, FFT {1000 * b:5.1f} ms, ratio {a / b:5.1f}"
    )
show(
    figure,
    "Processor time against filter size: direct correlation climbs steeply, the FFT stays level.",
)

# %% [markdown]
# Compare the first and the last row. The time of the FFT hardly depends on the filter's size; that of
# direct correlation does.
#
# ## Recap
#
# - The filter follows the target (4), (5). The one anchor (6) is the filter without its surroundings.
# - θ (1) has a fixed number of coordinates. The warp (2), (3) is linear, and so is its gradient.
# - The crop keeps areas constant, so the warp changes shapes and nearly keeps the sum of the weights.
# - One output and a large kernel: correlate through the FFT.
#
# ## What you can build now
#
# A template tracker: take a filter, resize it to the target's shape, correlate, and read the peak. It
# cannot learn yet. Also a correlation for kernels of any size, with gradients of any order.
#
# ## Exercises
#
# Solutions are in [solutions](solutions/02_resizable_filters_solutions.ipynb). When a check has passed,
# compare with the library's own code: `filter_size??` in a new cell shows it.
#
# **02.1** (easy, about 10 minutes) The filter's size `(f_r, f_c)` by (4) and (5) for a `target = (w, h)`
# in patch pixels. It is at least 1 and at most the largest odd number that fits a map of `limit` cells.


# %%
def filter_of(target, rho, stride, limit):
    """Filter size (f_r, f_c) in cells."""
    ...


check("02.1", filter_of)

# %% [markdown]
# **02.2** (medium, about 10 minutes) Which targets get a filter of `columns` columns (odd, at least 3)?
# Return `(low, high)` in patch pixels: widths above `low`, up to and with `high`. No limit by the map.


# %%
def widths_of(columns, rho, stride):
    """Interval (low, high] of widths in patch pixels."""
    ...


check("02.2", widths_of)

# %% [markdown]
# **02.3** (medium, about 15 minutes) Training gives the `gradient` `[rows, columns]` of a loss by the
# *warped* filter. θ holds the *stored* filter `[k, k]`. Return the gradient `[k, k]` by that one. The
# function `my_interpolation` above may help.


# %%
def gradient_of_stored(gradient, k):
    """Gradient [k, k] by the stored kernel, a tensor; rows and columns are gradient's shape."""
    ...


check("02.3", gradient_of_stored)

# %% [markdown]
# **02.4** (hard, about 20 minutes) Correlate a map `[H, W]` with an odd kernel `[K, K]` (both tensors)
# through the FFT, zeros outside the map, the result `[H, W]`.
#
# <details><summary>A hint</summary>
#
# Begin with a kernel that is 1 in its middle and 0 elsewhere: the result should be the map itself.
#
# </details>


# %%
def correlated(m, k):
    """Correlation [H, W]; torch.fft has rfft2 and irfft2."""
    ...


check("02.4", correlated)

# %% [markdown]
# **02.5** (design it, about 15 minutes; there are many answers) A tracker without resizing lays `count`
# anchors of fixed shapes on each position, 3 to 5 of them. `targets` `[n, 2]` are the sizes `(w, h)` of
# its targets, all of one area. Return anchors `[count, 2]` of that same area. `check` looks at what they
# reach: the overlap of each target with its best anchor, centers on centers, should be at least 0.8 on
# average over the taller half of the targets, and over the wider half.


# %%
def my_anchors(targets, count):
    """Anchors [count, 2] as (w, h), each of the targets' area; targets is an array [n, 2]."""
    ...


check("02.5", my_anchors)

# %% [markdown]
# The one anchor that is resized has the overlap printed above, on targets whose aspect ratios differ by
# a factor of nine, with one set of outputs.
#
# ## References
#
# - T. Yang, P. Xu, R. Hu, H. Chai, A. B. Chan. [ROAM: Recurrently Optimizing Tracking
#   Model](https://arxiv.org/abs/1907.12006). CVPR 2020.
# - B. Li, J. Yan, W. Wu, Z. Zhu, X. Hu. High Performance Visual Tracking with Siamese Region
#   Proposal Network. CVPR 2018: enumerated anchors.
# - J. F. Henriques, R. Caseiro, P. Martins, J. Batista. High-Speed Tracking with Kernelized
#   Correlation Filters. TPAMI 2015: tracking in the Fourier domain.
#
# ## What next
#
# [3. Labels and losses](03_labels_and_losses.ipynb): what the two branches should have said.
