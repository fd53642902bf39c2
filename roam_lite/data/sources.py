"""Where training takes its sequences from: `parse_sources("synthetic,collage:DIR,otb:DIR*2", seed)`.

Folders may have any layout of `layouts.LAYOUTS`. A source with `*K` behind it is drawn K times as
often as one without.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from roam_lite.data.layouts import LAYOUTS
from roam_lite.data.photographs import draw_photograph, photographs_folder
from roam_lite.data.pixels import FrameError, decode_image
from roam_lite.data.plausible import check_track, impossible
from roam_lite.data.sequence import ImageFrames, Sequence
from roam_lite.data.stills import moving
from roam_lite.data.synthetic import synthesize
from roam_lite.data.synthetic.collage import with_photographs
from roam_lite.errors import InputError, warn

CACHE_BYTES = 1_500_000_000
# Of rendered video: sizes of frames, and the target's mean side as a share of a frame's height, whose
# logarithm has a density that rises from the first to the second and falls to the third. With them
# as much of the regions lies outside the frame, and targets are as large, as in OTB's video.
FRAMES = ((320, 240), (400, 300), (480, 360))
SIDES = (0.03, 0.14, 0.28)
_REMEDY = "a weight is a whole number from 1 to 999, as in otb:DIR*2"


class Source(Protocol):
    """Something that training draws sequences from; which one depends on `rng` alone."""

    name: str

    def draw(self, rng: np.random.Generator, length: int = 60) -> Sequence:
        """One sequence; if it is rendered, or a still image, of `length` frames."""


@dataclass(frozen=True)
class SyntheticSource:
    """Rendered video: each draw is a sequence never seen before."""

    seed: int
    name = "synthetic"

    def draw(self, rng: np.random.Generator, length: int = 60) -> Sequence:
        """A new sequence of `length` frames."""
        seed = (self.seed, int(rng.integers(2**62)))
        size = FRAMES[int(rng.integers(len(FRAMES)))]
        side = size[1] * float(np.exp(rng.triangular(*np.log(SIDES))))
        return synthesize(seed, length=length, size=size, side=side)


class FolderSource:
    """The sequences of a folder (training split, if it has one), each as likely as the others."""

    def __init__(self, kind: str, root: str | Path, cache_bytes: int = CACHE_BYTES) -> None:
        self.name = f"{kind}:{root}"
        self.cache = FrameCache(cache_bytes)
        layout = LAYOUTS[kind]
        split = "train" if "train" in layout.splits else None
        self.sequences = []
        for name in layout.names(root, split):
            for sequence in layout.targets(root, name):
                frames = sequence.frames
                if isinstance(frames, ImageFrames):
                    sequence = replace(sequence, frames=ImageFrames(frames.paths, self.cache.read))
                self.sequences.append(_checked(sequence))

    def draw(self, rng: np.random.Generator, length: int = 60) -> Sequence:
        """One of the folder's sequences, as long as it is; a still image moves, for `length` frames."""
        sequence = self.sequences[int(rng.integers(len(self.sequences)))]
        return moving(sequence, rng, length) if len(sequence) == 1 else sequence


def _checked(sequence: Sequence) -> Sequence:
    """The sequence without boxes that cannot be, if its first image is whole enough to tell."""
    try:
        height, width = sequence.frames[0].shape[:2]
    except FrameError as error:
        warn(f"{sequence.name}: {error}")
        return sequence
    check_track(sequence, (width, height))
    bad = impossible(sequence.boxes, (width, height))
    return replace(sequence, boxes=np.where(bad[:, None], np.nan, sequence.boxes))


class CollageSource:
    """Rendered video whose backdrops and textures are cut from photographs.

    These are the frames under a folder in OTB layout, or, where `root` is "photographs", those of
    `photographs.PHOTOGRAPHS`; "./photographs" is a folder of that name.
    """

    def __init__(self, seed: int, root: str | Path) -> None:
        self.name = f"collage:{root}"
        self.rendered = SyntheticSource(seed)
        self.folder = None if root == "photographs" else FolderSource("otb", root)
        if self.folder is None:
            photographs_folder()  # or what is missing would stop the run at its first step

    def draw(self, rng: np.random.Generator, length: int = 60) -> Sequence:
        """A new sequence of `length` frames."""
        sequence = self.rendered.draw(rng, length)
        return replace(sequence, frames=with_photographs(sequence.frames, rng, self._photograph))

    def _photograph(self, rng: np.random.Generator) -> np.ndarray:
        if self.folder is None:
            return draw_photograph(rng)
        frames = self.folder.draw(rng).frames
        return frames[int(rng.integers(len(frames)))]


class FrameCache:
    """Decoded images by path; those used longest ago go first once `limit` bytes are held."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self.images: OrderedDict[Path, np.ndarray] = OrderedDict()

    def read(self, path: Path, frame: int) -> np.ndarray:
        """The image of `path` (`decode_image`), read-only because it is shared."""
        if path in self.images:
            self.images.move_to_end(path)
            return self.images[path]
        image = decode_image(path, frame)
        image.flags.writeable = False
        self.images[path] = image
        self.held += image.nbytes
        while self.held > self.limit and len(self.images) > 1:
            self.held -= self.images.popitem(last=False)[1].nbytes
        return image


def parse_sources(text: str, seed: int) -> list[Source]:
    """Sources that a list names (`known_sources`), the rendered ones from `seed` on.

    One of weight K stands in the list K times, so that each entry is as likely as the others.
    Raises `InputError` for other words, other weights and unreadable folders.
    """
    sources: list[Source] = []
    for word in source_words(text):
        name, weight = split_weight(word)
        kind, _, place = name.partition(":")
        if "*" in place and not Path(place).exists():
            raise InputError(f"{word}: no such folder, and no weight either; {_REMEDY}")
        if name == "synthetic":
            source = SyntheticSource(seed)
        elif kind == "collage" and place:
            source = CollageSource(seed, place)
        elif kind in LAYOUTS and place:
            source = FolderSource(kind, place)
        else:
            raise InputError(f"unknown data {word!r}; give {known_sources()}")
        sources += [source] * (weight or 1)
    if not sources:
        raise InputError(f"no data named; give {known_sources()}")
    return sources


def source_words(text: str) -> list[str]:
    """The words of a list of sources; a comma in a path parts nothing, unless a source's name follows."""
    kinds = "|".join(("collage", *LAYOUTS))
    words = re.split(rf",(?=\s*(?:synthetic\s*(?:,|\*|$)|(?:{kinds}):|,|$))", text)
    return [word for part in words if (word := part.strip(" ,"))]


def split_weight(word: str) -> tuple[str, int | None]:
    """A source's name without its weight, and the weight; None if it has none.

    The weight is what follows the last `*`, if that is a number: `otb:a*b` is the folder `a*b`, and
    a folder whose own name ends so needs a weight behind it, `otb:a*2*1`. Raises `InputError` for a
    weight of 0, or of four digits and more.
    """
    weighted = re.fullmatch(r"(.*)\*([0-9]+)", word)
    if not weighted:
        return word, None
    name, digits = weighted.groups()
    if len(digits) > 3 or int(digits) == 0:
        raise InputError(f"{word}: its weight is {digits}; {_REMEDY}")
    return name, int(digits)


def known_sources() -> str:
    """The words that `parse_sources` knows, as messages list them."""
    layouts = (f"{kind}:DIR" for kind in LAYOUTS)
    *words, last = ("synthetic", "collage:photographs", "collage:DIR", *layouts)
    return (
        f"{', '.join(words)} or {last}, comma-separated, *K behind one to draw it K times as often"
    )
