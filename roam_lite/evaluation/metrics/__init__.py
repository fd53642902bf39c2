"""The benchmarks' metrics, one file each: curves and values, and the scores in reports.

An unreadable frame counts the same for every tracker, whatever its last box was: overlap 0 and a
precision miss if it is labeled, a failure in VOT. Toolkits do not have such frames; in result files the box
before them is repeated, and `kept` records which they were.

A tracker's boxes are scored by each benchmark's own rule. A result that is not four numbers stops
the run (`foreign.answer`). If some are nan or infinite, or width or height is not above 0:

==================================  ======================  ===================================
rule                                not finite              no area
==================================  ======================  ===================================
OTB official, LaSOT official        the last good box       the last good box
OTB got10k and pysot, LaSOT pysot   no success, no hit      overlap 0, precision by its center
GOT-10k                             error: it has no rule   overlap 0
TrackingNet                         error: it has no rule   overlap 0, precision by its center
VOT                                 a failure               a failure
==================================  ======================  ===================================

VOT treats a region as the hull of its corners, so negative sizes have an area there. The first
frame's box is the given one, except in pysot, which scores what it finds in the file.
"""

from collections.abc import Iterable

import numpy as np

from roam_lite.errors import InputError


def paired(boxes: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return copies of both tracks, `[T, 4]`, and which frames are labeled, `[T]`.

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


def unreadable_among(frames: Iterable[int], counted: np.ndarray) -> np.ndarray:
    """Return which of the counted frames, bool `[T]` with F true values, are unreadable: bool `[F]`."""
    return np.isin(np.flatnonzero(counted), list(frames))
