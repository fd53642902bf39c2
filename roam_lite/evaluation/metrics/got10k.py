"""GOT-10k: average overlap (AO), success rate (SR) and speed, as the got10k toolkit computes them.

The first frame, which is given, and frames in which the target is invisible do not count.
"""

from collections.abc import Iterable

import numpy as np

from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation.metrics import paired, unreadable_among
from roam_lite.evaluation.report import Score
from roam_lite.evaluation.running.run import Run
from roam_lite.geometry import iou

SUCCESS_THRESHOLDS = np.linspace(0, 1, 101)  # IoU; greater than this counts


def frame_overlaps(
    boxes: np.ndarray,
    truth: np.ndarray,
    visible: np.ndarray,
    size: tuple[int, int],
    unreadable: Iterable[int] = (),
) -> np.ndarray:
    """Return the overlaps `[F]` of the F frames that count, with boxes clipped to the image.

    `boxes` and `truth` are `(x, y, w, h)`, 0-based, `[T, 4]` each, `visible` bool `[T]`, `size`
    (width, height) in pixels; frames that are `unreadable` have overlap 0. AO is the mean, SR_t the
    share above t, over the frames of all sequences together. Raises InputError as `paired` does, if no
    frame counts, or if a box is not finite: the toolkit has no rule for that.
    """
    boxes, truth, labeled = paired(boxes, truth)
    if not np.isfinite(boxes).all():
        frame = int(np.argmin(np.isfinite(boxes).all(axis=1)))
        raise InputError(
            f"the box of frame {frame} is not finite, which GOT-10k cannot score; "
            "repeat the box before it"
        )
    counts = labeled & np.asarray(visible, dtype=bool)
    counts[0] = False
    if not counts.any():
        raise InputError("no frame after the first has a visible target, so nothing can be scored")
    overlaps = iou(_clipped(boxes[counts], size), _clipped(truth[counts], size))
    overlaps[unreadable_among(unreadable, counts)] = 0
    return overlaps


def success_curve(overlaps: np.ndarray) -> np.ndarray:
    """Return the share of overlaps, `[101]`, above each of the thresholds 0:0.01:1."""
    return (overlaps[:, None] > SUCCESS_THRESHOLDS).mean(axis=0)


def speed(seconds: np.ndarray) -> float:
    """Return frames per second as the toolkit does: the mean of 1/t over frames with t > 0."""
    spent = seconds[seconds > 0]
    return float(np.mean(1 / spent)) if len(spent) else float("nan")


def _clipped(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return boxes with their corner moved into the image, then cut at its far edges, as the toolkit does.

    It does so on 1-based numbers, and keeps the width where a negative x is moved to 0.
    """
    limit = np.array(size, dtype=float)
    corner = np.clip(boxes[:, :2] + 1, 0, limit)
    return np.concatenate([corner, np.clip(boxes[:, 2:], 0, limit - corner)], axis=1)


def score(sequence: Sequence, runs: list[Run], scoring: str) -> Score:
    """Return the GOT-10k scores of a sequence, its repetitions pooled as the toolkit does."""
    visible, size = sequence.visibility > 0, sequence.image_size()
    overlaps = np.concatenate(
        [frame_overlaps(r.boxes, sequence.boxes, visible, size, r.unreadable) for r in runs]
    )
    seconds = np.concatenate([run.seconds for run in runs])
    success = success_curve(overlaps)
    evidence = {"overlaps": overlaps, "success": success, "seconds": seconds}
    unreadable = len(set().union(*(run.unreadable for run in runs)))
    metrics, frames = _metrics(overlaps), len(sequence)
    return Score(sequence.name, metrics, speed(seconds), frames, evidence, unreadable)


def pool(scores: list[Score]) -> dict[str, float]:
    """Return scores and speed over the frames of all sequences together."""
    overlaps, seconds = (
        np.concatenate([score.evidence[key] for score in scores]) for key in ("overlaps", "seconds")
    )
    return {**_metrics(overlaps), "fps": speed(seconds)}


def _metrics(overlaps: np.ndarray) -> dict[str, float]:
    return {
        "ao": float(overlaps.mean()),
        "sr_50": float((overlaps > 0.5).mean()),
        "sr_75": float((overlaps > 0.75).mean()),
    }
