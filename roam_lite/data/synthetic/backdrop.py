"""The static background: places with ground, walls, foliage and bystanders."""

import cv2
import numpy as np
from numpy.random import Generator

from roam_lite.data.synthetic import actors, shapes
from roam_lite.data.synthetic.fields import fractal
from roam_lite.data.synthetic.kinds import draw_screen, draw_sprite, thing
from roam_lite.data.synthetic.sprites import make_sprite
from roam_lite.data.synthetic.textures import colorize, draw_colors, draw_texture, sample, shade


def draw_backdrop(rng: Generator, width: int, height: int, busy: float) -> np.ndarray:
    """A picture uint8 [height, width, 3] of one of `PLACES`; `busy` scales the number of things."""
    picture = np.ascontiguousarray(PLACES[rng.integers(len(PLACES))](rng, height, width))
    for _ in range(rng.poisson(5 * busy)):
        _furnish(rng, picture, np.exp(rng.uniform(np.log(12), np.log(90))))
    light = fractal(rng, height // 8, width // 8, coarsest=64, finest=8, slope=1.5)
    light = cv2.resize(light, (width, height)) * np.float32(rng.uniform(0, 0.2)) + 1
    # Cameras expose roughly for a mean gray.
    exposure = (rng.uniform(75, 165) / max(picture[::8, ::8].mean(), 1.0)) ** 0.8
    return shade(picture, np.clip(light, 0.4, 1.5) * np.float32(np.clip(exposure, 0.4, 3)))


def outdoors(rng: Generator, height: int, width: int) -> np.ndarray:
    """Sky, something far, and ground that recedes."""
    sky = draw_colors(rng, 3) // 2 + np.uint8(120)
    picture = colorize(sample(rng, "clouds", height, width, zoom=2.0, turn=0.0), sky)
    horizon = int(rng.uniform(0.1, 0.6) * height)
    for _ in range(rng.integers(1, 4)):
        far = draw_texture(rng, height, width, draw_colors(rng, 4), 0.4, 0.8)
        _cover_below(rng, picture, far, horizon - rng.uniform(-10, 0.3 * height), rough=1.0)
    if rng.random() < 0.5:
        _build(rng, picture, horizon)
    ground = picture.copy()
    ground[horizon:] = _ground(rng, height - horizon, width)
    _cover_below(rng, picture, ground, horizon, rough=0.1)
    return picture


def indoors(rng: Generator, height: int, width: int) -> np.ndarray:
    """A wall and a floor, straight lines."""
    picture = draw_texture(rng, height, width, draw_colors(rng, 4, 0.03), 0.6, 1.3)
    edge = int(rng.uniform(0.4, 0.95) * height)
    picture[edge:] = _ground(rng, height - edge, width)
    return picture


def close_up(rng: Generator, height: int, width: int) -> np.ndarray:
    """One surface: grass, water, road, foliage, a facade."""
    picture = draw_texture(rng, height, width, draw_colors(rng, 5, 0.03), 0.25, 1.2)
    if rng.random() < 0.4:
        other = draw_texture(rng, height, width, draw_colors(rng, 4, 0.03), 0.3)
        _cover_below(rng, picture, other, rng.uniform(0.2, 0.8) * height, rough=1.5)
    return picture


def heap(rng: Generator, height: int, width: int) -> np.ndarray:
    """Things over things, of all sizes."""
    picture = draw_texture(rng, height, width, draw_colors(rng, 5, 0.03), 0.2)
    smallest, largest = 10.0, 90.0
    for spread in rng.uniform(largest**-2, smallest**-2, int(rng.integers(8, 20))):
        _furnish(rng, picture, 1 / np.sqrt(spread))
    return picture


PLACES = (outdoors, outdoors, indoors, close_up, close_up, heap)


def _furnish(rng: Generator, picture: np.ndarray, size: float) -> None:
    """Paint something of `size` pixels per unit somewhere into the picture, in place."""
    kind = rng.random()
    if kind < 0.15:
        sprite = draw_sprite(rng, size)
    elif kind < 0.55:
        sprite = draw_screen(rng, size)
    else:
        sprite = make_sprite(rng, thing(rng), np.exp(rng.normal(0, 0.5)), size)
    place = rng.uniform(0, 1, (1, 2)) * picture.shape[1::-1]
    angle = rng.normal(0, 0.1)
    actors.paint(picture, actors.still(sprite, actors.pose(place, [size], 1.0, [angle])), 0)


def _build(rng: Generator, picture: np.ndarray, horizon: int) -> None:
    """Put a row of houses or a wall onto the horizon, in place."""
    left = 0
    while left < picture.shape[1]:
        right = left + int(rng.uniform(25, 160))
        top = int(horizon * rng.uniform(0.0, 0.9))
        if rng.random() < 0.8:
            region = picture[top : horizon + 20, left:right]
            colors = draw_colors(rng, 4, 0.05)
            region[...] = draw_texture(rng, *region.shape[:2], colors, 0.9, rng.uniform(0.4, 1.0))
        left = right


def _ground(rng: Generator, height: int, width: int) -> np.ndarray:
    """A plane seen at a slant, uint8 [height, width, 3], its far edge at the top."""
    plane = draw_texture(rng, height, width, draw_colors(rng, 4, 0.05), 0.35, 1.6)
    if rng.random() < 0.3:
        tone, thick = int(rng.integers(120, 250)), int(rng.integers(2, 9))
        for _ in range(rng.integers(1, 5)):  # the lines of a road or a field
            start, end = rng.uniform(0, width, 2)
            if rng.random() < 0.5:
                ends = (int(start), 0), (int(end), height)
            else:
                ends = (0, int(start * height / width)), (width, int(end * height / width))
            cv2.line(plane, *ends, (tone, tone, tone), thick, cv2.LINE_AA)
    pinch = rng.uniform(0.0, 0.38) * width
    # The far edge shows the whole width of the plane, the near edge only its middle.
    plain = np.float32([[0, 0], [width, 0], [0, height], [width, height]])
    slanted = np.float32([[0, 0], [width, 0], [-pinch, height], [width + pinch, height]])
    slant = cv2.getPerspectiveTransform(plain, slanted)
    return cv2.warpPerspective(plane, slant, (width, height), borderMode=cv2.BORDER_REFLECT_101)


def _cover_below(
    rng: Generator, picture: np.ndarray, texture: np.ndarray, top: float, rough: float
) -> None:
    """Lay `texture` over everything below an uneven line at about `top`, in place."""
    height, width = picture.shape[:2]
    line = fractal(rng, 2, width, coarsest=256, slope=rng.uniform(1.2, 2.0))[0]
    line = top + line * rough * rng.uniform(3, 25) + np.linspace(-1, 1, width) * rng.normal(0, 8)
    corners = [(width + 1, height + 1), (-1, height + 1)]
    outline = np.concatenate([np.stack([np.arange(width) + 0.5, line], axis=1), corners])
    cv2.copyTo(texture, shapes.rasterize(outline, height, width, fine=1), picture)
