"""Which data sets are in a folder, how complete they are, and what is missing or broken."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roam_lite.data.images import some
from roam_lite.data.layouts import LAYOUTS, Layout, Part
from roam_lite.data.plausible import check_track
from roam_lite.errors import InputError

MOST_READ = 200  # names of a data set, because decoding an image of each can take half an hour


@dataclass(frozen=True)
class Finding:
    """The part of a data set that a folder contains."""

    part: Part
    folder: Path
    found: (
        int  # sequences, or videos of several targets, that are listed and not known to be broken
    )
    frames: int  # of all targets that were read
    missing: tuple[str, ...]  # names of the benchmark that are missing
    broken: tuple[str, ...]  # errors of unreadable sequences
    unread: int = 0  # sequences found but not read; the ones read are spread over all

    @property
    def complete(self) -> bool:
        """Whether every sequence of the benchmark is present and readable."""
        return not self.broken and not self.missing and self.found >= self.part.count

    def __str__(self) -> str:
        of = f" of {self.part.count}" if self.part.count else ""
        parts = [f"{self.found}{of} sequences, {self.frames} frames in {self.folder}"]
        if self.unread:
            read = self.found + len(self.broken) - self.unread
            parts[0] += f" (in {read} evenly spaced sequences, the only ones read)"
        if self.missing:
            parts.append(f"missing: {some(self.missing)}")
        if self.broken:
            parts.append(f"cannot be read: {some(self.broken, '; ')}")
        return "; ".join(parts)


def survey(root: str | Path) -> Iterator[Finding]:
    """A finding for each data set in `root`, or else in its subfolders.

    Of up to `MOST_READ` names, spread over all, everything is read except images; the first one is read
    and the others are counted. Raises `InputError` if `root` is not a folder.
    """
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; give the folder that contains the sequences")
    inside = [folder for folder in sorted(root.iterdir()) if folder.is_dir()]
    for layout in LAYOUTS.values():
        for part in layout.parts:
            known = [f for f in (root, *inside) if _has(f, part.signs) and not _has(f, part.unless)]
            for folder in [root] if root in known else known:
                yield _look(layout, part, folder)


def _has(folder: Path, patterns: tuple[str, ...]) -> bool:
    return any(any(folder.glob(pattern)) for pattern in patterns)


def _look(layout: Layout, part: Part, folder: Path) -> Finding:
    try:
        listed = layout.names(folder, part.split)
    except InputError as error:
        return Finding(part, folder, 0, 0, tuple(part.names), (str(error),))
    frames, broken = 0, []
    rows = np.linspace(0, len(listed) - 1, min(len(listed), MOST_READ)).astype(int)
    for name in (listed[row] for row in rows):
        try:
            for sequence in layout.targets(folder, name):
                height, width = sequence.frames[0].shape[:2]
                check_track(sequence, (width, height))
                frames += len(sequence)
        except InputError as error:
            broken.append(str(error))
    missing = [name for name in part.names if name not in set(listed)]
    found, unread = len(listed) - len(broken), len(listed) - len(rows)
    return Finding(part, folder, found, frames, tuple(missing), tuple(broken), unread)
