"""Folders of numbered images, and the names of such folders."""

import itertools
import re
from pathlib import Path

import numpy as np

from roam_lite.data.sequence import ImageFrames, Sequence
from roam_lite.errors import InputError

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}


def listed_names(folder: Path, pattern: str) -> list[str]:
    """Names in the folder's `list.txt`; without it, of the folders that hold files of the pattern."""
    listing = folder / "list.txt"
    if listing.is_file():
        return listing.read_text(encoding="utf-8-sig").split()
    return sorted(path.parent.name for path in folder.glob(pattern))


def numbered_images(folder: Path) -> list[tuple[int, Path]]:
    """Images of a folder by the numbers that end their names; `InputError` if none, or two are alike."""
    images = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.suffix.lower() in IMAGE_SUFFIXES and (digits := re.search(r"(\d+)$", path.stem)):
            images.append((int(digits[1]), path))
    if not images:
        raise InputError(f"{folder}: no numbered images (0001.jpg ...); restore them")
    images.sort()
    for (number, path), (following, other) in itertools.pairwise(images):
        if number == following:
            raise InputError(f"{folder}: both {path.name} and {other.name}; remove one of them")
    return images


def one_image_a_box(folder: Path, boxes: int, truth: Path) -> list[Path]:
    """The first `boxes` images, numbered without a gap; `InputError` names the first that is missing."""
    images = numbered_images(folder)
    for (number, _), (following, _) in itertools.pairwise(images):
        if following != number + 1:
            raise InputError(
                f"{folder}: image {number + 1} is missing between {number} and {following}; "
                "restore it"
            )
    if len(images) < boxes:
        raise InputError(
            f"{folder}: {len(images)} images for {boxes} boxes of {truth.name}; restore images "
            f"from number {images[-1][0] + 1} on"
        )
    return [path for _, path in images[:boxes]]


def with_first_box_only(name: str, folder: Path, box: np.ndarray) -> Sequence:
    """All images of a folder and the first one's box: a server keeps the others."""
    images = [path for _, path in numbered_images(folder)]
    boxes = np.full((len(images), 4), np.nan)
    boxes[0] = box
    return Sequence(name, ImageFrames(images), boxes)
