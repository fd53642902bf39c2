"""Where training takes its sequences from: `parse_sources("synthetic,collage:DIR,otb:DIR", seed)`.

Folders may have any layout of `layouts.LAYOUTS`.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from roam_lite.data.layouts import LAYOUTS
from roam_lite.data.sequence import ImageFrames, Sequence, read_image
from roam_lite.data.synthetic import synthesize
from roam_lite.data.synthetic.collage import with_photographs
from roam_lite.errors import InputError

CACHE_BYTES = 1_500_000_000


class Source(Protocol):
    """Something that training draws sequences from; which one depends on `rng` alone."""

    name: str

    def draw(self, rng: np.random.Generator, length: int = 60) -> Sequence:
        """One sequence; if it is rendered, of `length` frames."""


@dataclass(frozen=True)
class SyntheticSource:
    """Rendered video: each draw is a sequence never seen before."""

    seed: int
    name = "synthetic"

    def draw(self, rng: np.random.Generator, length: int = 60) -> Sequence:
        """A new sequence of `length` frames."""
        return synthesize((self.seed, int(rng.integers(2**62))), length=length)


class FolderSource:
    """The sequences of a folder (training split, if it has one), each as likely as the others."""

    def __init__(self, kind: str, root: str | Path, cache_bytes: int = CACHE_BYTES) -> None:
        self.name = f"{kind}:{root}"
        self.cache = FrameCache(cache_bytes)
        layout = LAYOUTS[kind]
        split = "train" if "train" in layout.splits else None
        self.sequences = []
        for name in layout.names(root, split):
            sequence = layout.read_sequence(Path(root), name)
            frames = sequence.frames
            if isinstance(frames, ImageFrames):
                sequence = replace(sequence, frames=ImageFrames(frames.paths, self.cache.read))
            self.sequences.append(sequence)

    def draw(self, rng: np.random.Generator, length: int = 60) -> Sequence:
        """One of the folder's sequences, as long as it is."""
        return self.sequences[int(rng.integers(len(self.sequences)))]


class CollageSource:
    """Rendered video whose backdrops and textures are cut from the frames under a folder in OTB layout."""

    def __init__(self, seed: int, root: str | Path) -> None:
        self.name = f"collage:{root}"
        self.rendered = SyntheticSource(seed)
        self.photographs = FolderSource("otb", root)

    def draw(self, rng: np.random.Generator, length: int = 60) -> Sequence:
        """A new sequence of `length` frames."""
        sequence = self.rendered.draw(rng, length)
        return replace(sequence, frames=with_photographs(sequence.frames, rng, self._photograph))

    def _photograph(self, rng: np.random.Generator) -> np.ndarray:
        frames = self.photographs.draw(rng).frames
        return frames[int(rng.integers(len(frames)))]


class FrameCache:
    """Decoded images by path; those used longest ago go first once `limit` bytes are held."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self.images: OrderedDict[Path, np.ndarray] = OrderedDict()

    def read(self, path: Path, frame: int) -> np.ndarray:
        """The image of `path`, RGB uint8 [H, W, 3], read-only because it is shared."""
        if path in self.images:
            self.images.move_to_end(path)
            return self.images[path]
        image = read_image(path, frame)
        image.flags.writeable = False
        self.images[path] = image
        self.held += image.nbytes
        while self.held > self.limit and len(self.images) > 1:
            self.held -= self.images.popitem(last=False)[1].nbytes
        return image


def parse_sources(text: str, seed: int) -> list[Source]:
    """Sources that a list names (`known_sources`), the rendered ones from `seed` on.

    Raises `InputError` for other words and unreadable folders.
    """
    sources: list[Source] = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        kind, _, place = word.partition(":")
        if word == "synthetic":
            sources.append(SyntheticSource(seed))
        elif kind == "collage" and place:
            sources.append(CollageSource(seed, place))
        elif kind in LAYOUTS and place:
            sources.append(FolderSource(kind, place))
        else:
            raise InputError(f"unknown data {word!r}; give {known_sources()}, comma-separated")
    if not sources:
        raise InputError(f"no data named; give {known_sources()}, comma-separated")
    return sources


def known_sources() -> str:
    """The words that `parse_sources` knows, as messages list them."""
    *words, last = ("synthetic", "collage:DIR", *(f"{kind}:DIR" for kind in LAYOUTS))
    return f"{', '.join(words)} or {last}"
