"""Tables in Markdown and LaTeX: the paper's with our rows added, and scores by sequence."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from roam_lite.errors import InputError
from roam_lite.evaluation.benchmarks import BENCHMARKS, Benchmark
from roam_lite.evaluation.columns import cell, column
from roam_lite.evaluation.report import added_metrics, metrics_of
from roam_lite.paper.exhibit import Measure, Table
from roam_lite.paper.tables import BY_BENCHMARK

DASH = "-"
MARKS = ("red", "green", "blue")  # colors of first, second and third, as in the paper


@dataclass(frozen=True)
class Grid:
    """Cells to print, with ranks 0, 1, 2 for the three best values of each metric."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ranks: tuple[tuple[int | None, ...], ...]


def table_for(benchmark: str, reports: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Table:
    """Return the paper's table of a benchmark, with a column for every added metric.

    Benchmarks not in the paper have their own metrics as columns. `reports` go by benchmark and tracker. If
    their sequences are not the paper's, the caption says so.
    """
    known = BY_BENCHMARK.get(benchmark)
    table = known or Table(f"Results on {benchmark}", (), {})
    if known:
        shown = {column.benchmark for column in known.columns}
        told = [
            other
            for name in sorted(shown & set(reports))
            if (other := _others(name, reports[name]))
        ]
        if told:
            rows = f"the paper's rows: {known.caption}" if known.rows else known.caption
            table = replace(table, caption=f"Measured on {' and '.join(told)}; {rows}")
    listed = added_metrics if known else metrics_of
    further = dict.fromkeys(key for report in reports[benchmark].values() for key in listed(report))
    further.pop("fps", None)
    return replace(
        table,
        columns=(*table.columns, *(Measure(benchmark, key, column(key).label) for key in further)),
        rows={name: (*values, *(None for _ in further)) for name, values in table.rows.items()},
    )


def heading(benchmark: Benchmark, reports: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the heading of the scores by sequence; `reports` by tracker."""
    return f"{_others(benchmark.name, reports) or benchmark.folder}, every sequence"


def _others(benchmark: str, reports: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what the reports cover, or "" if it is the benchmark's own set of sequences."""
    names = set(next(iter(reports.values()))["sequences"])
    if benchmark not in BENCHMARKS:
        return ""  # a user's layout has no such set
    for part in BENCHMARKS[benchmark].layout.parts:
        # Splits without a list of names are training video or have their ground truth on a server.
        unnamed = not part.names and part.split is None and part.count == len(names)
        if unnamed or (part.names and names == set(part.names)):
            return ""
    return f"{len(names)} other sequences in the layout of {benchmark}"


def paper_grid(table: Table, reports: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Grid:
    """Return the table with a row for each tracker, ours first, then the paper's.

    `reports` go by benchmark and tracker: a name is one row, with a dash for missing reports.
    """
    names = dict.fromkeys(n for c in table.columns for n in reports.get(c.benchmark, {}))
    nothing: Mapping[str, Any] = {"mean": {}}
    rows: dict[str, Sequence[float | None]] = {
        f"{name} (measured)": [
            reports.get(c.benchmark, {}).get(name, nothing)["mean"].get(c.metric)
            for c in table.columns
        ]
        for name in names
    }
    rows |= {f"{name} (paper)": values for name, values in table.rows.items()}
    columns, ranks = [], []  # head first
    for index, measure in enumerate(table.columns):
        values = [row[index] for row in rows.values()]
        rises = column(measure.metric).rises
        texts = (cell(measure.metric, value) or DASH for value in values)
        columns.append((f"{measure.heading} {'↑' if rises else '↓'}", *texts))
        ranks.append((None, *_ranks(values, rises)))
    if table.trackers_across:
        return Grid(("", *rows), tuple(columns), tuple(ranks))
    heads, *lines = zip(("tracker", *rows), *columns, strict=True)
    _, *ranks = zip((None,) * (1 + len(rows)), *ranks, strict=True)
    return Grid(heads, tuple(lines), tuple(ranks))


def _ranks(values: Sequence[float | None], rises: bool) -> Iterator[int | None]:
    """Yield each value's rank among the three best distinct ones, as printed."""
    printed = [None if value is None else round(value, 3) for value in values]
    best = sorted({value for value in printed if value is not None}, reverse=rises)[: len(MARKS)]
    for value in printed:
        yield best.index(value) if value in best else None


def sequence_grid(reports: Mapping[str, Mapping[str, Any]]) -> Grid:
    """Return the benchmark's first metric by sequence, trackers side by side, and its total last.

    Raises InputError if the reports do not have the same sequences.
    """
    first = next(iter(reports.values()))
    metric = metrics_of(first)[0]
    for name, report in reports.items():
        different = set(first["sequences"]) ^ set(report["sequences"])
        if different:
            raise InputError(
                f"{name}: not the sequences of the first report ({', '.join(sorted(different))}); "
                "report trackers on the same --sequences"
            )
    rows = [
        (sequence, *(cell(metric, r["sequences"][sequence].get(metric)) for r in reports.values()))
        for sequence in first["sequences"]
    ]
    rows.append(("all", *(cell(metric, report["mean"].get(metric)) for report in reports.values())))
    none = tuple((None,) * len(row) for row in rows)
    return Grid((column(metric).label, *reports), tuple(rows), none)


def markdown(grid: Grid, caption: str) -> str:
    """Return the table in Markdown; the best value of each metric is bold."""
    lines = [f"**{caption}**", "", _pipes(grid.heads)]
    lines.append(_pipes([":--", *["--:"] * (len(grid.heads) - 1)]))
    for row, ranks in zip(grid.rows, grid.ranks, strict=True):
        lines.append(_pipes([f"**{c}**" if r == 0 else c for c, r in zip(row, ranks, strict=True)]))
    return "\n".join(lines) + "\n"


def latex(grid: Grid, caption: str) -> str:
    """Return the table in LaTeX (package xcolor), with the three best colored as in the paper."""
    lines = [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{_escaped(caption)}}}",
        rf"  \begin{{tabular}}{{l{'c' * (len(grid.heads) - 1)}}}",
        r"    \hline",
        f"    {' & '.join(map(_escaped, grid.heads))} " + r"\\",
        r"    \hline",
    ]
    for row, ranks in zip(grid.rows, grid.ranks, strict=True):
        cells = (
            _escaped(c) if r is None else rf"\textcolor{{{MARKS[r]}}}{{{_escaped(c)}}}"
            for c, r in zip(row, ranks, strict=True)
        )
        lines.append(f"    {' & '.join(cells)} " + r"\\")
    lines += [r"    \hline", r"  \end{tabular}", r"\end{table}"]
    return "\n".join(lines) + "\n"


def _pipes(cells: Sequence[str]) -> str:
    return "| " + " | ".join(c.replace("|", r"\|") for c in cells) + " |"


def _escaped(text: str) -> str:
    text = text.replace("\\", r"\textbackslash ")
    text = re.sub(r"([&%$#_{}])", r"\\\1", text)
    for sign, command in (("↑", r"$\uparrow$"), ("↓", r"$\downarrow$"), ("~", r"\textasciitilde ")):
        text = text.replace(sign, command)
    return text.replace("^", r"\textasciicircum ")
