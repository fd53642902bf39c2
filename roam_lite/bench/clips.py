"""How many patches of training clips one core cuts in a second, and what takes the time."""

import tempfile
import time
from pathlib import Path
from unittest.mock import Mock, patch

import cv2
import numpy as np
from numpy.typing import NDArray

from roam_lite.bench.tracking import Stopwatch
from roam_lite.config import Config
from roam_lite.data.otb import write_sequence
from roam_lite.data.pixels import decode_image
from roam_lite.data.sequence import Sequence
from roam_lite.data.sources import FolderSource
from roam_lite.evaluation.running.engine import limited_threads
from roam_lite.geometry import crop
from roam_lite.memory import keep_freed_memory
from roam_lite.training import sampling
from roam_lite.training.clips import draw_clip

SIZE = (1280, 720)  # (width, height)
SIDES = (20, 40, 80, 120, 200)  # of the targets, in pixels; a video each
PARTS = ("decode", "crop", "rest")


def bench_clips(config: Config, *, frames: int = 12, clips: int = 20, repeats: int = 3) -> str:
    """Return a table of patches per second, and of milliseconds per patch, for targets of each side.

    They are cut on one thread for clips of the profile's first stage, from JPEGs of `SIZE` and quality
    90, with a cache of one frame: thousands of videos have no frame but a clip's own that comes up
    again. `full` decodes every frame at its full size. Each row is the best of `repeats`.
    """
    keep_freed_memory()  # as a worker does
    lines = [f"{'target, decoding':18} patches/s  decoded/patch  ms/patch: decode    crop    rest"]
    totals = {way: np.zeros(5) for way in ("full", "reduced")}
    with tempfile.TemporaryDirectory() as folder, limited_threads(1):
        for side in SIDES:
            write_sequence(Path(folder, f"{side}"), _textured(side, frames))
        source = FolderSource("otb", folder, cache_bytes=1)
        sequences = {name: source.targets(row)[0] for row, name in enumerate(source.names)}
        for name in map(str, SIDES):
            for way, total in totals.items():
                runs = [_cut(sequences[name], config, clips, way) for _ in range(repeats)]
                total += (best := min(runs, key=lambda run: sum(run[2:])))
                lines.append(_row(f"{name} px, {way}", best))
    lines += [_row(f"all, {way}", total) for way, total in totals.items()]
    slowest = PARTS[int(np.argmax(totals["reduced"][2:]))]
    lines.append(f"patches of {config.model.patch_size} px; most of the time goes to: {slowest}")
    return "\n".join(lines)


def _cut(sequence: Sequence, config: Config, clips: int, way: str) -> NDArray[np.float64]:
    """Return counts of patches and of decoded frames, and the seconds of each part."""
    watch, count = Stopwatch(), 0
    decode = Mock(wraps=watch.timed("decode", decode_image))
    whole = {} if way == "reduced" else {"REDUCED": {}}
    with (
        patch("roam_lite.data.recent.decode_image", decode),
        patch.multiple(sampling, crop=watch.timed("crop", crop), **whole),
    ):
        began = time.perf_counter()
        for seed in range(clips):
            rng = np.random.default_rng(seed)
            clip = draw_clip(sequence, rng, config.training.stages[0], config)
            count += clip.initial_patches.shape[1] + clip.future_patches.shape[1:3].numel()
            count += clip.past_patches.shape[1:3].numel()
        seconds = time.perf_counter() - began
    parts = [watch.seconds["decode"], watch.seconds["crop"]]
    return np.array([count, decode.call_count, *parts, seconds - sum(parts)])


def _row(name: str, run: NDArray[np.float64]) -> str:
    patches, decoded, *parts = run
    each = "".join(f"{1e3 * part / patches:8.2f}" for part in parts)
    return f"{name:18} {patches / sum(parts):9.0f} {decoded / patches:14.2f}  {each:>32}"


def _textured(side: int, length: int) -> Sequence:
    """A target of a side that moves over a still backdrop; both are smooth, with some sensor noise."""
    rng, (width, height) = np.random.default_rng(side), SIZE
    blobs = [rng.uniform(0, 255 / n, (9 * n, 16 * n, 3)).astype(np.float32) for n in (1, 2, 4, 8)]
    image = sum(cv2.resize(blob, SIZE, interpolation=cv2.INTER_CUBIC) for blob in blobs)
    images = image * 0.5 + rng.normal(0, 2, (length, height, width, 1)).astype(np.float32)
    boxes = np.array([(width / 2 + 6 * t, height / 2 - 4 * t, side, side) for t in range(length)])
    for frame, (x, y, w, h) in zip(images, boxes.astype(int), strict=True):
        frame[y : y + h, x : x + w] = image[:h, :w, ::-1]
    return Sequence(f"{side}", images.clip(0, 255).astype(np.uint8), boxes)
