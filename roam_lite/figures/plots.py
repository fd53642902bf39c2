"""Success and precision plots, trackers ranked in the legend as benchmarks do."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from roam_lite.errors import InputError
from roam_lite.evaluation.report import Report
from roam_lite.evaluation.results import short_name
from roam_lite.figures.style import OPTIMIZER_COLORS, color_of, dashes_of, style
from roam_lite.files import whole_file

SPARE_DASHES = ("-.", ":")  # of trackers whose own look is taken, as other people's are


@dataclass(frozen=True)
class Plot:
    """A curve that benchmarks draw, and the scores that may rank the trackers in its legend."""

    name: str  # of the file, and of the curve among a score's evidence
    ranks: tuple[str, ...]  # the first that the benchmark has
    title: str
    xlabel: str
    ylabel: str
    last: float  # threshold


PLOTS = (
    Plot(
        "success",
        ("auc", "ao"),
        "Success, area under the curve",
        "overlap threshold (IoU)",
        "share of frames above it",
        1.0,
    ),
    Plot(
        "precision",
        ("precision_20", "precision"),
        "Precision at 20 pixels",
        "center error threshold (pixels)",
        "share of frames within it",
        50.0,
    ),
    Plot(
        "normalized",
        ("normalized_precision",),
        "Normalized precision",
        "center error threshold (share of the target's size)",
        "share of frames within it",
        0.5,
    ),
)


def success_plot(reports: Sequence[Report]) -> Figure:
    """Return the mean success curves, best area first in the legend."""
    return curve_plot(PLOTS[0], reports)


def precision_plot(reports: Sequence[Report]) -> Figure:
    """Return the mean precision curves, best score first in the legend."""
    return curve_plot(PLOTS[1], reports)


def curve_plot(plot: Plot, reports: Sequence[Report]) -> Figure:
    """Return the trackers' curves in a figure of their own."""
    with style():
        figure = Figure(layout="constrained")
        draw_curves(figure.subplots(), plot, reports, plot.title)
    return figure


def draw_curves(axes: Axes, plot: Plot, reports: Sequence[Report], title: str) -> None:
    """Draw the trackers' curves, the best first in the legend, which says the score."""
    looks = distinct_looks([report.tracker for report in reports])
    ranked = [(_rank(plot, r), r, look) for r, look in zip(reports, looks, strict=True)]
    for rank, report, (color, dashes) in sorted(ranked, key=lambda entry: -entry[0]):
        curve = mean_curve(report, plot.name)
        axes.plot(
            np.linspace(0, plot.last, len(curve)),
            curve,
            color=color,
            linestyle=dashes,
            label=f"{rank:.3f}  {short_name(report.tracker)}",
        )
    axes.set(title=title, xlabel=plot.xlabel, ylabel=plot.ylabel, ylim=(0, 1))
    axes.set_xlim(0, plot.last)
    axes.legend(loc="best")


def distinct_looks(trackers: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return color and line style of each tracker, no two alike as long as there are enough.

    A tracker keeps the look that `style` gives it, unless one before it has that already.
    """
    spare = itertools.cycle(itertools.product(SPARE_DASHES, (*OPTIMIZER_COLORS.values(), "black")))
    looks: list[tuple[str, str]] = []
    for tracker in trackers:
        look = color_of(tracker), dashes_of(tracker)
        if look in looks:
            dashes, color = next(spare)
            look = color, dashes
        looks.append(look)
    return looks


def mean_curve(report: Report, name: str) -> np.ndarray:
    """Return the mean of the sequences' curves, weighted by frames where the benchmark pools them."""
    curves = [score.evidence[name] for score in report.scores]
    pooled = [len(score.evidence.get("overlaps", (1,))) for score in report.scores]
    return np.average(curves, axis=0, weights=pooled)


def save_plots(reports: Sequence[Report], folder: str | Path) -> list[Path]:
    """Write `success.png`, `precision.png` and, where there is one, `normalized.png`.

    Returns their paths. Raises InputError for a benchmark without curves, which VOT is.
    """
    evidence = reports[0].scores[0].evidence
    plots = [plot for plot in PLOTS if plot.name in evidence]
    if not plots:
        raise InputError("VOT has no success or precision curves; leave --plots out")
    paths = []
    for plot in plots:
        paths.append(Path(folder) / f"{plot.name}.png")
        with whole_file(paths[-1]) as temporary, style():
            curve_plot(plot, reports).savefig(temporary)
    return paths


def _rank(plot: Plot, report: Report) -> float:
    mean = report.mean()
    return next(mean[key] for key in plot.ranks if key in mean)
