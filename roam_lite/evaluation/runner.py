"""Run trackers over sequences: one code path for ours and for the peers'.

A tracker is anything with `init(image, box)` and `update(image)`; `update` returns the box
`(x, y, w, h)` or an object with `box` and, if it likes, `score` and `lost`.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from roam_lite.data.sequence import FrameError, Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation.otb import RULES, precision_curve, success_curve
from roam_lite.evaluation.report import Report, Score
from roam_lite.evaluation.results import (
    configuration_name,
    read_results,
    short_name,
    write_results,
)
from roam_lite.evaluation.run import Run, Step, collect
from roam_lite.files import refuse_existing


def track_steps(tracker: Any, sequence: Sequence, *, oracle: bool = False) -> Iterator[Step]:
    """Yield one `Step` a frame, the first being the given box.

    `oracle` hands the ground truth to `tracker.update(image, oracle_box=...)`, None where it is
    missing. A later frame that cannot be read counts as lost and repeats the box before it, through
    `tracker.skip()` where the tracker has one; the first of them is said on stderr. Raises
    InputError if the first frame cannot be read or has no box.
    """
    image, box = first_frame(sequence)
    start = time.perf_counter()
    tracker.init(image, box.copy())
    yield Step(0, image, box.copy(), 1.0, False, time.perf_counter() - start)
    warned = False
    for index in range(1, len(sequence)):
        try:
            image = sequence.frames[index]
        except FrameError as error:
            if not warned:
                _say(f"{sequence.name}: {error}; the frame counts as lost, tracking goes on")
            warned = True
            if hasattr(tracker, "skip"):
                tracker.skip()
            yield Step(index, None, box.copy(), 0.0, True, 0.0)
            continue
        truth = sequence.boxes[index]
        hint = {"oracle_box": truth if np.isfinite(truth).all() else None} if oracle else {}
        start = time.perf_counter()
        result = tracker.update(image, **hint)
        seconds = time.perf_counter() - start
        box = np.array(getattr(result, "box", result), dtype=float).reshape(4)
        score, lost = getattr(result, "score", 1.0), getattr(result, "lost", False)
        yield Step(index, image, box.copy(), float(score), bool(lost), seconds)


def run_sequence(tracker: Any, sequence: Sequence, *, oracle: bool = False) -> Run:
    """Return what the tracker says about the whole sequence (`track_steps`)."""
    return collect(track_steps(tracker, sequence, oracle=oracle))


def evaluate(
    make_tracker: Callable[[], Any],
    sequences: Iterable[Sequence],
    *,
    name: str | None = None,
    oracle: bool = False,
    scoring: str = "official",
    results_dir: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = True,
) -> tuple[Report, list[Run]]:
    """Return the scores and the runs of a tracker on sequences, in their order.

    Each sequence gets a tracker of its own from `make_tracker()`, so scores do not depend on the
    order. The tracker's `description`, a dict of JSON types, is kept in the report; `name` stands
    for one that has none. With `results_dir`, boxes and times go to a folder inside it
    (`results.write_results`), named after the configuration, once all sequences are done.

    Raises InputError, before anything is tracked, if that folder exists and `overwrite` is false,
    if there is no scoring rule of that name, no sequence, two of the same name, or one that no
    tracker can start on.
    """
    sequences = list(sequences)
    description = {**describe(make_tracker(), name), "oracle": oracle}
    folder = Path(results_dir) / configuration_name(description) if results_dir else None
    if folder:
        refuse_existing(folder, overwrite=overwrite)
    _check(sequences, scoring)

    runs, scores = [], []
    frames = sum(len(sequence) for sequence in sequences)
    with tqdm(total=frames, unit="frame", file=sys.stderr, disable=not progress) as bar:
        for sequence in sequences:
            bar.set_description(f"{short_name(description)}: {sequence.name}")
            steps = track_steps(make_tracker(), sequence, oracle=oracle)
            run = collect(_counted(steps, bar))
            runs.append(run)
            scores.append(score_run(sequence, run, scoring))
            if run.unreadable:
                _say(f"{sequence.name}: {len(run.unreadable)} unreadable frame(s) count as lost")
    if folder:
        write_results(folder, description, sequences, runs, overwrite=overwrite)
    return Report(tuple(scores), {**description, "scoring": scoring}), runs


def score_run(sequence: Sequence, run: Run, scoring: str = "official") -> Score:
    """Return the OTB scores of a run."""
    success = success_curve(run.boxes, sequence.boxes, scoring)
    precision = precision_curve(run.boxes, sequence.boxes, scoring)
    return Score(
        name=sequence.name,
        auc=float(success.mean()),
        precision_20=float(precision[20]),
        fps=run.fps,
        frames=len(sequence),
        success=success,
        precision=precision,
    )


def kept_reports(
    results_dir: str | Path, sequences: Iterable[Sequence], scoring: str = "official"
) -> list[Report]:
    """Return the scores of all results kept in a folder that cover the sequences."""
    sequences = list(sequences)
    reports = []
    for folder in sorted(Path(results_dir).iterdir()):
        if not (folder / "tracker.json").is_file():
            continue
        description, runs = read_results(folder)
        if all(sequence.name in runs for sequence in sequences):
            scores = (score_run(s, runs[s.name], scoring) for s in sequences)
            reports.append(Report(tuple(scores), {**description, "scoring": scoring}))
    return reports


def describe(tracker: Any, name: str | None = None) -> dict[str, Any]:
    """Return the tracker's own description, or else `name` or the name of its class."""
    kind = type(tracker)
    name = name or f"{kind.__module__}:{kind.__qualname__}"
    return dict(getattr(tracker, "description", {"tracker": name}))


def first_frame(sequence: Sequence) -> tuple[np.ndarray, np.ndarray]:
    """Return image and box that a tracker starts on.

    Raises InputError if one of them is missing.
    """
    if not np.isfinite(sequence.boxes[0]).all():
        raise InputError(
            f"{sequence.name}: the first frame has no box, so no tracker can start; "
            "cut the sequence to begin where the target is labelled"
        )
    return sequence.frames[0], sequence.boxes[0]


def _check(sequences: list[Sequence], scoring: str) -> None:
    """Find what would stop an evaluation before hours have gone into it."""
    if scoring not in RULES:
        raise InputError(f"there is no scoring rule {scoring!r}; choose one of: {', '.join(RULES)}")
    if not sequences:
        raise InputError("there is no sequence to evaluate on; name at least one")
    names = [sequence.name for sequence in sequences]
    if len(set(names)) < len(names):
        raise InputError(f"a sequence is named twice in {', '.join(names)}; name each once")
    for sequence in sequences:
        first_frame(sequence)


def _counted(steps: Iterable[Step], bar: tqdm) -> Iterator[Step]:
    for step in steps:
        bar.update()
        yield step


def _say(message: str) -> None:
    tqdm.write(message, file=sys.stderr)
