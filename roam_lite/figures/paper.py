"""The paper's Figures 2 and 5 to 8, drawn from arrays: learning rates, AUCs and losses.

Mappings by optimizer have the keys of `style.OPTIMIZER_COLORS`, which gives their colors.
"""

from collections.abc import Mapping, Sequence
from itertools import compress

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from roam_lite.errors import InputError
from roam_lite.evaluation.compare import paired_bootstrap
from roam_lite.figures.axes import draw_band
from roam_lite.figures.style import OPTIMIZER_COLORS, OPTIMIZER_LABELS, style

TOY_EDGES = np.linspace(-3, 0, 61)  # of histograms of log10(learning rate): for the toy problem
RATE_EDGES = np.linspace(-8, 0, 49)  # and for a tracking model


def rate_shares(rates: ArrayLike, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shares of log10(rates) between B + 1 edges, `[B]`.

    The outermost bins include what is beyond them. Rates that are not finite are ignored.
    """
    rates = np.asarray(rates, dtype=np.float64)
    logs = np.log10(np.maximum(rates[np.isfinite(rates)], 1e-300)).clip(edges[0], edges[-1])
    return np.histogram(logs, edges)[0] / max(logs.size, 1)


def draw_figure_2(
    emitted: Mapping[str, ArrayLike],
    best: Mapping[str, ArrayLike],
    edges: NDArray[np.float64] = TOY_EDGES,
) -> Figure:
    """Return histograms of the learning rates that optimizers emit in training, one panel each.

    `emitted` maps a panel's title to rates `[seeds, M]`, `best` to the best possible rates `[M]`,
    drawn if there are any. The line is the median of the seeds, the band their range;
    `edges` are those of the bins, in log10.

    The paper shows a training run of its tracker without and with random filter scaling (section
    3.3), notebook 4 the toy problem of that section, whose best rates are known. RATE_EDGES hold
    the rates of a tracker in training, `Rollout.updating_rates`.
    """
    with style():
        figure = Figure(figsize=(5 * len(emitted), 3), layout="constrained")
        panels = figure.subplots(1, len(emitted), squeeze=False)[0]
        centers = 10 ** ((edges[1:] + edges[:-1]) / 2)
        for axes, (title, seeds) in zip(panels, emitted.items(), strict=True):
            shares = [rate_shares(rates, edges) for rates in np.atleast_2d(seeds)]
            draw_band(axes, centers, shares, OPTIMIZER_COLORS["lstm"], "emitted")
            if title in best:
                shares = rate_shares(best[title], edges)
                axes.stairs(shares, 10**edges, color="black", label="best, 1 / (2x²)")
            axes.set(xscale="log", xlabel="learning rate", title=title)
        panels[0].set(ylabel="share of the weights")
        panels[0].legend()
    return figure


def draw_figure_5(
    aucs: Mapping[str, ArrayLike],
    sequences: Sequence[str],
    colors: Mapping[str, str],
    pair: tuple[str, str],
    figure: Figure | None = None,
) -> Figure:
    """Return bars of the variants' mean AUCs, and a plot of two of them against each other by sequence.

    `aucs` maps a variant to one AUC for each of the S sequences, `colors` to its color. The two of
    `pair` are highlighted; the title of their plot is the mean difference, first minus
    second, with its 95 % interval. A sequence that lacks any AUC (nan) is ignored.
    Drawn into `figure` if one is given. Raises InputError if no sequence is left.

    The paper has the modules on the left, architectures of the optimizer on the right (section
    6.2, OTB-2015). Here all share the left panel; the right one separates a difference from chance.
    """
    table, counts = _complete(aucs)
    known = dict(zip(aucs, table, strict=True))
    with style():
        figure = figure or Figure(layout="constrained")
        figure.set_size_inches(9, 3.4)
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        ranked = sorted(known, key=lambda variant: known[variant].mean())
        for place, variant in enumerate(ranked):
            mean, alpha = known[variant].mean(), 1.0 if variant in pair else 0.35
            left.barh(place, mean, color=colors[variant], alpha=alpha)
            left.text(mean, place, f" {mean:.3f}", va="center")
        left.set(xlabel="AUC", yticks=range(len(ranked)), yticklabels=ranked, xlim=(0, 1))
        first, second = pair
        names = list(compress(sequences, counts))
        _draw_pair(right, known[first], known[second], names, colors[first])
        right.set(xlabel=f"AUC of {second}", ylabel=f"AUC of {first}", xlim=(0, 1), ylim=(0, 1))
    return figure


def draw_figure_6(steps: Sequence[int], aucs: Mapping[str, ArrayLike]) -> Figure:
    """Return the mean AUC over the number of gradient steps in an update, one line per optimizer.

    `aucs` maps an optimizer to AUCs `[K, S]`: K numbers of steps, S sequences. Bands are standard
    errors over the sequences; one that lacks any AUC (nan) is ignored. Raises InputError if
    none is left. The paper draws ROAM, and SGD with two learning rates, without bands (OTB-2015).
    """
    table, _ = _complete(aucs)
    count = table.shape[-1]
    with style():
        figure = Figure(figsize=(5, 3.2), layout="constrained")
        axes = figure.subplots()
        for rule, rows in zip(aucs, table, strict=True):
            color, mean = OPTIMIZER_COLORS[rule], rows.mean(axis=1)
            error = rows.std(axis=1) / np.sqrt(count)
            axes.plot(steps, mean, "o-", color=color, label=OPTIMIZER_LABELS[rule])
            axes.fill_between(steps, mean - error, mean + error, color=color, alpha=0.15)
        axes.set(xlabel="gradient steps per update", ylabel="AUC", xticks=steps)
        axes.legend(title=f"band: standard error over {count} sequences", fontsize=8)
    return figure


def draw_figure_7(
    update_losses: Mapping[str, Mapping[str, ArrayLike]],
    meta_losses: Mapping[str, Mapping[str, ArrayLike]],
) -> Figure:
    """Return update losses (12) above meta losses (13) over the frames, one column per video.

    Both map videos to optimizers, and these to `[U, 2]`: frame and loss of every update. A loss
    that is nan leaves a gap.

    The paper compares ROAM and SGD on OTB-2015 after two gradient steps. Here the update loss is
    measured before each step (`Tracker.update_losses`; notebook 9 keeps the last of an update).
    """
    with style():
        size = (1.5 + 3.5 * len(update_losses), 5)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(2, len(update_losses), sharex="col", squeeze=False)
        for row, losses in zip(grid, (update_losses, meta_losses), strict=True):
            for axes, video in zip(row, update_losses, strict=True):
                for rule, curve in losses[video].items():
                    frames, values = np.asarray(curve, dtype=float).T
                    color, label = OPTIMIZER_COLORS[rule], OPTIMIZER_LABELS[rule]
                    axes.plot(frames, values, ".-", color=color, label=label)
                axes.set_yscale("log")
        for (above, below), video in zip(grid.T, update_losses, strict=True):
            above.set_title(video)
            below.set_xlabel("frame")
        grid[0, 0].set_ylabel("update loss (12)\nframes seen, own labels")
        grid[1, 0].set_ylabel("meta loss (13)\nframes to come, true labels")
        grid[0, 0].legend()
    return figure


def draw_figure_8(initial: ArrayLike, updating: ArrayLike) -> Figure:
    """Return histograms of the initial learning rates λ⁽⁰⁾ and of those in updates.

    `initial` is `[P]`, `updating` has any shape: all rates that the optimizer emitted, in the paper
    over OTB-2015, in notebook 9 over one sequence.
    """
    with style():
        figure = Figure(figsize=(5, 3.2), layout="constrained")
        axes = figure.subplots()
        for rates, color, label in (
            (initial, "black", "λ⁽⁰⁾"),
            (updating, OPTIMIZER_COLORS["lstm"], "updates"),
        ):
            axes.stairs(rate_shares(rates, RATE_EDGES), RATE_EDGES, color=color, label=label)
        axes.set(xlabel="log10(learning rate)", ylabel="share of coordinates")
        axes.legend()
    return figure


def _complete(aucs: Mapping[str, ArrayLike]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the AUCs [variants, ..., S] of the sequences that have all of them, and their indices."""
    table = np.array(list(aucs.values()), dtype=float)
    counts = np.isfinite(table).all(axis=tuple(range(table.ndim - 1)))
    if not counts.any():
        raise InputError("no sequence has an AUC of every variant; give finite AUCs")
    return table[..., counts], counts


def _draw_pair(axes: Axes, a: np.ndarray, b: np.ndarray, names: Sequence[str], color: str) -> None:
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8)
    axes.plot(b, a, "o", color=color)
    line = {"arrowstyle": "-", "linewidth": 0.5, "color": "gray"}
    for height, k in zip(np.linspace(0.1, 0.9, len(a)), np.argsort(a), strict=True):
        place = {"xytext": (1.03, height), "textcoords": "axes fraction", "va": "center"}
        axes.annotate(names[k], (b[k], a[k]), fontsize=8, arrowprops=line, **place)
    if len(a) > 1:
        mean, low, high = paired_bootstrap(a, b)
        axes.set_title(f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]")
