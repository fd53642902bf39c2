from dataclasses import replace

import cv2
import numpy as np

from roam_lite.evaluation.report import Report, Score
from roam_lite.evaluation.results import configuration_name
from roam_lite.figures.plots import (
    curve_plot,
    distinct_looks,
    mean_curve,
    save_plots,
)
from roam_lite.figures.style import OPTIMIZER_COLORS, PEER_COLOR, STYLE, color_of, rgb, style


def report(tracker, level, precision):
    metrics = {"auc": level, "precision_20": precision}
    curves = {"success": np.full(21, level), "precision": np.full(51, precision)}
    return Report((Score("a", metrics, 30.0, 10, curves),), tracker)


REPORTS = [
    report({"tracker": "csrt"}, 0.3, 0.9),
    report({"tracker": "roam++", "rule": "lstm"}, 0.6, 0.5),
    report({"tracker": "roam", "rule": "sgd", "sgd_rate": 0.001}, 0.4, 0.7),
]


def legend(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_legends_rank_the_trackers():
    assert legend(curve_plot("success", REPORTS)) == [
        "0.600  roam++ lstm",
        "0.400  roam sgd 0.001",
        "0.300  csrt",
    ]
    assert [line.split()[0] for line in legend(curve_plot("precision", REPORTS))] == [
        "0.900",
        "0.700",
        "0.500",
    ]


def test_trackers_of_one_name_are_called_by_their_folders():
    kept = {"tracker": "roam++", "rule": "lstm", "weights_sha256": "1"}
    other = {**kept, "weights_sha256": "2"}
    figure = curve_plot("success", [
        report({**kept, "scoring": "official"}, 0.6, 0.5),
        report({**other, "scoring": "official"}, 0.5, 0.5),
        REPORTS[0],
    ])  # fmt: skip
    assert legend(figure) == [
        f"0.600  {configuration_name(kept)}",
        f"0.500  {configuration_name(other)}",
        "0.300  csrt",
    ]


def test_every_optimizer_keeps_its_color_and_roam_its_dashes():
    lines = {line.get_label(): line for line in curve_plot("success", REPORTS).axes[0].lines}
    assert lines["0.600  roam++ lstm"].get_color() == OPTIMIZER_COLORS["lstm"]
    assert lines["0.400  roam sgd 0.001"].get_linestyle() == "--"
    assert lines["0.300  csrt"].get_color() == PEER_COLOR


def test_trackers_of_other_people_look_different():
    trackers = [{"tracker": name} for name in ("csrt", "ECO", "MDNet", "SiamFC", "DSLT")]
    looks = distinct_looks([{"tracker": "roam++", "rule": "lstm"}, *trackers])
    assert len(set(looks)) == 6
    assert looks[0] == (OPTIMIZER_COLORS["lstm"], "-")
    assert looks[1] == (PEER_COLOR, "-")
    figure = curve_plot("success", [report(tracker, 0.5, 0.5) for tracker in trackers])
    drawn = {(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines}
    assert len(drawn) == 5


def test_curves_are_means_over_sequences():
    low, high = report({}, 0.2, 0.2).scores[0], report({}, 0.6, 0.6).scores[0]
    figure = curve_plot("success", [Report((low, high), {"tracker": "kcf"})])
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), 0.4)


def test_curves_of_benchmarks_that_pool_frames_are_weighted_by_these():
    scores = tuple(
        Score("a", {}, 30.0, n, {"success": np.full(101, level), "overlaps": np.zeros(n)})
        for n, level in ((1, 1.0), (3, 0.0))
    )
    report = Report(scores, {"tracker": "kcf"}, {"ao": 0.25})
    np.testing.assert_allclose(mean_curve(report, "success"), 0.25)
    assert legend(curve_plot("success", [report])) == ["0.250  kcf"]


def test_only_curves_that_the_benchmark_has_are_drawn(tmp_path):
    score = report({}, 0.2, 0.3).scores[0]
    curves = {**score.evidence, "normalized": np.full(51, 0.5)}
    lasot = Report((replace(score, evidence=curves),), {"tracker": "kcf"}, {
        "auc": 0.2, "precision_20": 0.3, "normalized_precision": 0.5
    })  # fmt: skip
    assert [path.stem for path in save_plots([lasot], tmp_path)] == [
        "success", "precision", "normalized"
    ]  # fmt: skip
    vot = Report((Score("a", {}, 1.0, 2, {"fragments": []}),), {}, {"eao": 0.1})
    assert save_plots([vot], tmp_path) == []


def test_saved_plots_are_pictures(tmp_path):
    paths = save_plots(REPORTS, tmp_path / "plots")
    assert [path.name for path in paths] == ["success.png", "precision.png"]
    for path in paths:
        assert cv2.imread(str(path)).std() > 5


def test_colors_differ_and_are_rgb():
    colors = [*OPTIMIZER_COLORS.values(), PEER_COLOR]
    assert len({rgb(color) for color in colors}) == len(colors)
    assert rgb("#0072B2") == (0, 114, 178)
    assert color_of({"tracker": "mil"}) == PEER_COLOR


def test_the_style_ends_with_its_context():
    import matplotlib

    before = matplotlib.rcParams["axes.spines.top"]
    with style():
        assert matplotlib.rcParams["axes.spines.top"] == STYLE["axes.spines.top"]
    assert matplotlib.rcParams["axes.spines.top"] == before
