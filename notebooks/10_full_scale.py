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
# # 10. Full scale: from the laptop to GPUs
#
# The same code trains three sizes. What changes from one to the next is arithmetic: patches in a clip,
# operations in a patch, bytes in a feature map. This notebook counts them, measures what can be
# measured here, and starts a real run where there is a device for it.
#
# **When you are through you can**
#
# - say what one step of meta-training costs, part by part, at each size;
# - estimate hours and memory for a device of your own, and name what the estimate leaves out;
# - explain why several GPUs that average their gradients do what one does;
# - start the `paper` profile, watch it, stop it and go on with it.
#
# **Needs** notebook [6](06_meta_training.ipynb). **Paper** section 5. **Run time** about 20 s on two cores
# (`python notebooks/render.py 10_full_scale`).

# %%
import os
import tempfile
import time
from dataclasses import replace

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from roam_lite.data.otb import list_sequences, read_sequence
from roam_lite.demo import samples_folder
from roam_lite.exercises import check
from roam_lite.figures.style import OPTIMIZER_COLORS, use_style
from roam_lite.meta_model import MetaModel
from roam_lite.model.backbones import find_backbone
from roam_lite.model.tracking_model import ThetaLayout
from roam_lite.profiles import PROFILES, get_profile
from roam_lite.training import TrainConfig
from roam_lite.training.clips import clip_sampler_for, draw_clip, draw_footage, stack_clips
from roam_lite.training.episodes import open_episode
from roam_lite.training.rollout import rollout
from roam_lite.widgets import Controller, dashboard, explore, training_run

use_style()
NAMES = ("smoke", "laptop", "paper")

# %% [markdown]
# ## Three sizes
#
# A clip of T updates needs the stretched first patches, $\tau$ past ones for every later update, and
# the future ones on which it is judged. A profile whose model learns from its own estimates, as `laptop`
# does, tracks in training too: the $\tau$ frames after an update judge it and teach the next one, and
# the backbone sees each of them once.


# %%
def patches_of(stage, profile):
    """Patches that the backbone sees for one clip."""
    if clip_sampler_for(stage, profile) is draw_footage:  # the closed loop
        return stage.initial_samples + stage.updates * profile.online.update_interval
    past = (stage.updates - 1) * profile.online.update_interval
    return stage.initial_samples + past + stage.updates * stage.future_frames


rows = {}
for name in NAMES:
    profile = PROFILES[name]
    stage = profile.training.stages[-1]
    rows[name] = {
        "patch, pixels": profile.model.patch_size,
        "channels": profile.model.channels,
        "coordinates of theta": ThetaLayout.of(profile.model).size,
        "updates in a clip": stage.updates,
        "patches in a clip": patches_of(stage, profile),
        "clips in a batch": stage.batch,
        "steps, all stages": sum(s.steps for s in profile.training.stages),
    }
print(f"{'':22s}" + "".join(f"{name:>10s}" for name in NAMES))
for key in rows["paper"]:
    print(f"{key:22s}" + "".join(f"{rows[name][key]:10,}" for name in NAMES))

assert rows["paper"]["coordinates of theta"] == 206_789
clips = [read_sequence(samples_folder(), name) for name in list_sequences(samples_folder())]


def draw(name, sequence):
    """A clip for the last stage of a profile."""
    profile = get_profile(name)
    stage = profile.training.stages[-1]
    return clip_sampler_for(stage, profile)(sequence, np.random.default_rng(0), stage, profile)


