"""What every source of video gives: a `Sequence` of lazily read frames, boxes and visibility."""

import operator
from collections.abc import Callable
from collections.abc import Sequence as Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from roam_lite.errors import InputError

JPEG_START, JPEG_END, JPEG_SCAN = b"\xff\xd8", b"\xff\xd9", 0xDA
PNG_START, PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"


class FrameError(InputError):
    """One frame of a video that cannot be read; tracking may go on with the next."""


class Frames(Protocol):
    """Frames of a video, read when asked for: `len(frames)`, `frames[i]` -> RGB uint8 [H, W, 3]."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> np.ndarray: ...


@dataclass(frozen=True)
class Sequence:
    """A video with one target.

    `boxes` is float64 [T, 4], (x, y, w, h) in image pixels, 0-based, a row of nan where the target
    is absent or not labeled. `visibility` is float64 [T], the visible share of the target in
    [0, 1]: 0 at rows of nan, and elsewhere 1 if None is given, because nobody knows. `polygons`
    float64 [T, 8] and `size` (width, height) are None where the data set does not give them. Raises
    `InputError` if the lengths disagree.
    """

    name: str
    frames: Frames
    boxes: np.ndarray
    visibility: np.ndarray | None = None
    polygons: np.ndarray | None = None
    size: tuple[int, int] | None = None

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
            raise InputError(f"{self.name}: visibility must lie in [0, 1]")
        if self.polygons is not None and np.shape(self.polygons) != (len(boxes), 8):
            raise InputError(
                f"{self.name}: polygons must be [T, 8], not {list(np.shape(self.polygons))}"
            )
        object.__setattr__(self, "boxes", boxes)
        object.__setattr__(self, "visibility", visibility)

    def __len__(self) -> int:
        return len(self.boxes)

    def image_size(self) -> tuple[int, int]:
        """(width, height) in pixels: what the data set says, or else the first frame's."""
        if self.size is not None:
            return self.size
        height, width = self.frames[0].shape[:2]
        return width, height


def frame_index(index: int, length: int) -> int:
    """`index` as a number in [0, length); negative ones count from the end. IndexError outside."""
    index = operator.index(index)
    if not -length <= index < length:
        raise IndexError(f"frame {index} of a video with {length} frames")
    return index % length


def read_image(path: str | Path, frame: int | None = None) -> np.ndarray:
    """RGB uint8 [H, W, 3] of an image file; gray, alpha and 16 bits as in `to_rgb_uint8`.

    Raises `FrameError` naming the file (and the frame, 0-based) if it is missing, cut off (which
    OpenCV does not mind: the lower part of a truncated JPEG comes out gray), or no image.
    """
    path = Path(path)
    where = str(path) if frame is None else f"frame {frame} ({path})"
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FrameError(f"{where}: cannot be read ({reason}); restore the file") from error
    if is_truncated(data):
        raise FrameError(f"{where}: the image is cut off after {len(data)} bytes; restore the file")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    except cv2.error:  # e.g. a header that promises more pixels than OpenCV accepts
        image = None
    if image is None:
        raise FrameError(f"{where}: not an image that OpenCV can decode; restore or convert it")
    try:
        image = to_rgb_uint8(image)
    except InputError as error:
        raise FrameError(f"{where}: {error}") from error
    return np.ascontiguousarray(image[..., ::-1])  # OpenCV decodes to BGR


class ImageFrames:
    """Frames from image files, one a file, which `read(path, frame)` decodes at each access."""

    def __init__(
        self, paths: Collection[str | Path], read: Callable[[Path, int], np.ndarray] = read_image
    ) -> None:
        self.paths = [Path(path) for path in paths]
        self._read = read

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> np.ndarray:
        index = frame_index(index, len(self))
        return self._read(self.paths[index], index)


def is_truncated(data: bytes) -> bool:
    """True for a JPEG or PNG whose end is missing; other formats are left to their decoder."""
    if data.startswith(PNG_START):
        return PNG_END not in data[-1024:]
    if not data.startswith(JPEG_START):
        return False
    return data.find(JPEG_END, _first_scan(data)) < 0


def _first_scan(data: bytes) -> int:
    """Position of the first scan of a JPEG. A thumbnail in the header has an end of its own, which
    does not count, so the segments before the scan are stepped over by their length."""
    position = len(JPEG_START)
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == JPEG_SCAN:
            return position
        if marker == 0xFF:  # a fill byte
            position += 1
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return len(data)


def to_rgb_uint8(image: np.ndarray) -> np.ndarray:
    """RGB uint8 [H, W, 3] of an image given as gray [H, W] or [H, W, 1], RGB or RGBA.

    Alpha is dropped, 16 bits are scaled to 8 (65535 -> 255). The order of the colors is kept. The
    input is returned itself if it already fits. Raises `InputError` for other types and shapes.
    """
    image = np.asarray(image)
    if image.dtype not in (np.uint8, np.uint16):
        raise InputError(
            f"an image of type {image.dtype} is ambiguous; convert it to uint8 (0..255) first"
        )
    gray = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 1)
    if not gray and (image.ndim != 3 or image.shape[2] not in (3, 4)):
        raise InputError(
            f"an image of shape {list(image.shape)} is neither [H, W], [H, W, 1], [H, W, 3] "
            "nor [H, W, 4]"
        )
    if image.size == 0:
        raise InputError(f"an image of shape {list(image.shape)} has no pixels")
    if image.dtype == np.uint16:
        image = ((image.astype(np.uint32) + 128) // 257).astype(np.uint8)  # rounded
    if gray:
        return np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)
    return image[..., :3]
