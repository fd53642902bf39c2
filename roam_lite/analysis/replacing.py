"""Replacements of a learned rule: constants, means of parts, a formula, no memory, a fixed input."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from roam_lite.analysis.recording import Recording, log_of, mean_by_part, watched_step, with_network
from roam_lite.analysis.variance import BASE, least_squares, regressors
from roam_lite.checkpoints import save_rule
from roam_lite.config import modify
from roam_lite.rules import SGD, RuleStep, UpdateRule, build_rule
from roam_lite.rules.neural import NeuralRule, NeuralState
from roam_lite.tracking import Tracker


class Replaced:
    """A rule whose rates are replaced by `change(rates, stack)` before its step is taken.

    `stack` `[N, P, channels]` is the rule's input. It gets the new rates as its last ones.
    """

    def __init__(self, rule: UpdateRule, change: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.rule, self.change, self.init = rule, change, rule.init
        self.needs_hessian = getattr(rule, "needs_hessian", False)

    def step(self, theta: Tensor, gradient: Tensor, *rest: Any, **extra: Any) -> RuleStep:
        """Return the step with the new rates."""
        taken, stack = watched_step(self.rule, theta, gradient, *rest, **extra)
        rates, state = self.change(taken.rates, stack), taken.state
        if isinstance(state, NeuralState):
            state = state._replace(learning_rates=rates)
        return RuleStep(rates * gradient, state, rates)


def without_memory(rule: NeuralRule) -> NeuralRule:
    """Return the rule with its memory cleared before every step; the last rates are an input and stay."""
    return with_network(rule, lambda stack, memory: rule.logits(stack, ()))


def with_held_input(rule: NeuralRule, channel: int, value: float) -> NeuralRule:
    """Return the rule with one channel of its input stack held at a value."""

    def logits(stack: Tensor, memory: tuple) -> tuple[Tensor, tuple]:
        stack = stack.clone()
        stack[..., channel] = value
        return rule.logits(stack, memory)

    return with_network(rule, logits)


def with_part_means(rule: UpdateRule, lambda0: Tensor, parts: Tensor) -> Replaced:
    """Return the rule with a single share of lambda0 for each part: at every step, its geometric mean."""

    def mean(rates: Tensor, stack: Tensor) -> Tensor:
        shares = mean_by_part(log_of(rates) - lambda0.log(), parts)
        return lambda0 * shares.exp()[:, parts]

    return Replaced(rule, mean)


def part_constants(recording: Recording) -> NDArray[np.float64]:
    """Return each part's constant share of lambda0 `[8]`: the geometric mean over the recording."""
    return np.exp(recording.part_means.mean(axis=0))


def save_constants(path: Path, tracker: Tracker, constants: NDArray[np.float64]) -> None:
    """Write constant shares of lambda0, one for each part, as a rule to track with (`const`)."""
    rule = {"name": "const", "initial_share": 1.0, "online": None}
    config = modify(tracker.config, rule=rule)
    gains, parts = torch.from_numpy(np.log(constants)).float(), tracker.model.parts.cpu()
    made = build_rule("const", config=config.rule, parts=parts, log_gains=gains)
    shares = {"constants": [float(share) for share in constants]}
    save_rule(path, made, config, {"distilled_from": dict(tracker.description), **shares})


@dataclass(frozen=True)
class Formula:
    """log rate = slope log(lambda0) + offset of the part + weights . inputs, at most 0."""

    slope: float
    offsets: NDArray[np.float64]  # [8]
    weights: NDArray[np.float64]  # [channels]
    channels: tuple[str, ...]


def distill(recording: Recording) -> Formula:
    """Return the formula closest to the recorded log rates, by least squares."""
    rows, groups = regressors(recording)
    columns = np.hstack([groups[name] for name in (*BASE, *recording.channels)])
    target, parts = recording.log_rates[rows].astype(np.float64), recording.part_means.shape[1]
    (constant, slope, *rest), _ = least_squares(columns, target)
    offsets, weights = constant + np.array(rest[:parts]), np.array(rest[parts:])
    return Formula(float(slope), offsets, weights, recording.channels)


def by_formula(rule: UpdateRule, formula: Formula, lambda0: Tensor, parts: Tensor) -> Replaced:
    """Return the rule with the formula's rates."""
    fixed = formula.slope * lambda0.log() + lambda0.new_tensor(formula.offsets)[parts]
    weights = lambda0.new_tensor(formula.weights)
    return Replaced(rule, lambda rates, stack: (fixed + stack @ weights).clamp(max=0.0).exp())


def replaced_rules(tracker: Tracker, recording: Recording) -> dict[str, UpdateRule | None]:
    """Return, by name, the tracker's own rule and its replacements, fitted to the recording if need be."""
    rule, of = tracker.rule, (tracker.model.lambda0.detach(), tracker.model.parts)
    constants = of[0].new_tensor(part_constants(recording))
    rules: dict[str, UpdateRule | None] = {"own": rule, "constants": SGD(of[0] * constants[of[1]])}
    rules |= {"part means": with_part_means(rule, *of)}
    rules |= {"formula": by_formula(rule, distill(recording), *of)}
    if isinstance(rule, NeuralRule):
        rules["memory wiped"] = without_memory(rule)
    return rules | {"none": None}


def changed_rules(rule: UpdateRule, recording: Recording) -> dict[str, UpdateRule]:
    """Return a neural rule with each input held at its mean over the recording, and without memory."""
    if not isinstance(rule, NeuralRule):
        return {}
    means = zip(recording.channels, recording.inputs.mean((0, 1), dtype=float), strict=True)
    held = {f"{n} held": with_held_input(rule, i, float(m)) for i, (n, m) in enumerate(means)}
    return held | {"memory wiped": without_memory(rule)}
