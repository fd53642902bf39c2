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
# The tracking model lays a filter over the feature map; where they match, the target is. But the
# target turns and its shape changes, and a filter of another shape has another *number* of
# parameters. How shall an optimizer that emits one learning rate for each parameter cope with that?
# ROAM's answer: the parameters keep their number, and the filter is *resized* when it is used.
#
# **When you are through you can**
#
# - compute the filter's size and its anchor from the target's box (4), (5), (6);
# - resize a filter as two small matrix products (2), (3), and say what that does to its response;
# - find each parameter of θ in one flat vector (1);
# - correlate through the FFT, and say when that pays.
#
# **Needs** notebook 1. **Paper** sections 3.1 and 5 (network structure). **Run time** about 10 s on
# two cores (`python notebooks/render.py 02_resizable_filters`).

# %%
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F

from roam_lite import get_profile, load_tracker
from roam_lite.bench.plain import PlainTrackingModel, correlate_plain, warp_filter_plain
from roam_lite.data.otb import list_sequences, read_sequence
from roam_lite.demo import samples_folder
from roam_lite.exercises import check
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
# In a patch every target has the same area (notebook 1). Its aspect ratio is its own, and in most
# of the six sample sequences it does not stay what it was:

# %%
figure, axes = plt.subplots(figsize=(6, 3))
for (name, sequence), dashes in zip(sequences.items(), ("-", "--", ":", "-.") * 2, strict=False):
    ratio = sequence.boxes[:, 2] / sequence.boxes[:, 3]
    axes.plot(ratio / ratio[0], dashes, label=f"{name}: {ratio.min():.2f} to {ratio.max():.2f}")
axes.set(xlabel="frame", ylabel="w / h, relative to frame 0", yscale="log")
axes.set_yticks([0.5, 1, 2], ["0.5", "1", "2"])
axes.yaxis.set_minor_formatter("")
axes.legend(title="w / h", fontsize=8, bbox_to_anchor=(1, 1))
show(figure, "Aspect ratios over 60 frames: some constant, some change by a factor of up to two.")

# %% [markdown]
# ## How large is the filter?
#
# It covers $\rho = 1.5$ times the target, so that it sees some surroundings; it is measured in cells
# of $c = 4$ pixels; and it is odd, so that it has a middle:
#
# $$ f_r = \lceil \rho h / c \rceil - \lceil \rho h / c \rceil \bmod 2 + 1 \tag{4} $$
#
# $$ f_c = \lceil \rho w / c \rceil - \lceil \rho w / c \rceil \bmod 2 + 1 \tag{5} $$
#
# Note who goes with whom: rows with the height, columns with the width.


# %%
def my_filter_size(w, h, limit):
    """Filter size (f_r, f_c) in cells of a target of w x h patch pixels."""
    f_r, f_c = np.ceil(rho * h / c), np.ceil(rho * w / c)
    f_r, f_c = f_r - f_r % 2 + 1, f_c - f_c % 2 + 1
    largest = limit - (limit + 1) % 2  # odd, and not larger than the map
    return np.clip([f_r, f_c], 1, largest).astype(int)


targets = np.random.default_rng(0).uniform(1, 140, (1000, 2))
limit = S // c
theirs = filter_size(torch.from_numpy(targets), rho, c, limit)
assert np.array_equal([my_filter_size(w, h, limit) for w, h in targets], theirs)

