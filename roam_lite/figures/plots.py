"""Success and precision plots with ranked legends, as benchmarks draw them."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from roam_lite.data.otb_attributes import ATTRIBUTES
from roam_lite.evaluation.report import Report
from roam_lite.evaluation.results import configuration_name, short_name
from roam_lite.figures.style import OPTIMIZER_COLORS, color_of, dashes_of, style
from roam_lite.files import whole_file

SPARE_DASHES = ("-.", ":")  # for trackers whose own line style is taken


@dataclass(frozen=True)
class Plot:
    """A curve that benchmarks draw, and the scores that may rank the trackers in its legend."""

    ranks: tuple[str, ...]  # the first one that the benchmark has is used
    title: str
    xlabel: str
    ylabel: str
    last: float  # threshold


# By the curve's name in a score's evidence.
PLOTS = {
    "success": Plot(
        ("auc", "ao"),
        "Success, area under the curve",
        "overlap threshold (IoU)",
        "share of frames above it",
        1.0,
    ),
    "precision": Plot(
        ("precision_20", "precision"),
        "Precision at 20 pixels",
        "center error threshold (pixels)",
        "share of frames within it",
        50.0,
    ),
    "normalized": Plot(
        ("normalized_precision",),
        "Normalized precision",
        "center error threshold (share of the target's size)",
        "share of frames within it",
        0.5,
    ),
}


def curve_plot(name: str, reports: Sequence[Report], names: Sequence[str] | None = None) -> Figure:
    """Return a figure of the trackers' mean curves for one of `PLOTS`."""
    with style():
        figure = Figure(layout="constrained")
        draw_curves(figure.subplots(), name, reports, PLOTS[name].title, names)
    return figure


def draw_curves(
    axes: Axes,
    name: str,
    reports: Sequence[Report],
    title: str,
    names: Sequence[str] | None = None,
) -> None:
    """Draw the trackers' curves; the legend has scores and `names`, best first."""
    plot, means = PLOTS[name], [report.mean() for report in reports]
    ranks = [next(mean[key] for key in plot.ranks if key in mean) for mean in means]
    trackers = [report.tracker for report in reports]
    looks, names = distinct_looks(trackers), names or distinct_names(trackers)
    entries = zip(ranks, reports, looks, names, strict=True)
    for rank, report, (color, dashes), tracker in sorted(entries, key=lambda entry: -entry[0]):
        curve = mean_curve(report, name)
        thresholds = np.linspace(0, plot.last, len(curve))
        axes.plot(thresholds, curve, dashes, color=color, label=f"{rank:.3f}  {tracker}")
    axes.set(title=title, xlabel=plot.xlabel, ylabel=plot.ylabel, xlim=(0, plot.last), ylim=(0, 1))
    axes.legend(loc="best")


def distinct_names(trackers: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return each tracker's short name, or the name of its results folder if others share it."""
    names = [short_name(tracker) for tracker in trackers]
    pairs = zip(names, trackers, strict=True)
    return [n if names.count(n) == 1 else configuration_name(tracker) for n, tracker in pairs]


def distinct_looks(trackers: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return color and line style of each tracker, all different as long as there are enough.

    A tracker has the look that `style` gives it, unless an earlier one already has it.
    """
    spare = itertools.cycle(itertools.product(SPARE_DASHES, (*OPTIMIZER_COLORS.values(), "black")))
    looks: list[tuple[str, str]] = []
    for tracker in trackers:
        look = color_of(tracker), dashes_of(tracker)
        looks.append(next(spare)[::-1] if look in looks else look)
    return looks


def mean_curve(report: Report, name: str) -> np.ndarray:
    """Return the mean of the sequences' curves, weighted by frames if the benchmark pools them."""
    curves = [score.evidence[name] for score in report.scores]
    pooled = [len(score.evidence.get("overlaps", (1,))) for score in report.scores]
    return np.average(curves, axis=0, weights=pooled)


def save_plots(
    reports: Sequence[Report], folder: str | Path, names: Sequence[str] | None = None
) -> list[Path]:
    """Write `success.png`, `precision.png` and `normalized.png`, if there are such curves; return paths.

    `names` are the trackers' in the legends; None: `distinct_names`.
    """
    paths = []
    for name in PLOTS:
        if name in reports[0].scores[0].evidence:
            paths.append(Path(folder) / f"{name}.png")
            with whole_file(paths[-1]) as temporary, style():
                curve_plot(name, reports, names).savefig(temporary)
    return paths


def attribute_plots(
    reports: Sequence[Report],
    attributes: Mapping[str, Collection[str]],
    names: Sequence[str] | None = None,
) -> Figure:
    """Return small success plots for the attributes that any sequence has, as in OTB's figures.

    `attributes` come from `otb_attributes.read_attributes`. Titles say how many sequences
    have the attribute; legends rank the trackers on these.
    """
    subsets = {}
    for attribute in ATTRIBUTES:
        some = [with_attribute(report, attributes, attribute) for report in reports]
        if some[0].scores:
            subsets[attribute] = some
    columns = min(4, len(subsets))
    rows = -(-len(subsets) // columns)
    with style():
        figure = Figure(figsize=(4.2 * columns, 3.4 * rows), layout="constrained")
        for place, (attribute, some) in enumerate(subsets.items(), start=1):
            title = f"{ATTRIBUTES[attribute]} ({len(some[0].scores)})"
            draw_curves(figure.add_subplot(rows, columns, place), "success", some, title, names)
    return figure


def with_attribute(
    report: Report, attributes: Mapping[str, Collection[str]], attribute: str
) -> Report:
    """Return the report of the sequences that have the attribute, which may be none."""
    scores = tuple(score for score in report.scores if attribute in attributes[score.name])
    return replace(report, scores=scores)
