"""Success on the sequences that have an attribute, one small plot for each, as OTB's figures do."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from matplotlib.figure import Figure

from roam_lite.data.otb_attributes import ATTRIBUTES
from roam_lite.evaluation.report import Report
from roam_lite.figures.plots import PLOTS, draw_curves
from roam_lite.figures.style import style

COLUMNS = 4
CELL = (4.2, 3.4)  # inches


def with_attribute(
    report: Report, attributes: Mapping[str, Collection[str]], attribute: str
) -> Report:
    """Return the report of the sequences that have the attribute, perhaps of none."""
    scores = tuple(score for score in report.scores if attribute in attributes[score.name])
    return replace(report, scores=scores)


def attribute_plots(reports: Sequence[Report], attributes: Mapping[str, Collection[str]]) -> Figure:
    """Return success plots of the attributes that any sequence has, each with its ranked legend.

    `attributes` are as `otb_attributes.read_attributes` gives them. Titles say how many sequences
    have the attribute.
    """
    subsets = {
        attribute: [with_attribute(report, attributes, attribute) for report in reports]
        for attribute in ATTRIBUTES
    }
    subsets = {attribute: some for attribute, some in subsets.items() if some[0].scores}
    columns = min(COLUMNS, len(subsets))
    rows = -(-len(subsets) // columns)
    with style():
        figure = Figure(figsize=(columns * CELL[0], rows * CELL[1]), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, (attribute, some) in zip(grid, subsets.items(), strict=False):
            title = f"{ATTRIBUTES[attribute]} ({len(some[0].scores)})"
            draw_curves(axes, PLOTS[0], some, title)
        for axes in grid[len(subsets) :]:
            axes.remove()
    return figure
