"""A video whose every pixel is known: a white rectangle that moves over a dark ramp."""

import numpy as np
from numpy.testing import assert_allclose

from roam_lite.data.sequence import Sequence

HEIGHT, WIDTH = 240, 320


class PaintedFrames:
    """Frames of a white rectangle at whole pixels; the background is brighter on the right."""

    def __init__(self, boxes):
        self.boxes = boxes
        self.seen = []  # the frames asked for, in order

    def __len__(self):
        return len(self.boxes)

    def __getitem__(self, index):
        self.seen.append(index)
        ramp = np.linspace(0, 60, WIDTH).astype(np.uint8)
        frame = np.repeat(np.tile(ramp, (HEIGHT, 1))[..., None], 3, axis=2)
        if np.isfinite(self.boxes[index]).all():
            x, y, w, h = self.boxes[index].astype(int)
            frame[y : y + h, x : x + w] = 255
        return frame


def painted_sequence(length=60, visibility=None):
    """A rectangle that moves and changes its size and aspect, well inside the frame."""
    t = np.arange(length)
    boxes = np.stack([90 + t, 130 - t // 2, 40 + t // 3, 50 - t // 4], axis=1).astype(float)
    return Sequence("painted", PaintedFrames(boxes), boxes, visibility)


def hidden_in_the_middle(length=60):
    """The same, hidden for 20 frames, of which any clip of 15 frames and more sees some."""
    visibility = np.ones(length)
    visibility[20:40] = 0.0
    return painted_sequence(length, visibility)


def bright_edges(patch):
    """Left, top, right and bottom edge of the bright pixels of a patch [3, S, S]."""
    gray = np.asarray(patch[1])
    bright = gray > (np.median(gray) + gray.max()) / 2  # the edges' middle, whatever the light
    x, y = (np.flatnonzero(bright.any(axis=axis)) for axis in (0, 1))
    return np.array([x[0], y[0], x[-1] + 1, y[-1] + 1], dtype=float)


def lies_on_its_target(patch, box):
    """Whether there is enough of the target to tell; fails if the box is more than 1 px off."""
    edges = np.clip(np.concatenate([box[:2], box[:2] + box[2:]]), 0, patch.shape[-1])
    if (edges[2:] - edges[:2]).min() <= 3:
        return False
    assert_allclose(bright_edges(patch), edges, atol=1)
    return True
