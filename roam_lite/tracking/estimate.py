"""Where the target is: responses, penalised, and the box at their maximum (section 4)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from roam_lite.model.boxes import decode_boxes


@dataclass(frozen=True)
class Estimate:
    """The best box in one patch."""

    box: Tensor  # [4], (x, y, w, h) in patch pixels, not smoothed
    response: float  # of the response map at the chosen cell
    penalty: float  # of the change of scale and ratio there, in (0, 1]
    score: float  # response * penalty * motion


def motion_map(cells: Tensor, previous: Tensor, sharpness: float) -> Tensor:
    """Return the Gaussian-like motion map `[H, W]` that suppresses large movement (section 4).

    `previous` `[4]` is the last box in patch pixels; distances are in units of its size sqrt(w h).
    """
    centre = previous[:2] + previous[2:] / 2
    size = previous[2:].prod().sqrt()
    x, y = (cells - centre[0]) / size, (cells - centre[1]) / size
    return torch.exp(-sharpness * (y.square()[:, None] + x.square()[None, :]))


def change_penalty(boxes: Tensor, previous: Tensor, strength: float) -> Tensor:
    """Return exp(-k (s r - 1)) `[...]` for boxes `[..., 4]` against the last one `[4]`.

    s and r >= 1 are the changes of overall size, sqrt((w + p)(h + p)) with p = (w + h) / 2, and of
    the aspect ratio: the penalty of SiamRPN [23].
    """

    def size(box: Tensor) -> Tensor:
        w, h = box[..., 2], box[..., 3]
        pad = (w + h) / 2
        return torch.sqrt((w + pad) * (h + pad))

    scale = size(boxes) / size(previous)
    ratio = (boxes[..., 2] / boxes[..., 3]) / (previous[2] / previous[3])
    change = torch.maximum(scale, 1 / scale) * torch.maximum(ratio, 1 / ratio)
    return torch.exp(-strength * (change - 1))


def regressed_box(
    response: Tensor,
    deltas: Tensor,
    anchors: Tensor,
    previous: Tensor,
    motion: Tensor,
    strength: float,
) -> Estimate:
    """Return the box that the best anchor regresses to (ROAM++).

    `response` and `motion` `[H, W]`, `deltas` `[4, H, W]`, `anchors` `[H, W, 4]` and `previous`
    `[4]` in patch pixels.
    """
    boxes = decode_boxes(deltas.movedim(0, -1), anchors)
    penalty = change_penalty(boxes, previous, strength)
    # Multiplied, a penalty would raise a negative response.
    score = response.clamp(min=0) * penalty * motion
    best = int(score.nan_to_num(-1.0).argmax())
    return Estimate(
        boxes.flatten(0, 1)[best],
        float(response.flatten()[best]),
        float(penalty.flatten()[best]),
        float(score.flatten()[best]),
    )


def searched_box(
    responses: Tensor,
    scales: Tensor,
    cells: Tensor,
    previous: Tensor,
    motion: Tensor,
    strength: float,
) -> tuple[Estimate, int]:
    """Return the best box over patches cut at several scales, and the index of its scale (ROAM).

    `responses` `[n, H, W]` come from patches whose regions are `scales` `[n]` times as large. The
    box, in the pixels of the chosen patch, has the last one's size `previous` `[4]`: the scale
    itself is the estimate of its growth.
    """
    change = torch.maximum(scales, 1 / scales)
    penalty = torch.exp(-strength * (change.square() - 1))
    score = responses.clamp(min=0) * penalty[:, None, None] * motion
    best = int(score.nan_to_num(-1.0).argmax())
    index, cell = divmod(best, motion.numel())
    row, column = divmod(cell, motion.shape[1])
    x = _peak(score[index, row], column, cells)
    y = _peak(score[index, :, column], row, cells)
    centre = torch.stack([x, y])
    box = torch.cat([centre - previous[2:] / 2, previous[2:]])
    return Estimate(
        box, float(responses.flatten()[best]), float(penalty[index]), float(score.flatten()[best])
    ), index


def _peak(line: Tensor, best: int, cells: Tensor) -> Tensor:
    """Return the position of a maximum between cells: the top of the parabola through it."""
    if best == 0 or best == len(line) - 1:
        return cells[best]
    left, top, right = line[best - 1], line[best], line[best + 1]
    curvature = (left - 2 * top + right).clamp(max=-1e-6)
    shift = (0.5 * (left - right) / curvature).clamp(-0.5, 0.5)
    return cells[best] + shift * (cells[1] - cells[0])
