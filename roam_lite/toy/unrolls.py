"""Unrolls in segments: the toy's meta loss as a function of omega, and what truncation loses.

A segment is a number of updates from a state. Its derivative with respect to omega ends at that state,
unless gradients go through all segments before it, or perturbations do, as in persistent
evolution strategies (`evolution.persistent_gradient`).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from roam_lite.toy.problem import Problems, Unrolled, unroll

# (omega [n], state before) -> (the segment's loss, state after).
Segment = Callable[[Tensor, Any], tuple[Tensor, Any]]


def flat_parameters(rule: nn.Module) -> Tensor:
    """Return omega `[n]`: the parameters of a learned rule, one after another."""
    return nn.utils.parameters_to_vector(rule.parameters()).detach()


def toy_losses(rule: nn.Module, problems: Problems, updates: int) -> Callable[[Tensor], Tensor]:
    """Return the function from omega `[n]` to the mean loss after 0 ... T updates, `[T + 1]`.

    It is twice differentiable, and `vmap` evaluates it for many omegas at once.
    """
    return lambda omega: _with(rule, omega, problems, updates).losses.mean(dim=1)


def toy_segment(rule: nn.Module, problems: Problems, updates: int) -> Segment:
    """Return a segment of updates on the toy; its loss is the mean over the losses after each update.

    Its state is the record so far, None at the start.
    """

    def segment(omega: Tensor, before: Unrolled | None) -> tuple[Tensor, Unrolled]:
        unrolled = _with(rule, omega, problems, updates, before)
        return unrolled.losses[1:].mean(), unrolled

    return segment


def segment_gradient(
    segment: Segment, center: Tensor, segments: int, state: Any = None, truncated: bool = False
) -> Tensor:
    """Return the gradient `[n]` of the sum of K segments' losses with respect to omega, at `center` `[n]`.

    `truncated` treats the state before each segment as a constant, which makes the gradient cheap
    for any K, but biased.
    """
    center = center.detach().requires_grad_()
    total = torch.zeros((), dtype=center.dtype)
    for _ in range(segments):
        loss, state = segment(center, _constant(state) if truncated else state)
        total = total + loss
    return torch.autograd.grad(total, center)[0]


def segment_differences(
    segment: Segment, center: Tensor, noise: Tensor, spread: float, state: Any = None
) -> Tensor:
    """Return each segment's loss with positive noise minus that with negative noise, `[pairs, K]`.

    `noise` `[pairs, K, n]` perturbs omega differently in each segment. Each pair has its own state
    for each sign; all start from `state`. `vmap` evaluates all pairs at once.
    """

    def losses(omegas: Tensor) -> Tensor:
        after, found = state, []
        for omega in omegas:
            loss, after = segment(omega, after)
            found.append(loss)
        return torch.stack(found)

    ahead, behind = (vmap(losses)(center + side * spread * noise) for side in (1, -1))
    return ahead - behind


class _Unrolling(nn.Module):
    """A module whose parameters `functional_call` can replace."""

    def __init__(self, rule: nn.Module) -> None:
        super().__init__()
        self.rule = rule

    def forward(self, problems: Problems, updates: int, before: Unrolled | None) -> Unrolled:
        return unroll(self.rule, problems, updates, second_order=True, before=before)


def _with(
    rule: nn.Module, omega: Tensor, problems: Problems, updates: int, before: Unrolled | None = None
) -> Unrolled:
    """Return an unroll of the rule with other parameters."""
    module = _Unrolling(rule)
    named = dict(module.named_parameters())
    pieces = omega.split([value.numel() for value in named.values()])
    parameters = {
        name: piece.view_as(value)
        for (name, value), piece in zip(named.items(), pieces, strict=True)
    }
    return functional_call(module, parameters, (problems, updates, before))


def _constant(state: Any) -> Any:
    """Return a state with all its tensors detached, inside dataclasses and tuples, too."""
    if isinstance(state, Tensor):
        return state.detach()
    if isinstance(state, Unrolled):
        return Unrolled(*map(_constant, vars(state).values()))
    if isinstance(state, tuple):
        parts = map(_constant, state)
        return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)
    return state
