"""Frames of a video file or of a folder of images, whatever the user has."""

from collections import OrderedDict
from pathlib import Path

import cv2
import numpy as np

from roam_lite.data.images import IMAGE_SUFFIXES, frames_of
from roam_lite.data.sequence import FrameError, Frames, ImageFrames, frame_index, to_rgb_uint8
from roam_lite.errors import InputError

KEPT = 16  # decoded frames that a `VideoFrames` remembers


def open_frames(path: str | Path) -> Frames:
    """Frames of a video file, or of the images in a folder as `images.image_files` has them.

    Raises `InputError` if nothing is there, if it cannot be decoded, or if it has no frames.
    """
    path = Path(path)
    if path.is_dir():
        return ImageFrames(frames_of(path))
    if not path.is_file():
        raise InputError(f"{path}: no such file or folder")
    if path.suffix.lower() in IMAGE_SUFFIXES - {".gif"}:
        raise InputError(f"{path}: a single image; give a video or the folder of the images")
    return VideoFrames(path)


class VideoFrames:
    """Frames of a video file, decoded one after the other; going back starts from the beginning.

    Seeking in compressed video is not exact with every container, so frame i is always the i-th
    that decoding gives. Opening counts the frames, which takes one pass without converting them.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._kept: OrderedDict[int, np.ndarray] = OrderedDict()
        self._rewind()
        self._length = 0
        while self._capture.grab():
            self._length += 1
        if self._length == 0:
            raise InputError(f"{self.path}: no frames that OpenCV can decode; convert the video")
        self._rewind()

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> np.ndarray:
        index = frame_index(index, len(self))
        if index in self._kept:
            return self._kept[index]
        if index < self._next:
            self._rewind()
        while self._next < index and self._capture.grab():
            self._next += 1
        found, image = self._capture.read()
        if not found:
            raise FrameError(f"frame {index} of {self.path} cannot be decoded; convert the video")
        self._next = index + 1
        self._kept[index] = np.ascontiguousarray(to_rgb_uint8(image)[..., ::-1])
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[index]

    def _rewind(self) -> None:
        self._capture, self._next = cv2.VideoCapture(str(self.path)), 0
        if not self._capture.isOpened():
            raise InputError(f"{self.path}: not a video that OpenCV can decode; convert it")
