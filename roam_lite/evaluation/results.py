"""Result files in the layouts of the toolkits: one folder per tracker configuration.

    FOLDER/tracker.json   the configuration, which the toolkits ignore
    FOLDER/...            a file of boxes per sequence and repetition, and their times (`ResultLayout`)
    FOLDER/tracked/...    what was tracked, and what else is known about it (`kept`)

Each file is complete or absent, and it is written when its sequence is done: the files are the state
from which an interrupted run resumes.
"""

import hashlib
import itertools
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from roam_lite.data.boxes import format_row, read_boxes, read_rows, write_boxes
from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation import kept
from roam_lite.evaluation.report import checked_tracker, write_json
from roam_lite.evaluation.running.run import FAILURE, SKIPPED, START, TRACKED, Run, Trajectory
from roam_lite.files import whole_file, write_atomically
from roam_lite.text import read_text

CONFIGURATION = "tracker.json"


def read_run(path: Path, *, origin: int = 1) -> Run:
    """Return the run in a file of boxes; its seconds and scores are unknown: nan."""
    boxes = read_boxes(path, origin=origin)
    unknown = np.full(len(boxes), np.nan)
    return Run(boxes, unknown, scores=unknown)


def write_run(path: Path, run: Run, *, origin: int = 1) -> None:
    """Write the run's boxes, one per line, completely or not at all."""
    write_boxes(path, run.boxes, origin=origin)


def write_trajectory(path: str | Path, run: Trajectory) -> None:
    """Write one line per frame, a code or a region, completely or not at all."""
    lines = [
        format_row(region) if code == TRACKED else str(code)
        for code, region in zip(run.codes.tolist(), run.regions, strict=True)
    ]
    write_atomically(Path(path), "".join(f"{line}\n" for line in lines).encode())


