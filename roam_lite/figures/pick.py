"""A window in which the user draws the first box, for `roam-lite track` without --box."""

import numpy as np
from numpy.typing import NDArray

from roam_lite.errors import InputError
from roam_lite.extras import require

REMEDY = "give --box X,Y,W,H: left, top, width and height in 0-based pixels"


def pick_box(image: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Return the box `(x, y, w, h)` in pixels that the user draws on an RGB image `[H, W, 3]`.

    The window closes with Enter or by hand. Raises InputError if there is no display, if matplotlib
    is missing, or if nothing was drawn.
    """
    require("matplotlib", f"drawing a box; or {REMEDY}")
    from matplotlib import pyplot
    from matplotlib.widgets import RectangleSelector

    if pyplot.get_backend().lower() in ("agg", "pdf", "ps", "svg", "pgf", "cairo", "template"):
        raise InputError(f"no display to draw the first box on; {REMEDY}")
    figure, axes = pyplot.subplots()
    axes.imshow(image)
    axes.set(title="draw a box around the target, then press Enter", xticks=[], yticks=[])
    selector = RectangleSelector(axes, lambda *_: None, useblit=True, interactive=True)
    figure.canvas.mpl_connect(
        "key_press_event", lambda event: pyplot.close(figure) if event.key == "enter" else None
    )
    pyplot.show(block=True)
    left, right, top, bottom = selector.extents
    if not (right > left and bottom > top):
        raise InputError(f"no box was drawn; {REMEDY}")
    # Whole numbers are centers of pixels in matplotlib, and edges here.
    return left + 0.5, top + 0.5, right - left, bottom - top
