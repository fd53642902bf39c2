"""A tracker watched at work: its boxes, the maps it decided by, and its update losses."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from roam_lite.data.sequence import Sequence
from roam_lite.evaluation.running.run import Step
from roam_lite.evaluation.running.runner import describe, track_steps
from roam_lite.model.boxes import decode_boxes
from roam_lite.model.estimate import change_penalty, motion_map
from roam_lite.model.losses import anchors_at
from roam_lite.model.patches import crop, image_to_patch, roi_around
from roam_lite.model.tracking_model import predict
from roam_lite.tracking import Tracker


@dataclass(frozen=True)
class Recording:
    """What one tracker did on a sequence of T frames; maps are of the patch around the last box."""

    boxes: NDArray[np.float64]  # [T, 4], (x, y, w, h) in image pixels
    regions: NDArray[np.float64]  # [T, 4], what the maps cover: (x, y, w, h) in image pixels
    maps: dict[str, NDArray[np.float32]]  # name -> [T, H, W]
    losses: list[tuple[int, float]]  # (frame, update loss before a gradient step)
    description: dict[str, Any]


def record(tracker: Tracker, sequence: Sequence) -> Recording:
    """Return what a ROAM++ tracker does on a sequence, step by step.

    Maps are those of section 4 before the frame's own update: `response`, `penalty` (of the change
    of scale and ratio), `motion`, and their product `score`, whose maximum is chosen.
    """
    boxes, regions, maps, losses = [], [], [], []
    before: dict[str, Any] = {}
    for step in track_steps(tracker, sequence):
        if step.index == 0 or step.image is None:
            region = roi_around(step.box, tracker.profile.roi_scale)
            shown = _first_maps(tracker) if step.index == 0 else maps[-1]
        else:
            region = roi_around(before["box"], tracker.profile.roi_scale)
            shown = _maps(tracker, step, region, before)
        boxes.append(step.box)
        regions.append(np.concatenate([region[:2] - region[2:] / 2, region[2:]]))
        maps.append(shown)
        losses += [(step.index, loss) for loss in tracker.update_losses[len(losses) :]]
        before = {
            "box": step.box,
            "theta": tracker.theta,
            "sizes": tracker.sizes,
            "trusted": tracker.trusted,
        }
    stacked = {name: np.stack([shown[name] for shown in maps]) for name in maps[0]}
    return Recording(np.stack(boxes), np.stack(regions), stacked, losses, dict(describe(tracker)))


def _first_maps(tracker: Tracker) -> dict[str, NDArray[np.float32]]:
    """The given box is not found, so nothing but the response says anything."""
    response = tracker.last_response
    ones = np.ones_like(response)
    return {"response": response, "penalty": ones, "motion": ones, "score": response.clip(min=0)}


@torch.no_grad()
def _maps(
    tracker: Tracker, step: Step, region: NDArray[np.float64], before: dict[str, Any]
) -> dict[str, NDArray[np.float32]]:
    """Localize once more with the model of before: the tracker keeps its response alone."""
    profile, cells = tracker.profile, tracker.cells
    patch = torch.from_numpy(crop(step.image, region, profile.patch_size)).to(cells.device)
    features = tracker.backbone(patch.permute(2, 0, 1)[None, None])
    response, deltas = predict(tracker.layout, before["theta"], features, before["sizes"])
    previous = image_to_patch(before["box"], region, profile.patch_size)
    previous = torch.as_tensor(previous, dtype=torch.float32, device=cells.device)
    anchors = anchors_at(cells, cells, before["sizes"], profile)[0]
    boxes = decode_boxes(deltas[0, 0].movedim(0, -1), anchors, profile.delta_spread)
    maps = {
        "response": response[0, 0],
        "penalty": change_penalty(boxes, previous, profile.penalty),
        "motion": motion_map(
            cells, previous, profile.motion if before["trusted"] else profile.wide_motion
        ),
    }
    maps["score"] = maps["response"].clamp(min=0) * maps["penalty"] * maps["motion"]
    return {name: map_.cpu().numpy() for name, map_ in maps.items()}
