"""ImageNet VID: `Annotations/VID/SPLIT/VIDEO/%06d.xml`, `Data/VID/SPLIT/VIDEO/%06d.JPEG`, from 0.

In the training split the videos are in folders `ILSVRC2015_VID_train_0000` and so on. A video has any
number of tracks, and tracks have gaps: boxes are matched to images by number.
"""

import os
import re
from collections import defaultdict
from pathlib import Path

import numpy as np

from roam_lite.data.imagenet_xml import Marked, read_objects
from roam_lite.data.sequence import ImageFrames, Sequence
from roam_lite.errors import InputError

ANNOTATIONS, IMAGES = "Annotations/VID", "Data/VID"


def list_videos(root: str | Path, split: str = "val") -> list[str]:
    """Names of the videos of a split (`val`, `train`), sorted, with SPLIT and folders of videos.

    Opens no annotation. Raises `InputError` if there are none.
    """
    top = Path(root) / ANNOTATIONS
    names = []
    for name in _folders(top, split):
        group = re.fullmatch(r"ILSVRC\d+_VID_train_\d+", name.rpartition("/")[2])
        names += _folders(top, name) if group else [name]
    if not names:
        raise InputError(
            f"{root}: no videos of ImageNet VID's {split} split ({ANNOTATIONS}/{split}/VIDEO/)"
        )
    return sorted(names)


def read_tracks(root: str | Path, name: str) -> list[Sequence]:
    """A sequence `VIDEO.TRACK` for each track of a video, its frames read lazily.

    It begins and ends with its track. In frames without a box the target is absent. Where it is
    flagged as occluded, to an unknown extent, its visibility is 0. Raises `InputError` for a
    missing video, and for annotations that cannot be read.
    """
    folder, images = Path(root) / ANNOTATIONS / name, Path(root) / IMAGES / name
    files = {int(path.stem): path for path in folder.glob("*.xml") if path.stem.isdecimal()}
    if not files:
        raise InputError(f"{folder}: no annotations (000000.xml); restore them")
    tracks: dict[str, dict[int, Marked]] = defaultdict(dict)
    for number, path in sorted(files.items()):
        size, marked = read_objects(path)
        for one in marked:
            if not one.track or number in tracks[one.track]:
                raise InputError(f"{path}: a track has two boxes, or a box no track; restore it")
            tracks[one.track][number] = one
    sequences = []
    for track, found in sorted(tracks.items()):
        numbers = [number for number in sorted(files) if min(found) <= number <= max(found)]
        paths = [images / f"{files[number].stem}.JPEG" for number in numbers]
        boxes, visibility = np.full((len(paths), 4), np.nan), np.zeros(len(paths))
        for row, number in enumerate(numbers):
            if number in found:
                boxes[row], visibility[row] = found[number].box, not found[number].occluded
        title = f"{folder.name}.{track}"
        sequences.append(
            Sequence(title, ImageFrames(paths), boxes, visibility, size=size, truth=folder)
        )
    return sequences


def _folders(top: Path, name: str) -> list[str]:
    """The folders in a folder, as names under `top`."""
    if not (top / name).is_dir():
        return []
    with os.scandir(top / name) as entries:
        return [f"{name}/{e.name}" for e in entries if not e.name.startswith(".") and e.is_dir()]
