"""Whether boxes can belong to a target in these images: one check for all inputs.

A single implausible box is an error. In a whole track, numbers of another kind (corners, fractions of
the image, boxes of other images) are errors; single bad rows cause a warning and are not trained on.
"""

from collections.abc import Sequence as Collection

import numpy as np
from numpy.typing import ArrayLike, NDArray

from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError, warn

LARGEST = 2  # image sides; larger targets are implausible
ORDER = "give x,y,w,h: left, top, width and height in pixels, 0-based"


def check_box(box: ArrayLike, shape: Collection[int], what: str = "") -> NDArray[np.float64]:
    """A copy of a box as float64 [4], if a target in an image of shape [H, W, ...] can have it.

    Raises an `InputError` that begins with `what` otherwise.
    """
    try:
        box = np.array(box, dtype=np.float64).reshape(4)
    except (ValueError, TypeError) as error:
        raise InputError(f"{what}box {box!r}: give four numbers x, y, w, h") from error
    size = np.array([shape[1], shape[0]], dtype=np.float64)
    told, image = f"{what}box {box.tolist()}", f"the image of {shape[1]} x {shape[0]} pixels"
    if not np.isfinite(box).all():
        raise InputError(f"{told}: give finite numbers x, y, w, h")
    if box[2:].min() <= 0:
        raise InputError(f"{told}: no area; width and height must be above 0")
    if box[2:].min() < 1:
        share = " (fractions of the image? multiply by its size)" if (box <= 1).all() else ""
        raise InputError(f"{told}: smaller than a pixel{share}; {ORDER}")
    if (np.minimum(box[:2] + box[2:], size) - np.maximum(box[:2], 0)).min() <= 0:
        raise InputError(f"{told}: lies outside {image}; {ORDER}")
    if (box[2:] > LARGEST * size).any():
        raise InputError(f"{told}: far larger than {image}; {ORDER}")
    corners = (box[2:] > box[:2]).all() and (box[2:] <= size).all()
    if corners and (box[:2] + box[2:] > 1.1 * size).any():
        warn(f"{told}: extends beyond {image}; are these two corners? {ORDER}")
    return box


def impossible(boxes: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which boxes [T, 4] are far outside their image (width, height), or far larger; [T]."""
    limits = np.array(size, dtype=np.float64)
    boxes = np.nan_to_num(boxes)
    center = boxes[:, :2] + boxes[:, 2:] / 2
    far = (center < -limits) | (center > 2 * limits) | (boxes[:, 2:] > LARGEST * limits)
    return far.any(axis=1)


def check_track(sequence: Sequence, size: tuple[int, int]) -> None:
    """Warn of implausible boxes in a sequence with images of this size.

    Raises `InputError` if most of them are not boxes in pixels of these images.
    """
    where = f"{sequence.name}{'' if sequence.truth is None else f' ({sequence.truth})'}"
    rows = np.flatnonzero((sequence.visibility > 0) & np.isfinite(sequence.boxes).all(axis=1))
    boxes, limits = sequence.boxes[rows], np.array(size, dtype=np.float64)
    if len(boxes) == 0:
        return
    small = (boxes[:, 2:] > 0).all(axis=1) & (boxes[:, 2:] < 1).any(axis=1)
    outside = (boxes[:, :2] >= limits) | (boxes[:, :2] + boxes[:, 2:] <= 0)
    bad = impossible(boxes, size) | small | outside.any(axis=1)
    if len(boxes) > 1 and (boxes <= 1).all() and (boxes[:, 2:] > 0).all():
        raise InputError(f"{where}: boxes are fractions of the image (0..1); multiply by its size")
    if _are_corners(boxes):
        raise InputError(f"{where}: boxes are x1,y1,x2,y2; write x,y,w,h, where w is x2 - x1")
    first = int(rows[np.argmax(bad)]) + 1
    told = (
        f"{where}: {bad.sum()} of {len(boxes)} boxes lie outside the image of {size[0]} x {size[1]} "
        f"pixels, or are far larger or smaller than a pixel, first in frame {first} (line {first})"
    )
    if 2 * bad.sum() > len(boxes):
        raise InputError(f"{told}; give x,y,w,h in pixels of these images")
    if bad.any():
        warn(told)


def _are_corners(boxes: NDArray[np.float64]) -> bool:
    """Whether sizes follow positions, as right and bottom edges do and sizes do not."""
    low, high = boxes[:, :2], boxes[:, 2:]
    moves = len(boxes) >= 10 and (high.std(axis=0) > 2).all() and (high > low).all()
    return bool(moves and ((high - low).std(axis=0) < 0.4 * high.std(axis=0)).all())