for name, parts in {
    "smoke": ("initial_patches", "views"),
    "paper": ("initial_patches", "past_patches", "future_patches"),
}.items():
    images = [getattr(draw(name, clips[0]), part) for part in parts]
    counted = sum(image[0].numel() // (3 * image.shape[-1] ** 2) for image in images)
    assert counted == rows[name]["patches in a clip"]

# %% [markdown]
# ## Operations in a patch
#
# PyTorch counts them for us, on the `meta` device, where tensors have shapes and no numbers. The
# removed poolings make VGG-16 dear: its upper layers work at a quarter of the patch's resolution instead
# of a sixteenth.

# %%
operations, map_bytes = {}, {}
for name in NAMES:
    profile = PROFILES[name]
    backbone = find_backbone(profile.model.backbone)().to("meta").eval()
    patch = torch.zeros(1, 1, 3, profile.model.patch_size, profile.model.patch_size, device="meta")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        features = backbone(patch)
    operations[name] = counter.get_total_flops()
    map_bytes[name] = 4 * features.numel()
    print(
        f"{name:7s} {operations[name] / 1e9:8.2f} GFLOP a patch, "
        f"feature map {list(features.shape[2:])}, {map_bytes[name] / 1e6:.2f} MB"
    )

assert operations["smoke"] < operations["laptop"] < operations["paper"]

# %% [markdown]
# ## Measured here
#
# One clip of each small size through the last stage of its training, forward and backward, in seconds on
# this machine, and how much of that the backbone alone takes for as many patches. In brackets, what its
# operations come to in a second.


# %%
@torch.no_grad()
def backbone_seconds(backbone, profile):
    """Seconds of the features of one clip's patches, tau at a time."""
    number = profile.online.update_interval
    patches = torch.zeros(
        1, number, 3, profile.model.patch_size, profile.model.patch_size, dtype=torch.uint8
    )
    began = time.perf_counter()
    for _ in range(5):
        backbone(patches)
    per_patch = (time.perf_counter() - began) / 5 / number
    return per_patch * patches_of(profile.training.stages[-1], profile)


def seconds_of(name):
    """Seconds of one clip, and of the backbone in it."""
    profile = get_profile(name)
    model = MetaModel(profile, torch.Generator().manual_seed(0))
    backbone = model.backbone.eval().folded()
    clip = draw(name, clips[0])
    began = time.perf_counter()
    episode = open_episode(model, clip, False, torch.float32, backbone)
    rollout(model, episode, profile.training.stages[-1].meta_gradient).loss.backward()
    return time.perf_counter() - began, backbone_seconds(backbone, profile)


for name in ("smoke", "laptop"):
    seconds_of(name)  # the first call also warms up
    whole, backbone = seconds_of(name)
    rate = (
        operations[name] * patches_of(PROFILES[name].training.stages[-1], PROFILES[name]) / backbone
    )
    print(f"{name:7s} {whole:.3f} s, of them backbone {backbone:.3f} s ({rate / 1e9:.0f} GFLOP/s)")

# %% [markdown]
# ## What would it cost?
#
# A calculator, with its assumptions in sight: the backbone's forward passes at a sustained rate that you
# choose (a tenth to a half of a data sheet's number is usual), as much again for the updates as you say,
# perfect scaling over GPUs, clips made ahead by enough CPU cores. Memory counts feature maps as float32
# once for the samples and, times a factor, for what the graph of the updates keeps.


# %%
def cost(name, clips, steps, teraflops, gpus, updates_share=1.0, kept=4.0):
    """(hours of a run, gigabytes on each GPU)."""
    profile = PROFILES[name]
    patches = clips * patches_of(profile.training.stages[-1], profile)
    seconds = patches * operations[name] / (teraflops * 1e12 * gpus)
    hours = steps * seconds * (1 + updates_share) / 3600
    return hours, patches / gpus * map_bytes[name] * (1 + kept) / 1e9


def draw_cost(figure, profile, clips, thousand_steps, teraflops, gpus, updates_share):
    figure.set_size_inches(9, 3.2)
    left, right = figure.subplots(1, 2)
    counts = [1, 2, 4, 8]
    points = [
        cost(profile, clips, 1000 * thousand_steps, teraflops, count, updates_share)
        for count in counts
    ]
    hours, memory = cost(profile, clips, 1000 * thousand_steps, teraflops, gpus, updates_share)
    blue = OPTIMIZER_COLORS["lstm"]
    for axes, index, value, unit in ((left, 0, hours, "h"), (right, 1, memory, "GB a GPU")):
        axes.plot(counts, [point[index] for point in points], ".-", color=blue)
        axes.plot(gpus, value, "o", color="black")
        axes.set(xlabel="GPUs", xticks=counts, ylim=(0, None), title=f"{value:.3g} {unit}")
    left.set_ylabel("hours of the run")
    right.set_ylabel("gigabytes on each")


explore(
    draw_cost,
    alt="Hours of a run and gigabytes on each GPU against the number of GPUs",
    profile=["paper", "laptop", "smoke"],
    clips=(1, 64, 16),
    thousand_steps=(1, 200, 100),
    teraflops=(0.05, 100.0, 10.0),
    gpus=(1, 8, 4),
    updates_share=(0.0, 4.0, 1.0),
)

# %%
paper = PROFILES["paper"]
run = sum(s.steps for s in paper.training.stages)
for teraflops, gpus in ((0.1, 1), (10, 1), (10, 4), (100, 1)):
    hours, memory = cost("paper", paper.training.stages[-1].batch, run, teraflops, gpus)
    print(f"{teraflops:5g} TFLOP/s on {gpus} device(s): {hours:8.0f} h, {memory:5.1f} GB on each")

# %% [markdown]
# Estimates, not measurements: they leave out reading and decoding video, the small operations that keep a
# large GPU waiting, and what goes wrong. Measure a hundred steps of your own before you believe any.
#
# ## One GPU and several
#
# The paper spreads 16 clips over 4 GPUs. The averaged meta loss (14) is a mean over clips, and a gradient
# is linear, so the mean of the gradients of equal shares is the gradient of the whole:

# %%
smoke = get_profile("smoke")
model = MetaModel(smoke, torch.Generator().manual_seed(0))
model.backbone.requires_grad_(False)
rng = np.random.default_rng(0)
whole = stack_clips([draw_clip(clips[i], rng, smoke.training.stages[-1], smoke) for i in range(4)])


def gradient_of(clips):
    """The meta-gradient of a mini-batch as one vector."""
    model.zero_grad()
    rollout(model, open_episode(model, clips, False, torch.float32), "full").loss.backward()
    parts = [model.theta0, model.log_lambda0, *model.rule.parameters()]
    return torch.cat([part.grad.flatten() for part in parts])


def share(clips, videos):
    """Some of a mini-batch's clips."""
    return replace(clips, **{key: value[videos] for key, value in vars(clips).items()})


shares = [share(whole, slice(0, 2)), share(whole, slice(2, 4))]
averaged = torch.stack([gradient_of(part) for part in shares]).mean(dim=0)
torch.testing.assert_close(averaged, gradient_of(whole), rtol=1e-3, atol=1e-6)
print("the mean of two halves' gradients is the whole batch's")

# %% [markdown]
# The same holds in time: gradients of small shares added up before Adam's step take the memory of one
# share and the time of all.
#
# ## Start it
#
# With a CUDA device, and a folder of sequences in OTB layout named by `ROAM_LITE_TRAIN_DATA`, the cell
# below prepares the `paper` profile; otherwise the smoke profile on rendered video. The command is the
# same. Press **Start** in the dashboard; **Stop** saves the state, and in a terminal `--resume` goes on
# from it to the same bits:
#
# ```bash
# roam-lite train --profile paper --data otb:DIR --out runs/paper --device cuda
# roam-lite train --profile paper --data otb:DIR --out runs/paper --device cuda --resume
# ```

# %%
data = os.environ.get("ROAM_LITE_TRAIN_DATA")
for_real = torch.cuda.is_available() and data is not None
folder = tempfile.TemporaryDirectory()
config = TrainConfig(
    profile="paper" if for_real else "smoke",
    data=f"otb:{data}" if for_real else "synthetic",
    out="runs/paper" if for_real else f"{folder.name}/run",
    device="cuda" if for_real else "cpu",
    steps=None if for_real else 12,
    workers=4 if for_real else 0,
)
controller = Controller(training_run(config))
if not for_real:
    history = controller.run()  # a dozen steps, so that the page has something to show
    assert len(history) == 12
print(f"profile {config.profile} on {config.device}")

# %%
dashboard(controller)

# %% [markdown]
# ## Recap
#
# - A step costs clips times patches times operations; the backbone dominates at full size.
# - Memory goes into feature maps, and into what the graph of the updates keeps of them.
# - Averaging gradients over shares is exact when the shares are equal.
# - Estimates get hours to within a factor; a hundred measured steps get them right.
#
# ## Exercises
#
# Solutions are in [solutions](solutions/10_full_scale_solutions.ipynb).
#
# **10.1** (easy) How many patches has a clip?


# %%
def patches_in_a_clip(initial, updates, interval, future):
    """Patches of the first update, of the later ones, and of T meta losses on `future` frames each."""
    ...


check("10.1", patches_in_a_clip)

# %% [markdown]
# **10.2** (medium) How many coordinates has theta? Two branches, of 1 and of 4 outputs; each has a 1x1
# reduction layer from `channels` to `reduced` and a kernel of `side` x `side`, all with biases.


# %%
def coordinates(channels, reduced, side):
    """The length of theta; 206,789 for (512, 64, 21)."""
    ...


check("10.2", coordinates)

# %% [markdown]
# **10.3** (hard) Shares of *different* sizes: `gradients [G, P]` are the gradients of the mean losses of G
# GPUs that had `clips [G]` clips each. Return the gradient of the mean over all clips.


# %%
def combined(gradients, clips):
    """The whole batch's gradient [P]."""
    ...


check("10.3", combined)

# %% [markdown]
# ## References
#
# - T. Yang, P. Xu, R. Hu, H. Chai, A. B. Chan.
#   [ROAM: Recurrently Optimizing Tracking Model](https://arxiv.org/abs/1907.12006). CVPR 2020.
# - K. Simonyan, A. Zisserman. Very Deep Convolutional Networks for Large-Scale Image Recognition.
#   ICLR 2015.
# - P. Goyal et al. Accurate, Large Minibatch SGD. 2017: gradients over many devices.
#
# This was the last notebook. **Back to** [the map of the course](00_start_here.ipynb).
