"""How costs grow: measured amounts and costs on logarithmic axes, with proportional growth for comparison."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from roam_lite.figures.style import style
from roam_lite.files import whole_file

TICKS = (1, 2, 4, 8)
UNITS = {"cpu": "CPU seconds", "added": "MB at the peak"}


def plot_growth(found: dict[str, Any], path: str | Path) -> None:
    """Draw the result of `bench_scaling`: a row of axes for seconds and one for memory, a curve per cost.

    Amounts and costs are relative to the smallest amount's: a proportional cost follows the dotted line.
    """
    with style():
        figure = Figure(figsize=(11, 5), layout="constrained")
        for axes, (name, unit) in zip(figure.subplots(1, 2), UNITS.items(), strict=True):
            for row in found["rows"]:
                if (fit := row[f"{name}_growth"]) is not None:
                    x, y = (np.array(row[key]) / row[key][0] for key in ("amounts", name))
                    label = f"{row['work']}, {row['against']}: {fit['exponent']:.2f}"
                    axes.plot(x, y, "o-" if row["work"] == "step" else "s--", label=label)
            axes.plot([1, 8], [1, 8], ":", color="gray", label="proportional")
            axes.set(
                xlabel="amount, relative to the smallest",
                ylabel=f"{unit}, relative to the smallest's",
            )
            axes.set(xscale="log", yscale="log", xticks=TICKS, yticks=TICKS)
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter("{x:g}")
                axis.set_minor_locator(NullLocator())
            axes.legend(title="cost, versus: exponent", fontsize=8)
        with whole_file(Path(path)) as temporary:
            figure.savefig(temporary)
