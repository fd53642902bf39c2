"""Large gray fields that all textures are cut from: noise, leaves, strokes, bricks, weave.

They are drawn once per process from a fixed seed (under a second); a texture then takes a
random place, turn, stretch and coloring of one or two of them, which costs almost nothing.
"""

from functools import cache

import cv2
import numpy as np
from numpy.random import Generator

SIDE = 704
SEED = 20200613
NATURAL = ("clouds", "rock", "sand", "ridges", "fibres", "waves", "leaves", "shards", "strokes")
MADE = ("bricks", "windows", "stripes", "checks", "dots", "blocks")


@cache
def bank() -> dict[str, np.ndarray]:
    """Fields uint8 [SIDE, SIDE] by name, mean about 128 and deviation about 50; read-only."""
    rng = np.random.default_rng(SEED)
    fields = {
        "clouds": fractal(rng, SIDE, SIDE, slope=1.6),
        "rock": fractal(rng, SIDE, SIDE, slope=1.0),
        "sand": fractal(rng, SIDE, SIDE, slope=0.7),
        "ridges": np.abs(fractal(rng, SIDE, SIDE, slope=1.2)),
        "fibres": fractal(rng, SIDE, SIDE, slope=1.0, stretch=(12.0, 1.0)),
        "waves": np.abs(fractal(rng, SIDE, SIDE, coarsest=64, slope=1.1, stretch=(1.0, 4.0))),
        "leaves": dead_leaves(rng, corners=0, squash=0.4),
        "shards": dead_leaves(rng, corners=5, squash=0.5),
        "blocks": dead_leaves(rng, corners=4, squash=0.5, upright=True),
        "strokes": dead_leaves(rng, corners=0, squash=0.07),
        **_made(rng),
    }
    for name, field in fields.items():
        standard = (field - field.mean()) / field.std()
        fields[name] = np.clip(np.round(standard * 50 + 128), 0, 255).astype(np.uint8)
        fields[name].flags.writeable = False
    return fields


@cache
def grain() -> np.ndarray:
    """White noise float32 [SIDE, SIDE, 3] of unit variance; read-only."""
    noise = np.random.default_rng(SEED).standard_normal((SIDE, SIDE, 3), dtype=np.float32)
    noise.flags.writeable = False
    return noise


def fractal(
    rng: Generator,
    height: int,
    width: int,
    *,
    coarsest: float = 256.0,
    finest: float = 1.0,
    slope: float = 1.0,
    stretch: tuple[float, float] = (1.0, 1.0),
) -> np.ndarray:
    """Noise float32 [height, width], zero mean and unit variance, amplitude falling as 1/f**slope.

    One octave for each halving of the wavelength from `coarsest` to `finest` pixels; `stretch`
    lengthens them in (y, x), as in fur, grass or water.
    """
    noise = np.zeros((height, width), np.float32)
    wavelength = float(coarsest)
    while wavelength >= finest:
        rows = int(np.clip(np.ceil(height / (wavelength * stretch[0])) + 1, 2, height))
        columns = int(np.clip(np.ceil(width / (wavelength * stretch[1])) + 1, 2, width))
        octave = rng.standard_normal((rows, columns), dtype=np.float32)
        octave *= wavelength ** (slope - 1)  # octaves of equal variance are 1/f in two dimensions
        noise += cv2.resize(octave, (width, height), interpolation=cv2.INTER_CUBIC)
        wavelength /= 2
    return (noise - noise.mean()) / max(float(noise.std()), 1e-6)


def dead_leaves(
    rng: Generator, *, corners: int, squash: float, upright: bool = False
) -> np.ndarray:
    """Shapes that cover each other, float32 [SIDE, SIDE], sizes with density 1/r**3.

    This is the model whose statistics come closest to those of photographs (Lee, Mumford and
    Huang 2001). Each shape is an ellipse, or has `corners`; it is at least `squash` as high as
    wide, and has one tone with a gradient across it.
    """
    image = fractal(rng, SIDE, SIDE, slope=1.3) * np.float32(0.6)
    smallest, largest, count = 2.5 / np.sqrt(squash), 70.0, 3500
    radii = 1 / np.sqrt(rng.uniform(largest**-2.0, smallest**-2.0, count))
    lows = radii * rng.uniform(squash, min(1, 2 * squash), count)
    turns = rng.integers(0, 2, count) * np.pi / 2 if upright else rng.uniform(0, np.pi, count)
    places = rng.uniform(0, SIDE, (count, 2))
    tones = rng.normal(0, 1, count).astype(np.float32)
    slopes = (rng.normal(0, 0.35, (count, 2)) / radii[:, None]).astype(np.float32)
    round_the_shape = (np.arange(corners or 20) + 0.5) * 2 * np.pi / (corners or 20)
    unit = np.stack([np.cos(round_the_shape), np.sin(round_the_shape)], axis=1)
    leaves = zip(radii, lows, turns, places, tones, slopes, strict=True)
    for radius, low, turn, place, tone, slope in leaves:
        reach = int(radius) + 2
        x, y = np.maximum(place.astype(int) - reach, 0)
        region = image[y : int(place[1]) + reach, x : int(place[0]) + reach]
        rows = np.arange(len(region), dtype=np.float32)[:, None] - reach
        columns = np.arange(region.shape[1], dtype=np.float32) - reach
        cos, sin = np.cos(turn), np.sin(turn)
        outline = unit * (radius, low) @ np.array([[cos, sin], [-sin, cos]]) + place - (x, y)
        mask = np.zeros(region.shape, np.uint8)
        cv2.fillConvexPoly(mask, (outline * 16).astype(np.int32), 255, cv2.LINE_AA, shift=4)
        cover = mask * np.float32(1 / 255)
        region += (tone + slope[0] * rows + slope[1] * columns - region) * cover
    return image + 0.2 * fractal(rng, SIDE, SIDE, slope=0.8)


def _made(rng: Generator) -> dict[str, np.ndarray]:
    """Regular patterns with tones that vary from piece to piece, as people make them."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    uneven = fractal(rng, SIDE, SIDE, slope=1.1) * 0.4
    wobble = fractal(rng, SIDE, SIDE, slope=2.0, finest=16) * 0.06
    a, b = x / 24 + wobble, y / 24 + wobble.T
    row = np.floor(b * 2).astype(int)
    shifted = a + 0.5 * (row % 2)
    tones = rng.normal(0, 0.6, (100, 100)).astype(np.float32)
    bricks = tones[row % 100, np.floor(shifted).astype(int) % 100] + 0.4
    joint = (np.abs(shifted - np.round(shifted)) < 0.04) | (np.abs(b * 2 - np.round(b * 2)) < 0.09)
    bricks[joint] = -1.8
    pane = (np.abs(a / 2 % 1 - 0.5) < 0.27) & (np.abs(b / 3 % 1 - 0.5) < 0.3)
    panes = np.floor(b / 3).astype(int) % 100, np.floor(a / 2).astype(int) % 100
    windows = np.where(pane, -1.4 + tones[panes], 0.8)
    levels = rng.choice([-1.2, -0.4, 0.5, 1.3], 64).astype(np.float32)
    checks = levels[np.floor(a).astype(int) % 64] + levels[np.floor(b).astype(int) % 64]
    spot = np.hypot(a - np.round(a), b - np.round(b))
    return {
        "bricks": bricks + uneven,
        "windows": windows + uneven,
        "stripes": levels[np.floor(a * 2).astype(int) % 64] + uneven,
        "checks": checks + uneven,
        "dots": np.clip((0.3 - spot) * 12, -0.7, 1.3) + uneven,
    }
