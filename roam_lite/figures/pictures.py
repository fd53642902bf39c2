"""Boxes drawn into frames, and frames set side by side."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from roam_lite.figures.style import rgb
from roam_lite.files import write_atomically

CAPTION_HEIGHT = 22  # pixels


def draw_box(image: np.ndarray, box: np.ndarray, color: str, thickness: int = 2) -> np.ndarray:
    """Return a copy of the RGB image with the box (x, y, w, h) in `#RRGGBB`; nan draws nothing."""
    image = image.copy()
    if np.isfinite(box).all():
        x, y, w, h = np.asarray(box, dtype=float)
        # A drawn pixel has its center at +0.5, so the edges move by half a pixel.
        corners = np.rint(np.array([x, y, x + w, y + h]) - 0.5).clip(-10_000, 10_000).astype(int)
        cv2.rectangle(image, corners[:2].tolist(), corners[2:].tolist(), rgb(color), thickness)
    return image


def caption(image: np.ndarray, text: str, color: str = "#FFFFFF") -> np.ndarray:
    """Return the RGB image below a dark strip of CAPTION_HEIGHT pixels with the text."""
    strip = np.full((CAPTION_HEIGHT, image.shape[1], 3), 24, np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(strip, text, (6, 16), font, 0.45, rgb(color), 1, cv2.LINE_AA)
    return np.vstack([strip, image])


def grid(images: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Return RGB images combined row by row, each in a cell of the largest one's size."""
    height, width = np.max([image.shape[:2] for image in images], axis=0)
    rows = -(-len(images) // columns)
    sheet = np.zeros((rows * height, columns * width, 3), np.uint8)
    for index, image in enumerate(images):
        top, left = index // columns * height, index % columns * width
        sheet[top : top + image.shape[0], left : left + image.shape[1]] = image
    return sheet


def save_image(path: str | Path, image: np.ndarray) -> None:
    """Write an RGB image, completely or not at all."""
    write_atomically(Path(path), encode(image, Path(path).suffix))


def encode(image: np.ndarray, suffix: str, *options: int) -> bytes:
    """Return an RGB or RGBA image encoded in the suffix's format; `options` are `imencode`'s."""
    order = [2, 1, 0, 3][: image.shape[2]]
    return cv2.imencode(suffix, image[..., order], options)[1].tobytes()
