"""Sequences in GOT-10k's layout: `{train,val,test}/NAME/{%08d.jpg, groundtruth.txt, ...}`, 1-based.

`cover.label` says in eighths how much of the target is visible, `meta_info.ini` the resolution.
The test split keeps all boxes but the first to its server.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import numpy as np

from roam_lite.data.boxes import read_boxes, read_labels
from roam_lite.data.images import numbered_images, one_image_a_box
from roam_lite.data.sequence import ImageFrames, Sequence
from roam_lite.errors import InputError

FULL_COVER = 8


def list_sequences(root: str | os.PathLike[str], split: str = "test") -> list[str]:
    """Names of the split's sequences as its `list.txt` gives them; without it, the folders there.

    `root` holds the folders `train`, `val`, `test`, or is one of them. Raises `InputError` if the
    split is not there.
    """
    folder = _split_folder(Path(root), split)
    listing = folder / "list.txt"
    if listing.is_file():
        names = listing.read_text(encoding="utf-8-sig").split()
    else:
        found = folder.glob("GOT-10k_*/groundtruth.txt")
        names = sorted(path.parent.name for path in found)
    names = [name for name in names if _split_of(name) == split]
    if not names:
        raise InputError(f"{folder}: no sequence of GOT-10k's {split} split; restore list.txt")
    return names


def read_sequence(root: str | os.PathLike[str], name: str) -> Sequence:
    """The sequence `GOT-10k_Val_000001` under `root`, its frames read lazily.

    Visibility is the cover label as a share. Of a test sequence only the first frame has a box.
    Raises `InputError` if the folder, images, boxes or labels are missing or disagree.
    """
    folder = _split_folder(Path(root), _split_of(name)) / name
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; restore the sequence or leave out {name}")
    truth = folder / "groundtruth.txt"
    boxes = read_boxes(truth)
    if len(boxes) == 0:
        raise InputError(f"{truth}: no boxes; restore the file")
    if _split_of(name) == "test":
        images = [path for _, path in numbered_images(folder)]
        hidden = np.full((len(images) - 1, 4), np.nan)
        return Sequence(name, ImageFrames(images), np.concatenate([boxes[:1], hidden]))
    frames = ImageFrames(one_image_a_box(folder, len(boxes), truth))
    label = folder / "cover.label"
    cover = read_labels(label)
    if len(cover) != len(boxes) or not ((cover >= 0) & (cover <= FULL_COVER)).all():
        raise InputError(
            f"{label}: {len(cover)} labels for {len(boxes)} boxes, or one outside "
            f"0..{FULL_COVER}; restore the file"
        )
    return Sequence(name, frames, boxes, cover / FULL_COVER, size=_resolution(folder))


def _split_folder(root: Path, split: str) -> Path:
    """The folder of a split: inside `root`, or `root` itself if it holds that split's sequences."""
    if (root / split).is_dir():
        return root / split
    if next(root.glob(f"GOT-10k_{split.capitalize()}_*"), None):
        return root
    raise InputError(f"{root}: no GOT-10k here; it must hold the folder {split} with list.txt")


def _split_of(name: str) -> str:
    match = re.fullmatch(r"GOT-10k_(Train|Val|Test)_\d+", name)
    if not match:
        raise InputError(f"{name!r} is no sequence of GOT-10k; give for example GOT-10k_Val_000001")
    return match[1].lower()


def _resolution(folder: Path) -> tuple[int, int] | None:
    """(width, height) of `meta_info.ini`, None where that does not say."""
    path = folder / "meta_info.ini"
    if not path.is_file():
        return None
    found = re.search(r"^resolution\s*[:=]\s*(.+)$", path.read_text(errors="replace"), re.MULTILINE)
    try:
        width, height = ast.literal_eval(found[1]) if found else (0, 0)
        size = int(width), int(height)
    except (ValueError, SyntaxError, TypeError):
        size = 0, 0
    if min(size) <= 0:
        raise InputError(f"{path}: no line `resolution: (width, height)`; restore the file")
    return size
