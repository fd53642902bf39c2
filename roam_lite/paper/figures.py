"""Figures 1 to 8 of the paper: what each shows, and how to reproduce it."""

from roam_lite.paper.exhibit import Exhibit
from roam_lite.paper.tables import FIGURE_3, FIGURE_4

_CURVES = ("roam_lite.figures.plots:curve_plot",)


def _ablation(number: int, caption: str) -> Exhibit:
    """Return a figure of section 6.2; notebook 9 draws all of them."""
    return Exhibit(
        caption,
        "09_ablations",
        (f"roam_lite.figures.paper:draw_figure_{number}",),
        ("otb",),
        ("python notebooks/render.py 09_ablations",),
    )


FIGURES = {
    1: Exhibit(
        "pipeline: a resizable tracking model and the neural optimizer that updates it",
        "00_start_here",
    ),
    2: Exhibit(
        "learning rates emitted in training, without and with random filter scaling",
        "04_why_learning_rates_must_adapt",
        ("roam_lite.figures.paper:draw_figure_2",),
        ("toy",),
        ("python notebooks/render.py 04_why_learning_rates_must_adapt",),
    ),
    3: Exhibit(
        "precision and success on OTB-2015",
        "08_benchmarks",
        _CURVES,
        ("otb",),
        ("roam-lite evaluate --root OTB100 --results results --plots plots",),
        FIGURE_3,
    ),
    4: Exhibit(
        "precision and success on the test split of LaSOT",
        "08_benchmarks",
        _CURVES,
        ("lasot",),
        ("roam-lite evaluate --benchmark lasot --root LaSOT --results results --plots plots",),
        FIGURE_4,
    ),
    5: _ablation(5, "ablation on OTB-2015: parts of the method, and other optimizers"),
    6: _ablation(6, "AUC on OTB-2015 against the number of gradient steps in an update"),
    7: _ablation(7, "update loss and meta loss over time, ROAM and SGD"),
    8: _ablation(8, "initial learning rates and those of updates on OTB-2015"),
}
