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
# "AUC 0.68" is an average over frames and sequences of a yes-or-no question asked 21 times. Trackers
# are ranked by the third digit of such numbers, so it matters how they are made: which frames count,
# whether a tie is a success, what a lost target scores, and how far chance goes.
#
# **When you are through you can**
#
# - run a one-pass evaluation, and write the success curve's code in six lines;
# - read success and precision plots, and say what each hides;
# - put an interval on a difference between two trackers;
# - name the measures of GOT-10k, TrackingNet, LaSOT and VOT and compute the simple ones.
#
# **Needs** [notebook 0](00_start_here.ipynb). **Paper** section 6.1, figures 3 and 4, tables 1 to 3.
# **Run time** about 30 s on two cores (`python notebooks/render.py 08_benchmarks`).

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
# `evaluate` does that for any tracker with `init` and `update`; here two of ours and KCF of OpenCV, on
# the six samples.

# %%
names = list_sequences(samples_folder())
sequences = [read_sequence(samples_folder(), name) for name in names]
trackers = {
    "ROAM++": tracker_factory("roam++"),
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
# For each threshold the share of frames whose overlap *exceeds* it. The area under the curve is the
# mean of its 21 values, and it is nearly the mean overlap: with infinitely many thresholds it would be
# exactly that. A perfect tracker has 20/21, because nothing exceeds 1.


# %%
def my_success(found, truth):
    """Shares of frames [21] whose overlap exceeds 0, 0.05, ... 1."""
    known = np.isfinite(truth).all(axis=1)
    overlaps = iou(found[known], truth[known])
    return np.array([(overlaps > t).mean() for t in np.linspace(0, 1, 21)])


def my_precision(found, truth):
    """Shares of frames [51] whose center is off by at most 0, 1, ... 50 pixels."""
    known = np.isfinite(truth).all(axis=1)
    errors = center_error(found[known], truth[known])
    return np.array([(errors <= t).mean() for t in range(51)])


for sequence in sequences:
    found = boxes["ROAM++"][sequence.name]
    np.testing.assert_allclose(
        my_success(found, sequence.boxes), success_curve(found, sequence.boxes)
    )
    np.testing.assert_allclose(
        my_precision(found, sequence.boxes), precision_curve(found, sequence.boxes)
    )

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
        success.plot(SUCCESS_THRESHOLDS, my_success(found, chosen.boxes), color=color, label=title)
        precision.plot(PRECISION_THRESHOLDS, my_precision(found, chosen.boxes), color=color)
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
# Sequences are averaged, each counting the same however long it is. With few of them the mean says
# little, so a difference comes with an interval: draw sequences with replacement, again and again, and
# look where 95 % of the differences lie. Drawing whole *sequences* matters; frames of one video are no
# independent witnesses.

# %%
aucs = {title: np.array([s.auc for s in report.scores]) for title, report in reports.items()}


def my_interval(a, b, draws=10_000):
    """Mean difference of paired scores and the ends of its 95 % interval."""
    drawn = np.random.default_rng(0).integers(len(a), size=(draws, len(a)))
    differences = a[drawn].mean(axis=1) - b[drawn].mean(axis=1)
    return ((a - b).mean(), *np.percentile(differences, (2.5, 97.5)))


for title in list(aucs)[1:]:
    mine = my_interval(aucs["ROAM++"], aucs[title])
    np.testing.assert_allclose(mine, paired_bootstrap(aucs["ROAM++"], aucs[title]))
    print(f"ROAM++ against {title:18s} {mine[0]:+.3f}, interval [{mine[1]:+.3f}, {mine[2]:+.3f}]")

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
# The benchmark's own program repeats the last box where a tracker answers nonsense, takes the first
# frame as given, and treats true boxes that lie outside the image in a way of its own. Toolkits differ
# in these details. `--scoring` chooses; the same boxes, three rules:

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
# In a few lines each, below, to see what they ask. Every toolkit has small print of its own (rounding,
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
# - Frames without truth do not count, ties are no success, nonsense repeats the last box.
# - A difference without an interval is an anecdote; sequences are drawn whole.
#
# ## Exercises
#
# Solutions are in [solutions](solutions/08_benchmarks_solutions.ipynb).
#
# **08.1** (easy) The precision at 20 pixels from center errors, some of which are nan because the frame
# has no truth. At most 20 counts.


# %%
def precision_at_20(errors):
    """Share of labeled frames whose error [T] is at most 20."""
    ...


check("08.1", precision_at_20)

# %% [markdown]
# **08.2** (medium) Repeat the last good box wherever a box is not finite or has no area. The first one
# is good.


# %%
def repeat_last_good(found):
    """Boxes [T, 4] with bad ones replaced."""
    ...


check("08.2", repeat_last_good)

# %% [markdown]
# **08.3** (hard) One draw of the paired bootstrap: given scores of two trackers on the same sequences and
# the indices that were drawn, return the difference of the means *in percent of b's mean*, as the paper
# states its gains.


# %%
def relative_gain(a, b, drawn):
    """100 (mean a - mean b) / mean b over the drawn sequences."""
    ...


check("08.3", relative_gain)

# %% [markdown]
# ## References
#
# - Y. Wu, J. Lim, M.-H. Yang. Object Tracking Benchmark. TPAMI 2015.
# - L. Huang, X. Zhao, K. Huang. GOT-10k. TPAMI 2021.
# - M. Müller et al. TrackingNet. ECCV 2018. H. Fan et al. LaSOT. CVPR 2019.
# - M. Kristan et al. The VOT challenge results, 2016 and 2017.
# - B. Efron. Bootstrap Methods: Another Look at the Jackknife. Annals of Statistics 1979.
#
# **Next:** [9. Ablations](09_ablations.ipynb).
