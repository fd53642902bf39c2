"""Sequences in VOT's layout: `NAME/groundtruth.txt` and images in `NAME/` or `NAME/color/`, 0-based.

A row has the 8 numbers of a polygon's corners or the 4 of a box, even mixed. `list.txt` next to the
folders names the sequences in the challenge's order.
"""

from pathlib import Path

import numpy as np

from roam_lite.data.boxes import read_rows
from roam_lite.data.images import listed_names, one_image_a_box
from roam_lite.data.sequence import ImageFrames, Sequence
from roam_lite.errors import InputError


def list_sequences(root: str | Path) -> list[str]:
    """Names in `list.txt`, or without it those of the folders. Raises `InputError` if there are none."""
    names = listed_names(Path(root), "*/groundtruth.txt")
    if not names:
        raise InputError(f"{root}: no sequences in VOT's layout (NAME/groundtruth.txt, list.txt)")
    return names


def read_sequence(root: str | Path, name: str) -> Sequence:
    """The sequence `name` under `root` with its polygons, its frames read lazily.

    Boxes are the polygons' bounding boxes, which VOT's toolkit gives to trackers that want rectangles.
    Raises `InputError` if the folder, its images or its ground truth are missing or disagree.
    """
    folder = Path(root) / name
    if not name or not folder.is_dir():
        raise InputError(f"{root}: no sequence named {name!r} in VOT's layout")
    truth = folder / "groundtruth.txt"
    polygons = read_regions(truth)
    if len(polygons) == 0:
        raise InputError(f"{truth}: no regions; restore the file")
    images = folder / "color" if (folder / "color").is_dir() else folder
    frames = ImageFrames(one_image_a_box(images, len(polygons), truth))
    return Sequence(name, frames, bounds(polygons), polygons=polygons, truth=truth)


def read_regions(path: str | Path) -> np.ndarray:
    """Polygons float64 [T, 8] of lines of 8 or 4 numbers, nan if one of them is; `InputError` otherwise."""
    rows = read_rows(path)
    for number, row in enumerate(rows, 1):
        if len(row) not in (4, 8):
            raise InputError(f"{path}, line {number}: {len(row)} values instead of 8 or 4")
    polygons = [row if len(row) == 8 else corners(np.array(row)).tolist() for row in rows]
    found = np.array(polygons, dtype=np.float64).reshape(-1, 8)
    found[~np.isfinite(found).all(axis=1)] = np.nan
    return found


def corners(boxes: np.ndarray) -> np.ndarray:
    """Polygons [..., 8] of boxes (x, y, w, h) [..., 4], clockwise from the top left."""
    x, y, w, h = np.moveaxis(np.asarray(boxes, dtype=np.float64), -1, 0)
    return np.stack([x, y, x + w, y, x + w, y + h, x, y + h], axis=-1)


def bounds(polygons: np.ndarray) -> np.ndarray:
    """Bounding boxes (x, y, w, h) [T, 4] of polygons [T, 8]."""
    points = polygons.reshape(-1, 4, 2)
    low, high = points.min(axis=1), points.max(axis=1)
    return np.concatenate([low, high - low], axis=1)
