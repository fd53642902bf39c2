"""Track one object through a video that has no ground truth, and film it."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from roam_lite.data.sequence import Frames, Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation.pictures import VideoFile, draw_box, open_video
from roam_lite.evaluation.run import Run, Step, collect
from roam_lite.evaluation.runner import describe, track_steps
from roam_lite.figures.style import colour_of


def follow(
    tracker: Any,
    frames: Frames,
    box: tuple[float, float, float, float],
    *,
    video: str | Path | None = None,
    fps: float = 25.0,
    progress: bool = True,
) -> Run:
    """Return the run of a tracker over frames from the box (x, y, w, h) in the first.

    With `video`, an MP4 with the box drawn in is written; a frame that cannot be read repeats the
    picture before it. Raises InputError if the first frame or the box cannot be used.
    """
    if not np.isfinite(box).all():
        raise InputError(f"the box {box} is not four finite numbers; give x,y,w,h in pixels")
    boxes = np.full((len(frames), 4), np.nan)
    boxes[0] = box
    steps = track_steps(tracker, Sequence(Path(video or "video").stem, frames, boxes))
    with ExitStack() as stack:
        bar = tqdm(steps, total=len(frames), unit="frame", file=sys.stderr, disable=not progress)
        steps = stack.enter_context(bar)
        if video is not None:
            film = stack.enter_context(open_video(video, fps))
            steps = _filmed(steps, film, colour_of(describe(tracker)))
        return collect(steps)


def _filmed(steps: Iterable[Step], film: VideoFile, colour: str) -> Iterator[Step]:
    image = None
    for step in steps:
        image = image if step.image is None else step.image
        film.append(draw_box(image, step.box, colour))
        yield step
