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
# # 8. Benchmarks: what a number says
#
# "AUC 0.68" is an average over frames and sequences of a yes-or-no question that is asked 21 times.
# Trackers are ranked by the third digit of such numbers, so it matters how they are made: which frames
# count, whether a tie is a success, what a lost target scores, and how much is chance.
#
# ## What you will learn
#
# - Run a one-pass evaluation.
# - Read success and precision plots, say what each hides, and fool either of them.
# - Put an interval on a difference between two trackers.
# - Name the measures of GOT-10k, TrackingNet, LaSOT and VOT, and compute the simple ones.
#
# ## Before you start
#
# **Needs** [notebook 0](00_start_here.ipynb). **Paper** section 6.1, figures 3 and 4, tables 1 to 3.
# **Run time** about 30 s on two cores (`python notebooks/render.py 08_benchmarks`). **Your time** about
# 65 minutes: 25 to read, 40 for the exercises. Terms are in the [glossary](../docs/glossary.md),
# letters in the [symbol sheet](../docs/symbols.md).

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from roam_lite.data.otb import list_sequences, read_sequence
from roam_lite.demo import samples_folder
from roam_lite.evaluation.compare import paired_bootstrap
from roam_lite.evaluation.metrics.otb import (
    PRECISION_THRESHOLDS,
    SUCCESS_THRESHOLDS,
    precision_curve,
    success_curve,
)
from roam_lite.evaluation.running.runner import evaluate
from roam_lite.evaluation.trackers import tracker_factory
from roam_lite.exercises import check
from roam_lite.figures.style import OPTIMIZER_COLORS, PEER_COLOR, use_style
from roam_lite.geometry import center_error, iou
from roam_lite.widgets import explore, show

use_style()
COLORS = {
    "ROAM++": OPTIMIZER_COLORS["lstm"],
    "ROAM++, no update": OPTIMIZER_COLORS["none"],
    "KCF": PEER_COLOR,
}

# %% [markdown]
# ## One pass
#
# Start in the first frame with the true box, never help again, compare every box with the truth.
# `evaluate` does that for any tracker with `init` and `update`; here two of ours and OpenCV's
# KCF, a correlation filter, on the six samples.

# %%
names = list_sequences(samples_folder())
sequences = [read_sequence(samples_folder(), name) for name in names]
trackers = {
    "ROAM++": tracker_factory("roam++", rule="lstm"),
    "ROAM++, no update": tracker_factory("roam++", rule="none"),
    "KCF": tracker_factory("kcf"),
}
reports, boxes = {}, {}
for title, make_tracker in trackers.items():
    reports[title], runs = evaluate(make_tracker, sequences, progress=False)
    boxes[title] = dict(zip(names, [run.boxes for run in runs], strict=True))

print(f"{'AUC':20s}" + "".join(f"{name:>13s}" for name in (*names, "mean")))
for title, report in reports.items():
    values = [*(score.auc for score in report.scores), report.mean()["auc"]]
    print(f"{title:20s}" + "".join(f"{value:13.3f}" for value in values))

# %% [markdown]
# ## The success curve
#
# For each threshold from 0 to 1 in steps of 0.05: the share of frames whose overlap *exceeds* it. The area
# under the curve (AUC) is the mean of its 21 values. It is nearly the mean overlap. The **precision** at a
# threshold in pixels is the share of frames whose center is off by at most that much. Exercise 08.1 lets
# you write it; exercise 00.3 was the AUC.

# %%
for sequence in sequences:
    found = boxes["ROAM++"][sequence.name]
    auc = success_curve(found, sequence.boxes).mean()
    mean = iou(found, sequence.boxes).mean()
    print(f"{sequence.name:12s} AUC {auc:.3f}, mean overlap {mean:.3f}")
    assert abs(auc - mean) < 0.05

perfect = success_curve(sequence.boxes, sequence.boxes).mean()
print(f"a perfect tracker has AUC {perfect:.3f}: an overlap of 1 does not exceed the threshold 1")
assert np.isclose(perfect, 20 / 21)

# %% [markdown]
# *Move the thresholds first, then look at the frames that pass: is an overlap of 0.5 good? What does
# precision say of a box with the right center and twice the size?*


# %%
def overlaps_of(title, sequence):
    return iou(boxes[title][sequence.name], sequence.boxes)


