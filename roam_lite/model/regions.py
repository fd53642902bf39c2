"""Regions of interest, and boxes in the pixels of the patches cut there, of any number of videos.

A region is `(cx, cy, side_w, side_h)` in image pixels; `patches` cuts them one by one.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def regions_around(boxes: Tensor, roi_scale: float) -> Tensor:
    """Return the regions `[..., 4]` of side gamma * sqrt(w h) centerd on boxes `[..., 4]` (section 5)."""
    side = roi_scale * boxes[..., 2:].prod(dim=-1, keepdim=True).sqrt()
    return torch.cat([boxes[..., :2] + boxes[..., 2:] / 2, side, side], dim=-1)


def boxes_to_patch(boxes: Tensor, regions: Tensor, size: int) -> Tensor:
    """Return boxes `[..., 4]`, given in image pixels, in those of the patches cut at `regions` `[..., 4]`."""
    scale = size / regions[..., 2:]
    corner = regions[..., :2] - regions[..., 2:] / 2
    return torch.cat([(boxes[..., :2] - corner) * scale, boxes[..., 2:] * scale], dim=-1)


def boxes_to_image(boxes: Tensor, regions: Tensor, size: int) -> Tensor:
    """Return boxes `[..., 4]`, given in patch pixels, in image pixels: the inverse of `boxes_to_patch`."""
    scale = regions[..., 2:] / size
    corner = regions[..., :2] - regions[..., 2:] / 2
    return torch.cat([boxes[..., :2] * scale + corner, boxes[..., 2:] * scale], dim=-1)


def recrop(views: Tensor, seen: Tensor, wanted: Tensor, size: int) -> Tensor:
    """Return the patches `[N, 3, S, S]` at regions `wanted` `[N, 4]`, cut from views of the image.

    `views` `[N, 3, K, K]` (uint8) show the regions `seen` `[N, 4]`. What lies outside a view is
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
