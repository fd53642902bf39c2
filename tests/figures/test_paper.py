"""Figures 2 and 5 to 8 of the paper show the numbers that they are given, and leave out nan."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from roam_lite.errors import InputError
from roam_lite.evaluation.compare import paired_bootstrap
from roam_lite.figures.paper import (
    RATE_EDGES,
    draw_figure_2,
    draw_figure_5,
    draw_figure_6,
    draw_figure_7,
    draw_figure_8,
    rate_shares,
)
from roam_lite.figures.style import OPTIMIZER_COLORS, OPTIMIZER_LABELS

SEQUENCES = ("a", "b", "c")
AUCS = {"LSTM": (0.6, 0.8, 0.4), "SGD": (0.5, 0.7, 0.3), "none": (0.2, 0.1, 0.9)}
COLORS = {"LSTM": "#0000ff", "SGD": "#ff0000", "none": "#777777"}
PAIR = ("LSTM", "SGD")


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def steps_of(axes):
    return [patch for patch in axes.patches if isinstance(patch, StepPatch)]


def line_of(axes, label):
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return line


def test_every_optimizer_has_a_color_and_a_label():
    assert OPTIMIZER_LABELS.keys() == OPTIMIZER_COLORS.keys()


# Shares of learning rates


def test_rates_are_counted_by_decade_and_those_beyond_the_edges_in_the_outermost_bins():
    edges = np.array([-3.0, -2.0, -1.0])
    rates = [0, 1e-9, 5e-3, 5e-2, 5e-2, 7.0]
    np.testing.assert_allclose(rate_shares(rates, edges), [3 / 6, 3 / 6])


def test_rates_that_are_not_finite_do_not_count():
    rates = torch.tensor([[1e-2, np.nan], [np.inf, 1e-4]])
    shares = rate_shares(rates, np.array([-5.0, -3.0, -1.0]))
    np.testing.assert_allclose(shares, [0.5, 0.5])
    assert rate_shares([np.nan], RATE_EDGES).sum() == 0


# Figure 2


def test_figure_2_has_a_panel_for_each_setting_and_best_rates_where_they_are_known():
    emitted = {"plain": np.full((3, 10), 0.05), "scaled": np.full((3, 10), 0.5)}
    figure = draw_figure_2(emitted, {"plain": np.full(4, 0.05)})
    left, right = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["plain", "scaled"]
    assert legend(left) == ["emitted", "best, 1 / (2x²)"]
    assert [len(steps_of(axes)) for axes in (left, right)] == [1, 0]
    for axes, rate in ((left, 0.05), (right, 0.5)):
        centers, shares = line_of(axes, "emitted").get_data()
        assert shares.max() == 1
        assert abs(np.log10(centers[shares.argmax()] / rate)) <= 0.05


def test_figure_2_takes_the_median_over_seeds_in_the_given_bins():
    seeds = np.array([[2e-5] * 4, [2e-5] * 4, [0.5] * 4])
    (axes,) = draw_figure_2({"a": seeds}, {}, RATE_EDGES).axes
    centers, shares = line_of(axes, "emitted").get_data()
    assert centers[shares == 1] == pytest.approx([2e-5], rel=0.25)
    assert shares.sum() == 1


# Figure 5


def test_figure_5_ranks_the_variants_and_marks_the_pair():
    figure = draw_figure_5(AUCS, SEQUENCES, COLORS, PAIR)
    bars, pair = figure.axes
    assert [label.get_text() for label in bars.get_yticklabels()] == ["none", "SGD", "LSTM"]
    np.testing.assert_allclose([bar.get_width() for bar in bars.patches], [0.4, 0.5, 0.6])
    assert [bar.get_alpha() for bar in bars.patches] == [0.35, 1.0, 1.0]
    assert [to_hex(bar.get_facecolor()) for bar in bars.patches] == [
        "#777777",
        "#ff0000",
        "#0000ff",
    ]
    assert [text.get_text() for text in bars.texts] == [" 0.400", " 0.500", " 0.600"]
    assert (pair.get_xlabel(), pair.get_ylabel()) == ("AUC of SGD", "AUC of LSTM")
    assert pair.lines[1].get_xdata().tolist() == list(AUCS["SGD"])
    assert pair.lines[1].get_ydata().tolist() == list(AUCS["LSTM"])


def test_figure_5_names_each_point_and_tells_the_interval():
    pair = draw_figure_5(AUCS, SEQUENCES, COLORS, ("LSTM", "none")).axes[1]
    named = {text.get_text(): text.xy for text in pair.texts}
    assert named == {"a": (0.2, 0.6), "b": (0.1, 0.8), "c": (0.9, 0.4)}
    mean, low, high = paired_bootstrap(AUCS["LSTM"], AUCS["none"])
    assert pair.get_title() == f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"


def test_figure_5_leaves_a_sequence_out_for_all_if_one_variant_has_no_auc_of_it():
    aucs = AUCS | {"SGD": (0.5, np.nan, 0.3)}
    bars, pair = draw_figure_5(aucs, SEQUENCES, COLORS, PAIR).axes
    np.testing.assert_allclose(sorted(bar.get_width() for bar in bars.patches), [0.4, 0.5, 0.55])
    assert {text.get_text() for text in pair.texts} == {"a", "c"}
    with pytest.raises(InputError, match="no sequence has an AUC of every variant"):
        draw_figure_5(AUCS | {"SGD": [np.nan] * 3}, SEQUENCES, COLORS, PAIR)


def test_figure_5_of_one_sequence_has_no_interval_and_goes_into_a_given_figure():
    given = Figure()
    one = {variant: row[:1] for variant, row in AUCS.items()}
    assert draw_figure_5(one, SEQUENCES[:1], COLORS, PAIR, given) is given
    assert given.axes[1].get_title() == ""


# Figure 6


def test_figure_6_has_a_line_and_a_band_for_each_optimizer():
    aucs = {"lstm": [[0.5, 0.7], [0.6, 0.8]], "sgd": [[0.4, 0.4], [0.2, 0.4]]}
    (axes,) = draw_figure_6((1, 4), aucs).axes
    assert legend(axes) == ["LSTM", "SGD"]
    assert axes.get_legend().get_title().get_text().endswith("2 sequences")
    np.testing.assert_allclose(line_of(axes, "LSTM").get_ydata(), [0.6, 0.7])
    assert line_of(axes, "SGD").get_color() == OPTIMIZER_COLORS["sgd"]
    assert axes.get_xticks().tolist() == [1, 4]
    heights = axes.collections[0].get_paths()[0].vertices[:, 1]
    error = 0.1 / np.sqrt(2)
    np.testing.assert_allclose([heights.min(), heights.max()], [0.6 - error, 0.7 + error])


def test_figure_6_leaves_out_sequences_that_lack_an_auc():
    aucs = {"lstm": [[0.5, 0.7], [0.6, 0.8]], "sgd": [[0.4, 0.4], [0.2, np.nan]]}
    (axes,) = draw_figure_6((1, 2), aucs).axes
    np.testing.assert_allclose(line_of(axes, "LSTM").get_ydata(), [0.5, 0.6])
    with pytest.raises(InputError, match="no sequence"):
        draw_figure_6((1,), {"lstm": [[np.nan]]})


# Figure 7


def test_figure_7_has_update_losses_above_meta_losses_and_a_column_for_each_video():
    updates = {v: {"lstm": [(5, 0.2), (10, 0.1)], "sgd": [(5, 0.3), (10, np.nan)]} for v in "ab"}
    futures = {v: {"lstm": [(0, 0.9), (5, 0.5), (10, 0.4)]} for v in "ab"}
    figure = draw_figure_7(updates, futures)
    assert [axes.get_title() for axes in figure.axes] == ["a", "b", "", ""]
    assert [len(axes.lines) for axes in figure.axes] == [2, 2, 1, 1]
    top, _, bottom, _ = figure.axes
    assert legend(top) == ["LSTM", "SGD"]
    assert "update loss (12)" in top.get_ylabel()
    assert "meta loss (13)" in bottom.get_ylabel()
    np.testing.assert_array_equal(line_of(top, "SGD").get_ydata(), [0.3, np.nan])
    np.testing.assert_array_equal(line_of(bottom, "LSTM").get_xdata(), [0, 5, 10])
    assert {axes.get_yscale() for axes in figure.axes} == {"log"}


# Figure 8


def test_figure_8_tells_the_first_rates_from_those_of_updates():
    updating = np.array([[1e-5, 1e-5], [1e-5, np.nan]])
    (axes,) = draw_figure_8([1e-2, 1e-2, 1e-3, 1e-3], updating).axes
    assert legend(axes) == ["λ⁽⁰⁾", "updates"]
    first, later = (patch.get_data().values for patch in steps_of(axes))
    assert sorted(first[first > 0]) == [0.5, 0.5]
    assert later[np.digitize(-5 + 1e-9, RATE_EDGES) - 1] == 1
    assert later.sum() == 1
