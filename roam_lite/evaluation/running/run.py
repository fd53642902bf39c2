"""A tracker's result for one frame (`Step`) and for a sequence (`Run`, with restarts `Trajectory`)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Step:
    """A tracker's result for one frame."""

    index: int  # of the frame, from 0
    image: np.ndarray | None  # RGB uint8 [H, W, 3]; None if the frame is unreadable
    box: np.ndarray  # float64 [4], x, y, w, h
    score: float
    lost: bool
    seconds: float  # spent in the tracker; 0 if the frame is unreadable


@dataclass(frozen=True)
class Run:
    """A tracker's results for a whole sequence."""

    boxes: np.ndarray  # float64 [T, 4], x, y, w, h, 0-based
    seconds: np.ndarray  # [T], spent in the tracker; 0 for unreadable frames
    scores: np.ndarray  # [T]
    lost: tuple[int, ...] = ()  # frames that are unreadable or in which the target was lost
    unreadable: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def fps(self) -> float:
        """Frames tracked per second of tracking, initialization included; nan if no time is known."""
        return _frames_per_second(self.seconds)


TRACKED, SKIPPED, START, FAILURE = -1, 0, 1, 2  # the last three are the codes in VOT's files


@dataclass(frozen=True)
class Trajectory:
    """One supervised run of VOT: what happened in each frame, and where the target was found."""

    codes: np.ndarray  # int [T]: TRACKED, SKIPPED, START or FAILURE
    regions: np.ndarray  # float64 [T, 4] boxes or [T, 8] polygons, nan unless TRACKED; 0-based
    seconds: np.ndarray  # [T], spent in the tracker; 0 if it had nothing to do
    unreadable: tuple[int, ...] = ()  # frames that cannot be read

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def failures(self) -> int:
        """How often the target was lost."""
        return int(np.count_nonzero(self.codes == FAILURE))

    @property
    def fps(self) -> float:
        """Frames tracked per second of tracking, starts included; nan if no time is known."""
        return _frames_per_second(self.seconds)


def _frames_per_second(seconds: np.ndarray) -> float:
    spent = seconds[seconds > 0]
    return float(len(spent) / spent.sum()) if len(spent) else float("nan")


def collect(steps: Iterable[Step]) -> Run:
    """Return the steps as one `Run`, without images."""
    # One at a time, so that no more than one frame is in memory.
    rows = [(s.box, s.seconds, s.score, s.lost, s.image is None) for s in steps]
    boxes, seconds, scores, lost, unreadable = zip(*rows, strict=True)
    return Run(
        boxes=np.stack(boxes),
        seconds=np.array(seconds),
        scores=np.array(scores),
        lost=tuple(map(int, np.flatnonzero(lost))),
        unreadable=tuple(map(int, np.flatnonzero(unreadable))),
    )
