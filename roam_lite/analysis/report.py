"""An analysis of a tracker's rule, as a table and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roam_lite.analysis.difference import Differences, differences, measure_aucs
from roam_lite.analysis.recording import SEED, record
from roam_lite.analysis.replacing import (
    Formula,
    changed_rules,
    distill,
    part_constants,
    replaced_rules,
)
from roam_lite.analysis.scaling import (
    ScaleResponse,
    measure_scale,
    rescaled_rules,
    scaled_rules,
)
from roam_lite.analysis.variance import Agreement, Explained, agree, explain
from roam_lite.data.sequence import Sequence as Video
from roam_lite.errors import InputError
from roam_lite.tracking import Tracker


@dataclass(frozen=True)
class Analysis:
    """Everything that an analysis finds out about a rule."""

    tracker: Mapping[str, Any]  # its description
    fitted_on: str  # what the constants and the formula were fitted to
    recorded: tuple[int, int, int]  # steps, coordinates, all coordinates
    explained: Explained
    agreement: Agreement
    scale: ScaleResponse
    constants: NDArray[np.float64]  # [8]
    formula: Formula
    differences: Differences


def analyze(
    tracker: Tracker,
    sequences: Sequence[Video],
    draws: int,
    fit: tuple[str, Sequence[Video]] | None = None,
    *,
    progress: bool = True,
) -> Analysis:
    """Return the analysis of a tracker's rule on sequences.

    `fit` is a name and sequences to fit the constants and the formula to, if others. Raises
    InputError as `record` does, and for fewer than two sequences.
    """
    if len(sequences) < 2:
        raise InputError("one sequence gives no interval of differences; give two or more")
    recording = record(tracker, sequences, progress=progress)
    fitted = record(tracker, fit[1], progress=progress) if fit else recording
    changed = changed_rules(tracker.rule, recording)
    others = changed | scaled_rules(tracker)
    along = record(tracker, sequences, others, progress=progress)
    rules = replaced_rules(tracker, fitted) | rescaled_rules(tracker)
    aucs = measure_aucs(tracker, rules, sequences, draws, progress=progress)
    return Analysis(
        tracker.description,
        fit[0] if fit else "the same sequences",
        (*recording.log_rates.shape, tracker.model.layout.size),
        explain(recording),
        agree(replace(along, others={name: along.others[name] for name in changed})),
        measure_scale(tracker, along),
        part_constants(fitted),
        distill(fitted),
        differences(list(rules), [sequence.name for sequence in sequences], aucs),
    )


def analysis_table(found: Analysis) -> str:
    """Return what explains the log rates, what changes them, and what replacing them costs."""
    tracker, explained, agreement, gains = (
        found.tracker, found.explained, found.agreement, found.differences
    )  # fmt: skip
    steps, coordinates, size = found.recorded
    lines = [
        f"rule {tracker['rule']}, weights {tracker['weights_sha256'][:12]}: {steps} steps on "
        f"{len(gains.sequences)} sequences, {coordinates} of {size} coordinates, {explained.samples} "
        f"samples (seed {SEED})",
        f"standard deviation of the log rates: {explained.deviation:.4f}\n",
        f"{'share of their variance explained by':50}  alone   added together residual",
    ]
    shares = zip(explained.alone, explained.added, explained.together, strict=True)
    for name, over, share in zip(explained.groups, explained.over, shares, strict=True):
        title = f"{name}, on top of {' and '.join(over)}" if over else name
        left = explained.deviation * max(0.0, 1 - share[-1]) ** 0.5
        lines.append(f"{title:50}" + "".join(f" {value:7.4f}" for value in (*share, left)))
    if agreement.changes:  # rules without input have none
        lines.append(f"\n{'correlation with the log rates of':50}     all  beyond lambda0 and part")
    pairs = zip(agreement.changes, agreement.correlation, agreement.beyond, strict=True)
    lines += [f"{name:50} {every:7.4f} {beyond:7.4f}" for name, every, beyond in pairs]
    scale = found.scale
    lines.append(
        f"\nslope of the log rates on the log of theta's scale: {scale.slope:.3f} (2: theta moves as if it "
        f"were not scaled), residual {scale.deviation:.3f}; kappa {scale.kappa[0]:g} and {scale.kappa[1]:g}; "
        f"if lambda0 is not scaled with theta: {scale.not_told:.3f}"
    )
    weights = zip(found.formula.weights, found.formula.channels, strict=True)
    terms = "".join(f" {weight:+.3g} ({name})" for weight, name in weights)
    lines += [
        f"\nfitted to {found.fitted_on}:",
        f"constants: {' '.join(f'{c:.3g}' for c in found.constants)} of lambda0, by part",
        f"formula: log rate = {found.formula.slope:.3g} log lambda0 + offset of the part{terms}\n",
        f"{'rule replaced by':16}    AUC  original minus it, 95 %    one left out        mainly from",
    ]
    rows = zip(gains.rules, gains.aucs, gains.interval, gains.left_out, gains.carriers, strict=True)
    for (name, aucs, interval, left_out, carrier), mean in zip(rows, gains.mean, strict=True):
        ends = "{:+.4f} [{:+.4f}, {:+.4f}]  {:+.4f} to {:+.4f}".format(mean, *interval, *left_out)
        told = "" if name == "own" else f"  {ends}  {carrier if mean else ''}"
        lines.append(f"{name:16} {aucs.mean():.4f}{told}".rstrip())
    return "\n".join(lines)


def plain(value: Any) -> Any:
    """Return dataclasses of arrays as plain JSON types, nan as null."""
    if hasattr(value, "__dataclass_fields__"):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(entry) for entry in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value
