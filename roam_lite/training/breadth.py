"""How varied the training video is: sizes of targets relative to frames, by source.

A tracker that was trained on large targets in small frames, where most of a region is outside
the frame, fails on small targets in wide frames, and its losses do not show that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roam_lite.config import Config
from roam_lite.data.sources import Source
from roam_lite.errors import InputError
from roam_lite.geometry import region_around
from roam_lite.training.sampling import PatchSampler

_SEED = 29  # of a separate generator, so that training draws the same clips
_FRAMES = 30  # of a clip
_ENTRIES = 2000  # of a list of sources


@dataclass(frozen=True)
class Breadth:
    """Padding shares and target sides (image pixels) of frames drawn from a source, `[D]` each."""

    name: str
    padding: NDArray[np.float64]
    sides: NDArray[np.float64]

    def __str__(self) -> str:
        padding, sides = (np.percentile(v, (25, 50, 75)) for v in (self.padding, self.sides))
        return (
            f"{self.name}: padding {' / '.join(f'{share:.2f}' for share in padding)}, "
            f"target side {' / '.join(f'{side:.0f}' for side in sides)} px"
        )


def padding_share(
    boxes: NDArray[np.float64], size: tuple[int, int], region_scale: float
) -> NDArray[np.float64]:
    """Return the share of each box's region that is outside a frame of this (width, height), `[T]`."""
    regions = region_around(boxes, region_scale)
    center, half = regions[:, :2], regions[:, 2:] / 2
    inside = np.minimum(center + half, size) - np.maximum(center - half, 0)
    return 1 - np.maximum(inside, 0).prod(axis=1) / regions[:, 2:].prod(axis=1)


def measure_breadth(source: Source, config: Config, draws: int = 60) -> Breadth:
    """Return the breadth of this many clips of a source, drawn as in training.

    In a folder, no sequence is drawn twice before all are drawn, so that few draws say more; unusable
    sequences are skipped. Raises InputError if all are unusable.
    """
    rng = np.random.default_rng(_SEED)
    known = len(source.names) if hasattr(source, "draw_of") else 0
    padding, sides, fault = [], [], None
    for index in np.resize(rng.permutation(max(known, 1)), draws).tolist():
        try:
            sequence = source.draw_of(index, rng) if known else source.draw(rng)
            if sequence is None:
                continue
            boxes = sequence.boxes[PatchSampler(sequence, _FRAMES, rng, config).frames]
            size = sequence.image_size()
        except InputError as error:  # training also skips it, with a message
            fault = error
            continue
        padding.append(padding_share(boxes, size, config.model.region_scale))
        sides.append(np.sqrt(boxes[:, 2:].prod(axis=1)))
    if not sides:
        raise fault or InputError(f"{source.name}: {draws} draws without a target")
    return Breadth(source.name, np.concatenate(padding), np.concatenate(sides))


def breadths(sources: Sequence[Source], config: Config, draws: int = 60) -> Iterator[Breadth]:
    """Yield the breadth of each source and, if there are several, of all as mixed in training.

    A source that is in the list K times counts K times there.
    """
    measured = {}
    for source in sources:
        if source.name not in measured:
            measured[source.name] = measure_breadth(source, config, draws)
            yield measured[source.name]
    if len(measured) > 1:
        # A sample of a longer list has the same shares, because equal sources are adjacent in it.
        every = [measured[source.name] for source in sources[:: 1 + len(sources) // _ENTRIES]]
        padding, sides = ([getattr(one, name) for one in every] for name in ("padding", "sides"))
        yield Breadth("together", np.concatenate(padding), np.concatenate(sides))


def report_breadths(sources: Sequence[Source], config: Config) -> Iterator[str]:
    """Yield the lines that `roam-lite train` prints before its first step."""
    yield (
        "Training data, in quartiles. Padding: what share of a region of "
        f"{config.model.region_scale:g} target sides is outside the frame."
    )
    for breadth in breadths(sources, config):
        yield f"  {breadth}"
