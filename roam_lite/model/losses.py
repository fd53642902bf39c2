"""The tracking loss: what the response and regression branches should have said (eq. 7, 12)."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from roam_lite.model.boxes import box_iou, encode_boxes
from roam_lite.model.filters import anchor_size
from roam_lite.model.labels import gaussian_labels
from roam_lite.profiles import Profile

# Cells whose error is below this are easy background (or solved) and stay out of the balanced loss.
_EASY_ERROR = 0.1


@dataclass(frozen=True)
class Targets:
    """What n samples of N videos should give, for filters of one size a video.

    `labels` `[N, n, H, W]` (M of eq. 7), `deltas` `[N, n, 4, H, W]` (B, relative to each cell's
    anchor), `positive` `[N, n, H, W]` (1 on the anchors that the regression loss counts, else 0).
    """

    labels: Tensor
    deltas: Tensor
    positive: Tensor


def anchors_at(cells_x: Tensor, cells_y: Tensor, sizes: Tensor, profile: Profile) -> Tensor:
    """Return the anchors `[N, H, W, 4]` as `(x, y, w, h)` in patch pixels, one a cell (eq. 6)."""
    extent = anchor_size(sizes.to(cells_x.dtype), profile.filter_scale, profile.stride)
    y, x = torch.meshgrid(cells_y, cells_x, indexing="ij")
    center = torch.stack([x, y], dim=-1)
    extent = extent[:, None, None].expand(-1, *center.shape[:2], -1)
    return torch.cat([center - extent / 2, extent], dim=-1)


def make_targets(
    boxes: Tensor, sizes: Tensor, cells_x: Tensor, cells_y: Tensor, profile: Profile
) -> Targets:
    """Return the targets of `boxes` `[N, n, 4]` (patch pixels) for filters of `sizes` `[N, 2]` cells."""
    labels = gaussian_labels(boxes, cells_x, cells_y, profile.stride, profile.label_sharpness)
    anchors = anchors_at(cells_x, cells_y, sizes, profile)[:, None]
    overlap = box_iou(anchors, boxes[:, :, None, None])
    # Anchors beyond the box's reach all overlap by 0, and those inside it by the same share: between
    # such anchors the distance decides.
    shift = (
        anchors[..., :2]
        + anchors[..., 2:] / 2
        - (boxes[..., :2] + boxes[..., 2:] / 2)[:, :, None, None]
    )
    rank = overlap - 1e-6 * shift.square().sum(dim=-1)
    count = min(profile.regression_anchors, rank[0, 0].numel())
    chosen = rank.flatten(2).topk(count, dim=-1).indices
    positive = torch.zeros_like(rank).flatten(2).scatter_(-1, chosen, 1.0).view_as(rank)
    deltas = encode_boxes(boxes[:, :, None, None], anchors, profile.delta_spread).movedim(-1, 2)
    return Targets(labels, deltas, positive)


def response_loss(response: Tensor, labels: Tensor, kind: str) -> Tensor:
    """Return the response loss of each video, `[N]`: the first term of eq. 7.

    Both arguments are `[N, n, H, W]`. `"plain"` is the mean squared error over samples and cells.
    `"balanced"` keeps easy background from drowning the target, as the paper's released program does:
    squared errors of at least 0.1 in magnitude, weighted by exp(label), divided by their number + 1.
    `"focused"` divides the same sum by the number of cells whose label is at least 0.1, + 1: the
    balanced loss can be lowered by adding small errors, which raise its denominator, and a backbone
    that is trained by the loss finds that out.
    """
    error = response - labels
    if kind == "plain":
        return error.square().mean(dim=(1, 2, 3))
    counted = (error.detach().abs() >= _EASY_ERROR).to(error.dtype)
    weighted = counted * torch.exp(labels) * error.square()
    number = counted if kind == "balanced" else (labels >= _EASY_ERROR).to(error.dtype)
    return weighted.sum(dim=(1, 2, 3)) / (number.sum(dim=(1, 2, 3)) + 1)


def regression_loss(deltas: Tensor, targets: Tensor, positive: Tensor) -> Tensor:
    """Return the smooth L1 loss of each video, `[N]`: the second term of eq. 7.

    `deltas` and `targets` `[N, n, 4, H, W]`; the mean over the anchors that `positive` `[N, n, H, W]`
    marks, over the 4 coordinates and over the n samples; beta is 1.
    """
    loss = F.smooth_l1_loss(deltas, targets, reduction="none").sum(dim=2) * positive
    return (loss.sum(dim=(2, 3)) / (4 * positive.sum(dim=(2, 3)))).mean(dim=1)


def tracking_loss(response: Tensor, deltas: Tensor, targets: Targets, kind: str) -> Tensor:
    """Return the tracking loss of each video, `[N]`: both branches with weight 1 (eq. 7).

    Averaged over the n samples, it is the update loss (12) on a mini-batch of past frames and the
    meta loss (13) on a future one.
    """
    return response_loss(response, targets.labels, kind) + regression_loss(
        deltas, targets.deltas, targets.positive
    )
