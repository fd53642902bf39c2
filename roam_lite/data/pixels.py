"""The one door for pixels: image files and decoded frames become RGB uint8, or an error names them.

Noticed are files that are cut off or that their decoder complains of. Not noticed are files that
decode without complaint to another picture, as a JPEG in which single bits are wrong can.
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
DEPTHS = (8, 10, 12, 14, 16)  # bits of cameras
# What decoders write on stderr (FFmpeg, OpenCV, libpng, libjpeg), and what of it means lost pixels.
_COMPLAINT = re.compile(rb"^\[[^\]]* @ |^\[ *(ERROR|WARN) *:|^libpng |JPEG|^Inconsistent")
_DAMAGE = re.compile(
    r"Corrupt JPEG data(?!: \d+ extraneous)|Premature end of JPEG|Inconsistent prog"
)
_EAR = threading.Lock()


class FrameError(InputError):
    """One frame of a video that cannot be read; tracking may go on with the next."""


def read_image(path: str | Path, frame: int | None = None, bits: int = 16) -> np.ndarray:
    """RGB uint8 [H, W, 3] of an image file, of which 16-bit ones use so many bits (`to_rgb_uint8`).

    Raises `FrameError` as `decode_image` does.
    """
    return to_rgb_uint8(decode_image(path, frame), bits)


def decode_image(
    path: str | Path,
    frame: int | None = None,
    factor: int = 1,
    read: Callable[[Path], bytes] = Path.read_bytes,
) -> np.ndarray:
    """RGB [H, W, 3], uint8 or uint16, of an image file of any kind, turned as its EXIF data say.

    Gray and palettes become colors, alpha is dropped. A `factor` of `REDUCED` averages blocks of so many
    pixels from the left and top on; the last ones repeat the border. Raises `FrameError` naming the
    file (and the frame, 0-based) if it is missing, cut off, damaged, no image, or one of floating-point
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
    # Where EXIF data turn a JPEG, its incomplete blocks may come to lie on the left or at the top.
    reduces = (
        factor > 1 and data.startswith(JPEG_START) and b"Exif" not in data[: _first_scan(data)]
    )
    with complaints() as said:
        flags = REDUCED[factor] if reduces else cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
        image = _decode(data, flags)
        if image is None:  # for instance gray of 32 bits, whose type is to be named
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
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)  # a tenth of the time of numpy's copy


def _decode(data: bytes, flags: int) -> np.ndarray | None:
    with suppress(cv2.error):  # e.g. a header that promises more pixels than OpenCV accepts
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    return None


def averaged(image: np.ndarray, factor: tuple[int, int]) -> np.ndarray:
    """Means of blocks of `factor` pixels `(x, y)`, from the left and top on; the last repeat the border."""
    (across, down), (height, width) = factor, image.shape[:2]
    below, right = -height % down, -width % across
    if below or right:  # only a whole number of blocks keeps the grid exact
        image = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)
    size = (width + right) // across, (height + below) // down
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Yield a list that holds afterwards what decoders wrote on stderr: they have no other way.

    What others write there meanwhile is passed on. Inside, stderr is a file that grows with each
    complaint; only one thread at a time may be there.
    """
    said: list[str] = []
    with _EAR:
        try:
            kept, file = os.dup(2), _paper(os.getpid())
        except OSError:  # there is no stderr, or nowhere to keep what it says
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
    """The file that stderr is inside `complaints`; each process has its own, a fork too."""
    return tempfile.TemporaryFile()


def is_truncated(data: bytes) -> bool:
    """True for a JPEG or PNG whose end is missing; other formats are left to their decoder."""
    if data.startswith(PNG_START):
        return PNG_END not in data[-1024:]
    if not data.startswith(JPEG_START):
        return False
    return data.rfind(JPEG_END, _first_scan(data)) < 0  # from the end: it is found at once


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


def to_rgb_uint8(image: np.ndarray, bits: int = 16) -> np.ndarray:
    """RGB uint8 [H, W, 3] of an image given as gray [H, W] or [H, W, 1], RGB or RGBA.

    Alpha is dropped; of 16 bits so many are in use, whose largest number becomes 255, as do larger
    ones. The order of the colors is kept. The input is returned itself if it already fits. Raises
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
    """How many bits of a 16-bit image its numbers use, as cameras have them; 16 for all others."""
    image = _array(image)
    if image.dtype != np.uint16 or image.size == 0:
        return 16
    return next(bits for bits in DEPTHS if image.max() < 2**bits)


def _array(image: object) -> np.ndarray:
    try:
        array = np.asarray(image)
    except (TypeError, ValueError, RuntimeError) as error:  # say a tensor on a GPU, or ragged lists
        kind = type(image).__name__
        raise InputError(f"an image of type {kind} is not an array ({error}); use numpy") from error
    if array.dtype.kind in "OUS":  # None is what OpenCV gives for a file that it cannot read
        kind = type(image).__name__
        raise InputError(f"an image of type {kind} has no pixels; give a numpy uint8 [H, W, 3]")
    return array
