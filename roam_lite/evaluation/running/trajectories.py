"""A supervised run of VOT: its regions and what happened between them, and the toolkit's files of it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roam_lite.data.boxes import format_row, read_rows
from roam_lite.errors import InputError
from roam_lite.files import write_atomically

TRACKED, SKIPPED, START, FAILURE = -1, 0, 1, 2  # the last three are what files hold


@dataclass(frozen=True)
class Trajectory:
    """One supervised run: what happened in each frame, and where the target was found."""

    codes: np.ndarray  # int [T]: TRACKED, SKIPPED, START or FAILURE
    regions: np.ndarray  # float64 [T, 4] boxes or [T, 8] polygons, nan unless TRACKED; 0-based
    seconds: np.ndarray  # [T], spent in the tracker; 0 where it had nothing to do
    unreadable: tuple[int, ...] = ()  # frames that cannot be read

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def failures(self) -> int:
        """How often the target was lost."""
        return int(np.count_nonzero(self.codes == FAILURE))

    @property
    def fps(self) -> float:
        """Frames tracked per second of tracking, starts included; nan where no time is known."""
        spent = self.seconds[self.seconds > 0]
        return float(len(spent) / spent.sum()) if len(spent) else float("nan")


def write_trajectory(path: str | Path, run: Trajectory) -> None:
    """Write one line a frame, a code or a region, whole or not at all."""
    lines = [
        format_row(region) if code == TRACKED else str(code)
        for code, region in zip(run.codes.tolist(), run.regions, strict=True)
    ]
    write_atomically(Path(path), "".join(f"{line}\n" for line in lines).encode())


def read_trajectory(path: str | Path) -> Trajectory:
    """Return the run that a file of the VOT toolkit holds; its seconds are not known: nan.

    Raises InputError naming the line for what is neither a code nor a region of 4 or 8 finite
    numbers, and for a file whose regions are of both kinds or that does not begin with a start.
    """
    rows = read_rows(path)
    for number, row in enumerate(rows, 1):
        code = len(row) == 1 and row[0] in (SKIPPED, START, FAILURE)
        if not code and not (len(row) in (4, 8) and np.isfinite(row).all()):
            raise InputError(
                f"{path}, line {number}: neither 0, 1, 2 nor a region of 4 or 8 numbers"
            )
    if not rows or rows[0] != [START]:
        raise InputError(
            f"{path}: the first line must be {START}, the start; not a VOT result file"
        )
    sizes = {len(row) for row in rows if len(row) > 1} or {4}
    if len(sizes) > 1:
        raise InputError(f"{path}: some regions have 4 numbers and others 8; write one kind")
    nowhere = [np.nan] * sizes.pop()
    codes = np.array([int(row[0]) if len(row) == 1 else TRACKED for row in rows])
    regions = np.array([nowhere if len(row) == 1 else row for row in rows])
    return Trajectory(codes, regions, np.full(len(rows), np.nan))
