"""Boxes drawn into frames, frames set side by side, and videos of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from roam_lite.errors import InputError
from roam_lite.figures.style import rgb
from roam_lite.files import whole_file, write_atomically

FONT = cv2.FONT_HERSHEY_SIMPLEX
CAPTION_HEIGHT = 22  # pixels


def draw_box(image: np.ndarray, box: np.ndarray, colour: str, thickness: int = 2) -> np.ndarray:
    """Return a copy of the RGB image with the box (x, y, w, h) in `#RRGGBB`; nan draws nothing."""
    image = np.ascontiguousarray(image).copy()
    if np.isfinite(box).all():
        x, y, w, h = np.asarray(box, dtype=float)
        # A drawn pixel has its middle at +0.5, so the edges move by half a pixel.
        corners = np.rint(np.array([x, y, x + w, y + h]) - 0.5).clip(-10_000, 10_000).astype(int)
        cv2.rectangle(image, corners[:2].tolist(), corners[2:].tolist(), rgb(colour), thickness)
    return image


def caption(image: np.ndarray, text: str, colour: str = "#FFFFFF") -> np.ndarray:
    """Return the RGB image below a dark strip of CAPTION_HEIGHT pixels that holds the text."""
    strip = np.full((CAPTION_HEIGHT, image.shape[1], 3), 24, np.uint8)
    cv2.putText(strip, text, (6, 16), FONT, 0.45, rgb(colour), 1, cv2.LINE_AA)
    return np.vstack([strip, image])


def grid(images: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Return RGB images row by row in one, each in a cell of the largest one's size."""
    height = max(image.shape[0] for image in images)
    width = max(image.shape[1] for image in images)
    rows = -(-len(images) // columns)
    sheet = np.zeros((rows * height, columns * width, 3), np.uint8)
    for index, image in enumerate(images):
        top, left = index // columns * height, index % columns * width
        sheet[top : top + image.shape[0], left : left + image.shape[1]] = image
    return sheet


def save_image(path: str | Path, image: np.ndarray) -> None:
    """Write an RGB image, whole or not at all."""
    _, data = cv2.imencode(Path(path).suffix, np.ascontiguousarray(image[..., ::-1]))
    write_atomically(Path(path), data.tobytes())


class VideoFile:
    """An MP4 file that RGB frames are appended to (`open_video`)."""

    def __init__(self, path: Path, fps: float) -> None:
        self._path, self._fps = path, fps
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self.frames = 0

    def append(self, image: np.ndarray) -> None:
        """Add an RGB frame; frames of another size than the first are scaled to its size."""
        if self._writer is None:
            # The codec wants even sides.
            self._size = (image.shape[1] + image.shape[1] % 2, image.shape[0] + image.shape[0] % 2)
            codec = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._path), codec, self._fps, self._size)
            if not self._writer.isOpened():
                raise OSError(f"{self._path.parent}: OpenCV cannot write a video there")
        if image.shape[1::-1] != self._size:
            image = cv2.resize(image, self._size)
        self._writer.write(np.ascontiguousarray(image[..., ::-1]))
        self.frames += 1

    def close(self) -> None:
        """End the file."""
        if self._writer is not None:
            self._writer.release()


@contextmanager
def open_video(path: str | Path, fps: float = 25.0) -> Iterator[VideoFile]:
    """Yield a `VideoFile` that becomes `path` once it is complete.

    Raises InputError if `path` is not named .mp4, and OSError if not every frame arrived on the
    disk: OpenCV says nothing when there is no space left, so the written file is read again.
    """
    if Path(path).suffix.lower() != ".mp4":
        raise InputError(f"{path}: videos are written as MP4; name the file .mp4")
    with whole_file(Path(path)) as temporary:
        video = VideoFile(temporary, fps)
        try:
            yield video
        finally:
            video.close()
        written = _readable_frames(temporary)
        if written < video.frames or video.frames == 0:
            raise OSError(
                f"{path}: only {written} of {video.frames} frames could be written; "
                "is there no space left?"
            )


def _readable_frames(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    frames = 0
    while capture.grab():
        frames += 1
    capture.release()
    return frames
