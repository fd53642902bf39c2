"""Images, maps and boxes in axes with the project's coordinates (continuous, 0-based), and bands."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike


def show_image(axes: Axes, image: np.ndarray, title: str = "", **options: Any) -> AxesImage:
    """Draw an image so that its pixel j covers [j, j + 1); `options` go to `imshow`."""
    return show_map(axes, image, 1, title, **options)


def show_map(
    axes: Axes, values: ArrayLike, stride: float, title: str = "", **options: Any
) -> AxesImage:
    """Draw a map `[H, W]` at its cells' places in the patch: cell k covers [c k, c (k + 1)) pixels."""
    rows, columns = np.shape(values)[:2]
    extent = (0, columns * stride, rows * stride, 0)
    # matplotlib asks a tensor for a copy in a way that torch does not support yet.
    picture = axes.imshow(np.asarray(values), extent=extent, **options)
    axes.set_title(title)
    axes.axis("off")
    return picture


def outline(axes: Axes, box: ArrayLike, color: str, **options: Any) -> None:
    """Outline a box `(x, y, w, h)` in `#RRGGBB`; `options` go to matplotlib's Rectangle."""
    x, y, w, h = np.asarray(box, dtype=float)
    options = {"linewidth": 1.8, "fill": False, "edgecolor": color, **options}
    axes.add_patch(Rectangle((x, y), w, h, **options))


def draw_band(
    axes: Axes, x: ArrayLike, curves: ArrayLike, color: str, label: str, dashes: str = "-"
) -> None:
    """Draw the median of several seeds' curves `[seeds, len(x)]`, and their range as a band."""
    curves = np.asarray(curves)
    axes.plot(x, np.median(curves, axis=0), dashes, color=color, label=label)
    axes.fill_between(x, curves.min(axis=0), curves.max(axis=0), color=color, alpha=0.15)
