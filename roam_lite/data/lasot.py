"""Sequences in LaSOT's layout: `CLASS/CLASS-N/{img/%08d.jpg, groundtruth.txt, ...}`, 1-based.

Beside the boxes lie `full_occlusion.txt` and `out_of_view.txt`, each one comma-separated line of
flags. A frame with one of them set has visibility 0, though it may have a box.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from roam_lite.data.boxes import read_boxes, read_flags
from roam_lite.data.images import one_image_a_box
from roam_lite.data.lasot_split import TEST
from roam_lite.data.sequence import ImageFrames, Sequence
from roam_lite.errors import InputError

FLAGS = ("full_occlusion.txt", "out_of_view.txt")


def list_sequences(root: str | os.PathLike[str], split: str = "test") -> list[str]:
    """Names of the sequences of a split under `root`, sorted by class and number.

    `split` is `test` (the 280 of the paper's Fig. 4), `train` (all others) or `all`; of the test
    split those that lie there. Raises `InputError` if there is none.
    """
    root = Path(root)
    folders = {path.parent.name for path in _truths(root)}
    if not folders:
        raise InputError(
            f"{root}: no sequence in LaSOT's layout (airplane/airplane-1/groundtruth.txt)"
        )
    names = [n for n in folders if split == "all" or (n in TEST) == (split == "test")]
    if not names:
        raise InputError(f"{root}: no sequence of the {split} split among {len(folders)} in LaSOT")
    return sorted(names, key=_class_and_number)


def read_sequence(root: str | os.PathLike[str], name: str) -> Sequence:
    """The sequence `airplane-1` under `root`, its frames read lazily.

    Raises `InputError` if folder, images, boxes or flags are missing. Flag files that are a few
    frames off are taken as they are: frames beyond their end are visible.
    """
    folder = _folder(Path(root), name)
    truth = folder / "groundtruth.txt"
    boxes = read_boxes(truth)
    if len(boxes) == 0:
        raise InputError(f"{truth}: no boxes; restore the file")
    frames = ImageFrames(one_image_a_box(folder / "img", len(boxes), truth))
    absent = np.any([read_flags(folder / flag, len(boxes)) for flag in FLAGS], axis=0)
    return Sequence(name, frames, boxes, visibility=1.0 - absent)


def _truths(root: Path) -> list[Path]:
    """Ground-truth files at both depths in use: with and without the folder of the class."""
    found = [*root.glob("*-*/groundtruth.txt"), *root.glob("*/*-*/groundtruth.txt")]
    return [path for path in found if path.parent.name.rpartition("-")[2].isdigit()]


def _folder(root: Path, name: str) -> Path:
    kind = name.rpartition("-")[0]
    for folder in (root / kind / name, root / name):
        if name and folder.is_dir():
            return folder
    raise InputError(f"{root}: no sequence named {name!r} in LaSOT's layout ({kind}/{name}/)")


def _class_and_number(name: str) -> tuple[str, int]:
    kind, _, number = name.rpartition("-")
    return kind, int(number)
