"""Where training takes its sequences from: `parse_sources("synthetic,collage:DIR,otb:DIR*2", seed)`.

Folders may have any layout of `layouts.LAYOUTS`. A source with `*K` behind it is drawn K times as
often as one without; K may be less than 1. `shards.py` has the source of shards.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import Protocol

import numpy as np

from roam_lite.data.index import indexed_names
from roam_lite.data.layouts import LAYOUTS
from roam_lite.data.photographs import draw_photograph, photographs_folder
from roam_lite.data.pixels import FrameError
from roam_lite.data.plausible import check_track, impossible
from roam_lite.data.recent import CACHE_BYTES, FrameCache, Recent
from roam_lite.data.sequence import ImageFrames, Sequence
from roam_lite.data.stills import moving
from roam_lite.data.synthetic import synthesize
from roam_lite.data.synthetic.collage import with_photographs
from roam_lite.errors import InputError, warn

# Of rendered video: sizes of frames, and the target's mean side as a share of a frame's height, whose
# logarithm has a density that rises from the first to the second and falls to the third. With them
# as much of the regions lies outside the frame, and targets are as large, as in OTB's video.
FRAMES = ((320, 240), (400, 300), (480, 360))
SIDES = (0.03, 0.14, 0.28)
# Folders: how many names are all read before training, how many of more, and what is held of them.
SMALL, FEW = 300, 10
KEPT_FRAMES = 200_000  # whose boxes and paths take some 60 MB
MOST_EMPTY = 100  # names in a row without a target
_REMEDY = "a weight is a number from 0.01 to 999 with at most two decimals, as in otb:DIR*2"


Check = Callable[[Sequence], object]  # raises `InputError` for a sequence that cannot be used


class Source(Protocol):
    """Something that training draws sequences from; which one depends on `rng` alone."""

    name: str
    names: Collection[str]  # of what sequences are drawn from; none where all is rendered

    def draw(self, rng: np.random.Generator, length: int = 60) -> Sequence:
        """One sequence; if it is rendered, or a still image, of `length` frames."""

    def look(self, check: Check) -> None:
        """Read some of it, and `check` that. Raises `InputError` if nothing can be used."""


@dataclass(frozen=True)
class SyntheticSource:
    """Rendered video: each draw is a sequence never seen before."""

    seed: int
    name = "synthetic"
    names = ()

    def draw(self, rng: np.random.Generator, length: int = 60) -> Sequence:
        """A new sequence of `length` frames."""
        seed = (self.seed, int(rng.integers(2**62)))
        size = FRAMES[int(rng.integers(len(FRAMES)))]
        side = size[1] * float(np.exp(rng.triangular(*np.log(SIDES))))
        return synthesize(seed, length=length, size=size, side=side)

    def look(self, check: Check) -> None:
        """Do nothing: what is rendered can be used."""


class FolderSource:
    """The sequences of a folder (training split, if it has one), each as likely as the others.

    They are read when they are drawn, and what cannot be used is said then. `names` are those that the
    layout lists; a name may have several targets.
    """

    nothing = "no object in it is large enough to train on; remove it"

    def __init__(self, kind: str, root: str | Path, cache_bytes: int = CACHE_BYTES) -> None:
        self.name = f"{kind}:{root}"
        self.cache = FrameCache(cache_bytes)
        self.root, self.layout = Path(root), LAYOUTS[kind]
        self.several = self.layout.several
        self.names = indexed_names(kind, root, "train" if "train" in self.layout.splits else None)
        self._recent = Recent(KEPT_FRAMES, frames_of)

    def draw(self, rng: np.random.Generator, length: int = 60) -> Sequence:
        """One of the folder's sequences, as long as it is; a still image moves, for `length` frames.

        Names without a target are passed over. Raises `InputError` if what is drawn cannot be used.
        """
        for _ in range(MOST_EMPTY):
            sequence = self.draw_of(int(rng.integers(len(self.names))), rng, length)
            if sequence is not None:
                return sequence
        raise InputError(f"{self.name}: {MOST_EMPTY} draws without a target; {self.nothing}")

    def draw_of(self, index: int, rng: np.random.Generator, length: int = 60) -> Sequence | None:
        """What `draw` gives of one name; None if it has no target."""
        targets = self.targets(index)
        if not targets:
            return None
        sequence = targets[int(rng.integers(len(targets)))]
        return moving(sequence, rng, length) if len(sequence) == 1 else sequence

    def targets(self, index: int) -> list[Sequence]:
        """The sequences of one name, without boxes that cannot be. Raises `InputError` if unreadable."""
        return self._recent.get(index, self._read)

    def look(self, check: Check) -> None:
        """Read all of a small folder, or a few names of a large one, and `check` their sequences.

        Raises `InputError` for the first that cannot be used; in a large folder, where others take its
        place, only if none can.
        """
        large, usable, fault = len(self.names) > SMALL, 0, None
        for row in self._looked_at(FEW if large else len(self.names)):
            try:
                for sequence in self.targets(row):
                    usable += self._passes(sequence, check)
            except InputError as error:
                fault = error
                if not large:
                    raise
        if not usable:
            raise InputError(f"{self.name}: {fault or self.nothing}")

    def _looked_at(self, count: int) -> list[int]:
        """Indices of so many names, spread over all."""
        return np.linspace(0, len(self.names) - 1, count).astype(int).tolist()

    def _passes(self, sequence: Sequence, check: Check) -> bool:
        """Whether a sequence can be used; one of several targets may not."""
        try:
            check(sequence)
        except InputError:
            if not self.several:
                raise
            return False
        return True

    def _read(self, index: int) -> list[Sequence]:
        sequences = []
        for sequence in self.layout.targets(self.root, self.names[index]):
            frames = sequence.frames
            if isinstance(frames, ImageFrames):
                sequence = replace(sequence, frames=ImageFrames(frames.paths, self.cache.read))
            sequences.append(without_impossible(sequence))
        return sequences


def frames_of(sequences: list[Sequence]) -> int:
    """What it costs to hold them: their frames, and one."""
    return 1 + sum(map(len, sequences))


def without_impossible(sequence: Sequence) -> Sequence:
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
        self.names = [] if self.folder is None else self.folder.names
        if self.folder is None:
            photographs_folder()  # or what is missing would stop the run at its first step

    def look(self, check: Check) -> None:
        """Read what the photographs are taken from, if it is a folder; boxes play no part."""
        if self.folder is not None:
            self.folder.look(lambda sequence: None)

    def draw(self, rng: np.random.Generator, length: int = 60) -> Sequence:
        """A new sequence of `length` frames."""
        sequence = self.rendered.draw(rng, length)
        return replace(sequence, frames=with_photographs(sequence.frames, rng, self._photograph))

    def _photograph(self, rng: np.random.Generator) -> np.ndarray:
        if self.folder is None:
            return draw_photograph(rng)
        frames = self.folder.draw(rng).frames
        return frames[int(rng.integers(len(frames)))]


def parse_sources(text: str, seed: int, allow_pipe: bool = False) -> list[Source]:
    """Sources that a list names (`known_sources`), the rendered ones from `seed` on.

    `allow_pipe`: whether shards may come from `pipe:` URLs, which are commands that a shell runs.
    One of weight K stands in the list K times, so that each entry is as likely as the others; where
    weights have decimals, all are multiplied until none has. Raises `InputError` for other words, other
    weights and unreadable folders.
    """
    from roam_lite.data.shards import ShardSource  # which stands on this module

    sources: list[tuple[Source, Fraction]] = []
    for word in source_words(text):
        name, weight = split_weight(word)
        kind, _, place = name.partition(":")
        if "*" in place and not Path(place).exists():
            raise InputError(f"{word}: neither a folder nor a weight; {_REMEDY}")
        if name == "synthetic":
            source = SyntheticSource(seed)
        elif kind == "collage" and place:
            source = CollageSource(seed, place)
        elif kind == "shards" and place:
            source = ShardSource(place, allow_pipe=allow_pipe)
        elif kind in LAYOUTS and place:
            source = FolderSource(kind, place)
        else:
            raise InputError(f"unknown data {word!r}; give {known_sources()}")
        sources.append((source, weight or Fraction(1)))
    if not sources:
        raise InputError(f"no data named; give {known_sources()}")
    whole = lcm(*(weight.denominator for _, weight in sources))
    return [source for source, weight in sources for _ in range(int(weight * whole))]


def source_words(text: str) -> list[str]:
    """The words of a list of sources; a comma in a path parts nothing, unless a source's name follows."""
    kinds = "|".join(("collage", "shards", *LAYOUTS))
    words = re.split(rf",(?=\s*(?:synthetic\s*(?:,|\*|$)|(?:{kinds}):|,|$))", text)
    return [word for part in words if (word := part.strip(" ,"))]


def split_weight(word: str) -> tuple[str, Fraction | None]:
    """A source's name without its weight, and the weight; None if it has none.

    The weight is what follows the last `*`, if that is a number: `otb:a*b` is the folder `a*b`, and
    a folder whose own name ends so needs a weight behind it, `otb:a*2*1`. Raises `InputError` for a
    weight of 0, of four digits and more, or of three decimals.
    """
    weighted = re.fullmatch(r"(.*)\*([0-9]+(?:\.[0-9]+)?)", word)
    if not weighted:
        return word, None
    name, digits = weighted.groups()
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?", digits) or float(digits) == 0:
        raise InputError(f"{word}: its weight is {digits}; {_REMEDY}")
    return name, Fraction(digits)


def known_sources() -> str:
    """The words that `parse_sources` knows, as messages list them."""
    layouts = (f"{kind}:DIR" for kind in LAYOUTS)
    *words, last = ("synthetic", "collage:photographs", "collage:DIR", *layouts, "shards:PLACE")
    return f"{', '.join(words)} or {last}, comma-separated; *K after one draws it K times as often"
