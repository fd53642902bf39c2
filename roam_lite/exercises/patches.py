"""Exercises 1 to 3 of 01_patches_and_features: boxes, padding, and the way back to the image."""

import numpy as np
from numpy.typing import NDArray

from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.geometry import boxes_to_image

Array = NDArray[np.float64]


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


def _inside(region: Array, width: float, height: float) -> Array:
    """Return how much of a region lies in the image along x and along y, in pixels; below 0 if none."""
    corner, limits = region[:2] - region[2:] / 2, np.array([width, height])
    return np.minimum(corner + region[2:], limits) - np.maximum(corner, 0)


def padding(region: Array, width: float, height: float) -> float:
    """Return the share of a region, and so of its patch, that lies outside the image, 0 to 1."""
    inside = np.prod(np.maximum(_inside(region, width, height), 0) / region[2:])
    return max(0.0, 1.0 - float(inside))  # rounding must not leave a share below 0


def _outside_each(region: Array, width: float, height: float) -> Array:
    return 1 - np.maximum(_inside(region, width, height), 0) / region[2:]


def _draw_region(rng: np.random.Generator) -> tuple[Array, float, float]:
    width, height = rng.uniform(200, 400), rng.uniform(100, 180)
    # Centers beyond the border: some regions lie wholly outside.
    center = np.array([width, height]) * rng.uniform(-0.6, 1.6, 2)
    return np.concatenate([center, rng.uniform(80, 260, 2)]), width, height


_PADDING = Exercise(
    "01.2",
    "how much of a patch is padding",
    padding,
    _draw_region,
    (
        Mistake(
            "inside for outside",
            lambda region, width, height: 1 - padding(region, width, height),
            "A region in the middle of the image has no padding. What does your function give there?",
        ),
        Mistake(
            "width for height",
            lambda region, width, height: padding(region, height, width),
            "Which limit belongs to x, the width or the height?",
        ),
        Mistake(
            "axes added",
            lambda *region: _outside_each(*region).sum(),
            "What is outside along both axes, a corner, you count twice.",
        ),
        Mistake(
            "axes multiplied",
            lambda *region: _outside_each(*region).prod(),
            "You count only the corner that is outside along both axes. What of a region that is "
            "too far left and otherwise fits?",
        ),
        Mistake(
            "below nothing",
            lambda region, width, height: 1 - np.prod(_inside(region, width, height) / region[2:]),
            "Right as long as the region touches the image. What is the width of an overlap that "
            "there is not?",
        ),
        Mistake(
            "corner for center",
            lambda region, width, height: padding(
                np.concatenate([region[:2] + region[2:] / 2, region[2:]]), width, height
            ),
            "A region begins with its center, not with its left and top edge.",
        ),
        Mistake(
            "share of the image",
            lambda region, width, height: (
                padding(region, width, height) * region[2:].prod() / (width * height)
            ),
            "The area outside is right. Of what is it a share?",
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

EXERCISES = (_CENTER, _PADDING, _INVERSE)