nominal = paper.patch_size / paper.region_scale
size = my_filter_size(nominal, nominal, paper.patch_size // c)
print(
    f"paper: a square target is {nominal} px, its filter {size} cells, the base {paper.base_filter}"
)

# %% [markdown]
# ## The one anchor
#
# A detector lays many *anchors* on every position, boxes of several shapes and sizes, and learns
# for each of them how far the object's box is off. With a filter that has the target's shape, one is
# enough:
#
# $$ (a_w, a_h) = (f_c, f_r) / \rho \tag{6} $$
#
# in cells; times $c$ in pixels. *How far can the anchor be from the target's true size?* Work it out
# from (4) before you look.


# %%
def my_anchor(f_r, f_c):
    """Anchor (a_w, a_h) in patch pixels of a filter of f_r x f_c cells."""
    return f_c * c / rho, f_r * c / rho


w = np.linspace(1, 90, 1000)
sizes = np.array([my_filter_size(value, value, limit) for value in w])
a_w = np.array([my_anchor(*size)[0] for size in sizes])
np.testing.assert_allclose(a_w, anchor_size(torch.from_numpy(sizes), rho, c)[:, 0])
below_limit = sizes[:, 0] < limit - 1
assert (a_w - w)[below_limit].min() >= 0
assert (a_w - w)[below_limit].max() <= 2 * c / rho

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
# The anchor is never smaller than the target, and at most $2c/\rho \approx 5.3$ pixels larger
# (until the map ends). The rest is left to the regression branch.
#
# ## θ, one flat vector
#
# The model has two branches of two layers each. A 1×1 *reduction* takes the features to fewer
# channels; then a kernel of fixed size, one output for the response, four for the box:
#
# $$ \theta = [\theta_{cf}, \theta_{reg}] \tag{1} $$
#
# An optimizer that treats each coordinate by itself does not care which is which, so θ is kept flat.

# %%
for name, config in (("laptop", laptop), ("paper", paper)):
    layout = ThetaLayout.of(config)
    print(f"{name}: {layout.size:,d} coordinates")
    parts = ("reduction", "its bias", "kernel", "its bias")
    for shape, part in zip(layout.shapes, parts * 2, strict=True):
        print(f"  {part:10s} {np.prod(shape):8,d}  {list(shape)}")

# %% [markdown]
# *What would enumerating cost?* A tracker that lays $k$ anchors of fixed shapes on every position
# needs $k$ outputs for the response and $4k$ for the boxes:

# %%
R, K = paper.reduced, paper.base_filter
for k in (1, 3, 5):
    print(f"{k} anchors: {R * K * K * (1 + 4) * k:9,d} parameters in the two kernels")

# %% [markdown]
# ## The warp
#
# The kernel is stored at 21×21 (11×11 in the `laptop` profile) and used at $\phi = (f_r, f_c)$:
#
# $$ \tilde{\theta}_{cf} = \mathcal{W}(\theta_{cf}, \phi) \tag{2} $$
#
# $$ \tilde{\theta}_{reg} = \mathcal{W}(\theta_{reg}, \phi) \tag{3} $$
#
# Bilinear interpolation is *linear* in the kernel and works on rows and columns one after the other,
# so $\mathcal{W}$ is a product with two small matrices, and its gradient is two more.


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
# library writes each warped filter into the middle of a canvas, zeros around it. The answer is the
# same as from a loop over videos with direct convolutions:

# %%
layout = ThetaLayout.of(laptop)
generator = torch.Generator().manual_seed(1)
theta = torch.stack([layout.initial(generator, laptop.kernel_spread) for _ in range(3)])
features = torch.randn(3, 2, laptop.channels, limit, limit, generator=generator)
sizes = torch.tensor([[11, 11], [5, 23], [19, 7]])
together, one_by_one = (
    Model(layout, theta, sizes, limit)(features) for Model in (TrackingModel, PlainTrackingModel)
)
torch.testing.assert_close(together, one_by_one, atol=1e-4, rtol=1e-4)

figure, grid = plt.subplots(1, 3, figsize=(9, 3.2))
canvases = warp_filters(layout.split(theta)[0].kernel, sizes, 23)[:, 0, 0]
for axes, canvas, size in zip(grid, canvases, sizes, strict=True):
    span = canvas.abs().max()
    title = f"{size[0]} x {size[1]} on 23 x 23"
    show_map(axes, canvas, 1, title, cmap="RdBu", vmin=-span, vmax=span)
show(figure, "Three random filters of different shapes, each in the middle of the same canvas.")

# %% [markdown]
# ## Play with it
#
# Here is a real filter: θ after its first step on a frame. Of the 16 input channels the one with the
# largest weights is shown. Change the target's width and height and watch filter and anchor follow;
# mind when they jump, and when they do not.

# %%
sequence = sequences["deformation"]
tracker = load_tracker("laptop")
tracker.init(sequence.frames[0], sequence.boxes[0])
response_branch, _ = tracker.model.layout.split(tracker.theta)
kernel = response_branch.kernel[0, 0]
strongest = kernel[kernel.square().sum(dim=(1, 2)).argmax()]
patch = crop(sequence.frames[0], region_around(sequence.boxes[0], gamma), S)


def draw_filter(figure, width, height):
    """The target's box and its anchor on the patch, the stored filter and the warped one."""
    figure.set_size_inches(9, 3.4)
    left, middle, right = figure.subplots(1, 3)
    f_r, f_c = my_filter_size(width, height, limit)
    a_w, a_h = my_anchor(f_r, f_c)
    show_image(left, patch, f"target {width} x {height} px,\nanchor {a_w:.1f} x {a_h:.1f} px")
    outline(left, (S / 2 - width / 2, S / 2 - height / 2, width, height), TRUTH_COLOR)
    outline(left, (S / 2 - a_w / 2, S / 2 - a_h / 2, a_w, a_h), BLUE, linestyle="--")
    span = strongest.abs().max()
    style = {"cmap": "RdBu", "vmin": -span, "vmax": span}
    side = laptop.base_filter
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
    alt="A patch with the target's box and its anchor; the stored 11 by 11 filter and the warped one.",
    width=(4, 100, w0),
    height=(4, 100, h0),
)

