"""Outlines of things: closed polygons float64 [n, 2] around the origin, each in its own units."""

import cv2
import numpy as np
from numpy.random import Generator

ANGLES = np.linspace(0, 2 * np.pi, 40, endpoint=False)
Point = tuple[float, float]


def ellipse(width: float, height: float, power: float = 2.0, at: Point = (0.0, 0.0)) -> np.ndarray:
    """A superellipse around `at`; `power` 2 is an ellipse, larger ones approach the rectangle."""
    circle = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
    return np.sign(circle) * np.abs(circle) ** (2 / power) * (width, height) / 2 + at


def blob(
    rng: Generator, width: float, height: float, rough: float = 0.25, at: Point = (0.0, 0.0)
) -> np.ndarray:
    """A smooth closed curve around `at`: a circle whose radius has a few random harmonics."""
    order = np.arange(2, 7)
    waves = np.cos(order * ANGLES[:, None] + rng.uniform(0, 2 * np.pi, len(order)))
    radius = np.exp((rough * rng.normal(size=len(order)) / np.sqrt(order) * waves).sum(axis=1))
    return _fit(radius[:, None] * ellipse(2, 2), width, height) + at


def polygon(rng: Generator, width: float, height: float, at: Point = (0.0, 0.0)) -> np.ndarray:
    """A polygon of 3 to 8 corners, somewhat rounded, around `at`."""
    corners = int(rng.integers(3, 9))
    angle = (np.arange(corners) + rng.uniform(-0.35, 0.35, corners)) * 2 * np.pi / corners
    radius = rng.uniform(0.6, 1.0, corners)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    cut = rng.uniform(0.05, 0.25)
    for _ in range(3):  # Chaikin's corner cutting
        following = np.roll(points, -1, axis=0)
        pieces = [points * (1 - cut) + following * cut, points * cut + following * (1 - cut)]
        points = np.stack(pieces, axis=1).reshape(-1, 2)
    return _fit(points, width, height) + at


def limb(length: float, thick: float, thin: float, at: Point = (0.0, 0.0)) -> np.ndarray:
    """A tapered limb from `at` down by `length`, rounded at both ends."""
    angle = np.linspace(0, np.pi, 9)
    top = np.stack([np.cos(angle) * thick / 2, -np.sin(angle) * thick / 2], axis=1)
    bottom = np.stack([-np.cos(angle) * thin / 2, length + np.sin(angle) * thin / 2], axis=1)
    return np.concatenate([top, bottom]) + at


def densify(points: np.ndarray, longest: float) -> np.ndarray:
    """The same polygon with no edge longer than `longest`: a bend moves it as it moves the inside."""
    following = np.roll(points, -1, axis=0)
    counts = np.ceil(np.hypot(*(following - points).T) / longest).astype(int).clip(1)
    starts = np.cumsum(counts) - counts
    share = (np.arange(counts.sum()) - np.repeat(starts, counts)) / np.repeat(counts, counts)
    start, end = (np.repeat(ends, counts, axis=0) for ends in (points, following))
    return start + (end - start) * share[:, None]


def rasterize(points: np.ndarray, height: int, width: int, fine: int = 4) -> np.ndarray:
    """Coverage uint8 [height, width] of a polygon given in pixels (pixel j covers [j, j + 1)),
    sampled at `fine` x `fine` points per pixel."""
    mask = np.zeros((height * fine, width * fine), np.uint8)
    # OpenCV draws with integers at pixel centers, in sixteenths by `shift`.
    fixed = np.round((points * fine - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, shift=4)
    return mask if fine == 1 else cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)


def _fit(points: np.ndarray, width: float, height: float) -> np.ndarray:
    low, high = points.min(axis=0), points.max(axis=0)
    return (points - (low + high) / 2) / (high - low) * (width, height)