def draw_thresholds(figure, sequence, overlap_threshold, pixels):
    chosen = sequences[names.index(sequence)]
    figure.set_size_inches(10, 3.2)
    success, precision, time = figure.subplots(1, 3)
    for title, color in COLORS.items():
        found = boxes[title][sequence]
        success.plot(
            SUCCESS_THRESHOLDS, success_curve(found, chosen.boxes), color=color, label=title
        )
        precision.plot(PRECISION_THRESHOLDS, precision_curve(found, chosen.boxes), color=color)
        time.plot(overlaps_of(title, chosen), color=color)
        passed = (overlaps_of(title, chosen) > overlap_threshold).mean()
        success.plot(overlap_threshold, passed, "o", color=color)
        close = (center_error(found, chosen.boxes) <= pixels).mean()
        precision.plot(pixels, close, "o", color=color)
    for axes, value in ((success, overlap_threshold), (precision, pixels)):
        axes.axvline(value, color="black", linewidth=0.8)
        axes.set(ylim=(0, 1.03), ylabel="share of frames")
    time.axhline(overlap_threshold, color="black", linewidth=0.8)
    success.set(xlabel="overlap threshold", title="success")
    precision.set(xlabel="center error (pixels)", title="precision")
    time.set(xlabel="frame", ylabel="overlap", ylim=(0, 1.03), title=sequence)
    figure.legend(*success.get_legend_handles_labels(), loc="outside lower center", ncols=3)


explore(
    draw_thresholds,
    alt="Success, precision and overlap over time of three trackers on one sample, with thresholds",
    sequence=names,
    overlap_threshold=(0.0, 1.0, 0.5),
    pixels=(0, 50, 20),
)

# %% [markdown]
# ## All sequences, and chance
#
# Sequences are averaged, and each counts the same however long it is. With few of them the mean says
# little, so a difference comes with an interval, by the **paired bootstrap**: draw as many sequences as
# there are, with replacement, the same ones for both trackers; take the difference of the two means; do it
# again 10,000 times. Between the 2.5th and the 97.5th percentile lie 95 % of these differences. Whole
# *sequences* are drawn, because frames of one video resemble each other. How much does that change?

# %%
aucs = {title: np.array([s.auc for s in report.scores]) for title, report in reports.items()}
for title in list(aucs)[1:]:
    by_sequence = paired_bootstrap(aucs["ROAM++"], aucs[title])
    frames = [
        np.concatenate([iou(boxes[t][s.name], s.boxes) for s in sequences])
        for t in ("ROAM++", title)
    ]
    by_frame = paired_bootstrap(*frames)
    print(f"ROAM++ against {title}")
    for drawn, gain in (("sequences", by_sequence), ("frames", by_frame)):
        print(f"  {drawn:9s} drawn: {gain.mean:+.3f}, interval [{gain.low:+.3f}, {gain.high:+.3f}]")

# %%
figure, axes = plt.subplots(figsize=(5, 3.4))
for title, report in reports.items():
    curve = np.mean([score.success for score in report.scores], axis=0)
    label = f"{curve.mean():.3f} {title}"
    axes.plot(SUCCESS_THRESHOLDS, curve, color=COLORS[title], label=label)
axes.set(xlabel="overlap threshold", ylabel="share of frames", title="mean of the six samples")
axes.legend()
show(figure, "Mean success curves of three trackers over the six samples")

# %% [markdown]
# An interval that holds 0 says: these sequences cannot tell the two apart. It does not say that they are
# equally good.
#
# ## The official rule has small print
#
# The benchmark's own program repeats the last box where a tracker's answer is no box, takes the first
# frame as given, and has its own rule for true boxes that lie outside the image. Toolkits differ
# in these details. `--scoring` chooses. The same boxes, three rules:

# %%
odd = sequences[0]
broken = boxes["ROAM++"][odd.name].copy()
broken[20:30] = np.nan  # a tracker that gives up for ten frames
for rule in ("official", "got10k", "pysot"):
    print(f"{rule:9s} AUC {success_curve(broken, odd.boxes, rule).mean():.3f}")

# %% [markdown]
# ## Other benchmarks, other questions
#
# - **GOT-10k**: the average overlap AO, and success rates at 0.5 and 0.75, all without the first frame.
# - **TrackingNet, LaSOT**: 20 pixels are much in a small video and little in a large one, so there is a
#   *normalized* precision: the center error divided by the true box's width and height, thresholds up to 0.5.
# - **VOT** starts a tracker again after it failed, and counts failures (robustness) apart from overlap
#   while it works (accuracy). EAO joins both.
#
# Below are the simple ones in a few lines each. Every toolkit has small print of its own (rounding,
# clipping to the image, which frames count); the files of `roam_lite/evaluation/metrics` follow it to the
# digit, and `roam-lite evaluate --benchmark` runs them.


# %%
def got10k(found, truth):
    """AO, SR 0.5, SR 0.75: the first frame, which is given, does not count."""
    overlaps = iou(found[1:], truth[1:])
    return overlaps.mean(), (overlaps > 0.5).mean(), (overlaps > 0.75).mean()


def normalized_precision(found, truth):
    """Mean over the thresholds 0 to 0.5 of the share of frames within, errors in units of the box."""
    offset = found[:, :2] + found[:, 2:] / 2 - truth[:, :2] - truth[:, 2:] / 2
    errors = np.linalg.norm(offset / truth[:, 2:], axis=1)
    return np.mean([(errors <= t).mean() for t in np.linspace(0, 0.5, 51)])


