"""The single entry point for pixels: image files and frames become RGB uint8, or an error names them.

Truncated files, and those that their decoder complains about, are noticed. Files that decode
without complaint to a wrong picture, like a JPEG with a few flipped bits, are not.
"""

import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from roam_lite.errors import InputError

JPEG_START, JPEG_END, JPEG_SCAN = b"\xff\xd8", b"\xff\xd9", 0xDA
PNG_START, PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
# Decoded at a fraction of its size, a JPEG needs no averaging and less memory.
REDUCED = {
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
DEPTHS = (8, 10, 12, 14, 16)  # bits that cameras use
# What decoders (FFmpeg, OpenCV, libpng, libjpeg) write to stderr when pixels are lost.
_COMPLAINT = re.compile(rb"^\[[^\]]* @ |^\[ *(ERROR|WARN) *:|^libpng |JPEG|^Inconsistent")
_DAMAGE = re.compile(
    r"Corrupt JPEG data(?!: \d+ extraneous)|Premature end of JPEG|Inconsistent prog"
)
_EAR = threading.Lock()


class FrameError(InputError):
    """A frame of a video cannot be read; tracking may continue with the next."""


def read_image(path: str | Path, frame: int | None = None, bits: int = 16) -> np.ndarray:
    """RGB uint8 [H, W, 3] of an image file; 16-bit files use this many bits (`to_rgb_uint8`).

    Raises `FrameError` as `decode_image` does.
    """
    return to_rgb_uint8(decode_image(path, frame), bits)


def decode_image(
    path: str | Path,
    frame: int | None = None,
    factor: int = 1,
    read: Callable[[Path], bytes] = Path.read_bytes,
) -> np.ndarray:
    """RGB [H, W, 3], uint8 or uint16, of an image file of any kind, rotated according to its EXIF data.

    Gray and palettes become RGB, alpha is dropped. A `factor` of `REDUCED` averages blocks of that many
    pixels, starting at the top left; the last ones repeat the border. Raises `FrameError` naming the
    file (and the frame, 0-based) if it is missing, truncated, damaged, not an image, or has floating-point
    numbers.
    """
    path = Path(path)
    where = str(path) if frame is None else f"frame {frame} ({path})"
    try:
        data = read(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FrameError(f"{where}: cannot be read ({reason}); restore the file") from error
    if is_truncated(data):
        raise FrameError(f"{where}: the image is cut off after {len(data)} bytes; restore the file")
    # If EXIF data rotate a JPEG, its incomplete blocks may end up on the left or at the top.
    reduces = (
        factor > 1 and data.startswith(JPEG_START) and b"Exif" not in data[: _first_scan(data)]
    )
    with complaints() as said:
        flags = REDUCED[factor] if reduces else cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
        image = _decode(data, flags)
        if image is None:  # for example 32-bit gray, to name its type
            image, reduces = _decode(data, cv2.IMREAD_UNCHANGED), False
    if image is None:
        raise FrameError(f"{where}: not an image that OpenCV can decode; restore or convert it")
    if damage := next(filter(_DAMAGE.search, said), None):
        raise FrameError(f"{where}: the image is damaged ({damage}); restore the file")
    if image.dtype != np.uint16:
        try:
            image = to_rgb_uint8(image)
        except InputError as error:
            raise FrameError(f"{where}: {error}") from error
    if factor > 1 and not reduces:
        image = averaged(image, (factor, factor))
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)  # ten times as fast as copying with numpy


def _decode(data: bytes, flags: int) -> np.ndarray | None:
    with suppress(cv2.error):  # e.g. a header that promises more pixels than OpenCV accepts
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    return None


def averaged(image: np.ndarray, factor: tuple[int, int]) -> np.ndarray:
    """Means of blocks of `factor` pixels `(x, y)`, from the top left; the last ones repeat the border."""
    (across, down), (height, width) = factor, image.shape[:2]
    below, right = -height % down, -width % across
    if below or right:  # only a whole number of blocks keeps the grid exact
        image = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)
    size = (width + right) // across, (height + below) // down
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Yield a list that later contains what decoders wrote to stderr, their only way to complain.

    What others write there is passed on. Inside the context, stderr is a file that grows with each
    complaint; only one thread at a time may enter.
    """
    said: list[str] = []
    with _EAR:
        try:
            kept, file = os.dup(2), _paper(os.getpid())
        except OSError:  # there is no stderr, or no place for the file
            yield said
            return
        os.dup2(file.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            if os.fstat(file.fileno()).st_size:
                file.seek(0)
                text = file.read()
                file.seek(0)
                file.truncate()
                for line in text.splitlines(keepends=True):
                    if _COMPLAINT.search(line):
                        said.append(line.decode(errors="replace").strip())
                    elif line.strip(b"\n"):
                        os.write(2, line)


@cache
def _paper(process: int) -> BinaryIO:
    """The file that replaces stderr inside `complaints`; each process has its own, even a fork."""
    return tempfile.TemporaryFile()


def is_truncated(data: bytes) -> bool:
    """Whether a JPEG or PNG lacks its end; for other formats the decoder has to tell."""
    if data.startswith(PNG_START):
        return PNG_END not in data[-1024:]
    if not data.startswith(JPEG_START):
        return False
    return data.rfind(JPEG_END, _first_scan(data)) < 0  # searching from the end is fast


def _first_scan(data: bytes) -> int:
    """Position of the first scan of a JPEG. A thumbnail in the header has its own end marker, which
    does not count, so the segments before the scan are skipped by their length."""
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


def to_rgb_uint8(image: np.ndarray, bits: int = 16) -> np.ndarray:
    """RGB uint8 [H, W, 3] of an image given as gray [H, W] or [H, W, 1], RGB or RGBA.

    Alpha is dropped. Of 16 bits this many are used; their largest number becomes 255, as do larger
    ones. The order of the colors is kept. An input that already fits is returned as is. Raises
    `InputError` for other types and shapes.
    """
    image = _array(image)
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
        top = 2**bits - 1
        scaled = np.minimum(image, top).astype(np.uint32) * 255
        image = ((scaled + top // 2) // top).astype(np.uint8)  # rounded
    if gray:
        return np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)
    return image[..., :3]


def used_bits(image: np.ndarray) -> int:
    """How many bits the pixels of a 16-bit image use, as in cameras; 16 for all other numbers."""
    image = _array(image)
    if image.dtype != np.uint16 or image.size == 0:
        return 16
    return next(bits for bits in DEPTHS if image.max() < 2**bits)


def _array(image: object) -> np.ndarray:
    try:
        array = np.asarray(image)
    except (TypeError, ValueError, RuntimeError) as error:  # such as tensors on GPUs, ragged lists
        kind = type(image).__name__
        raise InputError(f"an image of type {kind} is not an array ({error}); use numpy") from error
    if array.dtype.kind in "OUS":  # OpenCV returns None for a file that it cannot read
        kind = type(image).__name__
        raise InputError(f"an image of type {kind} has no pixels; give a numpy uint8 [H, W, 3]")
    return array
