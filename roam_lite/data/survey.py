"""Which benchmarks lie in a folder, how complete they are, and what is missing or broken."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from roam_lite.data import got10k, lasot, otb, trackingnet, vot
from roam_lite.data.lasot_split import TEST as LASOT_TEST
from roam_lite.data.otb_targets import TARGETS
from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError

SHOWN = 3  # names that a finding spells out


@dataclass(frozen=True)
class DataSet:
    """A benchmark's data: by which files it is known, how it is read, and what belongs to it."""

    title: str
    signs: tuple[str, ...]  # patterns of files under the folder; one is enough
    read_sequence: Callable[[Path, str], Sequence]
    list_sequences: Callable[..., list[str]]
    unless: tuple[str, ...] = ()  # patterns of another benchmark's files
    split: tuple[str, ...] = ()  # the argument of `list_sequences`, if it takes one
    count: int = 0  # sequences of the whole benchmark
    names: Collection[str] = ()  # and which, where that is not for a list beside the data to say


@dataclass(frozen=True)
class Finding:
    """What a folder holds of a data set."""

    data: DataSet
    folder: Path
    found: int  # sequences that can be read
    frames: int
    missing: tuple[str, ...]  # names that belong to the benchmark and are not there
    broken: tuple[str, ...]  # what is wrong with sequences that cannot be read

    @property
    def complete(self) -> bool:
        """Whether every sequence of the benchmark is there and can be read."""
        return not self.broken and not self.missing and self.found >= self.data.count

    def __str__(self) -> str:
        parts = [
            f"{self.found} of {self.data.count} sequences, {self.frames} frames in {self.folder}"
        ]
        if self.missing:
            parts.append(f"missing: {_some(self.missing)}")
        if self.broken:
            parts.append(f"cannot be read: {_some(self.broken, '; ')}")
        return "; ".join(parts)


_GOT10K = {"read_sequence": got10k.read_sequence, "list_sequences": got10k.list_sequences}
_TRACKINGNET = {
    "read_sequence": trackingnet.read_sequence,
    "list_sequences": trackingnet.list_sequences,
}
DATA_SETS = (
    DataSet(
        "OTB-2015",
        ("*/groundtruth_rect*.txt", "groundtruth_rect*.txt"),
        otb.read_sequence,
        otb.list_sequences,
        count=100,
        names=TARGETS,
    ),
    DataSet(
        "VOT-2016 or VOT-2017",
        ("*/groundtruth.txt",),
        vot.read_sequence,
        vot.list_sequences,
        unless=("GOT-10k_*", "*/full_occlusion.txt"),
        count=60,
    ),
    DataSet(
        "LaSOT test",
        ("*-*/full_occlusion.txt", "*/*-*/full_occlusion.txt"),
        lasot.read_sequence,
        lasot.list_sequences,
        count=280,
        names=sorted(LASOT_TEST),
    ),
    *(
        DataSet(
            f"GOT-10k {split}",
            (f"{split}/GOT-10k_*", f"GOT-10k_{split.capitalize()}_*"),
            split=(split,),
            count=count,
            **_GOT10K,
        )
        for split, count in (("train", 9335), ("val", 180), ("test", 180))
    ),
    DataSet("TrackingNet train", ("TRAIN_*/anno",), split=("train",), count=30132, **_TRACKINGNET),
    DataSet("TrackingNet test", ("TEST/anno",), split=("test",), count=511, **_TRACKINGNET),
)


def survey(root: str | os.PathLike[str]) -> Iterator[Finding]:
    """A finding for each data set in `root`, or else in its folders.

    Every sequence is read, but for its images: these are counted. Raises `InputError` if `root` is
    no folder.
    """
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; give the folder that holds the sequences")
    inside = [folder for folder in sorted(root.iterdir()) if folder.is_dir()]
    for data in DATA_SETS:
        here = [root] if _known_by(data, root) else [f for f in inside if _known_by(data, f)]
        for folder in here:
            yield _look(data, folder)


def _known_by(data: DataSet, folder: Path) -> bool:
    def there(patterns: tuple[str, ...]) -> bool:
        return any(next(folder.glob(pattern), None) is not None for pattern in patterns)

    return there(data.signs) and not there(data.unless)


def _look(data: DataSet, folder: Path) -> Finding:
    try:
        listed = data.list_sequences(folder, *data.split)
    except InputError as error:
        return Finding(data, folder, 0, 0, tuple(data.names), (str(error),))
    found, frames, broken = 0, 0, []
    for name in listed:
        try:
            frames += len(data.read_sequence(folder, name))
            found += 1
        except InputError as error:
            broken.append(str(error))
    missing = [name for name in data.names if name not in set(listed)]
    return Finding(data, folder, found, frames, tuple(missing), tuple(broken))


def _some(items: Collection[str], separator: str = ", ") -> str:
    shown = separator.join(list(items)[:SHOWN])
    return shown + (f" and {len(items) - SHOWN} more" if len(items) > SHOWN else "")
