"""Folders of numbered images."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from roam_lite.errors import InputError

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}


def numbered_images(folder: Path) -> list[tuple[int, Path]]:
    """Images of a folder with the numbers that end their names, in the order of these.

    Raises `InputError` if there is none, or if two have the same number.
    """
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
    """The first `boxes` images of a folder whose numbers follow each other without a gap.

    Raises `InputError` naming the first frame that is missing, which is how a half-copied data set
    shows.
    """
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