def read_trajectory(path: str | Path) -> Trajectory:
    """Return the run in a file of the VOT toolkit; its seconds are unknown: nan.

    Raises InputError for lines that are neither codes nor regions of 4 or 8 finite numbers, for
    regions of both kinds, and if the first line is not a start.
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
            f"{path}: not a VOT result file; the first line must be {START}, the start"
        )
    sizes = {len(row) for row in rows if len(row) > 1} or {4}
    if len(sizes) > 1:
        raise InputError(f"{path}: some regions have 4 numbers and others 8; use only one kind")
    nowhere = [np.nan] * sizes.pop()
    codes = np.array([int(row[0]) if len(row) == 1 else TRACKED for row in rows])
    regions = np.array([nowhere if len(row) == 1 else row for row in rows])
    return Trajectory(codes, regions, np.full(len(rows), np.nan))


@dataclass(frozen=True)
class ResultLayout:
    """Where a toolkit keeps a sequence's files inside a tracker's folder, and how it reads them.

    `record` and `times` are patterns with `{name}` and, if sequences are repeated,
    `{repetition}` from 1. The file of times has a line per frame and a column per repetition.
    """

    record: str
    times: str
    read: Callable[[Path], Run | Trajectory] = read_run
    write: Callable[[Path, Any], None] = write_run
    longer: bool = False  # files may be longer than the ground truth, as in LaSOT

    def record_path(self, folder: Path, name: str, repetition: int = 1) -> Path:
        """The file of a repetition's boxes."""
        return folder / self.record.format(name=name, repetition=repetition)

    def times_path(self, folder: Path, name: str) -> Path:
        """The file of the sequence's times."""
        return folder / self.times.format(name=name)

    def records(self, folder: Path, name: str) -> list[Path]:
        """The files of the existing repetitions, from the first one up to a gap."""
        numbers = itertools.count(1) if "{repetition" in self.record else (1,)
        paths = (self.record_path(folder, name, number) for number in numbers)
        return list(itertools.takewhile(Path.is_file, paths))

    def keep(
        self,
        folder: Path,
        name: str,
        repetition: int,
        run: Run | Trajectory,
        source: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a run and its source. Boxes come last: if they exist, the repetition is done."""
        path = self.times_path(folder, name)
        times = _read_times(path, len(run), repetition)
        times[:, -1] = run.seconds
        lines = (",".join(f"{t:.8f}" for t in row) for row in times)
        write_atomically(path, "".join(f"{line}\n" for line in lines).encode())
        kept.note(folder, name, repetition, run, source)
        self.write(self.record_path(folder, name, repetition), run)

    def remove(self, folder: Path, name: str) -> None:
        """Remove the results of this sequence only."""
        for path in (*reversed(self.records(folder, name)), self.times_path(folder, name)):
            path.unlink(missing_ok=True)
        kept.forget(folder, name)

    def runs(self, folder: Path, sequence: Sequence) -> list[Run | Trajectory]:
        """The sequence's runs, one per repetition; seconds are nan if no file has them.

        Unreadable and lost frames are as recorded; results of others have no such records.

        Raises InputError for a file that is missing, cannot be read, or has too few or too many lines.
        """
        records = self.records(folder, sequence.name)
        if not records:
            path = self.record_path(folder, sequence.name)
            alike = [p.name for p in path.parent.glob("*.txt") if _plain(p) == _plain(path)]
            hint = f" (it may be {alike[0]}: rename that)" if alike else ""
            raise InputError(
                f"{path}: no such file{hint}; run the tracker on {sequence.name}, or give --sequences "
                "without it"
            )
        path = self.times_path(folder, sequence.name)
        times = _read_times(path, len(sequence), len(records))
        runs, known = [], itertools.chain(kept.facts(folder, sequence.name), itertools.repeat({}))
        for path, seconds, facts in zip(records, times.T, known, strict=False):
            run = self.read(path)
            if len(run) < len(sequence) or (len(run) > len(sequence) and not self.longer):
                raise InputError(
                    f"{path}: {len(run)} lines for the {len(sequence)} frames of {sequence.name}; "
                    "it is truncated or belongs to another data set; track the sequence again"
                )
            facts = {key: facts[key] for key in facts if hasattr(run, key)}
            runs.append(replace(run, seconds=seconds, **facts))
        return runs


def _plain(path: Path) -> str:
    """Return the name in lower case without punctuation: programs disagree on Jogging.1 and jogging-1."""
    return re.sub(r"[\W_]", "", path.stem.lower())


def _read_times(path: Path, frames: int, repetitions: int) -> np.ndarray:
    """Return seconds `[frames, repetitions]`; nan if the file lacks them or has other lines."""
    times = np.full((frames, repetitions), np.nan)
    with suppress(OSError, ValueError):
        found = np.loadtxt(path, delimiter=",", ndmin=2)[:, :repetitions]
        if len(found) == frames:
            times[:, : found.shape[1]] = found
    return times


OTB = ResultLayout("{name}.txt", "times/{name}_time.txt")
LASOT = replace(OTB, longer=True)
TRACKINGNET = replace(OTB, read=partial(read_run, origin=0), write=partial(write_run, origin=0))
GOT10K = ResultLayout("{name}/{name}_{repetition:03d}.txt", "{name}/{name}_time.txt")
VOT = ResultLayout(
    "baseline/{name}/{name}_{repetition:03d}.txt",
    "baseline/{name}/{name}_time.txt",
    read=read_trajectory,
    write=write_trajectory,
)


def write_submission(layout: ResultLayout, folder: Path, names: Iterable[str]) -> Path:
    """Write `FOLDER.zip`, in the form that the benchmark's server accepts, and return its path.

    Times are included if they are next to the boxes, as GOT-10k's server wants them.
    """
    path = folder.with_name(f"{folder.name}.zip")
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as z:
        for name in names:
            files = layout.records(folder, name)
            times = layout.times_path(folder, name)
            if times.parent == files[0].parent:
                files.append(times)
            for file in files:
                z.write(file, file.relative_to(folder))
    return path


def short_name(description: Mapping[str, Any]) -> str:
    """Return a tracker's name in legends, for example `roam++ sgd 0.001` or `csrt`."""
    words = [description.get("tracker", "tracker"), description.get("rule")]
    lr = description.get("lr", description.get("sgd_rate"))  # its name in older results
    if lr is not None:
        words.append(f"{lr:g}")
    words += [f"{name}={value}" for name, value in (description.get("online") or {}).items()]
    if description.get("oracle"):
        words.append("oracle")
    return " ".join(str(word) for word in words if word)


def configuration_name(description: Mapping[str, Any]) -> str:
    """Return a unique folder name for this configuration: short name and digest, `roam++-lstm-1f0c9a3e`."""
    kept = {key: value for key, value in description.items() if key != "scoring"}
    canonical = json.dumps(kept, sort_keys=True, default=str)
    digest = hashlib.sha256(canonical.encode()).hexdigest()[:8]
    return re.sub(r"[^\w.+-]+", "-", f"{short_name(description)}-{digest}")


def claim(folder: Path, description: Mapping[str, Any]) -> None:
    """Claim `folder` for this configuration. Raises InputError if it has results of another one."""
    path = folder / CONFIGURATION
    wanted = json.loads(json.dumps(dict(description), default=str))
    if path.is_file():
        if read_configuration(folder) != wanted:
            raise InputError(
                f"{folder} has results of another configuration ({path.name}); choose another "
                "--results, or give --overwrite"
            )
    elif folder.is_dir() and any(folder.iterdir()):
        raise InputError(f"{folder} has files but no {path.name}; choose another --results")
    else:
        write_json(path, wanted)


def read_configuration(folder: str | Path) -> dict[str, Any]:
    """Return the tracker's description, or the folder's name if others wrote it.

    Raises InputError if `tracker.json` exists but contains something else.
    """
    path = Path(folder) / CONFIGURATION
    if not path.is_file():
        return {"tracker": Path(folder).resolve().name}
    try:
        description = json.loads(read_text(path))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: not JSON ({error}); if you remove it, the folder's name is used"
        ) from error
    if not isinstance(description, dict):
        raise InputError(
            f"{path}: not a configuration; if you remove it, the folder's name is used"
        )
    return checked_tracker(description, str(path))
