"""Frames of a video file or of a folder of images."""

import os
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np

from roam_lite.data.images import IMAGE_SUFFIXES, frames_of
from roam_lite.data.pixels import FrameError, complaints, to_rgb_uint8
from roam_lite.data.sequence import Frames, ImageFrames, frame_index
from roam_lite.errors import InputError, warn
from roam_lite.text import opencv_path

KEPT = 16  # decoded frames that a `VideoFrames` caches


def open_frames(path: str | Path, bits: int | None = None) -> Frames:
    """Frames of a video file, or of the images in a folder (`images.image_files`).

    `bits` is how many bits 16-bit images use; None: as many as the first one. Raises
    `InputError` if nothing is there, if it cannot be decoded, or if it has no frames.
    """
    path = Path(path)
    if path.is_dir():
        return ImageFrames(frames_of(path), bits=bits)
    if not path.is_file():
        raise InputError(f"{path}: no such file or folder")
    if path.suffix.lower() in IMAGE_SUFFIXES - {".gif"}:
        raise InputError(f"{path}: a single image; give a video or a folder of images")
    return VideoFrames(path)


class VideoFrames:
    """Frames of a video file, decoded in sequence; going back restarts from the beginning.

    Seeking in compressed video is not exact with every container, so frame i is always the i-th
    decoded. Opening counts the frames, in one pass without conversion, and warns if there are fewer
    or more than the file's header says, or if the decoder complains. `fps` is the
    file's rate, or None if unknown; `repeated` are frames read so far that are identical to the one
    before, `blank` those of a single color, like a decoder's empty buffers. What a decoder repairs
    without complaint cannot be noticed.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.repeated: set[int] = set()
        self.blank: set[int] = set()
        self._kept: OrderedDict[int, np.ndarray] = OrderedDict()
        with complaints() as said:
            self._rewind()
            promised, fps = (
                self._capture.get(p) for p in (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FPS)
            )
            self.fps = float(fps) if 0 < fps <= 1000 else None
            self._length = damaged = 0
            before = _written()
            while self._capture.grab():
                self._length += 1
                damaged += (now := _written()) > before
                before = now
            self._rewind()
        if self._length == 0:
            raise InputError(f"{self.path}: no frames that OpenCV can decode; convert the video")
        counted = f"{self.path}: {self._length} of {promised:.0f} frames can be decoded"
        if 0 < promised != self._length:
            warn(f"{counted}; the file is truncated, or its header is wrong")
        if said:
            warn(f"{counted}, about {max(damaged, 1)} of them damaged ({said[0]})")

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> np.ndarray:
        index = frame_index(index, len(self))
        if index in self._kept:
            return self._kept[index]
        with complaints():  # already reported when the file was opened
            if index < self._next:
                self._rewind()
            while self._next < index and self._capture.grab():
                self._next += 1
            found, image = self._capture.read()
        if not found:
            raise FrameError(f"frame {index} of {self.path} cannot be decoded; convert the video")
        self._next = index + 1
        self._kept[index] = np.ascontiguousarray(to_rgb_uint8(image)[..., ::-1])
        self._look(index)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[index]

    def doubts(self) -> str:
        """What is doubtful about the frames read so far, as the end of a line; empty if nothing is."""
        told = [(self.repeated, "identical to the one before"), (self.blank, "of a single color")]
        return "".join(f", {len(frames)} {what}" for frames, what in told if frames)

    def _look(self, index: int) -> None:
        """Record whether a frame is blank or a repetition, judging by every eighth pixel."""
        image, before = self._kept[index], self._kept.get(index - 1)
        few = image[::8, ::8]
        if (few == few[0, 0]).all() and (image == few[0, 0]).all():
            self.blank.add(index)
        elif before is not None and np.array_equal(few, before[::8, ::8]):
            self.repeated |= {index} if np.array_equal(image, before) else set()

    def _rewind(self) -> None:
        self._capture, self._next = cv2.VideoCapture(opencv_path(self.path)), 0
        if not self._capture.isOpened():
            raise InputError(f"{self.path}: not a video that OpenCV can decode; convert it")


def _written() -> int:
    """How many bytes decoders have written inside `complaints`."""
    with suppress(OSError):  # there is no stderr
        return os.fstat(2).st_size
    return 0
