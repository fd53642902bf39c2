"""What replacing a rule costs in AUC: paired differences, and whether a single sequence causes them."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from roam_lite.analysis.recording import with_rule
from roam_lite.data.sequence import Sequence as Video
from roam_lite.evaluation.chance import drawn_reports
from roam_lite.evaluation.compare import leave_one_out, paired_bootstrap
from roam_lite.rules import UpdateRule
from roam_lite.tracking import Tracker

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Differences:
    """AUC of R rules on S sequences, and the first rule's minus each."""

    rules: tuple[str, ...]
    sequences: tuple[str, ...]
    aucs: Array  # [R, draws, S]
    mean: Array  # [R], over draws and sequences
    interval: Array  # [R, 2], 95 %, by resampling sequences
    left_out: Array  # [R, 2], lowest and highest mean when any one sequence is left out
    carriers: tuple[str, ...]  # the sequence that contributes most to the mean, in its direction


def measure_aucs(
    tracker: Tracker,
    rules: Mapping[str, UpdateRule | None],
    sequences: Sequence[Video],
    draws: int,
    *,
    progress: bool = True,
) -> Array:
    """Return AUCs `[R, draws, S]`; the first boxes of a draw are the same for all rules (`chance`)."""
    aucs = np.empty((len(rules), draws, len(sequences)))
    total = len(rules) * draws * sum(map(len, sequences))
    with tqdm(total=total, unit="frame", file=sys.stderr, disable=not progress) as bar:
        for s, sequence in enumerate(sequences):
            for r, (name, rule) in enumerate(rules.items()):
                bar.set_description(f"{name}: {sequence.name}")
                reports = drawn_reports(partial(with_rule, tracker, rule), [sequence], draws)
                for d, report in enumerate(reports):
                    aucs[r, d, s] = report.scores[0].auc
                    bar.update(len(sequence))
    return aucs


def differences(rules: Sequence[str], sequences: Sequence[str], aucs: Array) -> Differences:
    """Return how far the first rule's AUC is above each rule's, from `[R, draws, S]`; S is at least 2."""
    means = aucs.mean(axis=1)
    gains = means[0] - means  # [R, S]
    interval = np.array([paired_bootstrap(means[0], own)[1:] for own in means])
    *ends, most = zip(*map(leave_one_out, gains), strict=True)
    names = tuple(sequences)
    carriers = tuple(names[index] for index in most)
    left_out = np.stack(ends, axis=1)
    return Differences(tuple(rules), names, aucs, gains.mean(axis=1), interval, left_out, carriers)
