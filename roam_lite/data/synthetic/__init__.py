"""Video rendered from a seed, with exact boxes and visibility: `synthesize`."""

import numpy as np

from roam_lite.data.sequence import Sequence
from roam_lite.data.synthetic.recipe import CHALLENGES, draw_recipe
from roam_lite.data.synthetic.scene import visibility
from roam_lite.data.synthetic.staging import build_scene
from roam_lite.errors import InputError

__all__ = ["CHALLENGES", "synthesize"]


def synthesize(
    seed: int | tuple[int, ...],
    *,
    length: int = 60,
    size: tuple[int, int] = (320, 240),
    challenge: str | None = None,
) -> Sequence:
    """A rendered sequence of `length` frames of `size` (width, height).

    The box is the tight box of the target's whole mask, clipped nowhere, even where something
    covers it; the visibility is the share of the mask that shows. The same seed gives the same
    bytes; frames are drawn when asked for, each by itself. `challenge` is one of `CHALLENGES`, or
    None for a random mix. Raises `InputError` for an unknown challenge, a negative seed, no
    frames or a frame below 64 px.
    """
    words = (seed,) if isinstance(seed, int | np.integer) else tuple(seed)
    if not words or any(word < 0 for word in words):
        raise InputError(f"seed {seed!r} must be one or more numbers >= 0")
    if length < 1 or min(size) < 64:
        raise InputError(f"{length} frames of {size[0]} x {size[1]} px; give >= 1 of >= 64 px")
    # numpy pads seeds with zeros: the length in front keeps (1,) and (1, 0) apart.
    rng = np.random.default_rng([len(words), *words])
    scene = build_scene(rng, length, size, draw_recipe(rng, challenge))
    name = "-".join(["synthetic", *([challenge] if challenge else []), *map(str, words)])
    return Sequence(name, scene, scene.cast[scene.target].boxes, visibility(scene))
