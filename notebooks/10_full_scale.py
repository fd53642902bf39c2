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
# The same code trains every size, on two cores, one GPU or many. What changes is arithmetic: patches in a
# clip, operations in a patch, bytes in a feature map, bytes of video in a second. This notebook counts
# them, measures what can be measured here, sets it beside what was measured on GPUs, and plans a large run
# on paper.
#
# ## What you will learn
#
# - Say what one step of meta-training costs, part by part, at each size.
# - Estimate hours and memory for a device of your own, and name what the estimate leaves out.
# - Explain why several GPUs that average their gradients do what one does.
# - Plan a run on 30,000 videos and 64 GPUs, and say what fails first.
# - Start the `paper` profile, watch it, stop it and go on with it.
#
# ## Before you start
#
# **Needs** [notebook 6](06_meta_training.ipynb). **Paper** section 5. **Run time** under a minute on
# two cores (`python notebooks/render.py 10_full_scale`). **Your time** about 70 minutes: 30 to read, 40
# for the exercises. Terms are in the [glossary](../docs/glossary.md), letters in the [symbol
# sheet](../docs/symbols.md).

# %%
import math
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
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
from roam_lite.training import TrainConfig, Trainer
from roam_lite.training.clips import clip_sampler_for, draw_clip, draw_footage, stack_clips
from roam_lite.training.episodes import open_episode
from roam_lite.training.rollout import rollout
from roam_lite.widgets import Controller, dashboard, explore, show, training_run

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
# PyTorch counts them for us, on the `meta` device, where tensors have shapes and no numbers. In
# VGG-16 the last poolings are taken out, so that its upper layers work at a quarter of the patch's
# resolution; the table shows what that costs.

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
# One clip of each small size through the last stage of its training, forward and backward, in CPU-seconds on
# this machine, and how much of that the backbone alone takes for as many patches. In brackets, what its
# operations come to in a second. CPU-seconds are the work of all cores added up; unlike the time on the
# clock they hardly depend on what else the machine does.


# %%
@torch.no_grad()
def backbone_seconds(backbone, profile):
    """CPU-seconds of the features of one clip's patches, tau at a time."""
    number = profile.online.update_interval
    patches = torch.zeros(
        1, number, 3, profile.model.patch_size, profile.model.patch_size, dtype=torch.uint8
    )
    began = time.process_time()
    for _ in range(5):
        backbone(patches)
    per_patch = (time.process_time() - began) / 5 / number
    return per_patch * patches_of(profile.training.stages[-1], profile)


def seconds_of(name):
    """CPU-seconds of one clip, and of the backbone in it."""
    profile = get_profile(name)
    model = MetaModel(profile, torch.Generator().manual_seed(0))
    backbone = model.backbone.eval().folded()
    clip = draw(name, clips[0])
    began = time.process_time()
    episode = open_episode(model, clip, False, torch.float32, backbone)
    rollout(model, episode, profile.training.stages[-1].meta_gradient).loss.backward()
    return time.process_time() - began, backbone_seconds(backbone, profile)


seconds_of("smoke")  # the first call also warms up
for name in ("smoke", "laptop"):
    whole, backbone = seconds_of(name)
    rate = (
        operations[name] * patches_of(PROFILES[name].training.stages[-1], PROFILES[name]) / backbone
    )
    print(
        f"{name:7s} {whole:.3f} CPU-s, of them backbone {backbone:.3f} ({rate / 1e9:.0f} GFLOP/s)"
    )

# %% [markdown]
# ## The ladder
#
# Four rungs: `smoke`, `laptop`, one GPU, several GPUs. The first is measured in the next cell, on this
# machine: a whole run of the profile, rendered clips included. The other numbers were measured before, at
# the places that the table names. From each follow the hours of a whole stage.

# %%
with tempfile.TemporaryDirectory() as place:
    smoke_run = TrainConfig(profile="smoke", data="synthetic", out=place, workers=0)
    began = time.process_time()
    smoke_steps = len(list(Trainer(smoke_run, overwrite=True).run()))
    smoke_seconds = (time.process_time() - began) / smoke_steps
print(f"smoke, here: {smoke_seconds:.2f} CPU-seconds a step, {smoke_steps} steps")
if (status := Path("/proc/self/status")).exists():  # Linux
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    print(f"memory of this process at its peak: {int(lines['VmHWM'].split()[0]) / 2**20:.1f} GiB")

