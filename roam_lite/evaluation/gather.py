"""Several trackers' scores side by side, from folders and JSON files, each with its own name."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from roam_lite.errors import InputError
from roam_lite.evaluation.benchmarks import Benchmark, get_benchmark, score_results
from roam_lite.evaluation.report import Report, check_comparable, read_report
from roam_lite.evaluation.results import short_name
from roam_lite.evaluation.running.runner import check_names

By = dict[str, dict[str, Any]]  # reports as JSON types, by tracker


@dataclass(frozen=True)
class Entry:
    """One tracker on one benchmark."""

    path: Path  # source of its scores
    report: dict[str, Any]  # plain JSON types
    scored: Report | None = None  # only of folders: with curves

    @property
    def benchmark(self) -> str:
        """The benchmark's name; files without one are of OTB."""
        return self.report["tracker"].get("benchmark") or "otb"

    @property
    def identity(self) -> str:
        """The tracker regardless of benchmark: equal for two runs of one configuration."""
        of_the_run = ("benchmark", "scoring", "draws")
        kept = {k: v for k, v in self.report["tracker"].items() if k not in of_the_run}
        return json.dumps(kept, sort_keys=True, default=str)


def gather(
    paths: Collection[Path],
    benchmark: Benchmark,
    root: str | None,
    split: str | None,
    names: list[str] | None,
    rule: str,
) -> list[Entry]:
    """Return the scores of folders of results, on the sequences under `root`, and of JSON files.

    `names` restricts both to these sequences. Raises InputError for what cannot be read or scored, for
    scores by another rule, and if trackers of one benchmark are not comparable.
    """
    folders = [path for path in paths if path.suffix != ".json"]
    for path in folders:
        if path.is_file():
            raise InputError(f"{path}: neither a folder nor a JSON file; unpack archives first")
    if names is not None:
        check_names(names)
    if split and not folders:
        raise InputError("--split does not apply to JSON files; omit it, or use --sequences")
    chosen = names or (benchmark.names(root, split) if folders else [])
    entries = []
    for path in folders:
        scored = score_results(benchmark, root, chosen, path, rule)
        entries.append(Entry(path, scored.to_json(), scored))
    for path in paths:
        if path not in folders:
            report = read_report(path)
            entries.append(
                Entry(path, report if names is None else restricted(report, names, path))
            )
    for entry in entries:
        told = entry.report["tracker"].get("scoring") or rule
        if told != rule:
            raise InputError(
                f"{entry.path}: scored by the rule {told}, not {rule}; give --scoring {told}"
            )
    for name in {entry.benchmark for entry in entries}:
        check_comparable({str(e.path): e.report for e in entries if e.benchmark == name})
    return entries


def restricted(report: Mapping[str, Any], names: Collection[str], path: Path) -> dict[str, Any]:
    """Return the report restricted to these sequences.

    Raises InputError if it lacks one of them, or if its benchmark does not average over sequences.
    """
    entries = report["sequences"]
    if lacking := [name for name in names if name not in entries]:
        raise InputError(
            f"{path}: no scores for {', '.join(lacking)}; give other --sequences, or evaluate them"
        )
    if set(names) == set(entries):
        return dict(report)
    benchmark = report["tracker"].get("benchmark") or "otb"
    if get_benchmark(benchmark).pool is not None:
        raise InputError(
            f"{path}: {benchmark} pools the frames of all sequences, which JSON does not contain; to "
            "score some --sequences, give the folder of results and --root"
        )
    kept = {name: entries[name] for name in names}
    means: dict[str, float | None] = {}
    for key in report["mean"]:
        values = [entry.get(key) for entry in kept.values()]
        if key in ("frames", "unreadable"):
            means[key] = sum(value or 0 for value in values)
        elif key == "fps":
            known = [value for value in values if value is not None]
            means[key] = float(np.mean(known)) if known else None
        else:
            means[key] = None if None in values else float(np.mean(values))
    if not means.get("unreadable", 1):
        del means["unreadable"]
    return {**report, "sequences": kept, "mean": means}


def named(entries: Sequence[Entry]) -> list[str]:
    """Return a name for each entry: its tracker's short name, if no other tracker has it.

    The same name in two benchmarks is one tracker. If several share a short name, the end of each one's
    path is added, as much of it as distinguishes them.
    """
    places: dict[tuple[str, str], int] = {}
    for entry in entries:
        place = (entry.benchmark, entry.identity)
        places[place] = places.get(place, 0) + 1
    twice = {identity for (_, identity), count in places.items() if count > 1}
    rows: dict[str, Entry] = {}  # rows by name, each with its first entry
    keys = [e.identity + (str(e.path) if e.identity in twice else "") for e in entries]
    for key, entry in zip(keys, entries, strict=True):
        rows.setdefault(key, entry)
    alike: dict[str, dict[str, Entry]] = {}
    for key, entry in rows.items():
        alike.setdefault(short_name(entry.report["tracker"]), {})[key] = entry
    names: dict[str, str] = {}
    for short, group in alike.items():
        if len(group) == 1:
            names |= dict.fromkeys(group, short)
            continue
        ends = _distinct_ends([entry.path for entry in group.values()])
        names |= {key: f"{short} ({end})" for key, end in zip(group, ends, strict=True)}
    return [names[key] for key in keys]


def _distinct_ends(paths: Sequence[Path]) -> list[str]:
    """Return the shortest ends of the paths that are all different, without `.json` if possible."""
    plain = [path.with_suffix("") if path.suffix == ".json" else path for path in paths]
    for depth in range(1, max(len(path.parts) for path in paths) + 1):
        ends = ["/".join(path.parts[-depth:]) for path in plain]
        if len(set(ends)) == len(ends):
            return ends
    return [str(path) for path in paths]


def by_benchmark(entries: Sequence[Entry]) -> dict[str, By]:
    """Return the reports by benchmark and by the names of `named`."""
    reports: dict[str, By] = {}
    for entry, name in zip(entries, named(entries), strict=True):
        reports.setdefault(entry.benchmark, {})[name] = entry.report
    return reports
