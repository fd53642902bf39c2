"""Exercises 1 and 2 of 03_labels_and_losses: the label map, and the box that deltas mean."""

import numpy as np
import torch
from torch import Tensor

from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.geometry import decode_boxes
from roam_lite.model.losses import gaussian_labels

# 03.1


def _label(power: int = 2, unit: float | None = None, factor: float = 1.0, swap: bool = False):
    """A label map with a choice of what stands in its exponent."""

    def label(box: Tensor, cells_x: Tensor, cells_y: Tensor, c: float, alpha: float) -> Tensor:
        w, h = (box[3], box[2]) if swap else (box[2], box[3])
        lengths = unit or c
        x = (cells_x - box[0] - box[2] / 2) / lengths
        y = (cells_y - box[1] - box[3] / 2) / lengths
        x, y = x**2 / (w / c) ** power, y**2 / (h / c) ** power
        return torch.exp(-factor * alpha * (y[:, None] + x[None, :]))

    return label


def _rounded_center(box: Tensor, cells_x: Tensor, cells_y: Tensor, c: float, alpha: float):
    center = box[:2] + box[2:] / 2
    nearest = torch.stack(
        [
            cells[(cells - at).abs().argmin()]
            for cells, at in zip((cells_x, cells_y), center, strict=True)
        ]
    )
    moved = torch.cat([nearest - box[2:] / 2, box[2:]])
    return gaussian_labels(moved, cells_x, cells_y, c, alpha)


def _draw_label(rng: np.random.Generator) -> tuple:
    columns, rows = rng.choice(np.arange(8, 14), 2, replace=False)
    cells_x, cells_y = (torch.arange(n, dtype=torch.float64) * 4 + 2 for n in (columns, rows))
    box = np.concatenate([rng.uniform(0, 20, 2), rng.permutation([14, 30]) + rng.uniform(0, 4, 2)])
    return torch.from_numpy(box), cells_x, cells_y, 4.0, float(rng.uniform(5, 20))


_LABEL = Exercise(
    "03.1",
    "the label map",
    gaussian_labels,
    _draw_label,
    (
        Mistake(
            "pixels over cells",
            _label(unit=1.0),
            "Compare units: your distances are in pixels, your sigmas in cells.",
        ),
        Mistake(
            "half in the exponent",
            _label(factor=0.5),
            "The 1/2 of a textbook Gaussian is not in (8).",
        ),
        Mistake(
            "sigma not squared",
            _label(power=1),
            "What you give to exp has a unit; it should have none.",
        ),
        Mistake(
            "width for height",
            _label(swap=True),
            "The label of a tall target should be tall. Which sigma belongs to which axis?",
        ),
        Mistake(
            "columns first",
            lambda box, x, y, c, alpha: gaussian_labels(box, x, y, c, alpha).T,
            "A map is [rows, columns]: y comes first.",
        ),
        Mistake(
            "corner for center",
            lambda box, x, y, c, alpha: gaussian_labels(
                torch.cat([box[:2] - box[2:] / 2, box[2:]]), x, y, c, alpha
            ),
            "Where is the peak of your map? It should be in the middle of the target.",
        ),
        Mistake(
            "center on a cell",
            _rounded_center,
            "Your peak is always exactly 1. A target's center may fall between cells; then no cell "
            "has a label of 1.",
        ),
    ),
)

# 03.2


def box_of(deltas: Tensor, anchor: Tensor) -> Tensor:
    """Return the box `(x, y, w, h)` that `(dx, dy, dw, dh)` mean at an anchor `(x, y, w, h)`."""
    return decode_boxes(deltas, anchor)


def _decoded(
    size, shift_unit=lambda size, anchor: anchor[2:], start: float = 0.5, end: float = 0.5
):
    """A decoder with a choice of the size, of the shift's unit, and of which point is shifted."""

    def box(deltas: Tensor, anchor: Tensor) -> Tensor:
        wh = size(deltas[2:], anchor[2:])
        point = anchor[:2] + start * anchor[2:] + deltas[:2] * shift_unit(wh, anchor)
        return torch.cat([point - end * wh, wh])

    return box


def _exp(deltas: Tensor, size: Tensor) -> Tensor:
    return size * torch.exp(deltas)


_DECODED = Exercise(
    "03.2",
    "from deltas back to a box",
    box_of,
    lambda rng: (
        torch.from_numpy(rng.uniform(-0.8, 0.8, 4)),
        torch.from_numpy(np.concatenate([rng.uniform(0, 50, 2), rng.uniform(10, 60, 2)])),
    ),
    (
        Mistake(
            "log not undone",
            _decoded(lambda deltas, size: size * (1 + deltas)),
            "Right for very small changes. With dw = -2 your width is negative: what undoes a log?",
        ),
        Mistake(
            "size for ratio",
            _decoded(lambda deltas, size: size + deltas),
            "dw is no number of pixels. It is the log of a ratio.",
        ),
        Mistake(
            "shift in pixels",
            _decoded(_exp, shift_unit=lambda size, anchor: 1.0),
            "dx has no unit: it was divided by a length when it was made. By which?",
        ),
        Mistake(
            "shift in units of the box",
            _decoded(_exp, shift_unit=lambda size, anchor: size),
            "The shift was measured in widths of the anchor, and the box has another width.",
        ),
        Mistake(
            "corner shifted",
            _decoded(_exp, start=0.0, end=0.0),
            "dx is between the centers. Try dx = 0 and dw > 0: on which sides should the box grow?",
        ),
        Mistake(
            "center returned",
            _decoded(_exp, end=0.0),
            "The center is right. A box begins with its left and top edge.",
        ),
        Mistake(
            "shift turned around",
            lambda deltas, anchor: box_of(deltas * deltas.new_tensor([-1, -1, 1, 1]), anchor),
            "A positive dx says that the box lies to the right of its anchor.",
        ),
    ),
)

EXERCISES = (_LABEL, _DECODED)
