"""Boxes, the regions around them, and the patches cropped there, shared by everything.

A box is `(x, y, w, h)`: left and top edge, width and height, in image or in patch pixels. A region
is `(cx, cy, side_w, side_h)` in image pixels; its sides differ only if a patch is stretched on
purpose. Coordinates are continuous: pixel j covers [j, j+1). Functions of boxes and regions take
tensors, or float64 arrays, with any leading axes and return the same kind.
"""

from itertools import product
from typing import TypeVar

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from roam_lite.config import ModelConfig
from roam_lite.data.pixels import averaged
from roam_lite.data.plausible import check_box as check_box

Boxes = TypeVar("Boxes", Tensor, NDArray[np.float64])
Spread = tuple[float, float]


def region_around(
    boxes: Boxes, region_scale: float, stretch: tuple[float, float] = (1.0, 1.0)
) -> Boxes:
    """Return the regions `[..., 4]` of side gamma * sqrt(w h) centered on boxes `[..., 4]` (section 5).

    `stretch = (sw, sh)` makes the target appear sw times wider and sh times higher in the patch, so
    the region's sides are divided by them (section 4).
    """
    tensor = isinstance(boxes, Tensor)
    sizes = boxes[..., 2:] if tensor else torch.from_numpy(boxes[..., 2:].copy())
    side = region_scale * sizes.prod(dim=-1, keepdim=True).sqrt()
    side = side if tensor else side.numpy()
    center = boxes[..., :2] + boxes[..., 2:] / 2
    return _join(center, side / stretch[0], side / stretch[1])


def boxes_to_patch(boxes: Boxes, regions: Boxes, size: int) -> Boxes:
    """Convert boxes `[..., 4]` from image pixels to pixels of the patches of side `size` at regions."""
    scale = size * (1 / regions[..., 2:])  # so that arrays and tensors round alike
    corner = regions[..., :2] - regions[..., 2:] / 2
    return _join((boxes[..., :2] - corner) * scale, boxes[..., 2:] * scale)


def boxes_to_image(boxes: Boxes, regions: Boxes, size: int) -> Boxes:
    """Convert boxes `[..., 4]` from patch pixels to image pixels: the inverse of `boxes_to_patch`."""
    scale = regions[..., 2:] / size
    corner = regions[..., :2] - regions[..., 2:] / 2
    return _join(boxes[..., :2] * scale + corner, boxes[..., 2:] * scale)


def nominal_size(box: NDArray[np.float64], config: ModelConfig) -> NDArray[np.float64]:
    """Return the `(w, h)` in patch pixels of a box in a patch cropped around it."""
    return box[2:] / np.sqrt(box[2] * box[3]) * config.patch_size / config.region_scale


def initial_stretches(config: ModelConfig) -> list[tuple[float, float]]:
    """Return the stretches `(s r, s / r)` of the initial samples, the unstretched one first (section 4)."""
    pairs = [(s * r, s / r) for s, r in product(config.initial_scales, repeat=2)]
    return sorted(pairs, key=lambda pair: abs(pair[0] - 1) + abs(pair[1] - 1))


def encode_boxes(boxes: Tensor, anchors: Tensor, spread: Spread = (1.0, 1.0)) -> Tensor:
    """Return `(dx, dy, dw, dh)` of boxes relative to anchors, shape `[..., 4]`.

    Both are broadcast against each other. Shifts of the center are in anchor widths and heights, sizes
    are log ratios (the parameterization of Faster R-CNN that section 3.2 adopts for `B` in eq. 7).
    Both are then divided by their `spread`.
    """
    center = boxes[..., :2] + boxes[..., 2:] / 2
    anchor_center = anchors[..., :2] + anchors[..., 2:] / 2
    shift = (center - anchor_center) / anchors[..., 2:] / spread[0]
    scale = torch.log(boxes[..., 2:] / anchors[..., 2:]) / spread[1]
    return torch.cat(torch.broadcast_tensors(shift, scale), dim=-1)


def decode_boxes(deltas: Tensor, anchors: Tensor, spread: Spread = (1.0, 1.0)) -> Tensor:
    """Return the boxes that `deltas` encode at `anchors`: the inverse of `encode_boxes`."""
    size = anchors[..., 2:] * torch.exp(deltas[..., 2:] * spread[1])
    shift = deltas[..., :2] * spread[0] * anchors[..., 2:]
    center = anchors[..., :2] + anchors[..., 2:] / 2 + shift
    return torch.cat(torch.broadcast_tensors(center - size / 2, size), dim=-1)


