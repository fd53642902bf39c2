"""A sprite in motion: where it is at every frame, and its picture there.

From sprite to image: each part turns about its pivot, the whole bends by two shears
(y += g(x), then x += f(y), both waves), then comes an affine map. Each step has an exact inverse,
so that the outline (forward) and the drawn pixels (backward) agree.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import ArrayLike

from roam_lite.data.synthetic.sprites import Part, Sprite

BEND_WAVE = np.float32(4.0)  # radians per sprite unit
HALF = np.float32(0.5)  # OpenCV counts from pixel centers, everything here from edges


@dataclass(frozen=True)
class Actor:
    """A sprite over T frames.

    `affine` float64 [T, 2, 3] sprite -> image; `angles` [T, P] of its parts, radians; `bend`
    [T, 4], amplitudes (x, y) in sprite units and phases (x, y) of the shears; `slide` [T], how far
    the texture has moved round the sprite, in sprite units.
    """

    sprite: Sprite
    affine: np.ndarray
    angles: np.ndarray
    bend: np.ndarray
    slide: np.ndarray

    def moved(self, affine: np.ndarray) -> "Actor":
        """The actor after a further map `affine` [T, 2, 3] of the image."""
        linear = affine[:, :, :2] @ self.affine
        linear[:, :, 2] += affine[:, :, 2]
        return replace(self, affine=linear)

    @cached_property
    def extents(self) -> np.ndarray:
        """Edges float64 [T, P, 4] (left, top, right, bottom) of each part in the image."""
        outlines = [part.plan.outline for part in self.sprite.parts]
        points = to_image(self, outlines)
        starts = np.cumsum([0, *map(len, outlines[:-1])])
        low = np.minimum.reduceat(points, starts, axis=1)
        return np.concatenate([low, np.maximum.reduceat(points, starts, axis=1)], axis=2)

    @cached_property
    def boxes(self) -> np.ndarray:
        """Tight boxes float64 [T, 4] (x, y, w, h) of the whole sprite, not clipped."""
        low = self.extents[:, :, :2].min(axis=1)
        return np.concatenate([low, self.extents[:, :, 2:].max(axis=1) - low], axis=1)

    @cached_property
    def steps(self) -> np.ndarray:
        """How far it moves per frame, float64 [T, 2], pixels."""
        path = self.affine[:, :, 2]
        return np.gradient(path, axis=0) if len(path) > 1 else np.zeros_like(path)


def still(sprite: Sprite, affine: np.ndarray) -> Actor:
    """The sprite as a rigid object under `affine` [T, 2, 3]."""
    length = len(affine)
    angles = np.zeros((length, len(sprite.parts)))
    return Actor(sprite, affine, angles, np.zeros((length, 4)), np.zeros(length))


def pose(
    center: np.ndarray, size: ArrayLike, aspect: ArrayLike = 1.0, angle: ArrayLike = 0.0
) -> np.ndarray:
    """Affine maps float64 [T, 2, 3]: stretched by `aspect` at equal area, turned by `angle`,
    scaled to `size` [T] pixels per unit, moved to `center` [T, 2]."""
    size = np.asarray(size, np.float64)
    cos, sin = np.cos(angle), np.sin(angle)
    wide, high = size * np.sqrt(aspect), size / np.sqrt(aspect)
    rows = [[cos * wide, -sin * high, center[:, 0]], [sin * wide, cos * high, center[:, 1]]]
    return np.moveaxis(np.array(rows), 2, 0)


def to_image(actor: Actor, points: list[np.ndarray]) -> np.ndarray:
    """Where points of the parts at rest, one array [n_p, 2] a part, are in the image: [T, n, 2],
    n counting through all parts."""
    parts, counts = actor.sprite.parts, [len(piece) for piece in points]
    pivot_x, pivot_y = np.repeat([part.plan.pivot for part in parts], counts, axis=0).T
    x, y = np.concatenate(points).T
    if actor.angles.any():
        cos = np.repeat(np.cos(actor.angles), counts, axis=1)
        sin = np.repeat(np.sin(actor.angles), counts, axis=1)
        x, y = x - pivot_x, y - pivot_y
        x, y = cos * x - sin * y + pivot_x, sin * x + cos * y + pivot_y
    if actor.bend.any():
        amplitude_x, amplitude_y, phase_x, phase_y = actor.bend.T[:, :, None]
        y = y + amplitude_y * np.sin(BEND_WAVE * x + phase_y)
        x = x + amplitude_x * np.sin(BEND_WAVE * y + phase_x)
    (a, b, c), (d, e, f) = np.moveaxis(actor.affine, 0, 2)[..., None]
    return np.stack([a * x + b * y + c, d * x + e * y + f], axis=2)


def from_image(
    actor: Actor, t: int | np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sprite coordinates, before parts turn, of image coordinates float32 at frames t; t, x and y
    broadcast."""
    (a, b, c), (d, e, f) = np.moveaxis(actor.affine[t], (-2, -1), (0, 1)).astype(np.float32)
    determinant = a * e - b * d
    x, y = x - c, y - f
    a, b, d, e = a / determinant, b / determinant, d / determinant, e / determinant
    x, y = e * x - b * y, a * y - d * x
    if np.any(actor.bend[t]):
        bend = np.moveaxis(actor.bend[t], -1, 0).astype(np.float32)
        amplitude_x, amplitude_y, phase_x, phase_y = bend
        x = x - amplitude_x * np.sin(BEND_WAVE * y + phase_x)
        y = y - amplitude_y * np.sin(BEND_WAVE * x + phase_y)
    return x, y


