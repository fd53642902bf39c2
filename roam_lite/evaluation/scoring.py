"""From runs to scores: the metrics of each benchmark under the names that reports give them."""

from collections.abc import Sequence as Collection

import numpy as np

from roam_lite.data.sequence import Sequence
from roam_lite.evaluation import got10k, lasot, otb, trackingnet, vot
from roam_lite.evaluation.report import Score
from roam_lite.evaluation.run import Run
from roam_lite.evaluation.trajectories import Trajectory


def score_run(sequence: Sequence, run: Run, scoring: str = "official") -> Score:
    """Return the OTB scores of a run."""
    success = otb.success_curve(run.boxes, sequence.boxes, scoring)
    precision = otb.precision_curve(run.boxes, sequence.boxes, scoring)
    metrics = {"auc": float(success.mean()), "precision_20": float(precision[20])}
    lost = otb.lost_for_good(run.boxes, sequence.boxes)
    evidence = {"success": success, "precision": precision, "lost": lost}
    return Score(sequence.name, metrics, run.fps, len(sequence), evidence)


def score_otb(sequence: Sequence, runs: Collection[Run], scoring: str) -> Score:
    """Return the OTB scores of the one run there is."""
    return score_run(sequence, runs[0], scoring)


def score_lasot(sequence: Sequence, runs: Collection[Run], scoring: str) -> Score:
    """Return the LaSOT scores of the one run there is."""
    visible = sequence.visibility > 0
    success, precision, normalized = lasot.curves(runs[0].boxes, sequence.boxes, visible, scoring)
    metrics = {
        "auc": float(success.mean()),
        "precision_20": float(precision[20]),
        "normalized_precision": float(normalized[lasot.REPORTED_NORMALIZED]),
    }
    evidence = {"success": success, "precision": precision, "normalized": normalized}
    return Score(sequence.name, metrics, runs[0].fps, len(sequence), evidence)


def score_trackingnet(sequence: Sequence, runs: Collection[Run], scoring: str) -> Score:
    """Return the TrackingNet scores of the one run there is."""
    success, precision, normalized = trackingnet.curves(runs[0].boxes, sequence.boxes)
    metrics = {
        "auc": trackingnet.area(success),
        "precision": trackingnet.area(precision),
        "normalized_precision": trackingnet.area(normalized),
    }
    evidence = {"success": success, "precision": precision, "normalized": normalized}
    return Score(sequence.name, metrics, runs[0].fps, len(sequence), evidence)


def score_got10k(sequence: Sequence, runs: Collection[Run], scoring: str) -> Score:
    """Return the GOT-10k scores of a sequence, its repetitions pooled as the toolkit does."""
    visible, size = sequence.visibility > 0, sequence.image_size()
    overlaps = np.concatenate(
        [got10k.frame_overlaps(run.boxes, sequence.boxes, visible, size) for run in runs]
    )
    seconds = np.concatenate([run.seconds for run in runs])
    success = got10k.success_curve(overlaps)
    evidence = {"overlaps": overlaps, "success": success, "seconds": seconds}
    fps = got10k.speed(seconds)
    return Score(sequence.name, _got10k_metrics(overlaps), fps, len(sequence), evidence)


def pool_got10k(scores: Collection[Score]) -> dict[str, float]:
    """Return scores and speed over the frames of all sequences together."""
    overlaps, seconds = (
        np.concatenate([score.evidence[key] for score in scores]) for key in ("overlaps", "seconds")
    )
    return {**_got10k_metrics(overlaps), "fps": got10k.speed(seconds)}


def score_vot(sequence: Sequence, runs: Collection[Trajectory], scoring: str) -> Score:
    """Return accuracy, failures and robustness of a sequence, means over its repetitions."""
    size, truth, weight = sequence.image_size(), sequence.polygons, 1 / len(runs)
    repeated = np.stack([vot.accuracy_overlaps(run, truth, size) for run in runs])
    known = np.isfinite(repeated)
    counts = known.sum(axis=0)
    sums = np.where(known, repeated, 0).sum(axis=0)
    overlaps = sums[counts > 0] / counts[counts > 0]
    failures = float(np.mean([run.failures for run in runs]))
    metrics = {
        "accuracy": float(overlaps.mean()) if len(overlaps) else float("nan"),
        "robustness": 100 * failures / len(sequence),
        "failures": failures,
    }
    pieces = [p for run in runs for p in vot.fragments(run, truth, size, weight)]
    evidence = {"overlaps": overlaps, "fragments": pieces}
    fps = float(np.mean([run.fps for run in runs]))
    return Score(sequence.name, metrics, fps, len(sequence), evidence)


def pool_vot(scores: Collection[Score], lengths: tuple[int, int]) -> dict[str, float]:
    """Return EAO, accuracy over all frames and robustness: failures in 100 frames."""
    overlaps = np.concatenate([score.evidence["overlaps"] for score in scores])
    pieces = [piece for score in scores for piece in score.evidence["fragments"]]
    failures = sum(score.metrics["failures"] for score in scores)
    return {
        "eao": vot.expected_average_overlap(pieces, lengths),
        "accuracy": float(overlaps.mean()) if len(overlaps) else float("nan"),
        "robustness": 100 * failures / sum(score.frames for score in scores),
        "failures": failures,
    }


def _got10k_metrics(overlaps: np.ndarray) -> dict[str, float]:
    return {
        "ao": float(overlaps.mean()),
        "sr_50": float((overlaps > 0.5).mean()),
        "sr_75": float((overlaps > 0.75).mean()),
    }
