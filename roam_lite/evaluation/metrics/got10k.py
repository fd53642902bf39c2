"""GOT-10k: average overlap (AO), success rate (SR) and speed, as the got10k toolkit computes them.

Neither the first frame counts, which is given, nor frames in which nothing of the target is seen.
"""

import numpy as np

from roam_lite.errors import InputError
from roam_lite.evaluation.overlap import iou

SUCCESS_THRESHOLDS = np.linspace(0, 1, 101)  # IoU, strictly greater counts


def frame_overlaps(
    boxes: np.ndarray, truth: np.ndarray, visible: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Return the overlaps `[F]` of the F frames that count, boxes clipped to the image.

    `boxes` and `truth` are `(x, y, w, h)`, 0-based, `[T, 4]` each, `visible` bool `[T]`, `size`
    (width, height) in pixels. AO is the mean, SR_t the share above t, over the frames of all
    sequences together. Raises InputError if boxes and truth differ in length, if a box is not
    finite, for which the toolkit has no rule, or if no frame counts.
    """
    boxes, truth = np.asarray(boxes, dtype=float), np.asarray(truth, dtype=float)
    if boxes.shape != truth.shape:
        raise InputError(
            f"results {boxes.shape} and ground truth {truth.shape} differ in shape; "
            "give one box (x, y, w, h) for every frame in both"
        )
    if not np.isfinite(boxes).all():
        frame = int(np.argmin(np.isfinite(boxes).all(axis=1)))
        raise InputError(
            f"the box of frame {frame} is not finite, which GOT-10k cannot score; "
            "repeat the box before it"
        )
    counts = np.isfinite(truth).all(axis=1) & np.asarray(visible, dtype=bool)
    counts[0] = False
    if not counts.any():
        raise InputError("no frame after the first has a visible target, so nothing can be scored")
    return iou(_clipped(boxes[counts], size), _clipped(truth[counts], size))


def success_curve(overlaps: np.ndarray) -> np.ndarray:
    """Return the share of overlaps, `[101]`, above each of the thresholds 0:0.01:1."""
    return (overlaps[:, None] > SUCCESS_THRESHOLDS).mean(axis=0)


def speed(seconds: np.ndarray) -> float:
    """Return frames per second as the toolkit does: the mean of 1/t over frames that took time."""
    spent = seconds[seconds > 0]
    return float(np.mean(1 / spent)) if len(spent) else float("nan")


def _clipped(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return boxes with their corner moved into the image, then cut at its far edges.

    The toolkit does so on the file's 1-based numbers, and keeps the width where a negative x is
    moved to 0.
    """
    limit = np.array(size, dtype=float)
    corner = np.clip(boxes[:, :2] + 1, 0, limit)
    return np.concatenate([corner, np.clip(boxes[:, 2:], 0, limit - corner)], axis=1)
