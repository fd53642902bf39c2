"""Where the time of a tracked frame goes."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from roam_lite.data.sequence import Sequence
from roam_lite.evaluation.running.runner import track_steps


def bench_tracking(make_tracker: Callable[[], Any], sequences: Iterable[Sequence]) -> str:
    """Return a table of milliseconds for each part of a tracked frame, updates included.

    The first frames, where the model is initialized, have a column of their own.
    """
    first: list[dict[str, float]] = []
    later: list[dict[str, float]] = []
    for sequence in sequences:
        tracker = make_tracker()
        for step in track_steps(tracker, sequence):
            if step.image is not None:
                parts = {**tracker.timings, "all": step.seconds}
                parts["rest"] = step.seconds - sum(tracker.timings.values())
                (later if step.index else first).append(parts)
    lines = [f"{'ms a frame':24}  later   first"]
    for part in ("crop", "backbone", "localize", "update", "rest", "all"):
        lines.append(f"{part:24}{_mean(later, part):7.2f} {_mean(first, part):7.1f}")
    apart = _mean(later, "all") - _mean(later, "backbone")
    lines.append(f"{'all but the backbone':24}{apart:7.2f}")
    lines.append(f"{len(later)} frames at {1000 / _mean(later, 'all'):.1f} fps")
    return "\n".join(lines)


def _mean(parts: list[dict[str, float]], part: str) -> float:
    return 1e3 * float(np.mean([seconds[part] for seconds in parts]))
