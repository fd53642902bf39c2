"""Outlines of things: closed polygons float64 [n, 2] around the origin, in units of their own."""

from __future__ import annotations

import cv2
import numpy as np

POINTS = 48


def ellipse(width: float, height: float, power: float = 2.0, points: int = POINTS) -> np.ndarray:
    """A superellipse; `power` 2 is an ellipse, larger ones approach the rectangle."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    x, y = np.cos(angle), np.sin(angle)
    x = np.sign(x) * np.abs(x) ** (2 / power)
    y = np.sign(y) * np.abs(y) ** (2 / power)
    return np.stack([x * width / 2, y * height / 2], axis=1)


def blob(rng: np.random.Generator, width: float, height: float, rough: float = 0.25) -> np.ndarray:
    """A smooth closed curve: a circle whose radius has a few random harmonics."""
    angle = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    order = np.arange(2, 7)
    waves = np.cos(order * angle[:, None] + rng.uniform(0, 2 * np.pi, len(order)))
    radius = np.exp((rough * rng.normal(size=len(order)) / np.sqrt(order) * waves).sum(axis=1))
    return _fit(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), width, height)


def polygon(rng: np.random.Generator, width: float, height: float) -> np.ndarray:
    """A polygon of 3 to 8 corners, somewhat rounded."""
    corners = int(rng.integers(3, 9))
    angle = (np.arange(corners) + rng.uniform(-0.35, 0.35, corners)) * 2 * np.pi / corners
    radius = rng.uniform(0.6, 1.0, corners)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    cut = rng.uniform(0.05, 0.25)
    for _ in range(3):  # Chaikin's corner cutting
        following = np.roll(points, -1, axis=0)
        points = np.stack(
            [points * (1 - cut) + following * cut, points * cut + following * (1 - cut)], axis=1
        ).reshape(-1, 2)
    return _fit(points, width, height)


def limb(length: float, thick: float, thin: float) -> np.ndarray:
    """A tapered limb from the origin down to y = length, rounded at both ends."""
    angle = np.linspace(0, np.pi, 12)
    top = np.stack([np.cos(angle) * thick / 2, -np.sin(angle) * thick / 2], axis=1)
    bottom = np.stack([-np.cos(angle) * thin / 2, length + np.sin(angle) * thin / 2], axis=1)
    return np.concatenate([top, bottom])


def rasterise(points: np.ndarray, height: int, width: int, fine: int = 4) -> np.ndarray:
    """Coverage uint8 [height, width] of a polygon given in pixels (pixel j covers [j, j + 1)),
    counted on `fine` x `fine` places a pixel."""
    mask = np.zeros((height * fine, width * fine), np.uint8)
    # OpenCV draws with integers at pixel centres, in sixteenths by `shift`.
    fixed = np.round((points * fine - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, shift=4)
    return mask if fine == 1 else cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)


def _fit(points: np.ndarray, width: float, height: float) -> np.ndarray:
    low, high = points.min(axis=0), points.max(axis=0)
    return (points - (low + high) / 2) / (high - low) * (width, height)
