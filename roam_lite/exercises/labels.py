"""Exercises 1 and 2 of 03_labels_and_losses: the label map, and a box relative to its anchor."""

import numpy as np
import torch
from torch import Tensor

from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.geometry import encode_boxes
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


def _deltas(shift, scale=lambda box, anchor: torch.log(box[2:] / anchor[2:])):
    return lambda box, anchor: torch.cat([shift(box, anchor), scale(box, anchor)])


def _centers_apart(box: Tensor, anchor: Tensor) -> Tensor:
    return box[:2] + box[2:] / 2 - anchor[:2] - anchor[2:] / 2


def _shift(box: Tensor, anchor: Tensor) -> Tensor:
    return _centers_apart(box, anchor) / anchor[2:]


_DELTAS = Exercise(
    "03.2",
    "a box relative to its anchor",
    encode_boxes,
    lambda rng: tuple(
        torch.from_numpy(np.concatenate([rng.uniform(0, 50, 2), rng.uniform(10, 60, 2)]))
        for _ in range(2)
    ),
    (
        Mistake(
            "no log",
            _deltas(_shift, lambda box, anchor: box[2:] / anchor[2:]),
            "Twice as large and half as large should be equally far from no change at all.",
        ),
        Mistake(
            "difference of sizes",
            _deltas(_shift, lambda box, anchor: (box[2:] - anchor[2:]) / anchor[2:]),
            "Close for small changes. But decoding it could give a negative width: what could not?",
        ),
        Mistake(
            "shift in pixels",
            _deltas(_centers_apart),
            "A shift by 5 pixels is much for a small target and little for a large one.",
        ),
        Mistake(
            "in units of the box",
            _deltas(lambda box, anchor: _centers_apart(box, anchor) / box[2:]),
            "Whoever decodes knows the anchor's size only.",
        ),
        Mistake(
            "corners",
            _deltas(lambda box, anchor: (box[:2] - anchor[:2]) / anchor[2:]),
            "Your shift changes when the box grows about its own center; it should not.",
        ),
        Mistake(
            "the wrong way round",
            lambda box, anchor: encode_boxes(anchor, box),
            "You describe the anchor as seen from the box.",
        ),
    ),
)

EXERCISES = (_LABEL, _DELTAS)
