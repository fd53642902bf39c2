"""Exercises of 01_patches_and_features: boxes, regions, and where a cell lies."""

import numpy as np
from numpy.typing import NDArray

from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.geometry import boxes_to_image, region_around

Array = NDArray[np.float64]
Layers = list[tuple[int, int, int]]  # (kernel, stride, padding)


def _draw_box(rng: np.random.Generator) -> Array:
    return np.concatenate([rng.uniform(20, 200, 2), rng.uniform(20, 90, 2)])


# 01.1


def center_of_line(line: Array) -> Array:
    """Return the center `(cx, cy)`, 0-based and continuous, of a 1-based line `x, y, w, h` of OTB."""
    return line[:2] - 1 + line[2:] / 2


_CENTER = Exercise(
    "01.1",
    "the center of a line of OTB",
    center_of_line,
    lambda rng: (np.round(_draw_box(rng)),),
    (
        Mistake(
            "1-based",
            lambda line: line[:2] + line[2:] / 2,
            "Where is the left edge of an image's first pixel in the file's coordinates, and where "
            "in ours?",
        ),
        Mistake(
            "subtracts from the size too",
            lambda line: (line[:2] - 1) + (line[2:] - 1) / 2,
            "A target 10 pixels wide is 10 pixels wide in every coordinate system; and pixel j "
            "covers [j, j + 1), so a box of width 1 has its center at x + 0.5.",
        ),
        Mistake(
            "corner for center",
            lambda line: line[:2] - 1,
            "That is the box's upper left corner.",
        ),
        Mistake(
            "far corner for center",
            lambda line: line[:2] - 1 + line[2:],
            "That is the box's lower right corner.",
        ),
    ),
)

# 01.2


def _around(side_of, divide: bool = True, center_share: float = 0.5):
    """A region around a box with a choice of its side, stretch and center."""

    def region(box: Array, region_scale: float, stretch: Array) -> Array:
        side = region_scale * side_of(box[2], box[3])
        sides = side / stretch if divide else side * stretch
        return np.concatenate([box[:2] + center_share * box[2:], sides])

    return region


_REGION = Exercise(
    "01.2",
    "the region around a box",
    region_around,
    lambda rng: (_draw_box(rng), rng.uniform(2, 6), rng.uniform(0.6, 1.4, 2)),
    (
        Mistake(
            "arithmetic mean",
            _around(lambda w, h: (w + h) / 2),
            "Compare a box of 10 x 90 with one of 30 x 30: they cover equally many pixels. Does "
            "your region give both the same share of the patch?",
        ),
        Mistake(
            "longer side",
            _around(max),
            "A region that follows the longer side shows a thin target much smaller than a square "
            "one of the same area.",
        ),
        Mistake(
            "area for side",
            _around(lambda w, h: w * h),
            "Check the units: pixels times pixels are no length.",
        ),
        Mistake(
            "multiplied by the stretch",
            _around(lambda w, h: np.sqrt(w * h), divide=False),
            "If the region becomes wider and the patch stays as it is, does the target look wider "
            "or narrower?",
        ),
        Mistake(
            "corner for center",
            _around(lambda w, h: np.sqrt(w * h), center_share=0.0),
            "A box begins with its left and top edge; a region begins with its center.",
        ),
        Mistake(
            "gamma forgotten",
            lambda box, region_scale, stretch: _around(lambda w, h: np.sqrt(w * h))(
                box, 1.0, stretch
            ),
            "The region is as large as the target: how much of the surroundings would you see?",
        ),
    ),
)

# 01.3


def _back(boxes: Array, region: Array, scale: Array, origin: Array) -> Array:
    return np.concatenate([boxes[..., :2] * scale + origin, boxes[..., 2:] * scale], axis=-1)


