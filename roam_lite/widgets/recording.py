"""A recording of a tracker: its boxes, the maps behind its decisions, and its update losses."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roam_lite.data.sequence import Sequence
from roam_lite.evaluation.running.runner import describe, track_steps
from roam_lite.geometry import region_around
from roam_lite.tracking import Tracker


@dataclass(frozen=True)
class Recording:
    """A tracker's results on a sequence of T frames; maps are of the patch around the last box."""

    boxes: NDArray[np.float64]  # [T, 4], (x, y, w, h) in image pixels
    regions: NDArray[np.float64]  # [T, 4], covered by the maps: (x, y, w, h) in image pixels
    maps: dict[str, NDArray[np.float32]]  # name -> [T, H, W]
    losses: list[tuple[int, float]]  # (frame, update loss before a gradient step)
    description: dict[str, Any]


def record(tracker: Tracker, sequence: Sequence) -> Recording:
    """Return the recording of a ROAM++ tracker on a sequence.

    Maps are those of section 4 before the frame's own update: `response`, `penalty` (of the change
    of scale and ratio), `motion`, and their product `score`, whose maximum is chosen.
    """
    boxes, regions, maps, losses = [], [], [], []
    for step in track_steps(tracker, sequence):
        # The patch of a later frame is cropped around the previous frame's box.
        seen = step.box if step.index == 0 or step.image is None else boxes[-1]
        region = region_around(seen, tracker.config.model.region_scale)
        regions.append(np.concatenate([region[:2] - region[2:] / 2, region[2:]]))
        maps.append(maps[-1] if step.image is None else _maps(tracker))
        boxes.append(step.box)
        losses += [(step.index, loss) for loss in tracker.update_losses[len(losses) :]]
    stacked = {name: np.stack([shown[name] for shown in maps]) for name in maps[0]}
    return Recording(np.stack(boxes), np.stack(regions), stacked, losses, dict(describe(tracker)))


def _maps(tracker: Tracker) -> dict[str, NDArray[np.float32]]:
    """Return the maps from which the last box was chosen; for the given first box, only the response."""
    if tracker.last_maps is None:
        response, ones = tracker.last_response, np.ones_like(tracker.last_response)
        score = response.clip(min=0)
        return {"response": response, "penalty": ones, "motion": ones, "score": score}
    names = ("response", "penalty", "motion", "score")
    return {name: getattr(tracker.last_maps, name)[0].cpu().numpy() for name in names}
