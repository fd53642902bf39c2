"""Where the time of a tracked frame goes."""

import time
from collections.abc import Callable, Iterable
from typing import Any
from unittest.mock import patch

import numpy as np

from roam_lite.data.sequence import Sequence
from roam_lite.evaluation.running.runner import track_steps
from roam_lite.geometry import crop
from roam_lite.tracking import Tracker


def bench_tracking(make_tracker: Callable[[], Tracker], sequences: Iterable[Sequence]) -> str:
    """Return a table of milliseconds for each part of a tracked frame, updates included.

    The first frames, where the model is initialized, have a column of their own.
    """
    first: list[dict[str, float]] = []
    later: list[dict[str, float]] = []
    for sequence in sequences:
        tracker, watch = make_tracker(), Stopwatch()
        watch.attach(tracker)
        with patch("roam_lite.tracking.tracker.crop", watch.timed("crop", crop)):
            for step in track_steps(tracker, sequence):
                parts, watch.seconds = watch.seconds, {}
                if step.image is not None:
                    rest = step.seconds - sum(parts.values())
                    parts = {**parts, "rest": rest, "all": step.seconds}
                    (later if step.index else first).append(parts)
    lines = [f"{'ms a frame':24}  later   first"]
    for part in ("crop", "backbone", "localize", "update", "rest", "all"):
        lines.append(f"{part:24}{_mean(later, part):7.2f} {_mean(first, part):7.1f}")
    apart = _mean(later, "all") - _mean(later, "backbone")
    lines.append(f"{'all but the backbone':24}{apart:7.2f}")
    lines.append(f"{len(later)} frames at {1000 / _mean(later, 'all'):.1f} fps")
    return "\n".join(lines)


class Stopwatch:
    """Seconds spent in each part, without those in parts that it calls."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inside: list[str] = []
        self._since = 0.0

    def attach(self, tracker: Tracker) -> None:
        """Time the methods of one tracker."""
        parts = {"init": "update", "_update_model": "update", "backbone": "backbone"}
        for name, part in {**parts, "regress": "localize", "_search": "localize"}.items():
            setattr(tracker, name, self.timed(part, getattr(tracker, name)))

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with its time counted for a part."""

        def call(*arguments: Any, **options: Any) -> Any:
            self._count()
            self._inside.append(part)
            try:
                return function(*arguments, **options)
            finally:
                self._count()
                self._inside.pop()

        return call

    def _count(self) -> None:
        now = time.perf_counter()
        if self._inside:
            part = self._inside[-1]
            self.seconds[part] = self.seconds.get(part, 0.0) + now - self._since
        self._since = now


def _mean(parts: list[dict[str, float]], part: str) -> float:
    return 1e3 * float(np.mean([seconds.get(part, 0.0) for seconds in parts]))
