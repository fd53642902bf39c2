"""Sequences in TrackingNet's layout: `{TRAIN_0, ..., TRAIN_11, TEST}/{anno/ID.txt, frames/ID/K.jpg}`.

Frames are numbered from 0 without padding; boxes are 0-based. The test split has only the first box.
"""

from pathlib import Path

from roam_lite.data.boxes import read_truth
from roam_lite.data.images import one_image_a_box, visible, with_first_box_only
from roam_lite.data.sequence import ImageFrames, Sequence
from roam_lite.errors import InputError

PARTS = {"test": ("TEST",), "train": tuple(f"TRAIN_{i}" for i in range(12))}


def list_sequences(root: str | Path, split: str = "test") -> list[str]:
    """Sorted names of the videos of a split (`test`, `train`). Raises `InputError` if there are none."""
    root = Path(root)
    parts = [root / part / "anno" for part in PARTS[split]]
    names = [path.stem for part in parts for path in visible(part.glob("*.txt"))]
    if not names:
        raise InputError(
            f"{root}: no videos of TrackingNet's {split} split ({PARTS[split][0]}/anno/ID.txt)"
        )
    return sorted(names)


def read_sequence(root: str | Path, name: str) -> Sequence:
    """The video with that ID under `root`, its frames read lazily; test videos have one box.

    Raises `InputError` if annotation or frames are missing or disagree.
    """
    parts = (Path(root) / part for parts in PARTS.values() for part in parts)
    part = next((p for p in parts if name and (p / "anno" / f"{name}.txt").is_file()), None)
    if part is None:
        raise InputError(
            f"{root}: no video named {name!r} in TrackingNet's layout (TEST/anno/ID.txt)"
        )
    truth, images = part / "anno" / f"{name}.txt", part / "frames" / name
    boxes = read_truth(truth, origin=0)
    if part.name == "TEST":
        return with_first_box_only(name, images, boxes[0], truth)
    frames = ImageFrames(one_image_a_box(images, len(boxes), truth))
    return Sequence(name, frames, boxes, truth=truth)
