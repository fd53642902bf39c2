"""VOT's supervised protocol: a tracker that lost its target is started again five frames later."""

from collections.abc import Callable
from typing import Any

import numpy as np

from roam_lite.data.sequence import FrameError, Sequence
from roam_lite.evaluation.metrics.vot import region_overlap
from roam_lite.evaluation.running.runner import track_steps
from roam_lite.evaluation.running.trajectories import FAILURE, SKIPPED, START, TRACKED, Trajectory

SKIP = 5  # frames from a failure to the next start


def supervised(
    make_tracker: Callable[[], Any], sequence: Sequence, oracle: bool = False
) -> Trajectory:
    """Return the run of a tracker that is started anew, from the truth, after each failure.

    A failure is a frame in which region and ground truth do not overlap inside the image. Each
    start gets a tracker of its own. A start moves on to the first frame that can be read and has a
    ground truth; in frames without one only a box that is none fails. Raises InputError if the
    first frame cannot be read or has no ground truth.
    """
    length, size = len(sequence), sequence.image_size()
    codes = np.full(length, SKIPPED)
    regions, seconds = np.full((length, 4), np.nan), np.zeros(length)
    unreadable: list[int] = []
    start: int | None = 0
    while start is not None:
        failure = None
        for step in track_steps(make_tracker(), sequence, oracle=oracle, start=start):
            seconds[step.index] = step.seconds
            if step.image is None:
                unreadable.append(step.index)
            if step.index == start:
                codes[start] = START
            elif _missed(step.box, sequence.polygons[step.index], size):
                codes[step.index], failure = FAILURE, step.index
                break
            else:
                codes[step.index], regions[step.index] = TRACKED, step.box
        start = None if failure is None else _next_start(sequence, failure + SKIP)
    return Trajectory(codes, regions, seconds, tuple(unreadable))


def _missed(box: np.ndarray, truth: np.ndarray, size: tuple[int, int]) -> bool:
    if not np.isfinite(box).all():
        return True
    return bool(np.isfinite(truth).all()) and region_overlap(box[None], truth[None], size)[0] <= 0


def _next_start(sequence: Sequence, frame: int) -> int | None:
    """Return the first frame from `frame` on that a tracker can start on, None if there is none."""
    for index in range(frame, len(sequence)):
        if np.isfinite(sequence.boxes[index]).all():
            try:
                sequence.frames[index]
            except FrameError:
                continue
            return index
    return None
