"""What benchmarks measure, a file each: its curves and values, and the scores that reports hold."""

import numpy as np

from roam_lite.errors import InputError


def paired(boxes: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return copies of both tracks, `[T, 4]`, and in which frames the truth is labeled, `[T]`.

    Raises InputError if the tracks differ in length or if no frame is labeled.
    """
    boxes, truth = np.array(boxes, dtype=float), np.array(truth, dtype=float)
    if boxes.shape != truth.shape or boxes.ndim != 2 or boxes.shape[1] != 4:
        raise InputError(
            f"results {boxes.shape} and ground truth {truth.shape} differ in shape; "
            "give one box (x, y, w, h) for every frame in both"
        )
    labeled = np.isfinite(truth).all(axis=1)
    if not labeled.any():
        raise InputError("no frame has a ground truth box, so there is nothing to score")
    return boxes, truth, labeled
