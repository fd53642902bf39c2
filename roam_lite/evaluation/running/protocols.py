"""How a benchmark runs a tracker on a sequence: once, several times, or with restarts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from roam_lite.data.ahead import ahead
from roam_lite.data.sequence import Sequence
from roam_lite.evaluation.results import ResultLayout
from roam_lite.evaluation.running.run import Run
from roam_lite.evaluation.running.runner import run_sequence
from roam_lite.evaluation.running.trajectories import Trajectory


@dataclass(frozen=True)
class Protocol:
    """Repetitions of one kind of run, and where their results go.

    Each repetition has a tracker of its own. `agreeing` repetitions are enough if they all gave the
    same boxes to the last digit, as deterministic trackers do; None always asks for all.
    """

    once: Callable[[Callable[[], Any], Sequence, bool], Run | Trajectory]
    layout: ResultLayout
    repetitions: int = 1
    agreeing: int | None = None

    def finished(self, folder: Path, name: str) -> bool:
        """Whether all results of the sequence are in the folder."""
        done = self.layout.repetitions(folder, name)
        if done >= self.repetitions:
            return True
        if self.agreeing is None or done < self.agreeing:
            return False
        records = (self.layout.record_path(folder, name, n + 1) for n in range(self.agreeing))
        return len({path.read_bytes() for path in records}) == 1

    def track(
        self,
        make_tracker: Callable[[], Any],
        sequence: Sequence,
        folder: Path,
        oracle: bool = False,
    ) -> tuple[int, ...]:
        """Run what the folder lacks of the sequence; return the frames that cannot be read.

        Frames are decoded ahead of the tracker, whose clock that does not touch.
        """
        unreadable: set[int] = set()
        with ahead(sequence.frames) as frames:
            sequence = replace(sequence, frames=frames)
            while not self.finished(folder, sequence.name):
                repetition = self.layout.repetitions(folder, sequence.name) + 1
                run = self.once(make_tracker, sequence, oracle)
                self.layout.keep(folder, sequence.name, repetition, run)
                unreadable.update(run.unreadable)
        return tuple(sorted(unreadable))


def one_pass(make_tracker: Callable[[], Any], sequence: Sequence, oracle: bool) -> Run:
    """Return the run from the first box to the last frame."""
    return run_sequence(make_tracker(), sequence, oracle=oracle)
