"""Where the time of a tracked frame goes."""

import time
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from roam_lite.bench.scaling import facts
from roam_lite.config import Config, modify
from roam_lite.data.sequence import Sequence
from roam_lite.evaluation.running.runner import track_steps
from roam_lite.geometry import crop
from roam_lite.meta_model import MetaModel
from roam_lite.tracking import Tracker

PARTS = ("crop", "backbone", "localize", "update", "rest", "all")
KINDS = ("first", "later", "ordinary", "updating")


def bench_tracking(
    make_tracker: Callable[[], Tracker], sequences: Iterable[Sequence], frames: int | None = None
) -> dict[str, Any]:
    """Return milliseconds for each part of a tracked frame, updates included, by kinds of frames.

    `first` frames, where the model is initialized, are apart from all `later` ones; of these, those
    without an update are `ordinary` and the others `updating`. At most `frames` of a sequence.
    """
    kinds: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    for sequence in sequences:
        tracker, watch = make_tracker(), Stopwatch()
        watch.attach(tracker)
        with patch("roam_lite.tracking.tracker.crop", watch.timed("crop", crop)):
            for step in islice(track_steps(tracker, sequence), frames):
                parts, watch.seconds = watch.seconds, {}
                if step.image is not None:
                    rest = step.seconds - sum(parts.values())
                    parts = {**parts, "rest": rest, "all": step.seconds}
                    chosen = ("later", "updating" if "update" in parts else "ordinary")
                    for kind in chosen if step.index else ("first",):
                        kinds[kind].append(parts)
    config, device = tracker.config, str(tracker.cells.device)
    means = {
        kind: {part: _mean(frames, part) for part in PARTS}
        for kind, frames in kinds.items()
        if frames
    }
    counts = {kind: len(frames) for kind, frames in kinds.items()}
    described = {"tracker": tracker.description, "frames": counts, "milliseconds": means}
    return {**facts(config, device), **described}


def tracking_table(found: dict[str, Any]) -> str:
    """Return the table of what `bench_tracking` found."""
    means = found["milliseconds"]
    first, later, ordinary = (means.get(kind, {}) for kind in ("first", "later", "ordinary"))
    lines = [f"{'ms a frame':24}  later   first"]
    for part in PARTS:
        lines.append(f"{part:24}{later.get(part, 0):7.2f} {first.get(part, 0):7.1f}")
    if later:
        lines.append(f"{'all but the backbone':24}{later['all'] - later['backbone']:7.2f}")
    if ordinary:
        ratio = ordinary["all"] / ordinary["backbone"]
        lines.append(f"a frame without an update: {ratio:.2f} times its backbone alone")
    if "updating" in means:
        lines.append(f"an update: {means['updating']['update']:.1f} ms")
    if later:
        lines.append(f"{found['frames']['later']} frames at {1000 / later['all']:.1f} fps")
    return "\n".join(lines)


def random_tracker(config: Config, device: str = "cpu") -> Tracker:
    """Return a tracker of a profile with random weights, which updates itself whatever it sees.

    How long its parts take does not depend on the weights.
    """
    model = MetaModel(config, torch.Generator().manual_seed(0)).to(device)
    model.eval().requires_grad_(False)
    online = {"weak_response": 0.0, "diverged_loss": 1e30}
    description = {"tracker": "roam++", "rule": config.rule.name, "weights": "random"}
    changed = modify(config, online=online)
    return _Trusting(model, model.rule, config=changed, description=description)


class _Trusting(Tracker):
    """A tracker that trusts every frame, so that it takes every update."""

    def init(self, image: NDArray[np.uint8], box: ArrayLike) -> None:
        super().init(image, box)
        self.first_peak = float("inf")  # any response is 0 or -0 times as strong


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
