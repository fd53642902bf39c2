"""How far two tracks of boxes agree: intersection over union and distance of centers."""

import numpy as np


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the intersection over union, `[T]`, of boxes `(x, y, w, h)`, `[T, 4]` each.

    A pair without any area has overlap 0; a pair with a `nan` has overlap `nan`.
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    intersection = (high - low).clip(min=0).prod(axis=-1)
    union = _area(a) + _area(b) - intersection
    ratio = np.divide(intersection, union, out=np.zeros_like(union), where=union != 0)
    # Rounding must not lift an overlap past 1.
    return np.minimum(ratio, 1.0)


def center_error(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the distance in image pixels between the centers of boxes `(x, y, w, h)`, `[T]`.

    The benchmarks' center of 1-based pixels, x + (w - 1) / 2, differs from the edge convention's
    x + w / 2 by the same half pixel for both boxes, so the distance is the same.
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return np.linalg.norm(a[..., :2] + a[..., 2:] / 2 - b[..., :2] - b[..., 2:] / 2, axis=-1)


def _area(boxes: np.ndarray) -> np.ndarray:
    return boxes[..., 2:].clip(min=0).prod(axis=-1)
