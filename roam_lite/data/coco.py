"""COCO, still images: `annotations/instances_SPLITYEAR.json` and `SPLITYEAR/FILE.jpg`.

One file has all boxes of a split, (x, y, w, h) and 0-based. It is read only once: a listed name is an image
with its size and boxes, as JSON, so that other processes need not read the file.
"""

import json
from collections import defaultdict
from math import isfinite
from pathlib import Path
from typing import Any

from roam_lite.data.sequence import Sequence
from roam_lite.data.stills import still_targets
from roam_lite.errors import InputError

LISTS = "annotations/instances_{}*.json"
# Errors that other JSON files can raise.
_UNFIT = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)


def list_images(root: str | Path, split: str = "val") -> list[str]:
    """Images with boxes of a split (`val`, `train`), of its latest year, in the order of their names.

    Boxes of crowds, and those under a pixel, are omitted. Raises `InputError` if there is no such
    file, or it is not one of COCO's.
    """
    files = sorted(Path(root).glob(LISTS.format(split)))
    if not files:
        raise InputError(f"{root}: no COCO annotations ({LISTS.format(split)})")
    path = files[-1]
    try:
        # Outlines make up nearly all of the file: they are dropped while reading.
        content = json.loads(path.read_bytes(), object_hook=_without_outlines)
        images = {image["id"]: image for image in content["images"]}
        boxes: dict[Any, list[list[float]]] = defaultdict(list)
        for one in content["annotations"]:
            if not one.get("iscrowd") and (box := _box(one["bbox"])) and min(box[2:]) >= 1:
                boxes[one["image_id"]].append(box)
        folder = path.stem.removeprefix("instances_")
        listed = [_entry(folder, images[number], found) for number, found in boxes.items()]
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); restore the file") from error
    except _UNFIT as error:
        told = f"{type(error).__name__}: {error}"
        raise InputError(f"{path}: not COCO's instance annotations ({told}); restore it") from error
    if not listed:
        raise InputError(f"{path}: lists no boxes; restore the file")
    return sorted(listed)


def read_image_targets(root: str | Path, listed: str) -> list[Sequence]:
    """A sequence of one frame for each box of an image listed by `list_images`."""
    name, size, boxes = json.loads(listed)
    return still_targets(Path(root) / name, boxes, tuple(size))


def _entry(folder: str, image: dict[str, Any], boxes: list[list[float]]) -> str:
    size, name = [int(image["width"]), int(image["height"])], image["file_name"]
    if not name.isprintable():
        raise ValueError(f"file_name {name!r}")
    return json.dumps([f"{folder}/{name}", size, boxes])


def _box(values: Any) -> list[float]:
    box = [float(value) for value in values]
    if len(box) != 4 or not all(map(isfinite, box)):
        raise ValueError(f"bbox {values!r}")
    return box


def _without_outlines(entry: dict[str, Any]) -> dict[str, Any]:
    entry.pop("segmentation", None)
    return entry
