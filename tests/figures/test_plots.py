import cv2
import numpy as np

from roam_lite.evaluation.report import Report, Score
from roam_lite.figures.plots import precision_plot, save_plots, success_plot
from roam_lite.figures.style import OPTIMIZER_COLOURS, PEER_COLOUR, STYLE, colour_of, rgb, style


def report(tracker, level, precision):
    curve = np.full(51, precision)
    score = Score("a", level, precision, 30.0, 10, np.full(21, level), curve)
    return Report((score,), tracker)


REPORTS = [
    report({"tracker": "csrt"}, 0.3, 0.9),
    report({"tracker": "roam++", "rule": "lstm"}, 0.6, 0.5),
    report({"tracker": "roam", "rule": "sgd", "sgd_rate": 0.001}, 0.4, 0.7),
]


def legend(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_legends_rank_the_trackers():
    assert legend(success_plot(REPORTS)) == [
        "0.600  roam++ lstm",
        "0.400  roam sgd 0.001",
        "0.300  csrt",
    ]
    assert [line.split()[0] for line in legend(precision_plot(REPORTS))] == [
        "0.900",
        "0.700",
        "0.500",
    ]


def test_every_optimizer_keeps_its_colour_and_roam_its_dashes():
    lines = {line.get_label(): line for line in success_plot(REPORTS).axes[0].lines}
    assert lines["0.600  roam++ lstm"].get_color() == OPTIMIZER_COLOURS["lstm"]
    assert lines["0.400  roam sgd 0.001"].get_linestyle() == "--"
    assert lines["0.300  csrt"].get_color() == PEER_COLOUR


def test_curves_are_means_over_sequences():
    low, high = report({}, 0.2, 0.2).scores[0], report({}, 0.6, 0.6).scores[0]
    figure = success_plot([Report((low, high), {"tracker": "kcf"})])
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), 0.4)


def test_saved_plots_are_pictures(tmp_path):
    paths = save_plots(REPORTS, tmp_path / "plots")
    assert [path.name for path in paths] == ["success.png", "precision.png"]
    for path in paths:
        assert cv2.imread(str(path)).std() > 5


def test_colours_differ_and_are_rgb():
    colours = [*OPTIMIZER_COLOURS.values(), PEER_COLOUR]
    assert len({rgb(colour) for colour in colours}) == 7
    assert rgb("#0072B2") == (0, 114, 178)
    assert colour_of({"tracker": "mil"}) == PEER_COLOUR


def test_the_style_ends_with_its_context():
    import matplotlib

    before = matplotlib.rcParams["axes.spines.top"]
    with style():
        assert matplotlib.rcParams["axes.spines.top"] == STYLE["axes.spines.top"]
    assert matplotlib.rcParams["axes.spines.top"] == before
