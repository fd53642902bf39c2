"""The demonstration: the same sequences tracked four ways, in a table, a video and a picture."""

from pathlib import Path
from typing import Any

import numpy as np

from roam_lite.data.otb import list_sequences, read_sequence
from roam_lite.data.pixels import FrameError
from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation.report import Report
from roam_lite.evaluation.running.runner import evaluate
from roam_lite.evaluation.trackers import tracker_factory
from roam_lite.figures.film import open_video
from roam_lite.figures.pictures import caption, draw_box, grid, save_image
from roam_lite.figures.style import TRUTH_COLOR, color_of

SGD_RATE = 1e-4  # of six rates; those from 1e-5 to 3e-4 perform alike (EXPERIMENTS.md)
WAYS = {
    "ROAM++": {"name": "roam++", "rule": "own"},
    "ROAM": {"name": "roam", "rule": "own"},
    "ROAM++ with SGD": {"name": "roam++", "rule": "sgd", "lr": SGD_RATE},
    "ROAM++, no update": {"name": "roam++", "rule": "none"},
}
FILES = ("side_by_side.mp4", "side_by_side.png")
SHEET_MOMENT = 0.8  # the picture shows each sequence at this share of its length


def samples_folder() -> Path:
    """Return the folder of the samples, next to the package or here; InputError if there is none."""
    candidates = [Path(__file__).parents[1] / "data_samples", Path("data_samples")]
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise InputError(
        f"{candidates[0]}: no such folder; render it with `roam-lite synth --samples data_samples`"
    )


def demonstrate(root: str | Path, out: str | Path, **options: Any) -> tuple[str, list[Path]]:
    """Track the sequences under `root` four ways; return the table and the files written.

    `options` go to `load_tracker`. The video shows all four in a 2 x 2 grid; the picture
    has a row for each sequence. Ground truth is yellow.
    """
    sequences = [read_sequence(root, name) for name in list_sequences(root)]
    evaluated = {
        title: evaluate(tracker_factory(**choice, **options), sequences)
        for title, choice in WAYS.items()
    }
    reports = {title: report for title, (report, _) in evaluated.items()}
    colors = {title: color_of(report.tracker) for title, report in reports.items()}

    def panels(index: int, frame: int) -> list[np.ndarray]:
        """One captioned picture for each of the four, its box over the ground truth."""
        image, truth = _readable(sequences[index], frame), sequences[index].boxes[frame]
        image = draw_box(image, truth, TRUTH_COLOR, thickness=1)
        boxes = {title: runs[index].boxes[frame] for title, (_, runs) in evaluated.items()}
        return [caption(draw_box(image, boxes[t], color), t, color) for t, color in colors.items()]

    video, picture = (Path(out) / name for name in FILES)
    rows = []
    with open_video(video) as film:
        for index, sequence in enumerate(sequences):
            for frame in range(len(sequence)):
                film.append(grid(panels(index, frame), columns=2))
            rows += panels(index, int(SHEET_MOMENT * (len(sequence) - 1)))
    save_image(picture, grid(rows, columns=len(WAYS)))
    return _table(reports), [video, picture]


def _readable(sequence: Sequence, frame: int) -> np.ndarray:
    """Return the frame, or the last readable one before it."""
    try:
        return sequence.frames[frame]
    except FrameError:
        return _readable(sequence, frame - 1)


def _table(reports: dict[str, Report]) -> str:
    width = max(map(len, reports))
    lines = [f"{'':{width}}    AUC  prec@20     fps"]
    for title, report in reports.items():
        mean = report.mean()
        scores = f"{mean['auc']:.3f}    {mean['precision_20']:.3f}  {mean['fps']:6.1f}"
        lines.append(f"{title:{width}}  {scores}")
    return "\n".join(lines)
