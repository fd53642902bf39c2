"""Sources of training sequences: `parse_sources("synthetic,collage:DIR,otb:DIR*2", seed)`.

Folders may have any layout of `layouts.LAYOUTS`. A source followed by `*K` is drawn K times as
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
# logarithm has a density that rises from the first to the second and falls to the third. With these,
# the padding of regions and the sizes of targets are like those of OTB's video.
FRAMES = ((320, 240), (400, 300), (480, 360))
SIDES = (0.03, 0.14, 0.28)
# Folders: up to how many names all are read before training, how many otherwise, and a cache's size.
SMALL, FEW = 300, 10
KEPT_FRAMES = 200_000  # whose boxes and paths take some 60 MB
MOST_EMPTY = 100  # names in a row without a target
_REMEDY = "a weight is a number from 0.01 to 999 with at most two decimals, as in otb:DIR*2"


Check = Callable[[Sequence], object]  # raises `InputError` for a sequence that cannot be used


class Source(Protocol):
    """Something that training draws sequences from; the draw depends only on `rng`."""

    name: str
    names: Collection[str]  # what sequences are drawn from; none if all are rendered

    def draw(self, rng: np.random.Generator, length: int = 60) -> Sequence:
        """A sequence; rendered ones and still images have `length` frames."""

    def look(self, check: Check) -> None:
        """Read some sequences and `check` them. Raises `InputError` if none is usable."""


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
        """Do nothing, because rendered sequences are usable."""


class FolderSource:
    """The sequences of a folder (training split, if it has one), all equally likely.

    They are read when they are drawn, and unusable ones are then reported. `names` are those that the
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
        """One of the folder's sequences at full length; a still image is moved for `length` frames.

        Names without a target are skipped. Raises `InputError` if the drawn sequence is unusable.
        """
        for _ in range(MOST_EMPTY):
            sequence = self.draw_of(int(rng.integers(len(self.names))), rng, length)
            if sequence is not None:
                return sequence
        raise InputError(f"{self.name}: {MOST_EMPTY} draws without a target; {self.nothing}")

    def draw_of(self, index: int, rng: np.random.Generator, length: int = 60) -> Sequence | None:
        """The result of `draw` for one name; None if it has no target."""
        targets = self.targets(index)
        if not targets:
            return None
        sequence = targets[int(rng.integers(len(targets)))]
        return moving(sequence, rng, length) if len(sequence) == 1 else sequence

    def targets(self, index: int) -> list[Sequence]:
        """The sequences of one name, without implausible boxes. Raises `InputError` if unreadable."""
        return self._recent.get(index, self._read)

    def look(self, check: Check) -> None:
        """Read all of a small folder, or a few names of a large one, and `check` their sequences.

        Raises `InputError` for the first unusable one; in a large folder, where others replace it, only
        if all are unusable.
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
        """Indices of this many names, spread over all."""
        return np.linspace(0, len(self.names) - 1, count).astype(int).tolist()

    def _passes(self, sequence: Sequence, check: Check) -> bool:
        """Whether a sequence is usable; with several targets, some may not be."""
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
    """The cost of caching them: their frames, plus one."""
    return 1 + sum(map(len, sequences))


def without_impossible(sequence: Sequence) -> Sequence:
    """The sequence without implausible boxes, if its first image is readable."""
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
            photographs_folder()  # fail now rather than at the first step

    def look(self, check: Check) -> None:
        """Read the photographs' source, if it is a folder; its boxes do not matter."""
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
    """The sources in a list (`known_sources`), the rendered ones starting from `seed`.

    `allow_pipe`: whether shards may come from `pipe:` URLs, which are shell commands.
    A source of weight K is in the list K times, so that all entries are equally likely; if
    weights have decimals, all are multiplied until none has. Raises `InputError` for other words, other
    weights and unreadable folders.
    """
    from roam_lite.data.shards import ShardSource  # which imports this module

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
    """The entries of a list of sources; a comma separates only if a source's name follows it."""
    kinds = "|".join(("collage", "shards", *LAYOUTS))
    words = re.split(rf",(?=\s*(?:synthetic\s*(?:,|\*|$)|(?:{kinds}):|,|$))", text)
    return [word for part in words if (word := part.strip(" ,"))]


def split_weight(word: str) -> tuple[str, Fraction | None]:
    """A source's name without its weight, and the weight; None if it has none.

    The weight is what follows the last `*`, if that is a number: `otb:a*b` is the folder `a*b`, and
    a folder whose own name ends like that needs a weight as well, `otb:a*2*1`. Raises `InputError` for a
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
    """The sources that `parse_sources` knows, as listed in messages."""
    layouts = (f"{kind}:DIR" for kind in LAYOUTS)
    *words, last = ("synthetic", "collage:photographs", "collage:DIR", *layouts, "shards:PLACE")
    return f"{', '.join(words)} or {last}, comma-separated; *K after one draws it K times as often"