LAPTOP, PAPER = (PROFILES[name].training.stages for name in ("laptop", "paper"))
PAPER_STEP, MATRIX_RATE = 0.44, 790e12  # seconds; operations a second, measured on the same card
# (rung, seconds a step, clips a step, steps, where and how)
LADDER = [
    ("smoke", smoke_seconds, 2, smoke_steps, "this machine, CPU-seconds"),
    ("laptop, closed loop", 39 / 2, 8, LAPTOP[-1].steps, "39 CPU-seconds shared by two cores"),
    ("laptop, first step", 0.055, 32, LAPTOP[1].steps, "one H200, clips ready"),
    ("laptop, first step", 0.27, 32, LAPTOP[1].steps, "one H100, 7 workers cut the clips"),
    ("laptop, closed loop", 1.34 / 4, 8, LAPTOP[-1].steps, "one H200, a quarter of 32 clips' time"),
    ("paper", PAPER_STEP, 16, PAPER[-1].steps, "one H200, bfloat16, 29 GiB"),
]
print(f"{'rung':22s}{'s a step':>9s}{'clips/s':>9s}{'steps':>9s}{'hours':>8s}   where")
for rung, seconds, clips_, steps, where in LADDER:
    hours = seconds * steps / 3600
    print(f"{rung:22s}{seconds:9.3f}{clips_ / seconds:9.1f}{steps:9,}{hours:8.2f}   {where}")

done = 16 * rows["paper"]["patches in a clip"] * operations["paper"]
share_of_card = done / PAPER_STEP / MATRIX_RATE
print(
    f"paper: {done / 1e12:.0f} TFLOP of backbone a step, {100 * share_of_card:.0f} % of the card's rate"
)
assert 0.2 < share_of_card < 0.3

# %% [markdown]
# The rows of the H200 were measured on 2026-11-26. A product of bfloat16 matrices reached 790 TFLOP/s on that
# card, and the backbone alone 49 % of it. Two rows are of the same step of `laptop`: with clips that are
# ready, and with workers that cut them while the GPU waits, on two kinds of card. **A small model waits for
# its clips.** Two rows divide a measured time, by the two cores and by four; they assume that it can be
# divided so. Memory is given where it was measured. The fourth rung, several GPUs, is planned further down.
# `roam-lite bench scaling` measures how time and memory grow with clips, frames, filter area and
# coordinates, on your machine.
#
# ## What would it cost?
#
# A calculator that states its assumptions: the backbone's forward passes at a sustained rate that you
# choose (above it was a quarter of the card's), a share on top for the updates, perfect scaling over GPUs,
# and clips that are always ready. Memory counts feature maps as float32, once for the samples and, times a
# factor, for what the graph of the updates keeps.


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
# These are estimates. They leave out reading and decoding video, the small operations between the large
# ones, and failures. Measure a hundred steps of your own before you believe any of them.
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
# Does the same hold in time? Let one device take the shares one after another and add up their gradients
# before Adam's step (**gradient accumulation**). We count the bytes that autograd keeps for the backward
# pass, and the CPU-seconds.


