"""Things that move: sprites of one or several textured parts.

A sprite has its own coordinates: its outlines at rest span a box of area 1 around the origin,
x to the right, y down.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from roam_lite.data.synthetic.shapes import densify, rasterize
from roam_lite.data.synthetic.textures import draw_texture, sample, shade

MARGIN = 3  # texture pixels around the outline, so that filtering never meets the texture's edge
LONGEST_EDGE = 0.08  # sprite units


@dataclass(frozen=True)
class Plan:
    """A part before it has a texture.

    `outline` float64 [n, 2] in any unit; `colors` uint8 [k, 3]; it turns about `pivot`: to and
    fro by `swing` radians, `phase` into the stride, or round and round if it `rolls`. `made` is
    the chance of a man-made pattern, `marks` whether bands, spots or letters may be on it.
    """

    outline: np.ndarray
    colors: np.ndarray
    pivot: ArrayLike = (0.0, 0.0)
    swing: float = 0.0
    phase: float = 0.0
    rolls: bool = False
    made: float = 0.3
    marks: bool = False


@dataclass(frozen=True)
class Part:
    """A textured piece of a sprite: a plan in sprite coordinates, painted.

    `image` RGB uint8 [h, w', 3] and `alpha` uint8 [h, w] have `density` pixels per unit, the corner
    of their pixel (0, 0) at `corner`. The image may be wider than alpha: the rest comes into view
    when the sprite turns.
    """

    plan: Plan
    image: np.ndarray
    alpha: np.ndarray
    corner: np.ndarray
    density: float

    def covers(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Which places of the texture, pixel j covering [j, j + 1), are more than half opaque."""
        height, width = self.alpha.shape
        known = (u >= 0) & (u < width) & (v >= 0) & (v < height)
        row, column = np.where(known, v, 0).astype(int), np.where(known, u, 0).astype(int)
        return known & (self.alpha[row, column] > 127)


@dataclass(frozen=True)
class Sprite:
    """Parts from back to front."""

    parts: tuple[Part, ...]


def make_sprite(
    rng: Generator, plans: list[Plan], aspect: float, size: float, turn: float = 0.0
) -> Sprite:
    """Plans fitted to a box of area 1 and of `aspect` (width over height), and painted.

    The sprite looks sharp up to `size` pixels per unit; `turn` is how much of its texture, in
    widths, is hidden at first.
    """
    points = np.concatenate([plan.outline for plan in plans])
    low, high = points.min(axis=0), points.max(axis=0)
    unit = np.array([np.sqrt(aspect), 1 / np.sqrt(aspect)]) / (high - low)
    middle = (low + high) / 2
    lamp = rng.uniform(-np.pi, 0)
    parts = []
    for plan in plans:
        outline = densify((plan.outline - middle) * unit, LONGEST_EDGE)
        fitted = replace(plan, outline=outline, pivot=(plan.pivot - middle) * unit)
        parts.append(_paint(rng, fitted, size, turn, lamp))
    return Sprite(tuple(parts))


def shadow_sprite(depth: float) -> Sprite:
    """A soft dark disc that darkens by `depth` (below a half, so it never counts as a cover)."""
    side = 32
    y, x = (np.mgrid[:side, :side] + 0.5) / side * 2 - 1
    alpha = np.clip((1 - np.hypot(x, y)) * 2, 0, 1) * depth * 255
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    outline = np.stack([np.cos(angle), np.sin(angle)], axis=1) / 2
    image = np.full((side, side, 3), 8, np.uint8)
    plan, corner = Plan(outline, colors=image[0]), np.array([-0.5, -0.5])
    return Sprite((Part(plan, image, alpha.astype(np.uint8), corner, float(side)),))


def perforated(rng: Generator, sprite: Sprite) -> Sprite:
    """The sprite with holes and a ragged edge, as foliage has."""
    parts = []
    for part in sprite.parts:
        name = str(rng.choice(["leaves", "strokes", "rock"]))
        leaves = sample(rng, name, *part.alpha.shape, zoom=rng.uniform(0.8, 1.6))
        soft = cv2.blur(part.alpha, (9, 9))
        ragged = cv2.addWeighted(soft, 0.8, leaves, 1.2, -150)
        _, ragged = cv2.threshold(ragged, 60, 255, cv2.THRESH_BINARY)
        parts.append(replace(part, alpha=cv2.min(cv2.blur(ragged, (2, 2)), part.alpha)))
    return Sprite(tuple(parts))


def _paint(rng: Generator, plan: Plan, density: float, turn: float, lamp: float) -> Part:
    corner = plan.outline.min(axis=0) - MARGIN / density
    width, height = np.ceil((plan.outline.max(axis=0) - corner) * density).astype(int) + MARGIN
    alpha = rasterize((plan.outline - corner) * density, height, width)
    whole = int(width * (1 + turn))
    image = draw_texture(rng, height, whole, plan.colors, plan.made)
    if plan.marks and rng.random() < 0.7:
        _mark(rng, image, rng.permutation(plan.colors))
    light = cv2.resize(_relief(alpha, lamp, rng.uniform(0.1, 0.45)), (whole, height))
    folds = sample(rng, "clouds", height, whole, zoom=rng.uniform(0.3, 1.0))
    image = shade(image, light * (folds * np.float32(0.5 / 255) + np.float32(0.75)))
    return Part(plan, image, alpha, corner, density)


def _relief(alpha: np.ndarray, lamp: float, strength: float) -> np.ndarray:
    """Light float32 [h, w] on a rounded solid with the outline of `alpha`, brightest toward the
    direction `lamp` (radians; -pi/2 is up)."""
    reach = max(3, min(alpha.shape) // 5 * 2 + 1)
    bulge = cv2.blur(cv2.blur(alpha, (reach, reach)), (reach, reach))
    slope = cv2.Sobel(bulge, cv2.CV_32F, 1, 0) * np.float32(-np.cos(lamp))
    slope -= cv2.Sobel(bulge, cv2.CV_32F, 0, 1) * np.float32(np.sin(lamp))
    slope *= np.float32(-strength * reach / 900)
    return np.clip(slope + (bulge * np.float32(0.3 / 255) + 0.78), 0.35, 1.5)


def _mark(rng: Generator, image: np.ndarray, colors: np.ndarray) -> None:
    """Put bands, spots or letters in `colors` onto an image, in place."""
    height, width = image.shape[:2]
    tones = [color.tolist() for color in colors]
    kind = rng.integers(3)
    if kind == 0:
        for _ in range(rng.integers(1, 4)):
            top = int(rng.uniform(0, height))
            bottom = top + max(2, int(rng.uniform(0.05, 0.3) * height))
            cv2.rectangle(image, (0, top), (width, bottom), tones[rng.integers(len(tones))], -1)
    elif kind == 1:
        for _ in range(rng.integers(3, 12)):
            center = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
            axes = tuple(max(1, int(a)) for a in rng.uniform(0.03, 0.2, 2) * min(width, height))
            tone = tones[rng.integers(len(tones))]
            cv2.ellipse(image, center, axes, rng.uniform(0, 180), 0, 360, tone, -1, cv2.LINE_AA)
    else:
        word = "".join(chr(code) for code in rng.integers(48, 91, 4))
        scale = max(0.3, height / rng.uniform(40, 90))
        place = (int(rng.uniform(0, 0.3) * width), int(rng.uniform(0.4, 0.8) * height))
        font, thick = cv2.FONT_HERSHEY_SIMPLEX, max(1, int(scale * 2.5))
        cv2.putText(image, word, place, font, scale, tones[0], thick, cv2.LINE_AA)