def box_iou(a: Tensor, b: Tensor) -> Tensor:
    """Return the intersection over union of boxes, broadcast over leading axes.

    0 / 0, for two boxes without area, is nan; `iou` returns 0 for it.
    """
    low = torch.maximum(a[..., :2], b[..., :2])
    high = torch.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    intersection = (high - low).clamp(min=0).prod(dim=-1)
    return intersection / (a[..., 2:].prod(dim=-1) + b[..., 2:].prod(dim=-1) - intersection)


def iou(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Return the intersection over union `[T]` of two tracks of boxes `[T, 4]`, as in scores.

    Negative sizes mean no area; a pair without area has overlap 0, a pair with a nan has overlap nan.
    """
    tracks = [torch.from_numpy(np.array(boxes, dtype=np.float64, order="C")) for boxes in (a, b)]
    tracks = [torch.cat([boxes[..., :2], boxes[..., 2:].clamp(min=0)], -1) for boxes in tracks]
    ratio = box_iou(*tracks)
    empty = sum(boxes[..., 2:].prod(dim=-1) for boxes in tracks) == 0
    empty &= ~sum(tracks).isnan().any(dim=-1)
    # Rounding must not raise an overlap above 1.
    return torch.where(empty, 0.0, ratio).clamp(max=1.0).numpy()


def center_error(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Return the distance in pixels between the centers of two tracks of boxes, `[T]`.

    The benchmarks' center of 1-based pixels, x + (w - 1) / 2, differs from x + w / 2 by the same
    half pixel for both boxes, so the distance is the same.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    return np.linalg.norm(a[..., :2] + a[..., 2:] / 2 - b[..., :2] - b[..., 2:] / 2, axis=-1)


def crop(image: NDArray[np.uint8], region: ArrayLike, size: int) -> NDArray[np.uint8]:
    """Return the region resampled to `[size, size, 3]`, with subpixel accuracy.

    Pixels outside the image get the image's mean color. Regions much larger than the
    patch are first averaged down by an integer factor, to prevent aliasing.
    """
    region = np.asarray(region, dtype=np.float64)
    corner, scale = region[:2] - region[2:] / 2, region[2:] / size
    mean, factor = cv2.mean(image), np.maximum(1, scale.astype(int))
    if (factor > 1).any():
        image, corner = _shrink(image, corner, region[2:], factor)
        scale = scale / factor
    # Patch pixel j has its center at j + 0.5, and OpenCV indexes pixels by their centers.
    to_image = np.column_stack([np.diag(scale), corner + 0.5 * scale - 0.5])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, to_image, (size, size), flags=flags, borderValue=mean)


def _shrink(
    image: NDArray[np.uint8],
    corner: NDArray[np.float64],
    side: NDArray[np.float64],
    factor: NDArray[np.int64],
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Average the part of the image under a region by integer factors; all pairs are `(x, y)`.

    Returns the smaller image and the region's corner in its coordinates.
    """
    limits = np.array(image.shape[1::-1])
    low = np.clip(np.floor(corner) - factor, 0, limits - 1).astype(int)
    high = np.clip(np.ceil(corner + side) + factor, low + 1, limits).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]]
    return averaged(part, tuple(factor.tolist())), (corner - low) / factor


def recrop(views: Tensor, seen: Tensor, wanted: Tensor, size: int) -> Tensor:
    """Return the patches `[N, 3, S, S]` at regions `wanted` `[N, 4]`, cut from views of the image.

    `views` `[N, 3, K, K]` (uint8) show the regions `seen` `[N, 4]`. Pixels outside a view are
    filled with its mean color.
    """
    scale = wanted[:, 2:] / seen[:, 2:]
    shift = 2 * (wanted[:, :2] - seen[:, :2]) / seen[:, 2:]
    to_view = torch.cat([torch.diag_embed(scale), shift[..., None]], dim=-1)
    grid = F.affine_grid(to_view, [len(views), 3, size, size], align_corners=False)
    pixels = views.to(to_view.dtype)
    mean = pixels.mean(dim=(2, 3), keepdim=True)
    patches = F.grid_sample(pixels - mean, grid, align_corners=False) + mean
    return patches.round().clamp(0, 255).to(views.dtype)


def _join(*parts: Boxes) -> Boxes:
    kind = torch.cat if isinstance(parts[0], Tensor) else np.concatenate
    return kind(parts, -1)