# %% [markdown]
# ## What the warp does to the response
#
# Interpolated values are not renormalized, so a filter of twice the side has four times the taps and
# sums up four times as much. Is that a fault? In a patch the target's area is fixed. Let us compare,
# for the real filter, targets that grow with targets that only change their shape:

# %%
flat = strongest.abs()
grow = np.linspace(0.3, 2, 40)
stretch = np.exp(np.linspace(-1.1, 1.1, 40))


def gain(factor_w, factor_h):
    """Sum of the warped absolute weights relative to the size of a square target."""
    base = S / gamma
    sizes = my_filter_size(base * factor_w, base * factor_h, limit)
    return float(
        my_warp(flat, *sizes).sum() / my_warp(flat, *my_filter_size(base, base, limit)).sum()
    )


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
# As the crop keeps the area constant, the sum stays within a third of its value while the shape
# changes ninefold. What is left is rounding to odd sizes, and the optimizer has to live with that.
#
# ## Correlation, and why through the FFT
#
# Laying the filter on every position is a correlation,
#
# $$ (m \star k)(y, x) = \sum_{i, j} k(i, j)\, m(y + i, x + j), \qquad
#    \widehat{m \star k} = \hat{m} \cdot \overline{\hat{k}}. $$
#
# Three things go wrong when one writes that down for the first time: the FFT works on a torus, so a
# margin of zeros is needed; it counts taps from the corner, so the middle tap must be moved to the
# origin; and without the conjugate it is a convolution.


# %%
def my_correlate(m, k):
    """Correlation [H, W] of a map with an odd kernel [K, K], zeros outside the map."""
    (height, width), reach = m.shape, k.shape[-1] // 2
    shape = (height + reach, width + reach)
    padded = F.pad(k, (0, shape[1] - k.shape[1], 0, shape[0] - k.shape[0]))
    padded = torch.roll(padded, (-reach, -reach), dims=(0, 1))
    product = torch.fft.rfft2(m, s=shape) * torch.fft.rfft2(padded).conj()
    return torch.fft.irfft2(product, s=shape)[:height, :width]


generator = torch.Generator().manual_seed(2)
m, k = (torch.randn(size, generator=generator) for size in ((20, 25), (7, 7)))
torch.testing.assert_close(
    my_correlate(m, k), correlate_plain(m[None, None, None], k[None, None, None])[0, 0, 0]
)
torch.testing.assert_close(
    my_correlate(m, k), correlate(m[None, None, None], k[None, None, None])[0, 0, 0]
)

