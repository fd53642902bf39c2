"""What explains a rule's log rates: least squares on drawn samples of a recording."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roam_lite.analysis.recording import SEED, Recording

SAMPLES = 100_000  # at most, drawn from all steps and coordinates recorded
BASE = ("lambda0", "part")  # the groups to which time and inputs are added
Array = NDArray[np.float64]
Rows = tuple[NDArray[np.int64], NDArray[np.int64]]  # step and coordinate of each sample


@dataclass(frozen=True)
class Explained:
    """The shares of the log rates' variance (R^2) that G groups of regressors explain."""

    groups: tuple[str, ...]
    over: tuple[tuple[str, ...], ...]  # the groups to which each is added
    alone: Array  # [G], by the group alone
    added: Array  # [G], what the group adds to those
    together: Array  # [G], by the group and those
    samples: int
    deviation: float  # standard deviation of the log rates


@dataclass(frozen=True)
class Agreement:
    """Correlations of a rule's log rates with those of K changed rules in the same steps."""

    changes: tuple[str, ...]
    correlation: Array  # [K]
    beyond: Array  # [K], of the parts that lambda0 and part do not explain


def regressors(recording: Recording, samples: int = SAMPLES) -> tuple[Rows, dict[str, Array]]:
    """Return n random samples and their regressors `[n, k]` by group: lambda0, gains, part, time, inputs.

    Time is a class for each power of two: updates 0, 1 to 2, 3 to 6, 7 to 14 and so on.
    """
    count = recording.log_rates.size
    drawn = np.random.default_rng(SEED).choice(count, min(count, samples), replace=False)
    step, at = np.divmod(np.sort(drawn), recording.log_rates.shape[1])
    groups = {"lambda0": recording.log_lambda0[at, None]}
    if recording.log_gains is not None:
        groups["gains"] = recording.log_gains[at, None]
    groups["part"] = _classes(recording.parts)[at]
    groups["time"] = _classes(np.log2(recording.updates + 1).astype(int))[step]
    inputs = recording.inputs[step, at]
    groups |= {name: inputs[:, [i]] for i, name in enumerate(recording.channels)}
    return (step, at), {name: columns.astype(np.float64) for name, columns in groups.items()}


def _classes(numbers: NDArray[np.int64]) -> Array:
    return (numbers[:, None] == np.unique(numbers)).astype(np.float64)


def least_squares(columns: Array, target: Array) -> tuple[Array, Array]:
    """Return the coefficients of a constant and of columns `[n, k]`, and the residual of the target.

    `target` is `[n]` or `[n, m]`. If there are several solutions, as with classes, the smallest.
    """
    columns = np.hstack([np.ones((len(columns), 1)), columns])
    scale = np.maximum(np.linalg.norm(columns, axis=0), 1e-30)  # inputs differ widely in scale
    found = np.linalg.lstsq(columns / scale, target, rcond=1e-9)[0]
    coefficients = (found.T / scale).T
    return coefficients, target - columns @ coefficients


def explained_share(columns: Array, target: Array) -> float:
    """Return R^2 of the target `[n]` on the columns and a constant; nan if it does not vary."""
    _, rest = least_squares(columns, target)
    return float(1 - rest.var() / target.var()) if np.ptp(target) > 0 else float("nan")


def explain(recording: Recording) -> Explained:
    """Return the variance that each group explains, alone and on top of others.

    Gains and part are added to lambda0; time, each input and all inputs to lambda0 and part.
    """
    (rows, groups), inputs = regressors(recording), recording.channels
    target = recording.log_rates[rows].astype(np.float64)
    added = {"lambda0": (), "gains": ("lambda0",), "part": ("lambda0",), "time": BASE}
    added = {name: over for name, over in added.items() if name in groups}
    added |= {name: BASE for name in (*inputs, *(("all inputs",) if inputs else ()))}
    known = {(): 0.0}

    def share(*names: str) -> float:
        if names not in known:
            columns = (groups[name] for name in names)
            known[names] = explained_share(np.hstack(list(columns)), target)
        return known[names]

    shares = []
    for name, over in added.items():
        own = inputs if name == "all inputs" else (name,)
        together = share(*over, *own)
        shares.append((share(*own), together - share(*over), together))
    measured = (np.array(values) for values in zip(*shares, strict=True))
    facts = len(target), float(target.std())
    return Explained(tuple(added), tuple(added.values()), *measured, *facts)


def agree(recording: Recording) -> Agreement:
    """Return how the log rates of the recording's `others` correlate with the rule's own."""
    rows, groups = regressors(recording)
    base, found = np.hstack([groups[name] for name in BASE]), []
    for other in recording.others.values():
        both = np.stack([recording.log_rates[rows], other[rows]], axis=1).astype(np.float64)
        found.append((_correlation(both), _correlation(least_squares(base, both)[1])))
    return Agreement(tuple(recording.others), *np.array(found).reshape(-1, 2).T)


def _correlation(both: Array) -> float:
    """Return the correlation of two columns; nan if one of them varies only by rounding."""
    varies = both.std(axis=0).min() > 1e-6
    return float(np.corrcoef(both.T)[0, 1]) if varies else float("nan")
