import numpy as np

from roam_lite.data.otb_attributes import ATTRIBUTES as NAMES
from roam_lite.evaluation.report import Report, Score
from roam_lite.figures.plots import attribute_plots, with_attribute

ATTRIBUTES = {"a": {"IV", "OCC"}, "b": {"OCC"}, "c": set()}


def report(tracker, levels):
    scores = tuple(
        Score(name, {"auc": level}, 30.0, 10, {"success": np.full(21, level)})
        for name, level in zip(ATTRIBUTES, levels, strict=True)
    )
    return Report(scores, {"tracker": tracker})


REPORTS = [report("kcf", (0.2, 0.4, 0.9)), report("csrt", (0.1, 0.7, 0.0))]


def test_a_subset_has_the_sequences_with_the_attribute():
    subset = with_attribute(REPORTS[0], ATTRIBUTES, "OCC")
    assert [score.name for score in subset.scores] == ["a", "b"]
    assert subset.mean()["auc"] == np.mean([0.2, 0.4])


def test_each_attribute_that_occurs_has_a_plot_with_its_own_ranking():
    axes = attribute_plots(REPORTS, ATTRIBUTES).axes
    assert [plot.get_title() for plot in axes] == ["illumination variation (1)", "occlusion (2)"]
    legends = [[t.get_text() for t in plot.get_legend().get_texts()] for plot in axes]
    assert legends == [["0.200  kcf", "0.100  csrt"], ["0.400  csrt", "0.300  kcf"]]


def test_eleven_attributes_fill_a_grid_and_leave_no_empty_plot():
    everything = {name: set(NAMES) for name in ATTRIBUTES}
    assert len(attribute_plots(REPORTS, everything).axes) == 11
