"""VOT-2016 and VOT-2017, supervised: expected average overlap (EAO), accuracy and robustness.

Overlaps are exact areas of polygons (shapely), as pysot computes them. The challenge's own program
rasterizes them: its values are 0.010 higher on average and up to 0.083 for small boxes.
"""

from typing import NamedTuple

import numpy as np
import shapely

from roam_lite.data.sequence import Sequence
from roam_lite.data.vot import corners
from roam_lite.evaluation.report import Score
from roam_lite.evaluation.running.run import START, TRACKED, Trajectory

BURN_IN = 10  # frames after each start that accuracy ignores
EAO_LENGTHS = {"vot2016": (108, 371), "vot2017": (100, 356)}  # first and last, inclusive


def region_overlap(a: np.ndarray, b: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    """Return the overlap `[F]` of regions `[F, 4]` or `[F, 8]` inside an image of (width, height).

    0 for a pair without area inside it. Regions are the convex hulls of their corners, in any order.
    """
    image = shapely.box(0, 0, *size)
    a, b = (shapely.intersection(_polygons(region), image) for region in (a, b))
    common = shapely.area(shapely.intersection(a, b))
    union = shapely.area(a) + shapely.area(b) - common
    return np.divide(common, union, out=np.zeros_like(union), where=union > 0)


def overlaps(trajectory: Trajectory, truth: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    """Return the overlap `[T]` with polygons `truth` `[T, 8]`; nan where not tracked or no ground truth."""
    known = (trajectory.codes == TRACKED) & np.isfinite(truth).all(axis=1)
    found = np.full(len(truth), np.nan)
    found[known] = region_overlap(trajectory.regions[known], truth[known], size)
    return found


def accuracy_overlaps(
    trajectory: Trajectory, truth: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Return the overlaps `[T]` that accuracy averages: also nan in the ten frames from each start on."""
    found = overlaps(trajectory, truth, size)
    for start in np.flatnonzero(trajectory.codes == START):
        found[start : start + BURN_IN] = np.nan
    return found


class Fragment(NamedTuple):
    """The part of a run between two starts of a tracker."""

    overlap: np.ndarray  # [n], 0 where the target was not tracked
    failed: bool  # ends with a failure, not with the video
    weight: float  # 1 / repetitions, so that all sequences have equal weight


def fragments(
    trajectory: Trajectory, truth: np.ndarray, size: tuple[int, int], weight: float = 1.0
) -> list[Fragment]:
    """Return the fragments of a run; their overlaps are clipped at (width - 1, height - 1)."""
    found = np.nan_to_num(overlaps(trajectory, truth, (size[0] - 1, size[1] - 1)))
    pieces = np.split(found, np.flatnonzero(trajectory.codes == START)[1:])
    last = len(pieces) - 1
    return [Fragment(piece, index < last, weight) for index, piece in enumerate(pieces)]


def expected_average_overlap(pieces: list[Fragment], lengths: tuple[int, int]) -> float:
    """Return EAO: the mean over the lengths of the overlap expected in a video of that length.

    The expected overlap at length L is the weighted mean, over the fragments that reach it, of the
    mean overlap of frames 2 to L; a failed fragment reaches every length, with zeros after its end.
    Lengths that no fragment reaches are ignored; nan if there is no other.
    """
    shortest, longest = lengths
    sums, reaching = np.zeros(longest), np.zeros(longest)
    for overlap, failed, weight in pieces:
        padded = np.zeros(longest)
        padded[: len(overlap)] = overlap[:longest]
        padded[0] = 0.0  # the start, which is given
        reach = longest if failed else min(len(overlap), longest)
        means = np.cumsum(padded) / np.maximum(np.arange(longest), 1)
        sums[:reach] += weight * means[:reach]
        reaching[:reach] += weight
    used = slice(shortest - 1, longest)
    known = reaching[used] > 0
    if not known.any():
        return float("nan")
    return float((sums[used][known] / reaching[used][known]).mean())


def _polygons(regions: np.ndarray) -> np.ndarray:
    regions = np.asarray(regions, dtype=float)
    points = corners(regions) if regions.shape[-1] == 4 else regions
    return shapely.convex_hull(shapely.multipoints(points.reshape(-1, 4, 2)))


def score(sequence: Sequence, runs: list[Trajectory], scoring: str) -> Score:
    """Return accuracy, failures and robustness of a sequence, means over its repetitions."""
    size, truth, weight = sequence.image_size(), sequence.polygons, 1 / len(runs)
    repeated = np.stack([accuracy_overlaps(run, truth, size) for run in runs])
    overlaps = np.nanmean(repeated[:, np.isfinite(repeated).any(axis=0)], axis=0)
    failures = float(np.mean([run.failures for run in runs]))
    metrics = {
        "accuracy": float(overlaps.mean()) if len(overlaps) else float("nan"),
        "robustness": 100 * failures / len(sequence),
        "failures": failures,
    }
    pieces = [p for run in runs for p in fragments(run, truth, size, weight)]
    evidence = {"overlaps": overlaps, "fragments": pieces}
    fps = float(np.mean([run.fps for run in runs]))
    unreadable = len(set().union(*(run.unreadable for run in runs)))
    return Score(sequence.name, metrics, fps, len(sequence), evidence, unreadable)


def pool(scores: list[Score], lengths: tuple[int, int]) -> dict[str, float]:
    """Return EAO, accuracy over all frames and robustness: failures per 100 frames."""
    overlaps = np.concatenate([score.evidence["overlaps"] for score in scores])
    pieces = [piece for score in scores for piece in score.evidence["fragments"]]
    failures = sum(score.metrics["failures"] for score in scores)
    return {
        "eao": expected_average_overlap(pieces, lengths),
        "accuracy": float(overlaps.mean()) if len(overlaps) else float("nan"),
        "robustness": 100 * failures / sum(score.frames for score in scores),
        "failures": failures,
    }