def to_texture(
    part: Part, angle: float | np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Texture coordinates (pixel j covers [j, j + 1)) of sprite coordinates, the part turned by
    `angle` undone."""
    pivot, corner = np.float32(part.plan.pivot), np.float32(part.corner)
    density = np.float32(part.density)
    if not np.any(angle):
        return (x - corner[0]) * density, (y - corner[1]) * density
    cos, sin = np.float32(np.cos(angle)) * density, np.float32(np.sin(angle)) * density
    shift = (pivot - corner) * density
    x, y = x - pivot[0], y - pivot[1]
    return cos * x + sin * y + shift[0], cos * y - sin * x + shift[1]


def paint(frame: np.ndarray, actor: Actor, t: int, shutter: float = 0.0) -> None:
    """Draw the actor at frame t onto `frame` uint8 [H, W, 3], in place.

    `shutter` is the share of its step over which it is blurred.
    """
    streak = streak_kernel(actor.steps[t] * shutter)
    margin = 1 if streak is None else 1 + len(streak) // 2
    left, top = np.floor(actor.extents[t, :, :2].min(axis=0)).astype(int) - margin
    right, bottom = np.ceil(actor.extents[t, :, 2:].max(axis=0)).astype(int) + margin
    left, top = max(left, 0), max(top, 0)
    region = frame[top : max(bottom, 0), left : max(right, 0)]
    if region.size == 0:
        return
    height, width = region.shape[:2]
    x = np.arange(left, left + width, dtype=np.float32)[None] + HALF
    y = np.arange(top, top + height, dtype=np.float32)[:, None] + HALF
    x, y = from_image(actor, t, x, y)
    picture, cover = region.copy(), np.zeros((height, width), np.uint8)
    edges = actor.extents[t] - (left, top, left, top)
    for part, angle, edge in zip(actor.sprite.parts, actor.angles[t], edges, strict=True):
        rows = slice(max(int(edge[1]) - 1, 0), max(int(edge[3]) + 2, 0))
        columns = slice(max(int(edge[0]) - 1, 0), max(int(edge[2]) + 2, 0))
        u, v = to_texture(part, angle, x[rows, columns], y[rows, columns])
        if u.size == 0:
            continue
        u, v = u - HALF, v - HALF  # to pixel centers
        alpha = cv2.remap(part.alpha, u, v, cv2.INTER_LINEAR)
        u = u + np.float32(actor.slide[t] * part.density)
        image = cv2.remap(part.image, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        blend(picture[rows, columns], image, alpha)
        np.maximum(cover[rows, columns], alpha, out=cover[rows, columns])
    if streak is None:
        region[...] = picture
    else:
        blend(region, cv2.filter2D(picture, -1, streak), cv2.filter2D(cover, -1, streak))


def blend(below: np.ndarray, above: np.ndarray, alpha: np.ndarray) -> None:
    """Put `above` over `below` (uint8 [H, W, 3], in place) where `alpha` uint8 [H, W] says."""
    weight = alpha * np.float32(1 / 255)
    below[...] = cv2.blendLinear(above, below, weight, 1 - weight)


def streak_kernel(way: np.ndarray) -> np.ndarray | None:
    """A line of weights float32 [k, k] of sum 1 along `way` (x, y); None if under a pixel."""
    length = float(np.hypot(*way))
    if length < 1:
        return None
    half = int(np.ceil(np.abs(way).max() / 2))
    share = np.linspace(-0.5, 0.5, int(np.ceil(length)) + 1)[:, None]
    cells = np.arange(-half, half + 1)
    across = np.maximum(1 - np.abs(cells - share * way[0]), 0)
    down = np.maximum(1 - np.abs(cells - share * way[1]), 0)
    kernel = np.einsum("ki,kj->ij", down, across)
    return (kernel / kernel.sum()).astype(np.float32)


def covered(actor: Actor, points: np.ndarray) -> np.ndarray:
    """Which of image points [T, n, 2] the actor covers by more than half, bool [T, n]."""
    inside = np.zeros(points.shape[:2], bool)
    low, high = points.min(axis=1), points.max(axis=1)
    near = (actor.boxes[:, :2] < high) & (actor.boxes[:, :2] + actor.boxes[:, 2:] > low)
    times = np.flatnonzero(near.all(axis=1))
    x, y = from_image(actor, times[:, None], *np.moveaxis(points[times].astype(np.float32), 2, 0))
    for index, part in enumerate(actor.sprite.parts):
        inside[times] |= part.covers(*to_texture(part, actor.angles[times, index, None], x, y))
    return inside
