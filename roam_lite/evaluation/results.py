"""Result files in OTB layout: one folder a tracker configuration, one file a sequence, 1-based.

    FOLDER/tracker.json            the configuration
    FOLDER/SEQUENCE.txt            x,y,w,h a line
    FOLDER/times/SEQUENCE_time.txt seconds a line

The got10k toolkit reads the same layout.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from roam_lite.data.otb import read_boxes, write_boxes
from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation.report import write_json
from roam_lite.evaluation.run import Run
from roam_lite.files import whole_folder


def short_name(description: Mapping[str, Any]) -> str:
    """Return what a legend calls a tracker, for example `roam++ sgd 0.001` or `csrt`."""
    words = [description.get("tracker", "tracker"), description.get("rule")]
    if description.get("sgd_rate") is not None:
        words.append(f"{description['sgd_rate']:g}")
    if description.get("oracle"):
        words.append("oracle")
    return " ".join(str(word) for word in words if word)


def configuration_name(description: Mapping[str, Any]) -> str:
    """Return a folder name that is the same for the same configuration only.

    For example `roam++-lstm-1f0c9a3e`: the short name and a digest of the whole description.
    """
    canonical = json.dumps(description, sort_keys=True, default=str)
    digest = hashlib.sha256(canonical.encode()).hexdigest()[:8]
    return re.sub(r"[^\w.+-]+", "-", f"{short_name(description)}-{digest}")


def write_results(
    folder: str | Path,
    description: Mapping[str, Any],
    sequences: Iterable[Sequence],
    runs: Iterable[Run],
    *,
    overwrite: bool = False,
) -> None:
    """Write boxes, times and configuration to `folder`, whole or not at all.

    Raises InputError if the folder exists and `overwrite` is false.
    """
    with whole_folder(Path(folder), overwrite=overwrite) as temporary:
        (temporary / "times").mkdir()
        for sequence, run in zip(sequences, runs, strict=True):
            write_boxes(temporary / f"{sequence.name}.txt", run.boxes)
            np.savetxt(temporary / "times" / f"{sequence.name}_time.txt", run.seconds, fmt="%.6f")
        write_json(temporary / "tracker.json", dict(description))


def read_results(folder: str | Path) -> tuple[dict[str, Any], dict[str, Run]]:
    """Return the configuration and the run of each sequence; scores and losses are not kept.

    Raises InputError if the folder is not one that `write_results` made.
    """
    folder = Path(folder)
    runs = {}
    try:
        description = dict(json.loads((folder / "tracker.json").read_text()))
        for path in sorted(folder.glob("*.txt")):
            boxes = read_boxes(path)
            seconds = np.loadtxt(folder / "times" / f"{path.stem}_time.txt", ndmin=1)
            runs[path.stem] = Run(boxes, seconds, scores=np.full(len(boxes), np.nan))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{folder} does not hold complete results ({error}); remove it, or give a folder "
            "that evaluate --results wrote"
        ) from error
    return description, runs
