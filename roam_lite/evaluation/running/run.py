"""What a tracker said: about one frame (`Step`) and about a whole sequence (`Run`)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Step:
    """What a tracker said about one frame."""

    index: int  # of the frame, from 0
    image: np.ndarray | None  # RGB uint8 [H, W, 3]; None where the frame cannot be read
    box: np.ndarray  # float64 [4], x, y, w, h
    score: float
    lost: bool
    seconds: float  # spent in the tracker; 0 where the frame cannot be read


@dataclass(frozen=True)
class Run:
    """What a tracker said about a whole sequence."""

    boxes: np.ndarray  # float64 [T, 4], x, y, w, h, 0-based
    seconds: np.ndarray  # [T], spent in the tracker; 0 where a frame cannot be read
    scores: np.ndarray  # [T]
    lost: tuple[int, ...] = ()  # frames in which the target was lost or that cannot be read
    unreadable: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def fps(self) -> float:
        """Frames tracked per second of tracking, the first frame's initialization included.

        nan where no time is known.
        """
        spent = self.seconds[self.seconds > 0]
        return float(len(spent) / spent.sum()) if len(spent) else float("nan")


def collect(steps: Iterable[Step]) -> Run:
    """Return the steps as one `Run`, images left out."""
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
