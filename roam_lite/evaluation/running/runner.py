"""Run trackers over sequences: one code path for ours and for peers.

A tracker is anything with `init(image, box)` and `update(image)`; `update` returns the box
`(x, y, w, h)` or an object with `box` and optionally `score` and `lost`. Its errors are reported by
`foreign.blamed`.
"""

import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import numpy as np
from tqdm import tqdm

from roam_lite.data.pixels import FrameError
from roam_lite.data.plausible import check_box, check_track
from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation.foreign import answer, blamed
from roam_lite.evaluation.metrics.otb import score_run
from roam_lite.evaluation.report import Report, checked_tracker
from roam_lite.evaluation.results import short_name
from roam_lite.evaluation.running.run import Run, Step, collect


def track_steps(
    tracker: Any, sequence: Sequence, *, oracle: bool = False, start: int = 0
) -> Iterator[Step]:
    """Yield one `Step` per frame from `start` on, the first with the given box.

    `oracle` passes the ground truth, or None, to `tracker.update(image, oracle_box=...)`.
    A later frame that cannot be read, or has another size, is lost and repeats the last box,
    through `tracker.skip()` if there is one. Raises InputError if the first frame cannot be read or
    has no box, and if a user's tracker raises an error or returns something other than a box.
    """
    image, box = first_frame(sequence, start)
    with blamed(tracker, f"frame {start} of {sequence.name}"):
        began = time.perf_counter()
        tracker.init(image, box.copy())
    yield Step(start, image, box.copy(), 1.0, False, time.perf_counter() - began)
    warned, size = False, image.shape[:2]
    for index in range(start + 1, len(sequence)):
        try:
            image = sequence.frames[index]
            if image.shape[:2] != size:
                (height, width), (h, w) = size, image.shape[:2]
                raise FrameError(
                    f"frame {index} has {w} x {h} pixels, the first {width} x {height}; use one size"
                )
        except FrameError as error:
            if not warned:
                say(
                    f"{sequence.name}: {error}; the frame is counted as lost, and tracking continues"
                )
            warned = True
            with blamed(tracker, f"frame {index} of {sequence.name}"):
                if hasattr(tracker, "skip"):
                    tracker.skip()
            yield Step(index, None, box.copy(), 0.0, True, 0.0)
            continue
        truth = sequence.boxes[index]
        hint = {"oracle_box": truth.copy() if np.isfinite(truth).all() else None} if oracle else {}
        with blamed(tracker, f"frame {index} of {sequence.name}"):
            began = time.perf_counter()
            result = tracker.update(image, **hint)
            seconds = time.perf_counter() - began
            box, score, lost = answer(result)
        yield Step(index, image, box.copy(), score, lost, seconds)


def run_sequence(tracker: Any, sequence: Sequence, *, oracle: bool = False) -> Run:
    """Return the tracker's run over the whole sequence (`track_steps`)."""
    return collect(track_steps(tracker, sequence, oracle=oracle))


def evaluate(
    make_tracker: Callable[[], Any], sequences: Iterable[Sequence], *, progress: bool = True
) -> tuple[Report, list[Run]]:
    """Return the OTB scores and the runs of a tracker on sequences in memory, in their order.

    Each has its own tracker, so scores do not depend on the order; `engine.run_benchmark` runs
    whole benchmarks. Raises InputError, before anything is tracked, if there are no sequences, two with
    the same name, or one that no tracker can start on.
    """
    sequences = list(sequences)
    description = describe(make_tracker())
    check_names([sequence.name for sequence in sequences])
    for sequence in sequences:
        check_sequence(sequence)

    runs, scores = [], []
    frames = sum(len(sequence) for sequence in sequences)
    with tqdm(total=frames, unit="frame", file=sys.stderr, disable=not progress) as bar:
        for sequence in sequences:
            bar.set_description(f"{short_name(description)}: {sequence.name}")
            run = collect(_counted(track_steps(make_tracker(), sequence), bar))
            runs.append(run)
            scores.append(score_run(sequence, run))
            report_unreadable(sequence.name, run.unreadable)
    return Report(tuple(scores), {**description, "oracle": False, "scoring": "official"}), runs


def describe(tracker: Any, name: str | None = None) -> dict[str, Any]:
    """Return the tracker's own description, or else `name` or the name of its class.

    Raises InputError if tables cannot print it.
    """
    kind = type(tracker)
    name = name or f"{kind.__module__}:{kind.__qualname__}"
    with blamed(tracker, "its description"):
        return checked_tracker(getattr(tracker, "description", {"tracker": name}), "not one")


def first_frame(sequence: Sequence, start: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the image and box that a tracker starts on; InputError if one is missing or implausible."""
    place = f" ({sequence.truth}, line {start + 1})" if sequence.truth else ""
    if not np.isfinite(sequence.boxes[start]).all():
        raise InputError(
            f"{sequence.name}{place}: the first frame has no box, so no tracker can start; "
            "trim the sequence to begin where the target is labeled"
        )
    image = sequence.frames[start]
    return image, check_box(sequence.boxes[start], image.shape, f"{sequence.name}{place}: ")


def check_sequence(sequence: Sequence) -> None:
    """Raise InputError, before tracking, for a sequence that `first_frame` or `check_track` rejects."""
    image, _ = first_frame(sequence)
    check_track(sequence, (image.shape[1], image.shape[0]))


def report_unreadable(name: str, frames: Collection[int]) -> None:
    """Report to stderr how many frames of a sequence are unreadable, if any."""
    if frames:
        say(f"{name}: {len(frames)} unreadable frame(s) counted as lost")


def check_names(names: Collection[str]) -> None:
    """Raise InputError if there are no sequences to evaluate, or one is named twice."""
    if not names:
        raise InputError("there are no sequences to evaluate; name at least one")
    if len(set(names)) < len(names):
        raise InputError(f"a sequence is named twice in {', '.join(names)}; name each only once")


def _counted(steps: Iterable[Step], bar: tqdm) -> Iterator[Step]:
    for step in steps:
        bar.update()
        yield step


def say(message: str) -> None:
    """Report a message to stderr, above a progress bar if there is one."""
    tqdm.write(message, file=sys.stderr)