# %%
def measured(parts):
    """(gradient, most bytes that a graph keeps, CPU-seconds) of shares that are taken in turn."""
    most, began, gradients = 0, time.process_time(), []
    for part in parts:
        kept = {}

        def keep(tensor, kept=kept):
            storage = tensor.untyped_storage()
            kept[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            gradients.append(gradient_of(part))
        most = max(most, sum(kept.values()))
    return torch.stack(gradients).mean(dim=0), most, time.process_time() - began


singles = [share(whole, slice(i, i + 1)) for i in range(4)]
at_once, bytes_at_once, seconds_at_once = measured([whole])
in_turn, bytes_in_turn, seconds_in_turn = measured(singles)
torch.testing.assert_close(in_turn, at_once, rtol=1e-3, atol=1e-6)
print(f"four clips at once:  {bytes_at_once / 1e6:6.2f} MB kept, {seconds_at_once:.2f} CPU-s")
print(f"one after the other: {bytes_in_turn / 1e6:6.2f} MB kept, {seconds_in_turn:.2f} CPU-s")
assert bytes_in_turn < bytes_at_once

# %% [markdown]
# ## A plan on paper: 30,000 videos, 64 GPUs
#
# This is a plan and no measurement. Every assumption has a line and a name; change one and run the cells
# again. The numbers that were measured say so.

# %%
VIDEOS, FRAMES_A_VIDEO = 30_000, 470  # about the size of TrackingNet's training set
FRAME_KB = 150.0  # assumed: a 1280 x 720 JPEG of quality 90; yours may be half or twice of it
SHARD_GB = 1.0
GPUS, GPUS_A_NODE, CORES_A_GPU = 64, 8, 8
# Measured: patches of 144 px from such JPEGs that one core cuts in a second, most of the time decoding.
# Assumed: the same for larger patches.
CORE_PATCHES = 400.0
# Seconds of a step and of each clip in it; measured were 0.14 s with 4 clips and 0.44 s with 16.
FIXED, EACH = 0.04, 0.025
STORE_GBS, NETWORK_GBS = 5.0, 10.0  # assumed: shared storage in all; a node's network
HOURS_A_FAILURE = 50_000.0  # assumed: GPU-hours from one lost process to the next
CLIPS_IN_ALL = 16 * PAPER[-1].steps  # what the paper profile trains on

stage, tau = PAPER[-1], PROFILES["paper"].online.update_interval
FRAMES_A_CLIP = 1 + (stage.updates - 1) * tau + stage.updates * stage.future_frames
PATCHES_A_CLIP = rows["paper"]["patches in a clip"]
rule = MetaModel(get_profile("laptop"), torch.Generator().manual_seed(0)).rule  # of paper's size
TRAINED = 2 * rows["paper"]["coordinates of theta"] + sum(p.numel() for p in rule.parameters())


def plan(gpus=GPUS, clips=1, frame_kb=FRAME_KB, cores=CORES_A_GPU):
    """What each part could deliver, in clips a second, and what follows from the slowest."""
    step = FIXED + EACH * clips
    limits = {
        "GPUs": gpus * clips / step,
        "CPU cores": gpus * cores * CORE_PATCHES / PATCHES_A_CLIP,
        "storage": STORE_GBS * 1e6 / (FRAMES_A_CLIP * frame_kb),
        "network": math.ceil(gpus / GPUS_A_NODE) * NETWORK_GBS * 1e6 / (FRAMES_A_CLIP * frame_kb),
    }
    first = min(limits, key=limits.get)
    rate = limits[first]
    hours = CLIPS_IN_ALL / rate / 3600
    return {
        "limits": limits,
        "limited by": first,
        "clips a step": gpus * clips,
        "steps": CLIPS_IN_ALL // (gpus * clips),
        "hours": hours,
        "GB a second": rate * FRAMES_A_CLIP * frame_kb / 1e6,
        "failures": gpus * hours / HOURS_A_FAILURE,
    }


total = VIDEOS * FRAMES_A_VIDEO * FRAME_KB / 1e6
shards, workers = math.ceil(total / SHARD_GB), GPUS * CORES_A_GPU
ring = 2 * 4 * TRAINED / 1e6  # MB: float32, and a ring sends everything about twice
print(
    f"data: {total:,.0f} GB, {shards:,} shards of {SHARD_GB:g} GB, {shards / workers:.1f} a worker"
)
print(f"a clip: {FRAMES_A_CLIP} frames, {PATCHES_A_CLIP} patches")
print(f"a video is seen in {CLIPS_IN_ALL / VIDEOS:.0f} clips")
print(
    f"gradients: {ring:.1f} MB sent at a step, {ring / NETWORK_GBS:.2f} ms at {NETWORK_GBS:g} GB/s"
)
print(" GPUs x clips  batch    steps   hours   GB/s  failures  limited by")
for gpus, clips_ in ((1, 16), (8, 2), (16, 1), (64, 1), (64, 4), (64, 16)):
    found = plan(gpus, clips_)
    print(
        f"{gpus:6d} x {clips_:4d}{found['clips a step']:7,}{found['steps']:9,}{found['hours']:8.2f}"
        f"{found['GB a second']:7.2f}{found['failures']:10.4f}  {found['limited by']}"
    )
assert np.allclose([FIXED + EACH * 4, FIXED + EACH * 16], [0.14, PAPER_STEP])

# %%
counts = [1, 2, 4, 8, 16, 32, 64]
curves = [plan(gpus, 16)["limits"] for gpus in counts]
figure, axes = plt.subplots(figsize=(6, 3.6))
for (part, dashes), color in zip(
    {"GPUs": "o-", "CPU cores": "s--", "storage": "-.", "network": ":"}.items(),
    ("#0072B2", "#D55E00", "#009E73", "#CC79A7"),
    strict=True,
):
    axes.plot(counts, [limits[part] for limits in curves], dashes, color=color, label=part)
axes.set(xlabel="GPUs, 16 clips on each", ylabel="clips a second", xscale="log", yscale="log")
axes.set_xticks(counts, labels=counts)
axes.minorticks_off()
axes.legend(title="what could be delivered by")
show(figure, "Clips a second that GPUs, CPU cores, storage and network could deliver, by GPUs")

# %% [markdown]
# The lowest line decides. Read the table from top to bottom:
#
# - **Up to 16 GPUs** the batch stays at the paper's 16 clips, and the run is the paper's, only sooner.
# - **Beyond 16 GPUs** a batch of 16 is impossible: each needs one clip at least, and 64 of them make 64.
#   The first thing that fails is the recipe. Fewer and larger steps need other rates (Goyal et al.), and
#   whether meta-training bears it has not been measured here.
# - **Then the data.** The column "limited by" says when the storage cannot deliver any more. Smaller frames
#   need fewer bytes, and exercise 10.4 lets you choose them.
# - **Gradients** are a few megabytes, because only theta0, lambda0 and the optimizer learn.
# - **Lost processes**: the column "failures" has the number to expect. A lost process ends the run with a
#   message, the checkpoint is kept, and `--resume` goes on from it.
#
# ## Start it
#
# With a CUDA device, and a folder of sequences in OTB layout named by `ROAM_LITE_TRAIN_DATA`, the cell
# below prepares the `paper` profile; otherwise the smoke profile on rendered video. Press **Start** in the
# dashboard; **Stop** saves the state. In a terminal the first command starts, `--resume` goes on from the
# saved state to the same bits, and the last command uses 8 GPUs on each of 8 machines:
#
# ```bash
# roam-lite train --profile paper --data otb:DIR --out runs/paper --device cuda
# roam-lite train --profile paper --data otb:DIR --out runs/paper --device cuda --resume
# roam-lite train --profile paper --data shards:DIR --out runs/paper --devices 8 --nodes 8
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
# - A step costs clips times patches times operations; a small model waits for its clips.
# - Memory goes into feature maps, and into what the graph of the updates keeps of them.
# - Averaging gradients over equal shares is exact, on several GPUs or one share after another.
# - A plan is a list of limits, and the lowest decides. At 64 GPUs the batch size comes before the hardware.
#
# ## What you can build now
#
# A training run of any size, with its hours, its memory and its bytes a second known before you pay for
# them, and a measurement of a hundred steps that says whether the plan was right.
#
# ## Exercises
#
# Solutions are in [solutions](solutions/10_full_scale_solutions.ipynb).
#
# **10.1** (easy, about 5 minutes) How many CPU cores does a GPU need so that it never waits? A step of
# `clips` clips takes the GPU `seconds`; each clip has `patches` patches; a core cuts `rate` patches a
# second. Cores are whole.


# %%
def cores_needed(clips, patches, seconds, rate):
    """The least whole number of cores."""
    ...


check("10.1", cores_needed)

# %% [markdown]
# **10.2** (medium, about 10 minutes) How many coordinates has theta? Two branches, of 1 and of 4 outputs;
# each has a 1x1 reduction layer from `channels` to `reduced` and a kernel of `side` x `side`, all with
# biases.


# %%
def coordinates(channels, reduced, side):
    """The length of theta; 206,789 for (512, 64, 21)."""
    ...


check("10.2", coordinates)

# %% [markdown]
# **10.3** (hard, about 10 minutes) Shares of *different* sizes: `gradients [G, P]` are the gradients of the
# mean losses of G GPUs that had `clips [G]` clips each. Return the gradient of the mean over all clips.


# %%
def combined(gradients, clips):
    """The whole batch's gradient [P]."""
    ...


check("10.3", combined)

# %% [markdown]
# **10.4** (design it, about 15 minutes) There is no single right answer here. Choose GPUs, clips on each, the
# size of a frame in the shards (150 kB at 720 lines; a fourth of it at 360) and cores for each GPU. The run
# may take one hour at most, the batch may have 128 clips, the storage may give 2 GB a second, and a GPU may
# have 6 cores. Then find the *fewest GPUs* that do it.

# %%
MINE = {"gpus": 1, "clips": 16, "frame_kb": 150.0, "cores": 8}

mine = plan(**MINE)
reached = (
    mine["hours"] <= 1
    and mine["clips a step"] <= 128
    and mine["GB a second"] <= 2
    and MINE["cores"] <= 6
    and MINE["gpus"] <= GPUS
    and MINE["frame_kb"] >= 150 / 4
)
print(", ".join(f"{key} {value:.3g}" for key, value in mine.items() if isinstance(value, float)))
print(f"batch {mine['clips a step']}, limited by {mine['limited by']}")
print(f"✔ 10.4: reached with {MINE['gpus']} GPUs" if reached else "○ 10.4: not yet")

# %% [markdown]
# ## References
#
# - T. Yang, P. Xu, R. Hu, H. Chai, A. B. Chan.
#   [ROAM: Recurrently Optimizing Tracking Model](https://arxiv.org/abs/1907.12006). CVPR 2020.
# - K. Simonyan, A. Zisserman. Very Deep Convolutional Networks for Large-Scale Image Recognition.
#   ICLR 2015.
# - P. Goyal et al. Accurate, Large Minibatch SGD. 2017: gradients over many devices.
#
# ## What next
#
# [11. Did it learn?](11_did_it_learn.ipynb) takes the optimizer apart that all of this trains.
