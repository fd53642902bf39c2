"""Sequences in GOT-10k's layout: `{train,val,test}/NAME/{%08d.jpg, groundtruth.txt, ...}`, 1-based.

`cover.label` gives the visible share of the target in eighths, `meta_info.ini` the resolution.
In the test split only the first box is public; a server has the others.
"""

import re
from pathlib import Path

from roam_lite.data.boxes import read_labels, read_truth
from roam_lite.data.images import listed_names, one_image_a_box, with_first_box_only
from roam_lite.data.sequence import ImageFrames, Sequence
from roam_lite.errors import InputError
from roam_lite.text import read_text

FULL_COVER = 8


def list_sequences(root: str | Path, split: str = "test") -> list[str]:
    """Names of the split's sequences from its `list.txt`; without it, the folders there.

    `root` contains the splits' folders or is one. Raises `InputError` if the split is missing.
    """
    folder = _split_folder(Path(root), split)
    listed = listed_names(folder, "GOT-10k_*/groundtruth.txt")
    names = [name for name in listed if _split_of(name) == split]
    if not names:
        raise InputError(f"{folder}: no sequences of GOT-10k's {split} split; restore list.txt")
    return names


def read_sequence(root: str | Path, name: str) -> Sequence:
    """The sequence `GOT-10k_Val_000001` under `root`, its frames read lazily.

    Visibility is the cover label as a share. In a test sequence only the first frame has a box.
    Raises `InputError` if the folder, images, boxes or labels are missing or disagree.
    """
    folder = _split_folder(Path(root), _split_of(name)) / name
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; restore the sequence or omit {name}")
    truth = folder / "groundtruth.txt"
    boxes = read_truth(truth)
    if _split_of(name) == "test":
        return with_first_box_only(name, folder, boxes[0], truth)
    frames = ImageFrames(one_image_a_box(folder, len(boxes), truth))
    label = folder / "cover.label"
    cover = read_labels(label)
    if len(cover) != len(boxes) or not ((cover >= 0) & (cover <= FULL_COVER)).all():
        raise InputError(
            f"{label}: {len(cover)} labels for {len(boxes)} boxes, or a label outside "
            f"0..{FULL_COVER}; restore the file"
        )
    return Sequence(name, frames, boxes, cover / FULL_COVER, size=_resolution(folder), truth=truth)


def _split_folder(root: Path, split: str) -> Path:
    """The folder of a split: inside `root`, or `root` itself if it has that split's sequences."""
    if (root / split).is_dir():
        return root / split
    if next(root.glob(f"GOT-10k_{split.capitalize()}_*"), None):
        return root
    raise InputError(f"{root}: no GOT-10k here; it must have a folder {split} with list.txt")


def _split_of(name: str) -> str:
    match = re.fullmatch(r"GOT-10k_(Train|Val|Test)_\d+", name)
    if not match:
        raise InputError(f"{name!r} is not a GOT-10k sequence; give for example GOT-10k_Val_000001")
    return match[1].lower()


def _resolution(folder: Path) -> tuple[int, int] | None:
    """(width, height) from `meta_info.ini`, or None."""
    path = folder / "meta_info.ini"
    if not path.is_file():
        return None
    line = re.compile(r"^resolution\s*[:=]\s*\(?\s*([1-9]\d*)\s*,\s*([1-9]\d*)\b", re.MULTILINE)
    found = line.search(read_text(path))
    if not found:
        raise InputError(f"{path}: has no line `resolution: (width, height)`; restore the file")
    return int(found[1]), int(found[2])
