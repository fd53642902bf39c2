"""The inputs of a learned rule and the rates that it emitted while tracking sequences."""

import sys
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from roam_lite.data.sequence import Sequence as Video
from roam_lite.errors import InputError
from roam_lite.evaluation.running.engine import limited_threads
from roam_lite.evaluation.running.runner import check_names, check_sequence, track_steps
from roam_lite.rules import RuleStep, UpdateRule
from roam_lite.rules.neural import NeuralRule
from roam_lite.rules.preprocessing import INPUTS
from roam_lite.tracking import Tracker

COORDINATES, SEED = 2000, 0  # coordinates of theta to record, and the seed that draws them


@dataclass(frozen=True)
class Recording:
    """The T steps of a rule, on C randomly drawn coordinates of theta, at least one of each part."""

    updates: NDArray[np.int64]  # [T], number of each step in its sequence, from 0
    coordinates: NDArray[np.int64]  # [C], indices into theta
    log_rates: NDArray[np.float32]  # [T, C]
    inputs: NDArray[np.float32]  # [T, C, channels]; no channels if the rule has no input
    channels: tuple[str, ...]  # names of the inputs
    part_means: NDArray[np.float64]  # [T, 8], of log(rate / lambda0) over all coordinates of a part
    log_lambda0: NDArray[np.float32]  # [C]
    parts: NDArray[np.int64]  # [C], numbers of the parts of theta
    log_gains: NDArray[np.float32] | None  # [C], the rule's gains on lambda0, if it has learned any
    others: Mapping[str, NDArray[np.float32]]  # log rates [T, C] of rules run in parallel


def log_of(rates: Tensor) -> Tensor:
    """Return the logarithm of rates, finite even for 0."""
    return rates.clamp(min=1e-30).log()


def mean_by_part(values: Tensor, parts: Tensor) -> Tensor:
    """Return the means `[N, parts]` of values `[N, P]` over the coordinates of each part."""
    counts = torch.bincount(parts)
    return values.new_zeros(len(values), len(counts)).index_add_(1, parts, values) / counts


def with_network(rule: NeuralRule, logits: Callable[[Tensor, tuple], Any]) -> NeuralRule:
    """Return a rule that differs only in its `logits(stack, memory)` and shares all weights."""
    other = copy(rule)
    other.logits = logits
    return other


def watched_step(rule: UpdateRule, *arguments: Any, **extra: Any) -> tuple[RuleStep, Tensor]:
    """Return a rule's step and its input stack `[N, P, channels]`; no channels if it has no input.

    Raises InputError if the rule emits no rates.
    """
    seen = [arguments[0].new_zeros(*arguments[0].shape, 0)]
    watched = rule
    if isinstance(rule, NeuralRule):
        watched = with_network(rule, lambda s, memory: seen.append(s) or rule.logits(s, memory))
    taken = watched.step(*arguments, **extra)
    if taken.rates is None:
        raise InputError(
            f"the rule {type(rule).__name__} emits no learning rates to explain; give a checkpoint of "
            "one that returns `rates`"
        )
    return taken, seen[-1]


class Recorder:
    """Takes the steps of a rule and records its inputs and rates in `steps`.

    `others` run in parallel from the same theta, with their own states; their steps are not taken.
    """

    def __init__(
        self, tracker: Tracker, coordinates: Tensor, others: Mapping[str, UpdateRule]
    ) -> None:
        self.rule, self.model, self.at, self.others = (
            tracker.rule,
            tracker.model,
            coordinates,
            others,
        )
        self.needs_hessian = getattr(tracker.rule, "needs_hessian", False)
        self.steps: list[list[NDArray]] = []

    def init(self, theta: Tensor, learning_rates0: Tensor) -> list:
        """Return the states of the rule and of the others."""
        return [rule.init(theta, learning_rates0) for rule in (self.rule, *self.others.values())]

    def step(self, *arguments: Any, **extra: Any) -> RuleStep:
        """Return the rule's step; only finite ones are recorded, as the tracker rejects others."""
        *point, (own, *states) = arguments
        taken, stack = watched_step(self.rule, *point, own, **extra)
        rules = zip(self.others.values(), states, strict=True)
        along = [rule.step(*point, state, **extra) for rule, state in rules]
        shares = log_of(taken.rates) - self.model.lambda0.log()
        kept = [stack[0, self.at], mean_by_part(shares, self.model.parts)[0]]
        kept += [log_of(step.rates)[0, self.at] for step in (taken, *along)]
        if all(bool(values.isfinite().all()) for values in kept):
            self.steps.append([values.cpu().numpy() for values in kept])
        return taken._replace(state=[taken.state, *(step.state for step in along)])


def record(
    tracker: Tracker,
    sequences: Sequence[Video],
    others: Mapping[str, UpdateRule] | None = None,
    *,
    progress: bool = True,
) -> Recording:
    """Return the inputs and rates of the tracker's rule on the sequences, and the rates of `others`.

    Always uses one thread. Raises InputError as `evaluate` does, for a rule that
    emits no rates, and if no model was updated.
    """
    check_names([sequence.name for sequence in sequences])
    for sequence in sequences:
        check_sequence(sequence)
    model, others = tracker.model, others or {}
    size, (_, first) = model.layout.size, np.unique(model.parts.cpu().numpy(), return_index=True)
    drawn = np.random.default_rng(SEED).choice(size, min(size, COORDINATES), replace=False)
    at = torch.from_numpy(np.union1d(drawn, first)).to(model.parts.device)
    steps, updates, title = [], [], "held inputs" if others else "recording"
    options = {"desc": title, "unit": "frame", "file": sys.stderr, "disable": not progress}
    with limited_threads(1), tqdm(total=sum(map(len, sequences)), **options) as bar:
        for sequence in sequences:
            recorder = Recorder(tracker, at, others)
            for _ in track_steps(with_rule(tracker, recorder), sequence):
                bar.update()
            steps += recorder.steps
            updates += range(len(recorder.steps))
    if not steps:
        raise InputError(
            "no model was updated on these sequences: the first update comes after "
            f"{tracker.config.online.update_interval} trusted frames; give longer ones"
        )
    inputs, means, log_rates, *along = (np.stack(values) for values in zip(*steps, strict=True))
    channels = INPUTS[model.config.rule.input] if inputs.shape[-1] else ()
    log_lambda0, parts = model.lambda0.detach().log()[at].cpu().numpy(), model.parts[at]
    gains = getattr(tracker.rule, "log_gains", None)
    gains = None if gains is None else gains.detach()[parts].cpu().numpy()
    of_parts = log_lambda0, parts.cpu().numpy(), gains
    along = dict(zip(others, along, strict=True))
    means = means.astype(np.float64)
    return Recording(
        np.array(updates), at.cpu().numpy(), log_rates, inputs, channels, means, *of_parts, along
    )


def with_rule(tracker: Tracker, rule: UpdateRule | None) -> Tracker:
    """Return a tracker that differs only in its rule."""
    return Tracker(tracker.model, rule, tracker.variant, tracker.config, tracker.description)
