"""One style for all figures: colors with fixed meanings that color-blind readers can tell apart.

The colors are Okabe and Ito's ("Color Universal Design", 2008). Every optimizer keeps its color
in every figure; ROAM is dashed, ROAM++ solid. Videos also take their colors from here
and need no matplotlib: only the two functions that style its figures import it.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

_OPTIMIZERS = {
    "lstm": ("LSTM", "#0072B2"),  # blue
    "gru": ("GRU", "#56B4E9"),  # sky blue
    "fc": ("FC", "#009E73"),  # green
    "const": ("ConstLR", "#E69F00"),  # orange
    "sgd": ("SGD", "#D55E00"),  # vermilion
    "momentum": ("momentum", "#000000"),  # black
    "adam": ("Adam", "#882255"),  # wine, of Tol's muted scheme: Okabe and Ito have no more
    "hypergradient": ("hypergradient", "#332288"),  # indigo, of the same scheme
    "prodigy": ("Prodigy", "#117733"),  # dark green, of the same scheme
    "steepest": ("steepest descent", "#999933"),  # olive, of the same scheme
    "none": ("no update", "#7F7F7F"),  # gray
}
OPTIMIZER_LABELS = {rule: label for rule, (label, _) in _OPTIMIZERS.items()}
OPTIMIZER_COLORS = {rule: color for rule, (_, color) in _OPTIMIZERS.items()}
PEER_COLOR = "#CC79A7"  # reddish purple
TRUTH_COLOR = "#F0E442"  # yellow: ground truth drawn into images

STYLE = {
    "figure.figsize": (5.5, 4.0),
    "figure.dpi": 120,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "savefig.bbox": "tight",
}


def style() -> AbstractContextManager[None]:
    """Return a context in which matplotlib draws in the house style."""
    import matplotlib

    return matplotlib.rc_context(STYLE)


def use_style() -> None:
    """Use the house style for every figure from here on; for the top of a notebook."""
    import matplotlib

    matplotlib.rcParams.update(STYLE | {"figure.constrained_layout.use": True})


def color_of(description: Mapping[str, Any]) -> str:
    """Return the color, `#RRGGBB`, of a tracker by its description: its optimizer's, or that of peers."""
    return OPTIMIZER_COLORS.get(description.get("rule", ""), PEER_COLOR)


def dashes_of(description: Mapping[str, Any]) -> str:
    """Return the line style that distinguishes trackers of the same color."""
    return {"roam": "--", "kcf": "--", "mil": ":"}.get(description.get("tracker", ""), "-")


def rgb(color: str) -> tuple[int, int, int]:
    """Return `#RRGGBB` as three numbers from 0 to 255."""
    return tuple(bytes.fromhex(color.removeprefix("#")))
