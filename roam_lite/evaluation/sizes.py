"""How well sizes are found: later frames cropped with regions of wrong sizes.

A tracker whose last size is wrong by a factor of f crops a region f times as large, and
finds a size in it. On a logarithmic scale the size found is about bias + slope * log f: with slope 0
the next frame is right again, and the size settles at a bias multiplied by 1 / (1 - slope).
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from roam_lite.data.pixels import FrameError
from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.geometry import boxes_to_image, check_box
from roam_lite.tracking import Tracker

FACTORS = (0.6, 0.8, 1.0, 1.25, 1.6)  # on the true size, which the tracker then starts from
FRAMES = (0, 1, 10)  # frames with medians; 0 is the frame that the model was built on

Skipped = Counter[tuple[int, str]]  # how often a frame was skipped for a reason


@dataclass(frozen=True)
class SizeResponse:
    """The sizes that a tracker finds in one frame."""

    name: str  # of the sequence
    frame: int
    found: NDArray[np.float64]  # multiples of the true size, sqrt(w h), for each of `FACTORS`

    @property
    def slope(self) -> float:
        """Slope of log(found) on log(f), by least squares."""
        return float(np.polyfit(np.log(FACTORS), np.log(self.found), 1)[0])

    @property
    def bias(self) -> float:
        """log(found) if the tracker starts from the true size."""
        return float(np.log(self.found[FACTORS.index(1.0)]))


@torch.no_grad()
def size_response(tracker: Tracker, sequence: Sequence, frame: int) -> SizeResponse | str:
    """Return the unsmoothed sizes that the tracker's current model finds around the true center.

    If there are none, returns the reason in a few words.
    """
    if frame >= len(sequence):
        return "too short"
    config, truth = tracker.config, sequence.boxes[frame]
    try:
        image = sequence.frames[frame]
        check_box(truth, image.shape)
    except InputError as error:
        return "unreadable" if isinstance(error, FrameError) else "without a box"
    found = []
    for factor in FACTORS:
        size = factor * truth[2:]
        believed = np.concatenate([truth[:2] + truth[2:] / 2 - size / 2, size])
        estimate, _, _, region = tracker.regress(image, believed, config.online.motion)
        box = estimate.box[0].double().cpu().numpy()
        sides = boxes_to_image(box, region, config.model.patch_size)[2:]
        found.append(np.sqrt(sides.prod() / truth[2:].prod()))
    if not np.isfinite(found).all():
        return "without a finite size"
    return SizeResponse(sequence.name, frame, np.array(found))


def size_responses(
    tracker: Tracker, sequences: Iterable[Sequence], frames: Iterable[int]
) -> tuple[list[SizeResponse], Skipped]:
    """Return what models built on the first frames find in the given frames, and what was skipped."""
    frames, responses, skipped = sorted(set(frames)), [], Counter()
    for sequence in sequences:
        try:
            tracker.init(sequence.frames[0], sequence.boxes[0])
        except InputError:
            skipped.update((frame, "without a first frame to start on") for frame in frames)
            continue
        for frame in frames:
            response = size_response(tracker, sequence, frame)
            if isinstance(response, str):
                skipped[frame, response] += 1
            else:
                responses.append(response)
    return responses, skipped


def medians(responses: Collection[SizeResponse]) -> dict[str, Any]:
    """Return separate medians of the sizes found, of slope, bias and |bias|."""
    found, slopes, biases = zip(*((r.found, r.slope, r.bias) for r in responses), strict=True)
    return {
        "found": np.median(found, axis=0).tolist(),
        "slope": float(np.median(slopes)),
        "bias": float(np.median(biases)),
        "absolute_bias": float(np.median(np.abs(biases))),
    }


def sizes_table(responses: Collection[SizeResponse], skipped: Skipped, frame: int) -> str:
    """Return a table of each sequence in `frame`, medians for all frames, and what was skipped.

    Raises InputError if no sequence has a row.
    """
    told = [
        f"frame {number}: {count} {reason}" for (number, reason), count in sorted(skipped.items())
    ]
    told = "; ".join(told) or "none"
    rows = {response.name: medians([response]) for response in responses if response.frame == frame}
    if not rows:
        raise InputError(
            f"no sizes to report in frame {frame} (skipped: {told}); give another --frame"
        )
    groups = by_frame(responses)
    rows |= {f"median, frame {number}": medians(group) for number, group in groups.items()}
    width = max(map(len, rows))
    factors = "".join(f"{factor:7g}" for factor in FACTORS)
    lines = [f"{f'frame {frame}':{width}} {factors}   slope    bias  |bias|"]
    for name, row in rows.items():
        found = "".join(f"{size:7.3f}" for size in row["found"])
        ends = f"{row['slope']:8.3f}{row['bias']:8.3f}{row['absolute_bias']:8.3f}"
        lines.append(f"{name:{width}} {found}{ends}")
    return "\n".join([*lines, f"skipped: {told}"])


def sizes_json(responses: Collection[SizeResponse], skipped: Skipped) -> dict[str, Any]:
    """Return all responses, the medians of each frame and what was skipped, as plain JSON types."""
    return {
        "factors": FACTORS,
        "responses": [{"sequence": r.name, "frame": r.frame, **medians([r])} for r in responses],
        "medians": {
            number: {**medians(group), "sequences": len(group)}
            for number, group in by_frame(responses).items()
        },
        "skipped": [
            {"frame": number, "reason": reason, "sequences": count}
            for (number, reason), count in sorted(skipped.items())
        ],
    }


def by_frame(responses: Collection[SizeResponse]) -> dict[int, list[SizeResponse]]:
    """Return the responses of each frame, the first frame first."""
    frames = sorted({response.frame for response in responses})
    return {frame: [r for r in responses if r.frame == frame] for frame in frames}