print(f"{'mean of the samples':20s}{'AO':>8s}{'SR 0.5':>8s}{'SR 0.75':>8s}{'norm. precision':>17s}")
for title in trackers:
    pairs = [(boxes[title][s.name], s.boxes) for s in sequences]
    ao, sr50, sr75 = np.mean([got10k(*pair) for pair in pairs], axis=0)
    normalized = np.mean([normalized_precision(*pair) for pair in pairs])
    print(f"{title:20s}{ao:8.3f}{sr50:8.3f}{sr75:8.3f}{normalized:17.3f}")
    assert sr75 <= sr50
    assert abs(ao - np.mean(aucs[title])) < 0.05  # nearly the same question

# %% [markdown]
# ## OTB itself
#
# OTB-2015 has 100 sequences and is not part of this repository. Give its folder in the environment
# variable `OTB_ROOT` before starting Jupyter and the next cell evaluates a few of them; all, in a
# terminal: `roam-lite evaluate --benchmark otb --root DIR --json roam.json`.

# %%
root = Path(os.environ.get("OTB_ROOT", ""))
if os.environ.get("OTB_ROOT") and root.is_dir():
    few = [read_sequence(root, name) for name in list_sequences(root)[:3]]
    report, _ = evaluate(tracker_factory("roam++"), few, progress=False)
    print(report.table())
else:
    print("OTB_ROOT is not set: nothing evaluated")

# %% [markdown]
# ## Recap
#
# - Success asks for overlap, precision for the center; each hides what the other shows.
# - Frames without truth do not count, ties are no success, and the official program repeats the last box
#   where an answer is no box.
# - A difference needs an interval, and sequences are drawn whole.
#
# ## What you can build now
#
# A benchmark run for any tracker that answers in boxes, with scores under the rule that your field uses, and
# a comparison that says how much of a difference is chance.
#
# ## Exercises
#
# Solutions are in [solutions](solutions/08_benchmarks_solutions.ipynb).
#
# **08.1** (easy, about 5 minutes) The precision at 20 pixels from center errors, some of which are nan
# because the frame has no truth. At most 20 counts.


# %%
def precision_at_20(errors):
    """Share of labeled frames whose error [T] is at most 20."""
    ...


check("08.1", precision_at_20)

# %% [markdown]
# **08.2** (medium, about 10 minutes) Repeat the last good box wherever a box is not finite or has no area.
# The first one is good.


# %%
def repeat_last_good(found):
    """Boxes [T, 4] with bad ones replaced."""
    ...


check("08.2", repeat_last_good)

# %% [markdown]
# **08.3** (hard, about 10 minutes) One draw of the paired bootstrap: given scores of two trackers on the
# same sequences and the indices that were drawn, return the difference of the means *in percent of b's
# mean*, as the paper states its gains.


# %%
def relative_gain(a, b, drawn):
    """100 (mean a - mean b) / mean b over the drawn sequences."""
    ...


check("08.3", relative_gain)

# %% [markdown]
# **08.4** (break it, about 15 minutes) Two trackers of your own, with no single right answer. They may look
# at the truth. `precise` must have a precision at 20 pixels of 1 and an AUC below 0.1. `overlapping` must
# have an AUC above 0.5 and a precision at 20 pixels below 0.3. The sample is your choice, and you may scale
# it up first (`ZOOM`: what a camera of more pixels would show). Which of the two measures do you trust now,
# and for what?

# %%
ZOOM = 1.0
CHOSEN = sequences[names.index("scale")]


def precise(truth):
    """Boxes [T, 4] whose centers are right and whose overlap is poor."""
    return truth.copy()


def overlapping(truth):
    """Boxes [T, 4] that overlap well and whose centers are off by more than 20 pixels."""
    return truth.copy()


truth = CHOSEN.boxes * ZOOM
reached = []
for answer, passes in (
    (precise, lambda auc, precision: auc < 0.1 and precision == 1),
    (overlapping, lambda auc, precision: auc > 0.5 and precision < 0.3),
):
    found = answer(truth)
    auc, precision = success_curve(found, truth).mean(), precision_curve(found, truth)[20]
    reached.append(passes(auc, precision))
    print(f"{answer.__name__:12s} AUC {auc:.3f}, precision at 20 pixels {precision:.3f}")
print("✔ 08.4: both are fooled" if all(reached) else f"○ 08.4: {sum(reached)} of 2 reached")

# %% [markdown]
# ## References
#
# - Y. Wu, J. Lim, M.-H. Yang. Object Tracking Benchmark. TPAMI 2015.
# - L. Huang, X. Zhao, K. Huang. GOT-10k. TPAMI 2021.
# - M. Müller et al. TrackingNet. ECCV 2018. H. Fan et al. LaSOT. CVPR 2019.
# - M. Kristan et al. The VOT challenge results, 2016 and 2017.
# - B. Efron. Bootstrap Methods: Another Look at the Jackknife. Annals of Statistics 1979.
#
# ## What next
#
# [9. Ablations](09_ablations.ipynb): which part of the tracker is worth what.
