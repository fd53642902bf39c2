"""Filming a scene: frame t, from what was decided when the scene was staged."""

from dataclasses import dataclass

import cv2
import numpy as np

from roam_lite.data.sequence import frame_index
from roam_lite.data.synthetic import actors
from roam_lite.data.synthetic.sprites import Sprite
from roam_lite.data.synthetic.textures import cut

POINTS = 400  # of the target, on which its visibility is measured


@dataclass(frozen=True)
class Scene:
    """Everything that frame t needs; frames can be drawn in any order."""

    size: tuple[int, int]  # width, height
    backdrop: np.ndarray  # RGB uint8 [h, w, 3]
    camera: np.ndarray  # [T, 2, 3], frame -> backdrop
    camera_step: np.ndarray  # [T, 2], pixels
    cast: tuple[actors.Actor, ...]  # from back to front
    target: int  # its place in the cast
    shutter: float  # share of the time between frames that the shutter is open
    defocus: np.ndarray  # [T], standard deviation in pixels
    gains: np.ndarray  # [T, 3], of red, green and blue
    noise: np.ndarray  # int16 [h, w, 3], larger than the frame
    noise_corner: np.ndarray  # int [T, 2], where frame t takes its noise
    gray: bool

    def __len__(self) -> int:
        return len(self.camera)

    def __getitem__(self, t: int) -> np.ndarray:
        """Frame t, RGB uint8 [H, W, 3]."""
        t = frame_index(t, len(self))
        frame = cut(self.backdrop, self.camera[t], self.size)
        streak = actors.streak_kernel(self.camera_step[t] * self.shutter)
        if streak is not None:
            frame = cv2.filter2D(frame, -1, streak)
        for actor in self.cast:
            actors.paint(frame, actor, t, self.shutter)
        if self.defocus[t] > 0.3:
            frame = cv2.GaussianBlur(frame, (0, 0), self.defocus[t])
        levels = np.clip(np.round(np.arange(256)[:, None] * self.gains[t]), 0, 255)
        frame = cv2.LUT(frame, levels.astype(np.uint8)[:, None])
        x, y = self.noise_corner[t]
        noise = self.noise[y : y + self.size[1], x : x + self.size[0]]
        frame = cv2.add(frame, noise, dtype=cv2.CV_8U)
        if self.gray:
            frame = cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        return frame


def visibility(scene: Scene) -> np.ndarray:
    """Share float64 [T] of the target's mask that is inside the frame and not covered."""
    target = scene.cast[scene.target]
    points = actors.to_image(target, _inner_points(target.sprite))
    shown = ((points >= 0) & (points < scene.size)).all(axis=2)
    for actor in scene.cast[scene.target + 1 :]:
        shown &= ~actors.covered(actor, points)
    return shown.mean(axis=1)


def _inner_points(sprite: Sprite) -> list[np.ndarray]:
    """Points inside each part, with equal density; where parts overlap at rest only the
    front one counts."""
    areas = [np.count_nonzero(part.alpha > 127) / part.density**2 for part in sprite.parts]
    spacing = np.sqrt(sum(areas) / POINTS)
    points = []
    for index, part in enumerate(sprite.parts):
        height, width = part.alpha.shape
        step = spacing * part.density
        v, u = np.mgrid[step / 2 : height : step, step / 2 : width : step].reshape(2, -1)
        rest = np.stack([u, v], axis=1)[part.covers(u, v)] / part.density + part.corner
        for other in sprite.parts[index + 1 :]:
            rest = rest[~other.covers(*((rest - other.corner) * other.density).T)]
        points.append(rest)
    return points
