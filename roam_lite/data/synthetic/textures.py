"""Colored textures: pieces of the gray fields through ramps of harmonious colors."""

import colorsys

import cv2
import numpy as np
from numpy.random import Generator

from roam_lite.data.synthetic.fields import MADE, NATURAL, SIDE, bank

# Hue ranges in turns and how often they come: foliage, earth and skin, sky and water, anything.
HUES = ((0.18, 0.4), (0.02, 0.14), (0.53, 0.66), (0.0, 1.0))
HUE_WEIGHTS = (0.2, 0.38, 0.24, 0.18)


def draw_colors(rng: Generator, count: int, vivid: float = 0.0) -> np.ndarray:
    """Harmonious colors, uint8 [count, 3] RGB: one or two hues, several lightnesses.

    `vivid` in [0, 1] is the chance that they are saturated, as paint and clothes are.
    """
    bands = [HUES[i] for i in rng.choice(len(HUES), 2, p=HUE_WEIGHTS)]
    hues = [rng.uniform(low, high) for low, high in bands]
    saturation = rng.uniform(0.5, 0.95) if rng.random() < vivid else rng.beta(1.4, 4.5)
    center, spread = rng.uniform(0.2, 0.85), rng.uniform(0.08, 0.3)
    values = np.clip(center + spread * rng.normal(size=count), 0.04, 1.0)
    if rng.random() < 0.6:  # one material: dark to light
        values.sort()
    second = rng.random(count) < rng.choice([0.0, 0.3])
    colors = [
        colorsys.hsv_to_rgb(
            (hues[int(other)] + rng.normal(0, 0.015)) % 1.0,
            min(1.0, saturation * rng.uniform(0.6, 1.2)),
            value,
        )
        for other, value in zip(second, values, strict=True)
    ]
    return np.round(np.array(colors) * 255).astype(np.uint8)


def sample(
    rng: Generator,
    name: str,
    height: int,
    width: int,
    *,
    zoom: float = 1.0,
    turn: float | None = None,
    stretch: float = 1.0,
) -> np.ndarray:
    """A piece uint8 [height, width] of the field `name`, from a random place.

    `zoom` pixels per field pixel, `stretch` times as many vertically, rotated by `turn` radians
    (random if None).
    """
    angle = rng.uniform(0, 2 * np.pi) if turn is None else turn
    cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
    linear = np.array([[cos, -sin / stretch], [sin, cos / stretch]])
    middle = rng.uniform(0.25, 0.75, 2) * SIDE
    offset = middle - linear @ (width / 2, height / 2)
    return cut(bank()[name], np.column_stack([linear, offset]), (width, height))


def cut(image: np.ndarray, place: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """What `image` shows at `place` [2, 3] (result -> image), `size` (width, height)."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, place, size, flags=flags, borderMode=cv2.BORDER_REFLECT_101)


def colorize(gray: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Image uint8 [H, W, 3]: `gray` as a place on the ramp through `colors`."""
    places = np.linspace(28, 228, len(colors))
    levels = np.arange(256)
    ramp = np.stack([np.interp(levels, places, colors[:, c]) for c in range(3)], axis=1)
    return cv2.applyColorMap(gray, ramp.astype(np.uint8)[:, None])


def shade(image: np.ndarray, light: np.ndarray) -> np.ndarray:
    """`image` uint8 [H, W, 3] times `light` float32 [H, W], saturated."""
    return cv2.multiply(image, cv2.merge([light] * 3), dtype=cv2.CV_8U)


def draw_texture(
    rng: Generator,
    height: int,
    width: int,
    colors: np.ndarray,
    made: float,
    coarse: float = 1.0,
) -> np.ndarray:
    """A texture uint8 [height, width, 3] in `colors`.

    `made` is the chance of a man-made pattern, `coarse` scales its pieces.
    """
    zoom = coarse * np.exp(rng.uniform(-0.4, 0.9))
    if rng.random() < made:
        names, shape = MADE, {"turn": float(rng.choice([0.0, np.pi / 2, rng.uniform(0, np.pi)]))}
    else:
        names, shape = NATURAL, {"stretch": np.exp(rng.normal(0, 0.5))}
    gray = sample(rng, str(rng.choice(names)), height, width, zoom=zoom, **shape)
    if rng.random() < 0.5:
        other = sample(rng, str(rng.choice(NATURAL)), height, width, zoom=zoom)
        share = rng.uniform(0.2, 0.6)
        gray = cv2.addWeighted(gray, 1 - share, other, share, 0)
    # Paint, walls and sky have little contrast.
    contrast = rng.uniform(0.4, 1.3) if rng.random() < 0.75 else rng.uniform(0.1, 0.4)
    gray = cv2.convertScaleAbs(gray, alpha=contrast, beta=128 * (1 - contrast) + rng.normal(0, 12))
    image = colorize(gray, colors)
    if rng.random() < 0.25:  # patches of other colors: moss, stains, puddles
        others = rng.permutation(colors)
        name = str(rng.choice(["clouds", "ridges", "leaves"]))
        where = sample(rng, name, height, width, zoom=rng.uniform(0.6, 1.5))
        _, mask = cv2.threshold(where, float(rng.uniform(110, 180)), 255, cv2.THRESH_BINARY)
        cv2.copyTo(colorize(gray, others), mask, image)
    return image
