"""Folders of images: which files are frames, in which order, and which box belongs to which.

Tracking, evaluation and training share these rules. A frame is an image whose name follows the pattern of
most of them (`frame#.jpg`, where # is any number); hidden files are ignored. Frames are in natural order,
by the value of the numbers in their names. Skipped files and missing numbers cause warnings.
"""

import itertools
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import numpy as np

from roam_lite.data.sequence import ImageFrames, Sequence
from roam_lite.errors import InputError, warn
from roam_lite.text import read_text

# What OpenCV decodes, except HDR pictures; it goes by the content, whatever the suffix.
_KINDS = "jpg jpeg jpe jfif png bmp dib tif tiff webp jp2 avif gif ras sr pbm pgm ppm pnm pam"
IMAGE_SUFFIXES = frozenset(f".{kind}" for kind in _KINDS.split())
SHOWN = 3  # names that a message spells out


def listed_names(folder: Path, pattern: str) -> list[str]:
    """Names in the folder's `list.txt`; without it, of the folders with files that match the pattern."""
    listing = folder / "list.txt"
    if listing.is_file():
        return [name for line in read_text(listing).split("\n") if (name := line.strip())]
    return sorted(path.parent.name for path in visible(folder.glob(pattern)))


def visible(paths: Iterable[Path]) -> Iterator[Path]:
    """The paths whose file and folder are not hidden (`._0001.jpg`, `.ipynb_checkpoints`)."""
    return (p for p in paths if not (p.name.startswith(".") or p.parent.name.startswith(".")))


def image_files(folder: Path) -> list[Path]:
    """Frames of a folder, in natural order (2 before 10) over the whole name.

    Images named unlike most others (`thumbnail.jpg` among `0001.jpg ...`) are skipped with a
    warning. Raises `InputError` if there are no images, if no pattern has a majority, or if
    two images have the same number.
    """
    entries = os.scandir(folder) if folder.is_dir() else ()
    names = [e.name for e in entries if not e.name.startswith(".") and not e.is_dir()]
    images = [name for name in names if Path(name).suffix.lower() in IMAGE_SUFFIXES]
    if not images:
        kinds = sorted({Path(name).suffix for name in names} - {""})
        there = f", only files that are not read ({', '.join(kinds[:SHOWN])})" if kinds else ""
        raise InputError(f"{folder}: no images in this folder{there}; restore or convert them")
    images.sort(key=natural_key)
    patterns = Counter(map(_pattern, images))
    common, count = patterns.most_common(1)[0]
    if count == 1 < len(images) and not any("#" in pattern for pattern in patterns):
        warn(f"{folder}: the images' names have no numbers; using alphabetical order")
        common = None
    frames = [name for name in images if common in (None, _pattern(name))]
    strangers = [name for name in images if name not in set(frames)]
    if 2 * len(frames) <= len(images):
        raise InputError(
            f"{folder}: images of two or more series, named like {frames[0]} ({count}) and like "
            f"{strangers[0]}; keep only one of them in the folder"
        )
    if strangers:
        warn(f"{folder}: skipping {some(strangers)}, not named like the others ({frames[0]})")
    for name, other in itertools.pairwise(frames):
        if natural_key(name) == natural_key(other):
            raise InputError(f"{folder}: both {name} and {other}; remove one of them")
    return [folder / name for name in frames]


def _pattern(name: str) -> str:
    return re.sub("[0-9]+", "#", Path(name).stem.lower())


def some(items: Collection[str], separator: str = ", ") -> str:
    """The first of some names and how many more there are."""
    shown = separator.join(list(items)[:SHOWN])
    return shown + (f" and {len(items) - SHOWN} more" if len(items) > SHOWN else "")


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts names without suffix, with the numbers in them by value."""
    pieces = re.split(r"([0-9]+)", Path(name).stem.lower())
    return [(1, int(p), "") if p.isdecimal() else (0, 0, p) for p in pieces]


def gaps(paths: Collection[Path]) -> list[tuple[int, int]]:
    """(before, after) of each gap in the images' numbers, given their most common step.

    Finds none if more than one number in the names varies, or if no step has a majority,
    as in times of day.
    """
    numbers = np.array([[int(n) for n in re.findall("[0-9]+", p.stem)] for p in paths], object)
    varying = [column for column in numbers.T if len(set(column)) > 1]
    if len(varying) != 1:
        return []
    steps = Counter(np.diff(varying[0]))
    step, count = steps.most_common(1)[0]
    pairs = itertools.pairwise(varying[0]) if 2 * count > steps.total() else ()
    return [(before, after) for before, after in pairs if after - before != step]


def frames_of(folder: Path) -> list[Path]:
    """`image_files` for tracking without boxes; gaps in their numbers cause a warning."""
    images = image_files(folder)
    if missing := gaps(images):
        warn(f"{folder}: {_told(missing)}; the images are treated as consecutive")
    return images


def one_image_a_box(folder: Path, boxes: int, truth: Path) -> list[Path]:
    """The first `boxes` images of a folder, in the order of their numbers (`paired`)."""
    return paired(image_files(folder), boxes, truth)


def paired(images: list[Path], boxes: int, truth: Path) -> list[Path]:
    """The images that belong to that many boxes, in order.

    Numbers may have gaps only if there is one box per image; images after the last box are skipped.
    Both cause a warning. Raises `InputError` if gaps and differing counts make it unclear which box
    belongs to which image, and for fewer images than boxes.
    """
    folder, missing = images[0].parent, gaps(images)
    counts = f"{len(images)} images for {boxes} boxes of {truth.name}"
    if missing and len(images) != boxes:
        raise InputError(f"{folder}: {_told(missing)}, {counts}; restore what is missing")
    if len(images) < boxes:
        raise InputError(
            f"{folder}: {counts}; restore the images before {images[0].name} or after "
            f"{images[-1].name}, or shorten {truth.name}"
        )
    if missing:
        warn(f"{folder}: {_told(missing)}; the boxes are assigned to the images in order")
    if len(images) > boxes:
        warn(f"{folder}: {counts}; {images[boxes].name} and later images are ignored")
    return images[:boxes]


def _told(missing: list[tuple[int, int]]) -> str:
    before, after = missing[0]
    more = f", and there are {len(missing) - 1} more gaps" if len(missing) > 1 else ""
    return f"image {before + 1} is missing between {before} and {after}{more}"


def with_first_box_only(name: str, folder: Path, box: np.ndarray, truth: Path) -> Sequence:
    """All images of a folder and the box of the first one; a server has the others."""
    images = image_files(folder)
    if missing := gaps(images):
        raise InputError(f"{folder}: {_told(missing)}; restore it")
    boxes = np.full((len(images), 4), np.nan)
    boxes[0] = box
    return Sequence(name, ImageFrames(images), boxes, truth=truth)
