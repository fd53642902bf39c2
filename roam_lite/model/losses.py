"""Labels, targets and the tracking loss: what both branches should output (eq. 7, 8, 12)."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from roam_lite.config import ModelConfig
from roam_lite.geometry import box_iou, encode_boxes
from roam_lite.model.filters import anchor_size


@dataclass(frozen=True)
class Targets:
    """The targets for n samples of N videos, for filters of one size per video.

    `labels` `[N, n, H, W]` (M of eq. 7), `deltas` `[N, n, 4, H, W]` (B, relative to each cell's
    anchor), `positive` `[N, n, H, W]` (1 on the anchors that the regression loss counts, else 0).
    """

    labels: Tensor
    deltas: Tensor
    positive: Tensor


def gaussian_labels(
    boxes: Tensor, cells_x: Tensor, cells_y: Tensor, stride: float, alpha: float
) -> Tensor:
    """Return the label maps M `[..., H, W]`, 1 at the target's center (eq. 8).

    `boxes` `[..., 4]` are `(x, y, w, h)` in patch pixels; `cells_x` `[W]` and `cells_y` `[H]` are the
    positions of the cells in patch pixels. Distances and `sigma = (w/c, h/c)` are in cells, so the
    stride c cancels; it is kept because the paper has it.
    """
    center = boxes[..., :2] + boxes[..., 2:] / 2
    sigma = boxes[..., 2:] / stride
    x = (cells_x - center[..., 0:1]) / stride / sigma[..., 0:1]
    y = (cells_y - center[..., 1:2]) / stride / sigma[..., 1:2]
    return torch.exp(-alpha * (y.square()[..., :, None] + x.square()[..., None, :]))


def scale_labels(boxes: Tensor, config: ModelConfig) -> Tensor:
    """Return the labels' heights `[...]` for boxes `[..., 4]` in patch pixels: 1 at the nominal size.

    A Gaussian in the logarithm of the size, as DSST's scale filter learns one (Danelljan et al., BMVC
    2014): if the target in a patch is too large or too small, the response should be lower, or a search over
    scales has nothing to compare. The paper has no such labels (`scale_sharpness` 0).
    """
    nominal = config.patch_size / config.region_scale
    off = torch.log(boxes[..., 2:].prod(dim=-1).sqrt() / nominal)
    return torch.exp(-config.scale_sharpness * off.square())


def anchors_at(cells_x: Tensor, cells_y: Tensor, sizes: Tensor, config: ModelConfig) -> Tensor:
    """Return the anchors `[N, H, W, 4]` as `(x, y, w, h)` in patch pixels, one per cell (eq. 6)."""
    extent = anchor_size(sizes.to(cells_x.dtype), config.filter_scale, config.stride)
    y, x = torch.meshgrid(cells_y, cells_x, indexing="ij")
    center = torch.stack([x, y], dim=-1)
    extent = extent[:, None, None].expand(-1, *center.shape[:2], -1)
    return torch.cat([center - extent / 2, extent], dim=-1)


def make_targets(
    boxes: Tensor, sizes: Tensor, cells_x: Tensor, cells_y: Tensor, config: ModelConfig
) -> Targets:
    """Return the targets of `boxes` `[N, n, 4]` (patch pixels) for filters of `sizes` `[N, 2]` cells."""
    labels = gaussian_labels(boxes, cells_x, cells_y, config.stride, config.label_sharpness)
    if config.scale_sharpness:
        labels = labels * scale_labels(boxes, config)[..., None, None]
    anchors = anchors_at(cells_x, cells_y, sizes, config)[:, None]
    boxes = boxes[:, :, None, None]
    overlap = box_iou(anchors, boxes)
    # All anchors outside the box overlap by 0, and all those inside it by the same share: between
    # such anchors the distance decides.
    shift = anchors[..., :2] + anchors[..., 2:] / 2 - (boxes[..., :2] + boxes[..., 2:] / 2)
    rank = overlap - 1e-6 * shift.square().sum(dim=-1)
    count = min(config.regression_anchors, rank[0, 0].numel())
    chosen = rank.flatten(2).topk(count, dim=-1).indices
    positive = torch.zeros_like(rank).flatten(2).scatter_(-1, chosen, 1.0).view_as(rank)
    deltas = encode_boxes(boxes, anchors, config.delta_spread).movedim(-1, 2)
    return Targets(labels, deltas, positive)


def response_loss(
    response: Tensor, labels: Tensor, kind: str, easy_error: float, weights: Tensor | None = None
) -> Tensor:
    """Return the response loss of each video, `[N]`: the first term of eq. 7.

    `response` and `labels` are `[N, n, H, W]`; `weights` are those of `tracking_loss`. `"plain"` is the
    mean squared error over samples and cells. `"balanced"` keeps easy background from dominating the
    target, as the paper's released program does: squared errors of at least `easy_error` in magnitude,
    weighted by exp(label), divided by their number + 1. `"focused"` divides the same sum by the number
    of cells whose label is at least `easy_error`, + 1: the balanced loss can be lowered by adding small
    errors, which raise its denominator, and a backbone trained with the loss learns to do that.
    """
    error = response - labels
    if kind == "plain":
        return _weighted(error.square(), weights).mean(dim=(1, 2, 3))
    counted = (error.detach().abs() >= easy_error).to(error.dtype)
    errors = counted * torch.exp(labels) * error.square()
    number = counted if kind == "balanced" else (labels >= easy_error).to(error.dtype)
    errors, number = _weighted(errors, weights), _weighted(number, weights)
    return errors.sum(dim=(1, 2, 3)) / (number.sum(dim=(1, 2, 3)) + 1)


def regression_loss(
    deltas: Tensor, targets: Tensor, positive: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Return the smooth L1 loss of each video, `[N]`: the second term of eq. 7.

    `deltas` and `targets` are `[N, n, 4, H, W]`; it is the mean over anchors that `positive` `[N, n, H, W]`
    marks, over the 4 coordinates and over the n samples; beta is 1.
    """
    loss = F.smooth_l1_loss(deltas, targets, reduction="none").sum(dim=2) * positive
    return _weighted(loss.sum(dim=(2, 3)) / (4 * positive.sum(dim=(2, 3))), weights).mean(dim=1)


def _weighted(values: Tensor, weights: Tensor | None) -> Tensor:
    """Return values `[N, n, ...]` times n times their sample's weight; equal weights change nothing."""
    if weights is None:
        return values
    return values * (weights.shape[1] * weights).view(*weights.shape, *[1] * (values.dim() - 2))


def tracking_loss(
    response: Tensor,
    deltas: Tensor,
    targets: Targets,
    config: ModelConfig,
    weights: Tensor | None = None,
) -> Tensor:
    """Return the tracking loss of each video, `[N]`: both branches with weight 1 (eq. 7).

    Averaged over the n samples, it is the update loss (12) on a mini-batch of past frames, and the
    meta loss (13) on a future one. `weights` `[N, n]`, which sum to 1, replace the 1/n of (12).
    """
    return response_loss(
        response, targets.labels, config.response_loss, config.easy_error, weights
    ) + regression_loss(deltas, targets.deltas, targets.positive, weights)
