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
    side: float | None = None,
) -> Sequence:
    """A rendered sequence of `length` frames of `size` (width, height).

    The box is the tight box of the target's whole mask, not clipped, even where something
    covers it; the visibility is the share of the mask that shows. The same seed gives the same
    bytes; frames are drawn on access, independently. `challenge` is one of `CHALLENGES`, or
    None for a random mix. `side` is the target's mean size (square root of its area, pixels); in
    nine of ten sequences it then stays away from the edge of the frame. None draws a size of 26 to 80 px
    in a frame 240 px high, and lets the target go anywhere in it. Raises `InputError` for an unknown
    challenge, a negative seed, no frames, a frame below 64 px or a side that is not between 5 px and half
    the frame's.
    """
    words = (seed,) if isinstance(seed, int | np.integer) else tuple(seed)
    if not words or any(word < 0 for word in words):
        raise InputError(f"seed {seed!r} must be one or more numbers >= 0")
    if length < 1 or min(size) < 64:
        raise InputError(f"{length} frames of {size[0]} x {size[1]} px; give >= 1 of >= 64 px")
    if side is not None and not 5 <= side <= min(size) / 2:
        raise InputError(f"a target of {side} px; give 5 to {min(size) / 2:g}, or a larger frame")
    # numpy pads seeds with zeros: the length in front keeps (1,) and (1, 0) apart.
    rng = np.random.default_rng([len(words), *words])
    scene = build_scene(rng, length, size, draw_recipe(rng, challenge), side)
    name = "-".join(["synthetic", *([challenge] if challenge else []), *map(str, words)])
    return Sequence(name, scene, scene.cast[scene.target].boxes, visibility(scene))
