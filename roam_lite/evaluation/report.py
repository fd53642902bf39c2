"""What an evaluation found: scores of each sequence, their means, as table and as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from roam_lite.errors import InputError
from roam_lite.files import write_atomically

METRICS = ("auc", "precision_20", "fps")


@dataclass(frozen=True)
class Score:
    """One tracker on one sequence."""

    name: str
    auc: float  # area under the success curve
    precision_20: float  # share of frames with the centre at most 20 px off
    fps: float  # frames per second of tracking, decoding left out
    frames: int
    success: np.ndarray  # [21], shares over the overlap thresholds
    precision: np.ndarray  # [51], shares over the centre error thresholds


@dataclass(frozen=True)
class Report:
    """One tracker on a benchmark, with the configuration that gave the scores."""

    scores: tuple[Score, ...]
    tracker: Mapping[str, Any]

    def mean(self) -> dict[str, float]:
        """Return the mean of each metric over the sequences, and the number of all frames."""
        means = {key: float(np.mean([getattr(s, key) for s in self.scores])) for key in METRICS}
        return {**means, "frames": sum(score.frames for score in self.scores)}

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON types: `sequences`, `mean` and `tracker`."""
        keys = (*METRICS, "frames")
        return {
            "sequences": {s.name: {key: getattr(s, key) for key in keys} for s in self.scores},
            "mean": self.mean(),
            "tracker": dict(self.tracker),
        }

    def table(self) -> str:
        """Return one line a sequence and one with the means."""
        rows = [(s.name, s.auc, s.precision_20, s.fps, s.frames) for s in self.scores]
        mean = self.mean()
        rows.append(("mean", *(mean[key] for key in METRICS), mean["frames"]))
        width = max(len(row[0]) for row in rows)
        lines = [f"{'':{width}}    AUC  prec@20     fps  frames"]
        lines += [f"{n:{width}}  {a:.3f}    {p:.3f}  {f:6.1f}  {t:6d}" for n, a, p, f, t in rows]
        return "\n".join(lines)


def write_json(path: str | Path, content: Any) -> None:
    """Write `content` as JSON to `path`, whole or not at all."""
    text = json.dumps(content, indent=2, allow_nan=False, default=str) + "\n"
    write_atomically(Path(path), text.encode())


def read_report(path: str | Path) -> dict[str, Any]:
    """Return the JSON that `Report.to_json` gave and a file kept.

    Raises InputError if the file is missing, is no JSON, or holds something else.
    """
    try:
        report = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read ({error}); give a file that evaluate --json wrote"
        ) from error
    try:
        scores = [report["mean"], *report["sequences"].values()]
        complete = len(scores) > 1 and all(float(s[key]) >= 0 for s in scores for key in METRICS)
        complete = complete and isinstance(report["tracker"], dict)
    except (AttributeError, KeyError, TypeError, ValueError):
        complete = False
    if not complete:
        raise InputError(f"{path} holds no scores; give a file that `evaluate --json` wrote")
    return report


def paired_scores(reports: Sequence[Mapping[str, Any]], key: str) -> list[list[float]]:
    """Return the scores `key` of each report, in the same order of sequences.

    Raises InputError if the reports do not hold the same sequences or were scored by different
    rules.
    """
    names = sorted(reports[0]["sequences"])
    for report in reports[1:]:
        different = set(names) ^ set(report["sequences"])
        if different:
            raise InputError(
                f"only some of the reports hold {', '.join(sorted(different))}; "
                "evaluate all trackers on the same --sequences"
            )
    rules = {report["tracker"].get("scoring") for report in reports}
    if len(rules) > 1:
        raise InputError(
            f"the reports were scored by different rules ({', '.join(map(str, rules))}); "
            "evaluate all trackers with the same --scoring"
        )
    return [[report["sequences"][name][key] for name in names] for report in reports]
