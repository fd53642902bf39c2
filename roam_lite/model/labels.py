"""Gaussian label maps for the response branch (eq. 8)."""

import torch
from torch import Tensor


def gaussian_labels(
    boxes: Tensor, cells_x: Tensor, cells_y: Tensor, stride: float, alpha: float
) -> Tensor:
    """Return the label maps M `[..., H, W]`, 1 at the target's center (eq. 8).

    `boxes` `[..., 4]` are `(x, y, w, h)` in patch pixels; `cells_x` `[W]` and `cells_y` `[H]` are the
    positions of the cells in patch pixels. Distances and `sigma = (w/c, h/c)` are in cells, so the
    stride c cancels; it stays in sight because the paper writes it.
    """
    center = boxes[..., :2] + boxes[..., 2:] / 2
    sigma = boxes[..., 2:] / stride
    x = (cells_x - center[..., 0:1]) / stride / sigma[..., 0:1]
    y = (cells_y - center[..., 1:2]) / stride / sigma[..., 1:2]
    return torch.exp(-alpha * (y.square()[..., :, None] + x.square()[..., None, :]))
