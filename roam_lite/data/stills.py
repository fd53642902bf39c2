"""Still images as sequences of one frame, or as video: `moving` pans and zooms.

A sequence of one frame teaches no motion. `moving` shows a window of the image, whose position, size and
shape change smoothly; the window is always inside the image and contains the whole target. The result
is used like any other sequence.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from roam_lite.data.sequence import Frames, ImageFrames, Sequence, frame_index

LEAST_SIDE = 8.0  # image pixels; smaller objects have no texture to learn from
SHARE = (0.5, 0.9)  # of the image's sides; the window's mean size
SCALE = 1.25  # the largest factor on the window's sides
STRETCH = 1.1  # and on the root of their ratio
REACH = (0.2, 3.0)  # how far the window moves in each direction, in target sides
PERIODS = (20.0, 160.0)  # frames; of the motion's waves


@dataclass(frozen=True)
class Panned:
    """Frames of `size` that show one image through a window in it, `windows` [T, 4] (x, y, w, h)."""

    still: Frames
    windows: NDArray[np.float64]
    size: tuple[int, int]  # (width, height)

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        corner, sides = np.split(self.windows[frame_index(index, len(self))], 2)
        scale = sides / self.size
        # Pixel j has its center at j + 0.5, and OpenCV indexes pixels by their centers.
        to_image = np.column_stack([np.diag(scale), corner + 0.5 * scale - 0.5])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        border = cv2.BORDER_REPLICATE
        return cv2.warpAffine(self.still[0], to_image, self.size, flags=flags, borderMode=border)


def still_targets(
    image: Path,
    boxes: Iterable[tuple[float, ...]],
    size: tuple[int, int],
    truth: Path | None = None,
) -> list[Sequence]:
    """A sequence of one frame for each box (x, y, w, h) that is large enough, clipped to the image."""
    sequences = []
    for number, box in enumerate(boxes):
        low = np.clip(box[:2], 0, size)
        sides = np.clip(np.add(box[:2], box[2:]), 0, size) - low
        if sides.min() >= LEAST_SIDE:
            row = np.concatenate([low, sides])[None]
            name = f"{image.stem}.{number}"
            sequences.append(Sequence(name, ImageFrames([image]), row, size=size, truth=truth))
    return sequences


def moving(still: Sequence, rng: np.random.Generator, length: int) -> Sequence:
    """Video of `length` frames from a sequence of one frame, with pixels of about the same size.

    Returned unchanged if it has no box inside the image. Raises `FrameError` if the image is unreadable.
    """
    height, width = still.frames[0].shape[:2]
    limits, target = np.array([width, height], float), still.boxes[0]
    low, sides = target[:2], target[2:]
    if not ((low >= 0) & (sides > 0) & (low + sides <= limits + 1e-6)).all():
        return still
    share = np.exp(rng.uniform(*np.log(SHARE)))
    scale, stretch = np.exp(_waves(rng, length) * np.log([SCALE, STRETCH])).T
    window = limits * share * np.stack([scale * stretch, scale / stretch], axis=1)
    window = np.clip(window, np.minimum(1.2 * sides, limits), limits)
    # Where its corner may be, so that it is inside the image and contains the target.
    first = np.maximum(0, low + sides - window)
    room = np.minimum(limits - window, low) - first
    reach = np.exp(rng.uniform(*np.log(REACH))) * np.sqrt(sides.prod())
    swing = np.minimum(0.5, reach / np.maximum(room.mean(axis=0), 1e-6))
    place = rng.uniform(swing, 1 - swing) + swing * _waves(rng, length)
    corner = first + np.maximum(room, 0) * place
    size = np.maximum(np.rint(window.mean(axis=0)), 2).astype(int)
    boxes = np.concatenate([low - corner, np.broadcast_to(sides, corner.shape)], axis=1)
    frames = Panned(still.frames, np.concatenate([corner, window], axis=1), (*size.tolist(),))
    boxes *= np.tile(size / window, 2)
    return Sequence(still.name, frames, boxes, size=frames.size, truth=still.truth)


def _waves(rng: np.random.Generator, length: int) -> NDArray[np.float64]:
    """Two smooth paths in [-1, 1], [length, 2]: means of three sine waves each."""
    periods = np.exp(rng.uniform(*np.log(PERIODS), size=(3, 2)))
    phases = rng.uniform(0, 2 * np.pi, size=(3, 2))
    time = np.arange(length)[:, None, None]
    return np.sin(2 * np.pi * time / periods + phases).mean(axis=1)
