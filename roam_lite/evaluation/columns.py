"""Columns of reports: label, number format and direction of every metric, in one table.

To add a column, write a function of a sequence and a run, and one line:

    COLUMNS["center_error"] = Column("center error", ".1f", rises=False, compute=mean_center_error)

Then it appears in tables, JSON, comparisons and reports of benchmarks that run each sequence once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from roam_lite.data.sequence import Sequence
from roam_lite.evaluation.running.run import Run


@dataclass(frozen=True)
class Column:
    """How a metric is printed and, if no benchmark has it, computed."""

    label: str
    form: str = ".3f"  # as in Python's format()
    rises: bool = True  # whether a higher value is better
    compute: Callable[[Sequence, Run], float] | None = None  # None: among the benchmark's scores


COLUMNS: dict[str, Column] = {
    "auc": Column("AUC"),
    "precision_20": Column("prec@20"),
    "precision": Column("prec"),
    "normalized_precision": Column("norm.prec"),
    "ao": Column("AO"),
    "sr_50": Column("SR0.50"),
    "sr_75": Column("SR0.75"),
    "eao": Column("EAO"),
    "accuracy": Column("A"),
    "robustness": Column("R", rises=False),
    "failures": Column("failures", ".1f", rises=False),
    "fps": Column("fps", ".1f"),
    "frames": Column("frames", "d"),
    "unreadable": Column("unreadable", "d", rises=False),
}


def column(metric: str) -> Column:
    """Return the metric's column; one that is not registered is labeled with its name."""
    return COLUMNS.get(metric) or Column(metric)


def computed(sequence: Sequence, run: Run) -> dict[str, float]:
    """Return the values of the columns that are computed from a run."""
    return {key: float(c.compute(sequence, run)) for key, c in COLUMNS.items() if c.compute}


def cell(metric: str, value: float | None) -> str:
    """Return a metric's value as tables print it; nothing for nan or None."""
    if value is None or not np.isfinite(value):
        return ""
    return f"{value:{column(metric).form}}"
