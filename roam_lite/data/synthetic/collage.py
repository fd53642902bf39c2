"""Rendered motion over photographs: what a scene shows is real, what happens in it is known exactly."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.random import Generator

from roam_lite.data.synthetic.scene import Scene
from roam_lite.data.synthetic.sprites import Sprite

Photograph = Callable[[Generator], np.ndarray]

REAL_PLACES, REAL_SKINS = 0.8, 0.7  # how often a backdrop, and an actor, is taken from photographs


def with_photographs(scene: Scene, rng: Generator, photograph: Photograph) -> Scene:
    """The scene with photographs behind and on some of its actors.

    `photograph(rng)` gives an RGB uint8 image of any size. Outlines, motion and boxes stay as they are.
    """
    backdrop = scene.backdrop
    if rng.random() < REAL_PLACES:
        backdrop = _piece(rng, photograph(rng), *backdrop.shape[:2], largest=1.0)
    dressed: dict[int, Sprite] = {}
    for actor in scene.cast:
        # Look-alikes share one sprite, and stay alike.
        if id(actor.sprite) not in dressed and rng.random() < REAL_SKINS:
            picture = photograph(rng)
            parts = tuple(
                replace(part, image=_piece(rng, picture, *part.image.shape[:2], largest=0.6))
                if part.alpha.max() > 127
                else part  # a shadow
                for part in actor.sprite.parts
            )
            dressed[id(actor.sprite)] = Sprite(parts)
    cast = tuple(
        replace(actor, sprite=dressed.get(id(actor.sprite), actor.sprite)) for actor in scene.cast
    )
    return replace(scene, backdrop=backdrop, cast=cast)


def _piece(
    rng: Generator, picture: np.ndarray, height: int, width: int, largest: float
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
    filtering = cv2.INTER_AREA if tall > height else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(piece), (width, height), interpolation=filtering)
