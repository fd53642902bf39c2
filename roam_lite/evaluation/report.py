"""The result of an evaluation: scores of each sequence and their means, as table and as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from roam_lite.errors import InputError
from roam_lite.evaluation.columns import COLUMNS, cell, column
from roam_lite.files import write_atomically
from roam_lite.text import read_text


@dataclass(frozen=True)
class Score:
    """One tracker on one sequence."""

    name: str
    metrics: Mapping[str, float]  # by the benchmark's own names; nan if there is none
    fps: float  # frames per second of tracking, without decoding; nan if unknown
    frames: int
    evidence: Mapping[str, Any] = field(default_factory=dict)  # the data behind means and plots
    unreadable: int = 0  # unreadable frames, misses for every tracker

    @property
    def auc(self) -> float:
        """Area under the success curve."""
        return self.metrics["auc"]

    @property
    def precision_20(self) -> float:
        """Share of frames in which the center is at most 20 px off."""
        return self.metrics["precision_20"]

    @property
    def success(self) -> np.ndarray:
        """Shares of frames over the overlap thresholds."""
        return self.evidence["success"]

    def entry(self) -> dict[str, float]:
        """Return metrics, fps and number of frames, as in reports, and of unreadable ones, if any."""
        unreadable = {"unreadable": self.unreadable} if self.unreadable else {}
        return {**self.metrics, "fps": self.fps, "frames": self.frames, **unreadable}


@dataclass(frozen=True)
class Report:
    """One tracker on a benchmark, with the configuration that gave the scores."""

    scores: tuple[Score, ...]
    tracker: Mapping[str, Any]
    means: Mapping[str, float] | None = None  # None if all sequences have equal weight

    def mean(self) -> dict[str, float]:
        """Return the benchmark's value of each metric, the mean fps and the total number of frames."""
        means = dict(self.means or {})
        if self.means is None:
            for key in self.scores[0].metrics:
                means[key] = float(np.mean([score.metrics[key] for score in self.scores]))
        known = [score.fps for score in self.scores if np.isfinite(score.fps)]
        fps = means.pop("fps", float(np.mean(known)) if known else float("nan"))
        counts = {k: sum(getattr(s, k) for s in self.scores) for k in ("frames", "unreadable")}
        return {**means, "fps": fps, **{k: n for k, n in counts.items() if n or k == "frames"}}

    def lost(self) -> list[str]:
        """Return the sequences whose target was lost for good, if the benchmark's scores say."""
        return [score.name for score in self.scores if score.evidence.get("lost")]

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON types: `sequences`, `mean` and `tracker`; nan as null."""
        return {
            "sequences": {score.name: _without_nan(score.entry()) for score in self.scores},
            "mean": _without_nan(self.mean()),
            "tracker": dict(self.tracker),
        }

    def table(self) -> str:
        """Return one line per sequence and one with the benchmark's values."""
        mean = self.mean()
        rows = [*((score.name, score.entry()) for score in self.scores), ("mean", mean)]
        width = max(len(name) for name, _ in rows)
        widths = {key: max(len(column(key).label), 6) for key in mean}
        heads = (f"{column(key).label:>{widths[key]}}" for key in mean)
        lines = ["  ".join((f"{'':{width}}", *heads))]
        for name, values in rows:
            cells = (f"{cell(key, values.get(key)):>{widths[key]}}" for key in mean)
            lines.append("  ".join((f"{name:{width}}", *cells)).rstrip())
        return "\n".join(lines)


def _without_nan(entry: Mapping[str, float]) -> dict[str, float | None]:
    return {key: float(v) if np.isfinite(v) else None for key, v in entry.items()}


def write_json(path: str | Path, content: Any) -> None:
    """Write `content` as JSON to `path`, completely or not at all."""
    text = json.dumps(content, indent=2, allow_nan=False, default=str) + "\n"
    write_atomically(Path(path), text.encode())


