"""The common form of all video: a `Sequence` of lazily read frames, boxes and visibility."""

import operator
from collections.abc import Callable
from collections.abc import Sequence as Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from roam_lite.data.pixels import FrameError, decode_image, to_rgb_uint8, used_bits
from roam_lite.errors import InputError, warn

JPEG_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif")


class Frames(Protocol):
    """Frames of a video, read on access: `len(frames)`, `frames[i]` -> RGB uint8 [H, W, 3].

    Frames that decode faster at a reduced size also have a method `reduced` (`ImageFrames`),
    used only in training.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> np.ndarray: ...


@dataclass(frozen=True)
class Sequence:
    """A video with one target.

    `boxes` is float64 [T, 4], (x, y, w, h) in image pixels, 0-based, a row of nan where the target
    is absent or not labeled. `visibility` is float64 [T], the visible share of the target in
    [0, 1]: 0 at rows of nan, and elsewhere 1 if None (unknown) is given. `polygons`
    float64 [T, 8] and `size` (width, height) are None if the data set does not give them; `truth`
    is the file of the boxes, for messages. Raises `InputError` if the lengths disagree.
    """

    name: str
    frames: Frames
    boxes: np.ndarray
    visibility: np.ndarray | None = None
    polygons: np.ndarray | None = None
    size: tuple[int, int] | None = None
    truth: Path | None = None

    def __post_init__(self) -> None:
        boxes = np.asarray(self.boxes, dtype=np.float64)
        if boxes.ndim != 2 or boxes.shape[1] != 4 or len(boxes) != len(self.frames):
            raise InputError(
                f"{self.name}: boxes must be [T, 4] with one row for each of the "
                f"{len(self.frames)} frames, not {list(boxes.shape)}"
            )
        absent = np.isnan(boxes).any(axis=1)
        boxes = np.where(absent[:, None], np.nan, boxes)
        known = np.ones(len(boxes)) if self.visibility is None else self.visibility
        visibility = np.array(known, dtype=np.float64)
        if visibility.shape != absent.shape:
            raise InputError(f"{self.name}: visibility must be [T], not {list(visibility.shape)}")
        visibility[absent] = 0.0
        if not ((visibility >= 0) & (visibility <= 1)).all():
            raise InputError(f"{self.name}: visibility must be in [0, 1]")
        if self.polygons is not None and np.shape(self.polygons) != (len(boxes), 8):
            raise InputError(
                f"{self.name}: polygons must be [T, 8], not {list(np.shape(self.polygons))}"
            )
        object.__setattr__(self, "boxes", boxes)
        object.__setattr__(self, "visibility", visibility)

    def __len__(self) -> int:
        return len(self.boxes)

    def image_size(self) -> tuple[int, int]:
        """(width, height) in pixels, from the data set or else from the first frame."""
        if self.size is not None:
            return self.size
        height, width = self.frames[0].shape[:2]
        return width, height


def frame_index(index: int, length: int) -> int:
    """`index` as a number in [0, length); negative ones count from the end. IndexError if out of range."""
    index = operator.index(index)
    if not -length <= index < length:
        raise IndexError(f"frame {index} of a video with {length} frames")
    return index % length


class ImageFrames:
    """Frames from image files, one each, which `read(path, frame[, factor])` decodes at each access.

    16-bit images use `bits` bits; with None, as many as the first image uses, with a warning
    unless that is 16.
    """

    def __init__(
        self,
        paths: Collection[str | Path],
        read: Callable[..., np.ndarray] = decode_image,
        bits: int | None = None,
    ) -> None:
        self.paths = [Path(path) for path in paths]
        self._read, self._bits = read, bits

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> np.ndarray:
        index = frame_index(index, len(self))
        image = self._read(self.paths[index], index)
        return image if image.dtype == np.uint8 else self._to_bytes(image, index)

    def reduced(self, index: int, factor: int) -> tuple[np.ndarray, int]:
        """The frame averaged in blocks of `factor` pixels (one of `REDUCED`, `decode_image`), and the factor.

        Only JPEGs, which then decode faster, are reduced; others are returned as is, with factor 1.
        """
        index = frame_index(index, len(self))
        if factor > 1 and self.paths[index].suffix.lower() in JPEG_SUFFIXES:
            image = self._read(self.paths[index], index, factor)
            if image.dtype == np.uint8:
                return image, factor
        return self[index], 1

    def with_bits(self, bits: int | None) -> "ImageFrames":
        """The same frames, with 16-bit images that use this many bits."""
        return ImageFrames(self.paths, self._read, bits)

    def _to_bytes(self, image: np.ndarray, index: int) -> np.ndarray:
        """A 16-bit image as uint8."""
        folder, measured = self.paths[0].parent, self._bits is None
        if measured:
            first = image
            with suppress(FrameError):
                first = self._read(self.paths[0], 0) if index else image
            self._bits = used_bits(first if first.dtype == np.uint16 else image)
        if measured and self._bits < 16:
            warn(
                f"{folder}: 16-bit images; the first uses {self._bits} bits, so all are read that way "
                "(give --bits if the camera has more)"
            )
        if self._bits < used_bits(image):
            warn(f"{folder}: later images are brighter than {self._bits} bits; give --bits")
        return to_rgb_uint8(image, self._bits)


def with_bits(sequence: Sequence, bits: int | None) -> Sequence:
    """The sequence with 16-bit images that use this many bits; unchanged if its frames are not files."""
    if bits is None or not isinstance(sequence.frames, ImageFrames):
        return sequence
    return replace(sequence, frames=sequence.frames.with_bits(bits))
