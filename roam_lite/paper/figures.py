"""Figures 1 to 8 of the paper: what each shows, and where it is made again."""

from roam_lite.paper.exhibit import Exhibit
from roam_lite.paper.tables import FIGURE_3, FIGURE_4

_CURVES = ("roam_lite.figures.plots:precision_plot", "roam_lite.figures.plots:success_plot")
_ABLATIONS = ("python notebooks/render.py 09_ablations",)

FIGURES = {
    exhibit.number: exhibit
    for exhibit in (
        Exhibit(
            1,
            "pipeline: a resizable tracking model and the neural optimizer that updates it",
            (),
            (),
            (),
            "00_start_here",
        ),
        Exhibit(
            2,
            "learning rates emitted in training, without and with random filter scaling",
            ("roam_lite.figures.paper:draw_figure_2",),
            ("toy",),
            ("python notebooks/render.py 04_why_learning_rates_must_adapt",),
            "04_why_learning_rates_must_adapt",
        ),
        Exhibit(
            3,
            "precision and success on OTB-2015",
            _CURVES,
            ("otb",),
            (
                "roam-lite evaluate --root OTB100 --results results",
                "roam-lite report results/OTB2015/* --root OTB100 --out report",
            ),
            "08_benchmarks",
            FIGURE_3,
        ),
        Exhibit(
            4,
            "precision and success on the test split of LaSOT",
            _CURVES,
            ("lasot",),
            (
                "roam-lite evaluate --benchmark lasot --root LaSOT --results results",
                "roam-lite report results/LaSOT/* --benchmark lasot --root LaSOT --out report",
            ),
            "08_benchmarks",
            FIGURE_4,
        ),
        Exhibit(
            5,
            "ablation on OTB-2015: parts of the method, and other optimizers",
            ("roam_lite.figures.paper:draw_figure_5",),
            ("otb",),
            _ABLATIONS,
            "09_ablations",
        ),
        Exhibit(
            6,
            "AUC on OTB-2015 against the number of gradient steps in an update",
            ("roam_lite.figures.paper:draw_figure_6",),
            ("otb",),
            _ABLATIONS,
            "09_ablations",
        ),
        Exhibit(
            7,
            "update loss and meta loss over time, ROAM and SGD",
            ("roam_lite.figures.paper:draw_figure_7",),
            ("otb",),
            _ABLATIONS,
            "09_ablations",
        ),
        Exhibit(
            8,
            "initial learning rates and those of updates on OTB-2015",
            ("roam_lite.figures.paper:draw_figure_8",),
            ("otb",),
            _ABLATIONS,
            "09_ablations",
        ),
    )
}
