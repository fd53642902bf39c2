"""How a benchmark runs a tracker on a sequence: once, several times, or with restarts (VOT)."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from roam_lite.data.ahead import ahead
from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation.kept import source_of
from roam_lite.evaluation.metrics.vot import region_overlap
from roam_lite.evaluation.results import ResultLayout
from roam_lite.evaluation.running.run import (
    FAILURE,
    SKIPPED,
    START,
    TRACKED,
    Run,
    Step,
    Trajectory,
)
from roam_lite.evaluation.running.runner import first_frame, run_sequence, track_steps

SKIP = 5  # frames between a failure and VOT's next start


@dataclass(frozen=True)
class Protocol:
    """Repetitions of one kind of run, and where their results go.

    Each repetition has its own tracker. `agreeing` repetitions are enough if they all gave the
    same boxes to the last digit, as deterministic trackers do; None always runs all. A `guided` protocol
    also uses the ground truth of later frames.
    """

    once: Callable[[Callable[[], Any], Sequence, bool], Run | Trajectory]
    layout: ResultLayout
    repetitions: int = 1
    agreeing: int | None = None
    guided: bool = False

    def finished(self, folder: Path, name: str) -> bool:
        """Whether all results of the sequence are in the folder."""
        records = self.layout.records(folder, name)
        if len(records) >= self.repetitions:
            return True
        if self.agreeing is None or len(records) < self.agreeing:
            return False
        return len({path.read_bytes() for path in records[: self.agreeing]}) == 1

    def track(
        self,
        make_tracker: Callable[[], Any],
        sequence: Sequence,
        folder: Path,
        oracle: bool = False,
    ) -> tuple[int, ...]:
        """Run what the folder lacks, decoding frames in advance; return the unreadable frames."""
        unreadable: set[int] = set()
        source = source_of(sequence, self.guided or oracle)
        with ahead(sequence.frames) as frames:
            sequence = replace(sequence, frames=frames)
            while not self.finished(folder, sequence.name):
                repetition = len(self.layout.records(folder, sequence.name)) + 1
                run = self.once(make_tracker, sequence, oracle)
                self.layout.keep(folder, sequence.name, repetition, run, source)
                unreadable.update(run.unreadable)
        return tuple(sorted(unreadable))


def one_pass(make_tracker: Callable[[], Any], sequence: Sequence, oracle: bool) -> Run:
    """Return the run from the first box to the last frame."""
    return run_sequence(make_tracker(), sequence, oracle=oracle)


def supervised(
    make_tracker: Callable[[], Any], sequence: Sequence, oracle: bool = False
) -> Trajectory:
    """Return the run of a tracker that is restarted, from the ground truth, after each failure.

    A failure is a frame in which the region and the ground truth do not overlap inside the image or the
    box is not finite, or a labeled frame that cannot be read. Each start gets a new tracker, on the
    first readable frame with ground truth. Raises InputError if the first frame is not one.
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
            elif _missed(step, sequence.polygons[step.index], size):
                codes[step.index], failure = FAILURE, step.index
                break
            else:
                codes[step.index], regions[step.index] = TRACKED, step.box
        start = None if failure is None else _next_start(sequence, failure + SKIP)
    return Trajectory(codes, regions, seconds, tuple(unreadable))


def _missed(step: Step, truth: np.ndarray, size: tuple[int, int]) -> bool:
    if not np.isfinite(step.box).all():
        return True
    if not np.isfinite(truth).all():
        return False
    return step.image is None or region_overlap(step.box[None], truth[None], size)[0] <= 0


def _next_start(sequence: Sequence, frame: int) -> int | None:
    """Return the first frame from `frame` on that a tracker can start on, or None."""
    for index in range(frame, len(sequence)):
        with suppress(InputError):
            first_frame(sequence, index)
            return index
    return None
