"""Patches: the square that is cut around the target and resized to S x S (section 5).

A region of interest is `(cx, cy, side_w, side_h)` in image pixels, continuous coordinates: pixel j
covers [j, j+1). Its sides differ only where the patch is stretched on purpose.
"""

from itertools import product

import cv2
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from roam_lite.model.regions import boxes_to_image, boxes_to_patch, regions_around
from roam_lite.profiles import Profile


def roi_around(
    box: ArrayLike, roi_scale: float, stretch: tuple[float, float] = (1.0, 1.0)
) -> NDArray[np.float64]:
    """Return the region `(cx, cy, side_w, side_h)` of side gamma * sqrt(w h) centerd on a box.

    `stretch = (sw, sh)` makes the target appear sw times wider and sh times higher in the patch, so
    the region's sides are divided by them (section 5; stretching: section 4).
    """
    region = regions_around(_float64(box), roi_scale).numpy()
    return region / [1, 1, *stretch]


def crop(image: NDArray[np.uint8], roi: ArrayLike, size: int) -> NDArray[np.uint8]:
    """Return the region resampled to `[size, size, 3]`, exact below the pixel.

    What lies outside the image is filled with the image's mean color. Regions much larger than the
    patch are averaged down by a whole factor first, so that they do not alias.
    """
    cx, cy, side_w, side_h = np.asarray(roi, dtype=np.float64)
    left, top = cx - side_w / 2, cy - side_h / 2
    scale_x, scale_y = side_w / size, side_h / size
    mean = cv2.mean(image)
    factor_x, factor_y = max(1, int(scale_x)), max(1, int(scale_y))
    if factor_x > 1 or factor_y > 1:
        image, left, top = _shrink(image, left, top, side_w, side_h, factor_x, factor_y)
        scale_x, scale_y = scale_x / factor_x, scale_y / factor_y
    # Patch pixel j has its center at j + 0.5, and OpenCV indexes pixels by their centers.
    to_image = np.array(
        [
            [scale_x, 0.0, left + 0.5 * scale_x - 0.5],
            [0.0, scale_y, top + 0.5 * scale_y - 0.5],
        ]
    )
    return cv2.warpAffine(
        image,
        to_image,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=mean,
    )


def _shrink(
    image: NDArray[np.uint8],
    left: float,
    top: float,
    side_w: float,
    side_h: float,
    factor_x: int,
    factor_y: int,
) -> tuple[NDArray[np.uint8], float, float]:
    """Average the part of the image under the region by whole factors.

    Returns the smaller image and the region's left and top edge in its coordinates.
    """
    height, width = image.shape[:2]
    x0 = int(np.clip(np.floor(left) - factor_x, 0, width - 1))
    y0 = int(np.clip(np.floor(top) - factor_y, 0, height - 1))
    x1 = int(np.clip(np.ceil(left + side_w) + factor_x, x0 + 1, width))
    y1 = int(np.clip(np.ceil(top + side_h) + factor_y, y0 + 1, height))
    columns, rows = -(-(x1 - x0) // factor_x), -(-(y1 - y0) // factor_y)
    part = image[y0:y1, x0:x1]
    pad = (rows * factor_y - part.shape[0], columns * factor_x - part.shape[1])
    if any(pad):  # only a whole number of blocks keeps the grid exact
        part = cv2.copyMakeBorder(part, 0, pad[0], 0, pad[1], cv2.BORDER_REPLICATE)
    small = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
    return small, (left - x0) / factor_x, (top - y0) / factor_y


def image_to_patch(boxes: ArrayLike, roi: ArrayLike, size: int) -> NDArray[np.float64]:
    """Return boxes `[..., 4]`, given in image pixels, in the pixels of the patch cut at `roi`."""
    return boxes_to_patch(_float64(boxes), _float64(roi), size).numpy()


def patch_to_image(boxes: ArrayLike, roi: ArrayLike, size: int) -> NDArray[np.float64]:
    """Return boxes `[..., 4]`, given in patch pixels, in image pixels: the inverse of `image_to_patch`."""
    return boxes_to_image(_float64(boxes), _float64(roi), size).numpy()


def _float64(values: ArrayLike) -> Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float64))


def initial_stretches(profile: Profile) -> list[tuple[float, float]]:
    """Return the stretches `(s r, s / r)` of the initial samples, the unstretched one first (section 4)."""
    pairs = [(s * r, s / r) for s, r in product(profile.initial_scales, repeat=2)]
    return sorted(pairs, key=lambda pair: abs(pair[0] - 1) + abs(pair[1] - 1))


def nominal_size(box: NDArray[np.float64], profile: Profile) -> NDArray[np.float64]:
    """Return the `(w, h)` in patch pixels that a box has in a patch cut around itself."""
    return box[2:] / np.sqrt(box[2] * box[3]) * profile.patch_size / profile.roi_scale
