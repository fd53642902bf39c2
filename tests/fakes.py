"""Small sequences, trackers and rules whose behavior is known."""

import numpy as np
import torch

from roam_lite.data.pixels import FrameError
from roam_lite.data.sequence import Sequence
from roam_lite.rules import RuleStep


class Pictures:
    """Frames of a bright square on dark noise; those listed as broken cannot be read."""

    def __init__(self, boxes, broken=()):
        self.boxes, self.broken = boxes, set(broken)

    def __len__(self):
        return len(self.boxes)

    def __getitem__(self, index):
        if index in self.broken:
            raise FrameError(f"frame {index} (folder/{index:04d}.jpg): cut off; restore the file")
        image = np.random.default_rng(index).integers(0, 60, (60, 80, 3), dtype=np.uint8)
        if np.isfinite(self.boxes[index]).all():
            x, y, w, h = self.boxes[index].astype(int)
            image[y : y + h, x : x + w] = (230, 200, 40)
        return image


def moving_square(name="square", length=8, broken=(), absent=()):
    boxes = np.array([[10.0 + 2 * t, 20.0, 16.0, 12.0] for t in range(length)])
    boxes[list(absent)] = np.nan
    return Sequence(name, Pictures(boxes, broken), boxes)


class Follower:
    """A tracker that moves its box two pixels to the right in each frame: always right."""

    description = {"tracker": "roam++", "rule": "lstm", "note": "fake"}  # noqa: RUF012

    def __init__(self):
        self.skipped = 0
        self.seen = []

    def init(self, image, box):
        self.box = np.array(box)

    def update(self, image):
        self.seen.append(image.shape)
        self.box = self.box + np.array([2, 0, 0, 0])
        return Answer(self.box)

    def skip(self):
        self.skipped += 1
        self.box = self.box + np.array([2, 0, 0, 0])


class Answer:
    def __init__(self, box, score=0.7, lost=False):
        self.box, self.score, self.lost = box, score, lost


class Statue:
    """A tracker that never moves and returns plain boxes."""

    def init(self, image, box):
        self.box = tuple(box)

    def update(self, image):
        return self.box


class Wanderer(Statue):
    """A tracker that never gives the same boxes twice."""

    def update(self, image):
        return np.array(self.box) + np.random.default_rng().uniform(0, 0.1, 4)


class LearnedMomentum(torch.nn.Module):
    """A learned rule whose steps are no rates times the gradient."""

    def __init__(self, config, parts, log_gains):
        super().__init__()
        self.log_lr = torch.nn.Parameter(torch.tensor(-9.0))

    def init(self, theta, learning_rates0):
        return torch.zeros_like(theta)

    def step(self, theta, gradient, loss, state):
        velocity = 0.9 * state + gradient
        return RuleStep(self.log_lr.exp() * velocity, velocity)
