"""Rendered motion over photographs: what a scene shows is real, what happens in it is known exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from roam_lite.data.synthetic.actors import Actor
from roam_lite.data.synthetic.scene import Scene
from roam_lite.data.synthetic.sprites import Part

Photograph = Callable[[np.random.Generator], np.ndarray]

REAL_PLACES, REAL_SKINS = 0.8, 0.7  # how often a backdrop, and an actor, is taken from photographs


def with_photographs(scene: Scene, rng: np.random.Generator, photograph: Photograph) -> Scene:
    """The scene with photographs behind and on some of its actors.

    `photograph(rng)` gives an RGB uint8 image of any size. Outlines, motion and boxes stay as they are.
    """
    backdrop = scene.backdrop
    if rng.random() < REAL_PLACES:
        backdrop = _piece(rng, photograph(rng), *backdrop.shape[:2], largest=1.0)
    dressed: dict[int, Actor] = {}
    for actor in scene.cast:
        # Look-alikes share one sprite, and stay alike.
        if id(actor.sprite) not in dressed and rng.random() < REAL_SKINS:
            picture = photograph(rng)
            parts = tuple(_skin(rng, part, picture) for part in actor.sprite.parts)
            dressed[id(actor.sprite)] = replace(actor.sprite, parts=parts)
    cast = tuple(
        replace(actor, sprite=dressed.get(id(actor.sprite), actor.sprite)) for actor in scene.cast
    )
    return replace(scene, backdrop=backdrop, cast=cast)


def _skin(rng: np.random.Generator, part: Part, picture: np.ndarray) -> Part:
    """The part with a piece of the picture as its texture; shadows stay as they are."""
    if part.alpha.max() < 128:  # a shadow
        return part
    height, width = part.image.shape[:2]
    return replace(part, image=_piece(rng, picture, height, width, largest=0.6))


def _piece(
    rng: np.random.Generator, picture: np.ndarray, height: int, width: int, largest: float
) -> np.ndarray:
    """A random part of the picture, of at most the share `largest` of it, as `[height, width, 3]`."""
    rows, columns = picture.shape[:2]
    fit = min(rows / height, columns / width)
    scale = fit * largest * np.exp(rng.uniform(np.log(0.3), 0.0))
    tall, wide = max(1, int(height * scale)), max(1, int(width * scale))
    y, x = int(rng.integers(rows - tall + 1)), int(rng.integers(columns - wide + 1))
    piece = picture[y : y + tall, x : x + wide]
    if rng.random() < 0.5:
        piece = piece[:, ::-1]
    shrinks = tall > height
    flags = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(piece), (width, height), interpolation=flags)
