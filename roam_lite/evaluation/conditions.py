"""Tracking unusual video: rendered sequences under one condition each, and long ones."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
from numpy.typing import NDArray

from roam_lite.data.sequence import Frames, Sequence
from roam_lite.data.synthetic import synthesize
from roam_lite.evaluation.running.run import collect
from roam_lite.evaluation.running.runner import evaluate, track_steps
from roam_lite.geometry import iou

Image = NDArray[np.uint8]

_SEED = 20  # of the sequences, which are not used to train or choose anything
_FRAME_RATE = 25
_WIDE = (3840, 2160)


@dataclass(frozen=True)
class Mapped:
    """Frames that are modified when read."""

    frames: Frames
    change: Callable[[Image, int], Image]
    indices: NDArray[np.int64]  # of the remaining frames

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def paths(self) -> list[Path]:
        """The images' files, if the frames have any; AttributeError otherwise."""
        return [self.frames.paths[index] for index in self.indices]

    def __getitem__(self, index: int) -> Image:
        source = int(self.indices[index])
        return self.change(self.frames[source], source)


def _plain(number: int, length: int = 60) -> Sequence:
    return synthesize((_SEED, number), length=length)


def _changed(sequence: Sequence, change: Callable[[Image, int], Image]) -> Sequence:
    return replace(sequence, frames=Mapped(sequence.frames, change, np.arange(len(sequence))))


def sized(number: int, side: float) -> Sequence:
    """A sequence scaled so that the target's first side has this many pixels."""
    sequence = _plain(number)
    factor = side / float(np.sqrt(sequence.boxes[0, 2:].prod()))
    shrinks = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR

    def scale(image: Image, _: int) -> Image:
        return cv2.resize(image, None, fx=factor, fy=factor, interpolation=shrinks)

    scaled = _changed(sequence, scale)
    # Sides are rounded to whole pixels, so the true factors differ a little.
    before, after = (np.array(video.frames[0].shape[1::-1]) for video in (sequence, scaled))
    return replace(scaled, boxes=sequence.boxes * np.tile(after / before, 2))


def gray(number: int) -> Sequence:
    """A sequence without color, with one channel."""
    return _changed(_plain(number), lambda image, _: cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))


def low_light(number: int) -> Sequence:
    """A sequence at an eighth of its light, with sensor noise."""

    def darken(image: Image, index: int) -> Image:
        noise = np.random.default_rng((number, index)).normal(0, 3, image.shape)
        return np.clip(np.round(image / 8 + noise), 0, 255).astype(np.uint8)

    return _changed(_plain(number), darken)


def ultra_hd(number: int) -> Sequence:
    """A sequence in the middle of a frame of 3840 x 2160 pixels; the target keeps its size."""
    sequence = _plain(number)
    height, width = sequence.frames[0].shape[:2]
    left, top = (_WIDE[0] - width) // 2, (_WIDE[1] - height) // 2

    def surround(image: Image, _: int) -> Image:
        right, bottom = _WIDE[0] - width - left, _WIDE[1] - height - top
        return cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_WRAP)

    return replace(_changed(sequence, surround), boxes=sequence.boxes + np.array([left, top, 0, 0]))


def one_a_second(number: int) -> Sequence:
    """Every 25th frame of a long sequence."""
    sequence = _plain(number, length=20 * _FRAME_RATE)
    kept = np.arange(0, len(sequence), _FRAME_RATE)
    frames, name = Mapped(sequence.frames, lambda image, _: image, kept), f"{sequence.name}-1fps"
    return Sequence(name, frames, sequence.boxes[kept], sequence.visibility[kept])


CONDITIONS: dict[str, Callable[[int], Sequence]] = {
    "as trained": _plain,
    "targets of 12 px": partial(sized, side=12),
    "targets of 500 px": partial(sized, side=500),
    "gray": gray,
    "low light": low_light,
    "3840 x 2160": ultra_hd,
    "1 frame per second": one_a_second,
}


def conditions_table(make_tracker: Callable[[], Any], count: int) -> str:
    """Return a table of AUC, precision and fps over `count` rendered sequences per condition."""
    lines = [f"{'condition':20}    AUC  prec@20   fps"]
    for name, draw in CONDITIONS.items():
        report, _ = evaluate(make_tracker, map(draw, range(count)), progress=False)
        mean = report.mean()
        lines.append(f"{name:20} {mean['auc']:6.3f} {mean['precision_20']:8.3f} {mean['fps']:5.1f}")
    return "\n".join(lines)


def long_run(make_tracker: Callable[[], Any], frames: int, blocks: int = 10) -> Iterator[str]:
    """Yield a line per block of one long video: fps, memory in MB, overlap, whether all is finite."""
    sequence = synthesize((_SEED, 1000), length=frames)
    process = psutil.Process()
    yield f"{'frames':>14}   fps  memory MB  mean IoU  finite"
    steps = track_steps(make_tracker(), sequence)
    for block in np.array_split(np.arange(frames), blocks):
        run = collect(islice(steps, len(block)))
        overlap = iou(run.boxes, sequence.boxes[block]).mean()
        memory = process.memory_info().rss / 2**20
        yield (
            f"{block[0]:>6} - {block[-1]:>5} {len(block) / run.seconds.sum():5.1f} {memory:10.0f}"
            f" {overlap:9.3f}  {'yes' if np.isfinite(run.boxes).all() else 'NO'}"
        )
