"""What is known about a figure or table of the paper: how to reproduce it, and its printed values."""

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measure:
    """One metric of one benchmark."""

    benchmark: str
    metric: str  # as named in reports; `evaluation.columns` says which direction is better
    heading: str


@dataclass(frozen=True)
class Table:
    """Values by tracker, in the order of the columns; None for a dash in the paper."""

    caption: str
    columns: tuple[Measure, ...]
    rows: Mapping[str, tuple[float | None, ...]]
    trackers_across: bool = False  # whether the paper has trackers as columns


@dataclass(frozen=True)
class Exhibit:
    """A figure or table, and what it takes to reproduce it."""

    caption: str  # in short
    notebook: str  # that shows it; name without suffix
    functions: tuple[str, ...] = ()  # that draw or print it, MODULE:NAME
    data: tuple[str, ...] = ()  # benchmarks by the names of `evaluate`, or "toy"
    commands: tuple[str, ...] = ()  # that produce the data and, if possible, the exhibit itself
    values: Table | None = None  # values printed in the paper

    def load(self) -> tuple[Callable[..., Any], ...]:
        """Return the functions, imported only now because matplotlib takes a while."""
        return tuple(pkgutil.resolve_name(function) for function in self.functions)
