"""What is known of a figure or table of the paper: where it is made again, and the values in print."""

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measure:
    """One metric of one benchmark."""

    benchmark: str
    metric: str  # as reports name it; which direction is better says `evaluation.columns`
    heading: str


@dataclass(frozen=True)
class Table:
    """Values by tracker, in the order of the columns; None where the paper has a dash."""

    caption: str
    columns: tuple[Measure, ...]
    rows: Mapping[str, tuple[float | None, ...]]
    trackers_across: bool = False  # the paper sets trackers side by side


@dataclass(frozen=True)
class Exhibit:
    """A figure or table, and what it takes to make it again."""

    caption: str  # in short
    notebook: str  # that shows it, without suffix
    functions: tuple[str, ...] = ()  # that draw or print it, MODULE:NAME
    data: tuple[str, ...] = ()  # benchmarks by the names of `evaluate`, or "toy"
    commands: tuple[str, ...] = ()  # that give the data and, where they can, the exhibit itself
    values: Table | None = None  # what the paper states in print

    def load(self) -> tuple[Callable[..., Any], ...]:
        """Return the functions, imported only now: matplotlib takes a while."""
        return tuple(pkgutil.resolve_name(function) for function in self.functions)
