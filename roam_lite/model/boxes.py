"""Boxes as `(x, y, w, h)`: left and top edge, width and height; overlap and parameterization."""

import torch
from torch import Tensor

Spread = tuple[float, float]


def encode_boxes(boxes: Tensor, anchors: Tensor, spread: Spread = (1.0, 1.0)) -> Tensor:
    """Return `(dx, dy, dw, dh)` of boxes relative to anchors, shape `[..., 4]`.

    Both are `(x, y, w, h)` in the same unit and broadcast against each other. Shifts of the center
    are in anchor widths and heights, sizes in log ratios (the parameterization of Faster R-CNN that
    section 3.2 adopts for `B` in eq. 7). Both are then divided by their `spread`.
    """
    center = boxes[..., :2] + boxes[..., 2:] / 2
    anchor_center = anchors[..., :2] + anchors[..., 2:] / 2
    shift = (center - anchor_center) / anchors[..., 2:] / spread[0]
    scale = torch.log(boxes[..., 2:] / anchors[..., 2:]) / spread[1]
    return torch.cat(torch.broadcast_tensors(shift, scale), dim=-1)


def decode_boxes(deltas: Tensor, anchors: Tensor, spread: Spread = (1.0, 1.0)) -> Tensor:
    """Return the boxes `(x, y, w, h)` that `deltas` mean at `anchors`: the inverse of `encode_boxes`."""
    size = anchors[..., 2:] * torch.exp(deltas[..., 2:] * spread[1])
    shift = deltas[..., :2] * spread[0] * anchors[..., 2:]
    center = anchors[..., :2] + anchors[..., 2:] / 2 + shift
    return torch.cat(torch.broadcast_tensors(center - size / 2, size), dim=-1)


def box_iou(a: Tensor, b: Tensor) -> Tensor:
    """Return the intersection over union of boxes `(x, y, w, h)`, broadcast over leading axes."""
    low = torch.maximum(a[..., :2], b[..., :2])
    high = torch.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    intersection = (high - low).clamp(min=0).prod(dim=-1)
    return intersection / (a[..., 2:].prod(dim=-1) + b[..., 2:].prod(dim=-1) - intersection)
