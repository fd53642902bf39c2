"""Videos: writing them safely, and filming a tracker at work."""

import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from roam_lite.data.plausible import check_box
from roam_lite.data.sequence import Frames, Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation.running.run import Run, Step, collect
from roam_lite.evaluation.running.runner import describe, track_steps
from roam_lite.figures.pictures import draw_box
from roam_lite.figures.style import color_of
from roam_lite.files import whole_file
from roam_lite.text import opencv_path

Box = tuple[float, float, float, float]  # x, y, w, h in image pixels


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
            # The codec requires even sides.
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
        """Close the file."""
        if self._writer is not None:
            self._writer.release()


@contextmanager
def open_video(path: str | Path, fps: float = 25.0) -> Iterator[VideoFile]:
    """Yield a `VideoFile` that becomes `path` once it is complete.

    Raises InputError if `path` is not named .mp4 or `fps` is above 1000, and OSError if not every
    frame was written: OpenCV does not report a full disk, so the file
    is read back.
    """
    if Path(path).suffix.lower() != ".mp4":
        raise InputError(f"{path}: videos are written as MP4; use the suffix .mp4")
    if not 0 < fps <= 1000:
        raise InputError(f"{path}: {fps:g} frames per second; give at most 1000")
    opencv_path(Path(path).absolute())
    with whole_file(Path(path)) as temporary:
        with closing(VideoFile(temporary, fps)) as video:
            yield video
        written = _readable_frames(temporary)
        if written < video.frames or video.frames == 0:
            raise OSError(
                f"{path}: only {written} of {video.frames} frames could be written; "
                "is the disk full?"
            )


def follow(tracker: Any, frames: Frames, box: Box, *, progress: bool = True, **film: Any) -> Run:
    """Return the run of a tracker over frames, with a progress bar on stderr.

    `film` (`video`, `fps`) and the errors are those of `follow_steps`.
    """
    steps = follow_steps(tracker, frames, box, **film)
    with (
        tqdm(steps, total=len(frames), unit="frame", file=sys.stderr, disable=not progress) as bar,
        closing(steps),
    ):
        return collect(bar)


def follow_steps(
    tracker: Any, frames: Frames, box: Box, *, video: str | Path | None = None, fps: float = 25.0
) -> Generator[Step, None, None]:
    """Yield a tracker's result for each frame, from the box (x, y, w, h) in the first.

    With `video`, an MP4 with the box drawn in is written, which appears once the last step has been
    taken; an unreadable frame repeats the picture before it. Raises InputError if the first
    frame or the box cannot be used.
    """
    name = Path(video or "video").stem
    box = check_box(box, frames[0].shape, f"{name}: ")
    boxes = np.full((len(frames), 4), np.nan)
    boxes[0] = box
    steps = track_steps(tracker, Sequence(name, frames, boxes))
    if video is None:
        yield from steps
        return
    image, color = None, color_of(describe(tracker))
    with open_video(video, fps) as film:
        for step in steps:
            image = image if step.image is None else step.image
            film.append(draw_box(image, step.box, color))
            yield step


def _readable_frames(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    return sum(1 for _ in iter(capture.grab, False))
