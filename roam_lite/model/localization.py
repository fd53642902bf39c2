"""Where the target is: score maps, the best cell, and the box there (section 4).

Tracking and closed-loop training use the same functions. Leading axes `...`
are those of the response maps: none for one patch, N for a mini-batch.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from roam_lite.config import Config
from roam_lite.geometry import decode_boxes
from roam_lite.model.tracking_model import TrackingModel


@dataclass(frozen=True)
class ScoreMaps:
    """Scores and boxes of each cell, `[..., H, W]`; the target is where `score` is largest."""

    response: Tensor
    penalty: Tensor  # for changes of scale and ratio, in (0, 1]
    motion: Tensor
    score: Tensor  # response * penalty * motion; 0 for negative responses
    boxes: Tensor  # [..., H, W, 4], (x, y, w, h) in patch pixels, regressed at each cell


@dataclass(frozen=True)
class Estimate:
    """The best box in each patch."""

    box: Tensor  # [..., 4], (x, y, w, h) in patch pixels, not smoothed
    response: Tensor  # [...], of the response map at the chosen cell
    penalty: Tensor  # [...], for changes of scale and ratio there, in (0, 1]
    score: Tensor  # [...], response * penalty * motion


def localize(
    model: TrackingModel,
    features: Tensor,
    anchors: Tensor,
    cells: Tensor,
    previous: Tensor,
    sharpness: float,
    config: Config,
) -> tuple[ScoreMaps, Estimate, Tensor]:
    """Return score maps, estimates and new boxes `[N, 4]` of ROAM++ in features `[N, 1, C, H, W]`.

    `anchors` `[N, H, W, 4]`, `previous` `[N, 4]` (the last boxes) and the new boxes, whose sizes are
    smoothed, are in patch pixels; `sharpness` is that of the motion map.
    """
    response, deltas = model(features)
    maps = score_maps(response[:, 0], deltas[:, 0], anchors, cells, previous, sharpness, config)
    estimate = best_box(maps)
    found = smoothed_box(estimate, previous, config.online.size_rate)
    if config.online.position == "peak":
        size = found[..., 2:]
        found = torch.cat([peak_position(maps.score, cells) - size / 2, size], dim=-1)
    return maps, estimate, found


def score_maps(
    response: Tensor,
    deltas: Tensor,
    anchors: Tensor,
    cells: Tensor,
    previous: Tensor,
    sharpness: float,
    config: Config,
) -> ScoreMaps:
    """Return the score maps of response `[..., H, W]` and deltas `[..., 4, H, W]`."""
    boxes = decode_boxes(deltas.movedim(-3, -1), anchors, config.model.delta_spread)
    penalty = change_penalty(boxes, previous[..., None, None, :], config.online.penalty)
    motion = motion_map(cells, previous, sharpness)
    # A penalty would increase a negative response.
    score = response.clamp(min=0) * penalty * motion
    return ScoreMaps(response, penalty, motion, score, boxes)


def motion_map(cells: Tensor, previous: Tensor, sharpness: float) -> Tensor:
    """Return the Gaussian-like motion map `[..., H, W]` that suppresses large movement (section 4).

    `previous` `[..., 4]` is the last box in patch pixels; distances are in units of its size
    sqrt(w h).
    """
    center = previous[..., :2] + previous[..., 2:] / 2
    size = previous[..., 2:].prod(dim=-1).sqrt()
    x, y = ((cells - center[..., axis, None]) / size[..., None] for axis in (0, 1))
    return torch.exp(-sharpness * (y.square()[..., :, None] + x.square()[..., None, :]))


def change_penalty(boxes: Tensor, previous: Tensor, strength: float) -> Tensor:
    """Return exp(-k (s r - 1)) `[...]` for boxes `[..., 4]` relative to the last one, which is broadcast.

    s and r >= 1 are the changes of overall size, sqrt((w + p)(h + p)) with p = (w + h) / 2, and of
    the aspect ratio: the penalty of SiamRPN [23].
    """
    (w, h), (w0, h0) = (box[..., 2:].unbind(-1) for box in (boxes, previous))
    p, p0 = (w + h) / 2, (w0 + h0) / 2
    scale = ((w + p) * (h + p) / ((w0 + p0) * (h0 + p0))).sqrt()
    ratio = (w * h0) / (h * w0)
    change = torch.maximum(scale, 1 / scale) * torch.maximum(ratio, 1 / ratio)
    return torch.exp(-strength * (change - 1))


def best_box(maps: ScoreMaps) -> Estimate:
    """Return the boxes regressed from the anchors with the highest score (ROAM++)."""
    score = maps.score.flatten(-2)
    best = score.nan_to_num(-1.0).argmax(dim=-1, keepdim=True)
    values = (maps.response.flatten(-2), maps.penalty.flatten(-2), score)
    box = maps.boxes.flatten(-3, -2).take_along_dim(best[..., None], dim=-2)[..., 0, :]
    return Estimate(box, *(value.take_along_dim(best, dim=-1)[..., 0] for value in values))


def smoothed_box(estimate: Estimate, previous: Tensor, size_rate: float) -> Tensor:
    """Return boxes `[..., 4]` with the center found, and a size between the last one and the one found.

    The weight of the found size is `size_rate * penalty * response`, at most 1 (section 4).
    `previous` `[..., 4]` is in the same pixels as the estimate.
    """
    weight = (size_rate * estimate.penalty * estimate.response).clamp(0, 1)[..., None]
    size = (1 - weight) * previous[..., 2:] + weight * estimate.box[..., 2:]
    center = estimate.box[..., :2] + estimate.box[..., 2:] / 2
    return torch.cat([center - size / 2, size], dim=-1)


def searched_box(
    responses: Tensor,
    scales: Tensor,
    cells: Tensor,
    previous: Tensor,
    motion: Tensor,
    strength: float,
) -> tuple[Estimate, int]:
    """Return the best box over patches cropped at several scales, and the index of its scale (ROAM).

    `responses` `[n, H, W]` come from patches whose regions are `scales` `[n]` times as large. The
    box, in the pixels of the chosen patch, has the last box's size, `previous` `[4]`: the scale
    itself is the estimate of the target's growth.
    """
    change = torch.maximum(scales, 1 / scales)
    penalty = torch.exp(-strength * (change.square() - 1))
    score = responses.clamp(min=0) * penalty[:, None, None] * motion
    best = int(score.nan_to_num(-1.0).argmax())
    index = best // motion.numel()
    box = torch.cat([peak_position(score[index], cells) - previous[2:] / 2, previous[2:]])
    found = Estimate(box, responses.flatten()[best], penalty[index], score.flatten()[best])
    return found, index


def second_peak(response: Tensor, boxes: Tensor, cells: Tensor) -> Tensor:
    """Return the highest peak outside the target as a share of the highest response, `[N]`.

    `response` is `[N, H, W]`; the target is in `boxes` `[N, 4]` (patch pixels), and more than half its size
    sqrt(w h) from their centers is outside. A peak is a cell without a higher neighbor. 0 if there is
    none: what ATOM calls a hard negative (Danelljan et al. 2019).
    """
    x, y = ((cells - center[:, None]).square() for center in (boxes[:, :2] + boxes[:, 2:] / 2).T)
    outside = y[:, :, None] + x[:, None, :] > boxes[:, 2:].prod(dim=1)[:, None, None] / 4
    peak = response >= F.max_pool2d(response[:, None], 3, stride=1, padding=1)[:, 0]
    second = response.where(outside & peak, 0).amax(dim=(1, 2))
    return second / response.amax(dim=(1, 2)).clamp(min=1e-6)


def peak_position(score: Tensor, cells: Tensor) -> Tensor:
    """Return the subcell positions `(x, y)` `[..., 2]` of the maxima of `[..., H, W]`.

    In patch pixels: the vertices of the parabolas through the highest cell and its neighbors, along
    either axis. A maximum at the border stays at its cell.
    """
    flat, width = score.nan_to_num(-1.0).flatten(-2), score.shape[-1]
    best = flat.argmax(dim=-1, keepdim=True)
    index = torch.cat([best % width, best // width], dim=-1)  # column, row
    inside = (index > 0) & (index < width - 1)
    step = inside * index.new_tensor([1, width])
    around = best[..., None] + step[..., None] * index.new_tensor([-1, 0, 1])  # [..., 2, 3]
    left, top, right = flat.gather(-1, around.flatten(-2)).unflatten(-1, (2, 3)).unbind(-1)
    curvature = (left - 2 * top + right).clamp(max=-1e-6)
    shift = (0.5 * (left - right) / curvature).clamp(-0.5, 0.5)
    return cells[index] + shift * (cells[1] - cells[0])