def read_report(path: str | Path) -> dict[str, Any]:
    """Return the JSON written by `evaluate --json`. Raises InputError if the file contains anything else."""
    try:
        report = json.loads(read_text(path))
    except (OSError, ValueError, RecursionError) as error:
        told = getattr(error.__cause__, "strerror", None) or error
        raise InputError(
            f"{path} cannot be read ({told}); give a file written by evaluate --json"
        ) from error
    try:
        entries = [report["mean"], *report["sequences"].values()]
        complete = len(entries) > 1 and all(map(_is_entry, entries))
        report["tracker"] = checked_tracker(report["tracker"], str(path))
    except (AttributeError, KeyError, TypeError):
        complete = False
    if not complete:
        raise InputError(f"{path} has no scores; give a file written by evaluate --json")
    return report


def _is_entry(entry: Any) -> bool:
    """Whether this is a report's entry for a sequence: numbers, among them fps and frames."""
    numbers = (v is None or (type(v) in (int, float) and np.isfinite(v)) for v in entry.values())
    return "fps" in entry and entry["frames"] > 0 and len(entry) > 2 and all(numbers)


# The part of a description that tables, legends and colors use.
_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("tracker", "rule", "benchmark", "scoring"), (str,)),
    **dict.fromkeys(("lr", "sgd_rate"), (int, float)),
    "online": (Mapping,),
}


def checked_tracker(description: Any, where: str) -> dict[str, Any]:
    """Return a tracker's description; InputError naming `where` if tables cannot print it."""
    if not isinstance(description, Mapping):
        raise InputError(f"{where}: a tracker's description must be a dict, not {description!r}")
    for name, kinds in _KINDS.items():
        value = description.get(name)
        if value is not None and not isinstance(value, kinds):
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise InputError(f"{where}: the tracker's {name} is {value!r}; make it {wanted}")
    try:
        json.dumps(description, sort_keys=True, allow_nan=False, default=str)
    except (TypeError, ValueError) as error:  # keys that are not strings, nan, cycles
        raise InputError(
            f"{where}: the description {description!r} cannot be written as JSON ({error}); its keys "
            "must be strings and its numbers finite"
        ) from error
    return dict(description)


def metrics_of(report: Mapping[str, Any]) -> list[str]:
    """Return the names of the metrics that a report has for every sequence."""
    first, *others = report["sequences"].values()
    shared = set(first).intersection(*others) - {"frames", "unreadable"}
    return [key for key in first if key in shared]


def added_metrics(report: Mapping[str, Any]) -> list[str]:
    """Return those of `metrics_of` that are not the benchmark's own (`columns`)."""
    return [k for k in metrics_of(report) if k not in COLUMNS or COLUMNS[k].compute]


def check_comparable(reports: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise InputError unless the named reports have the same benchmark, scoring rule and video.

    The same video means sequences with the same names and numbers of frames.
    """
    (first, base), *others = reports.items()
    for name, report in others:
        of, for_ = (r["tracker"].get("benchmark") or "otb" for r in (base, report))
        if of != for_:
            raise InputError(
                f"{first} and {name} are from different benchmarks ({of}, {for_}); compare on the same one"
            )
        of, for_ = (r["tracker"].get("scoring") for r in (base, report))
        if of != for_:
            raise InputError(
                f"{first} and {name} were scored by different rules ({of}, {for_}); evaluate all trackers "
                "with the same --scoring"
            )
        here, there = base["sequences"], report["sequences"]
        if different := sorted(set(here) ^ set(there)):
            raise InputError(
                f"only one of {first} and {name} has {', '.join(different)}; evaluate all trackers on "
                "the same --sequences"
            )
        frames = [n for n in here if here[n].get("frames") != there[n].get("frames")]
        if frames:
            raise InputError(
                f"{first} and {name} have different numbers of frames in {', '.join(frames)}, so the video "
                "differs; evaluate all trackers on the same --root"
            )


def paired_scores(reports: Mapping[str, Mapping[str, Any]], key: str) -> list[list[float]]:
    """Return the scores `key` of each report, in the same order of sequences; nan for null.

    Raises InputError as `check_comparable` does, and if a report has no such score.
    """
    check_comparable(reports)
    names, rows = sorted(next(iter(reports.values()))["sequences"]), []
    for title, report in reports.items():
        if lacking := [name for name in names if key not in report["sequences"][name]]:
            raise InputError(
                f"{title}: no {key} for {', '.join(lacking)}; evaluate the tracker again with this version"
            )
        rows.append([report["sequences"][name][key] for name in names])
    return [[float("nan") if value is None else value for value in row] for row in rows]
