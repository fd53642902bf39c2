"""Success and precision plots, trackers ranked in the legend as benchmarks do."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from roam_lite.evaluation.otb import PRECISION_THRESHOLDS, SUCCESS_THRESHOLDS
from roam_lite.evaluation.report import Report
from roam_lite.evaluation.results import short_name
from roam_lite.figures.style import colour_of, dashes_of, style
from roam_lite.files import whole_file


def success_plot(reports: Sequence[Report]) -> Figure:
    """Return the mean success curves, best AUC first in the legend."""
    curves = [np.mean([score.success for score in r.scores], axis=0) for r in reports]
    return _plot(
        [(r.tracker, curve, curve.mean()) for r, curve in zip(reports, curves, strict=True)],
        SUCCESS_THRESHOLDS,
        title="Success, area under the curve",
        xlabel="overlap threshold (IoU)",
        ylabel="share of frames above it",
    )


def precision_plot(reports: Sequence[Report]) -> Figure:
    """Return the mean precision curves, best share at 20 pixels first in the legend."""
    curves = [np.mean([score.precision for score in r.scores], axis=0) for r in reports]
    return _plot(
        [(r.tracker, curve, curve[20]) for r, curve in zip(reports, curves, strict=True)],
        PRECISION_THRESHOLDS,
        title="Precision at 20 pixels",
        xlabel="centre error threshold (pixels)",
        ylabel="share of frames within it",
    )


def save_plots(reports: Sequence[Report], folder: str | Path) -> list[Path]:
    """Write `success.png` and `precision.png` to `folder` and return their paths."""
    paths = []
    for name, plot in (("success", success_plot), ("precision", precision_plot)):
        paths.append(Path(folder) / f"{name}.png")
        with whole_file(paths[-1]) as temporary, style():
            plot(reports).savefig(temporary)
    return paths


def _plot(
    curves: list[tuple[Mapping[str, Any], np.ndarray, float]],
    thresholds: np.ndarray,
    *,
    title: str,
    xlabel: str,
    ylabel: str,
) -> Figure:
    with style():
        figure = Figure(layout="constrained")
        axes = figure.subplots()
        for tracker, curve, rank in sorted(curves, key=lambda entry: -entry[2]):
            axes.plot(
                thresholds,
                curve,
                color=colour_of(tracker),
                linestyle=dashes_of(tracker),
                label=f"{rank:.3f}  {short_name(tracker)}",
            )
        axes.set(title=title, xlabel=xlabel, ylabel=ylabel, ylim=(0, 1))
        axes.set_xlim(thresholds[0], thresholds[-1])
        axes.legend(loc="best")
    return figure
