"""All data set layouts that can be read: one table for training, the survey and benchmarks.

A layout of your own is a file that reads it and one line:

    LAYOUTS["mine"] = Layout(list_sequences, read_sequence, (Part("my videos", ("*/boxes.txt",)),))

Then `mine:DIR` is a training source, the survey recognizes it, and trackers can be evaluated on it. The
command line knows it once the file has been imported: `import mine; roam_lite.cli.main()`.

If a listed name has several targets, as in ImageNet, `read_sequence` returns all of them in a
list (`several`); such a layout can be trained on and surveyed, but is not a benchmark.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from roam_lite.data import (
    coco,
    got10k,
    imagenet_det,
    imagenet_vid,
    lasot,
    otb,
    trackingnet,
    vot,
)
from roam_lite.data.sequence import Sequence


@dataclass(frozen=True)
class Part:
    """A data set or one of its splits: the files that identify it, and the sequences that belong to it."""

    title: str
    signs: tuple[str, ...]  # patterns of files under the folder; one match is enough
    unless: tuple[str, ...] = ()  # patterns of another layout's files
    split: str | None = None
    count: int = 0  # number of sequences in all; 0 if unknown
    names: Collection[str] = ()  # their names, unless a list with the data gives them


@dataclass(frozen=True)
class Layout:
    """How sequences are stored: functions that list and read them, and the data sets in this layout."""

    list_sequences: Callable[..., list[str]]  # called with (root) or (root, split)
    read_sequence: Callable[[Path, str], Sequence | list[Sequence]]
    parts: tuple[Part, ...]
    splits: tuple[str, ...] = ()  # the paper's first
    several: bool = False  # whether a name can have any number of targets, even none
    watched: tuple[str, ...] = ()  # patterns under the root of all that `list_sequences` reads

    def names(self, root: str | Path, split: str | None = None) -> list[str]:
        """Names under `root`, by default of the paper's split; `InputError` if there are none."""
        return self.list_sequences(root, *(() if split is None else (split,)))

    def targets(self, root: str | Path, name: str) -> list[Sequence]:
        """The sequences of all targets of a name; `InputError` if they cannot be read."""
        read = self.read_sequence(Path(root), name)
        return read if self.several else [read]


LAYOUTS: dict[str, Layout] = {
    "otb": Layout(
        otb.list_sequences,
        otb.read_sequence,
        parts=(Part("OTB-2015", (f"*/{otb.TRUTH}", otb.TRUTH), count=100, names=otb.TARGETS),),
        watched=("*",),
    ),
    "vot": Layout(
        vot.list_sequences,
        vot.read_sequence,
        parts=(
            Part(
                "VOT-2016 or VOT-2017",
                ("*/groundtruth.txt",),
                unless=("GOT-10k_*", "*/full_occlusion.txt"),
                count=60,
            ),
        ),
        watched=("*",),
    ),
    "lasot": Layout(
        lasot.list_sequences,
        lasot.read_sequence,
        parts=(
            Part(
                "LaSOT test",
                ("*-*/full_occlusion.txt", "*/*-*/full_occlusion.txt"),
                split="test",
                count=280,
                names=sorted(lasot.TEST),
            ),
        ),
        splits=("test", "train", "all"),
        watched=("*", "*/*-*"),
    ),
    "got10k": Layout(
        got10k.list_sequences,
        got10k.read_sequence,
        parts=tuple(
            Part(
                f"GOT-10k {split}",
                (f"{split}/GOT-10k_*", f"GOT-10k_{split.capitalize()}_*"),
                split=split,
                count=count,
            )
            for split, count in (("train", 9335), ("val", 180), ("test", 180))
        ),
        splits=("test", "val", "train"),
        watched=("*", "*/list.txt", "*/GOT-10k_*"),
    ),
    "trackingnet": Layout(
        trackingnet.list_sequences,
        trackingnet.read_sequence,
        parts=(
            Part("TrackingNet train", ("TRAIN_*/anno",), split="train", count=30132),
            Part("TrackingNet test", ("TEST/anno",), split="test", count=511),
        ),
        splits=("test", "train"),
        watched=("*", "*/anno"),
    ),
    "vid": Layout(
        imagenet_vid.list_videos,
        imagenet_vid.read_tracks,
        parts=tuple(
            Part(f"ImageNet VID {split}", (f"{imagenet_vid.ANNOTATIONS}/{split}",), (), split, n)
            for split, n in (("train", 3862), ("val", 555))
        ),
        splits=("val", "train"),
        several=True,
        watched=(f"{imagenet_vid.ANNOTATIONS}/*", f"{imagenet_vid.ANNOTATIONS}/*/*"),
    ),
    "det": Layout(
        imagenet_det.list_images,
        imagenet_det.read_image_targets,
        parts=tuple(
            Part(f"ImageNet DET {split}", (f"{imagenet_det.ANNOTATIONS}/{split}",), split=split)
            for split in ("train", "val")
        ),
        splits=("val", "train"),
        several=True,
        watched=tuple(f"{imagenet_det.ANNOTATIONS}/{depth}" for depth in ("*/", "*/*/", "*/*/*/")),
    ),
    "coco": Layout(
        coco.list_images,
        coco.read_image_targets,
        parts=tuple(
            Part(f"COCO {split}", (coco.LISTS.format(split),), split=split)
            for split in ("train", "val")
        ),
        splits=("val", "train"),
        several=True,
        watched=("annotations", coco.LISTS.format("")),
    ),
}
