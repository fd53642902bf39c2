"""Freely licensed photographs that come with scikit-image: `draw_photograph`, for collages."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from roam_lite.data.pixels import read_image
from roam_lite.data.synthetic.textures import colorize, draw_colors
from roam_lite.extras import require

# Files in its folder `data` that are in its wheel and whose license its documentation states.
PHOTOGRAPHS = (
    "astronaut.png",  # NASA; public domain
    "chelsea.png",  # CC0
    "coffee.png",  # CC0
    "rocket.jpg",  # SpaceX; public domain
    "camera.png",  # gray, like the following ones; CC0
    "brick.png",  # CC0
    "grass.png",  # CC0
    "gravel.png",  # CC0
)


def draw_photograph(rng: np.random.Generator) -> np.ndarray:
    """One of the photographs, RGB uint8 [H, W, 3]; gray ones get random, harmonious colors.

    Raises `InputError` if scikit-image is not installed.
    """
    picture = _read(PHOTOGRAPHS[int(rng.integers(len(PHOTOGRAPHS)))])
    gray = np.ascontiguousarray(picture[..., 0])
    if (picture == gray[..., None]).all():
        return colorize(gray, draw_colors(rng, 4))
    return picture


def photographs_folder() -> Path:
    """The folder of the photographs. Raises `InputError` if scikit-image is not installed."""
    require("skimage", "collage:photographs")
    (package,) = find_spec("skimage").submodule_search_locations  # importing it would take a second
    return Path(package, "data")


@cache
def _read(name: str) -> np.ndarray:
    image = read_image(photographs_folder() / name)
    image.flags.writeable = False
    return image