_INVERSE = Exercise(
    "01.3",
    "from the patch back to the image",
    boxes_to_image,
    lambda rng: (
        rng.uniform(5, 60, (3, 4)),
        np.concatenate([rng.uniform(50, 200, 2), rng.uniform(80, 300, 2)]),
        int(rng.integers(60, 120)),
    ),
    (
        Mistake(
            "the wrong way round",
            lambda boxes, region, size: np.concatenate(
                [
                    (boxes[..., :2] - (region[:2] - region[2:] / 2)) * size / region[2:],
                    boxes[..., 2:] * size / region[2:],
                ],
                axis=-1,
            ),
            "That is the way into the patch. Solve its formula for the box in the image.",
        ),
        Mistake(
            "origin forgotten",
            lambda boxes, region, size: _back(boxes, region, region[2:] / size, 0 * region[:2]),
            "Patch position (0, 0) is not image position (0, 0): where is it?",
        ),
        Mistake(
            "origin in the middle",
            lambda boxes, region, size: _back(boxes, region, region[2:] / size, region[:2]),
            "A region begins with its center, but the patch's coordinates start at its upper left "
            "corner.",
        ),
        Mistake(
            "one scale for both axes",
            lambda boxes, region, size: _back(
                boxes, region, np.full(2, region[2] / size), region[:2] - region[2:] / 2
            ),
            "Right for square regions. A stretched region has another scale along y.",
        ),
        Mistake(
            "size left as it is",
            lambda boxes, region, size: np.concatenate(
                [boxes[..., :2] * region[2:] / size + region[:2] - region[2:] / 2, boxes[..., 2:]],
                axis=-1,
            ),
            "The corner is right. The box's width and height are in patch pixels still.",
        ),
        Mistake(
            "pixel centers",
            lambda boxes, region, size: _back(
                boxes + np.array([0.5, 0.5, 0, 0]),
                region,
                region[2:] / size,
                region[:2] - region[2:] / 2 - 0.5,
            ),
            "Half-pixel shifts belong to libraries that count from pixel centers. Boxes are "
            "continuous: the left edge of the first pixel is 0.",
        ),
    ),
)

# 01.4


def cell_positions(layers: Layers, count: int) -> Array:
    """Return where the cells 0 to `count` - 1 of a stack of layers are centered, in patch pixels.

    `layers` are `(kernel, stride, padding)` from the first to the last; pixel j is centered at j + 0.5.
    """
    first, step = 0.5, 1
    for kernel, stride, padding in layers:
        first += ((kernel - 1) / 2 - padding) * step
        step *= stride
    return first + step * np.arange(count)


def _without_half(layers: Layers, count: int) -> Array:
    return cell_positions(layers, count) - 0.5


def _step(layers: Layers) -> int:
    return int(np.prod([stride for _, stride, _ in layers]))


def _in_cells_of_the_last_layer(layers: Layers, count: int) -> Array:
    first = 0.5 + sum((kernel - 1) / 2 - padding for kernel, _, padding in layers)
    return first + _step(layers) * np.arange(count)


def _draw_layers(rng: np.random.Generator) -> tuple[Layers, int]:
    kernels = rng.integers(1, 7, 4)
    strides = np.array([1, 2, 1, 2])
    paddings = [int(rng.integers(0, kernel)) for kernel in kernels]
    return list(zip(kernels.tolist(), strides.tolist(), paddings, strict=True)), int(
        rng.integers(5, 12)
    )


_CELLS = Exercise(
    "01.4",
    "where a cell lies in the patch",
    cell_positions,
    _draw_layers,
    (
        Mistake(
            "half a pixel",
            _without_half,
            "Almost: where is the center of the first pixel in continuous coordinates?",
        ),
        Mistake(
            "stride alone",
            lambda layers, count: _step(layers) * np.arange(count),
            "The distance between cells is right. The first cell is not at 0: kernels without "
            "padding look further right, padding moves them back.",
        ),
        Mistake(
            "middle of the stride",
            lambda layers, count: _step(layers) * (np.arange(count) + 0.5),
            "True for layers that are symmetric about their stride, as in both backbones here. Try "
            "one layer of kernel 3, stride 1 and padding 0 by hand.",
        ),
        Mistake(
            "padding forgotten",
            lambda layers, count: cell_positions([(k, s, 0) for k, s, _ in layers], count),
            "Padding lets the first kernel begin outside the map.",
        ),
        Mistake(
            "shift not in pixels",
            _in_cells_of_the_last_layer,
            "A shift by one tap of a later layer is a shift by several pixels of the patch: by how "
            "many?",
        ),
    ),
)

EXERCISES = (_CENTER, _REGION, _INVERSE, _CELLS)
