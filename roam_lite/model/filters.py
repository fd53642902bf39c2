"""Resizable filters: their size, the bilinear warp and the single anchor (eq. 2-6)."""

import torch
from torch import Tensor


def filter_size(target_sizes: Tensor, filter_scale: float, stride: int, limit: int) -> Tensor:
    """Return odd filter sizes `[..., 2]` as `(f_r, f_c)` in cells (eq. 4, 5).

    `target_sizes` `[..., 2]` are `(w, h)` in patch pixels; `limit` is the side of the feature map in
    cells. Sizes are at least 1 and at most the largest odd number that fits the map.
    """
    cells = torch.ceil(filter_scale * target_sizes.flip(-1) / stride).to(torch.int64)
    odd = cells - cells % 2 + 1
    return odd.clamp(min=1, max=limit - (limit + 1) % 2)


def anchor_size(sizes: Tensor, filter_scale: float, stride: int) -> Tensor:
    """Return the anchor `(a_w, a_h)` `[..., 2]` in patch pixels of filters of `(f_r, f_c)` cells (eq. 6)."""
    return sizes.flip(-1) * (stride / filter_scale)


def warp_filters(kernels: Tensor, sizes: Tensor, canvas: int) -> Tensor:
    """Return filters of many videos, each at its own size, on canvases of one size (eq. 2, 3).

    `kernels` `[N, O, C, k, k]`, `sizes` `[N, 2]` as `(f_r, f_c)` in cells. The result
    `[N, O, C, canvas, canvas]` (canvas odd) has each filter in its center and zeros around it, so
    that one correlation serves all sizes.
    """
    base, kind = kernels.shape[-1], kernels.dtype
    rows, columns = (interpolation(sizes[:, axis], base, canvas, kind) for axis in (0, 1))
    return rows[:, None, None] @ kernels @ columns[:, None, None].transpose(-1, -2)


def interpolation(sizes: Tensor, base: int, canvas: int, dtype: torch.dtype) -> Tensor:
    """Return the warp of eq. 2 and 3 along one axis as matrices `[N, canvas, base]`.

    They interpolate `base` taps to `sizes` `[N]` taps, in the middle of the canvas.
    """
    tap = torch.arange(canvas, device=sizes.device) - (canvas - sizes[:, None]) // 2
    inside = (tap >= 0) & (tap < sizes[:, None])
    # A filter with one tap samples the first tap of the base, as align_corners=True does.
    position = tap * ((base - 1) / (sizes[:, None] - 1).clamp(min=1).to(dtype))
    grid = torch.arange(base, device=sizes.device, dtype=dtype)
    weights = (1 - (position[..., None] - grid).abs()).clamp(min=0)
    return weights * inside[..., None].to(dtype)