# %% [markdown]
# Does it pay? *Guess first: from which filter size on is the FFT faster?* Meta-training needs not
# only the response but its gradient, and the gradient of that gradient (notebook 5), so measure all
# three.


# %%
def seconds(function, side, repeats=2):
    """Best time of response, gradient and gradient of the gradient; 8 channels, a map of 36 x 36."""
    generator = torch.Generator().manual_seed(3)
    m = torch.randn(1, 1, 8, 36, 36, generator=generator)
    k = torch.randn(1, 1, 8, side, side, generator=generator, requires_grad=True)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        (gradient,) = torch.autograd.grad(function(m, k).square().sum(), k, create_graph=True)
        torch.autograd.grad(gradient.square().sum(), k)
        times.append(time.perf_counter() - start)
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
axes.set(xlabel="side of the filter (cells)", ylabel="time (ms)", yscale="log")
axes.legend()
for side, a, b in zip(sides, direct, fourier, strict=True):
    print(
        f"{side:2d} x {side:2d}: direct {1000 * a:7.1f} ms, FFT {1000 * b:5.1f} ms, ratio {a / b:5.1f}"
    )
show(figure, "Time against filter size: direct correlation climbs steeply, the FFT stays level.")

# %% [markdown]
# The FFT's cost hardly depends on the filter's size. Direct convolution libraries are made for small
# kernels and many outputs; here it is the other way round: one output, large kernels.
#
# ## Recap
#
# - The filter follows the target (4), (5); the one anchor (6) is the filter without its context.
# - θ (1) has a fixed number of coordinates; the warp (2), (3) is linear and cheap to differentiate.
# - The crop keeps areas constant, so the warp changes shapes and leaves the response's scale alone.
# - One output and a large kernel: correlate through the FFT.
#
# ## Exercises
#
# Solutions are in [solutions](solutions/02_resizable_filters_solutions.ipynb).
#
# **02.1** (easy) The filter's size `(f_r, f_c)` for a `target = (w, h)` in patch pixels, at most what
# fits a map of `limit` cells.


# %%
def filter_of(target, rho, stride, limit):
    """Filter size (f_r, f_c) in cells."""
    ...


check("02.1", filter_of)

# %% [markdown]
# **02.2** (easy) The anchor `(a_w, a_h)` in patch pixels of a filter of `size = (f_r, f_c)` cells.


# %%
def anchor_of(size, rho, stride):
    """Anchor (a_w, a_h) in patch pixels."""
    ...


check("02.2", anchor_of)

# %% [markdown]
# **02.3** (medium) Resize one kernel `[k, k]` (a tensor) to `[rows, columns]`, corners on corners.
# Do it without matrices: with a library's function, or with loops.


# %%
def resized(kernel, rows, columns):
    """Kernel [rows, columns], bilinear."""
    ...


check("02.3", resized)

# %% [markdown]
# **02.4** (hard) Correlate a map `[H, W]` with an odd kernel `[K, K]` (both tensors) through the FFT,
# zeros outside the map, the result `[H, W]`. Start without looking at the cell above.


# %%
def correlated(m, k):
    """Correlation [H, W]; torch.fft has rfft2 and irfft2."""
    ...


check("02.4", correlated)

# %% [markdown]
# ## References
#
# - T. Yang, P. Xu, R. Hu, H. Chai, A. B. Chan. [ROAM: Recurrently Optimizing Tracking
#   Model](https://arxiv.org/abs/1907.12006). CVPR 2020.
# - B. Li, J. Yan, W. Wu, Z. Zhu, X. Hu. High Performance Visual Tracking with Siamese Region
#   Proposal Network. CVPR 2018: enumerated anchors.
# - J. F. Henriques, R. Caseiro, P. Martins, J. Batista. High-Speed Tracking with Kernelized
#   Correlation Filters. TPAMI 2015: tracking in the Fourier domain.
#
# **Next:** [3. Labels and losses](03_labels_and_losses.ipynb).
