"""Less memory for more time: a rule's states between two steps are computed again when needed."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_unflatten

from roam_lite.rules.update_rule import RuleStep, UpdateRule


class Recomputed:
    """A rule that keeps one in `every` states for the backward pass, which computes the others again.

    A neural optimizer's memory, 80 numbers per coordinate and step, is most of a long episode's memory;
    theta, gradient and loss, which are not computed again, are three. `module` has the parameters
    that learn. The result can be differentiated once. A rule that needs Hessians has no
    memory to speak of and must be used as it is.

    Torch's checkpoint does not work here: between the steps are the tracking of an episode and the
    gradients of its update losses.
    """

    def __init__(self, rule: UpdateRule, module: nn.Module, every: int) -> None:
        self.rule, self.every = rule, every
        self.parameters = tuple(p for p in module.parameters() if p.requires_grad)
        self.last: _Taken | None = None

    def init(self, theta: Tensor, learning_rates0: Tensor) -> Any:
        """Return the state of the rule itself."""
        self.last = None
        return self.rule.init(theta, learning_rates0)

    def step(self, theta: Tensor, gradient: Tensor, loss: Tensor, state: Any) -> RuleStep:
        """Return the rule's step; steps must follow one another from `init` on."""
        seen = theta.detach(), gradient.detach(), loss.detach()
        number = self.last.number + 1 if self.last else 0
        leaves, form = tree_flatten(state)
        self.last = taken = _Taken(self.rule, number, seen, self.last)
        if number % self.every == 0:
            taken.before = None
            taken.state = tree_unflatten([detached(leaf) for leaf in leaves], form)
        inputs = (theta, gradient, loss, *leaves)
        found = _Again.apply(taken, form, self.parameters, *inputs, *self.parameters)
        return tree_unflatten(found, taken.form)


@dataclass
class _Taken:
    """A step that was taken: the rule's inputs, and either its state or the step before."""

    rule: UpdateRule
    number: int
    seen: tuple[Tensor, Tensor, Tensor]  # theta, gradient, loss
    before: "_Taken | None"
    state: Any = None
    form: Any = None  # structure of what the rule returned

    @torch.no_grad()
    def state_again(self) -> Any:
        """Return the state before the step, computing it and those in between if necessary."""
        if self.state is None:
            state = self.before.state_again()
            self.state = self.rule.step(*self.before.seen, state).state
        return self.state


class _Again(torch.autograd.Function):
    """A rule's step without its graph; the backward pass repeats it."""

    @staticmethod
    def forward(
        ctx: Any, taken: _Taken, form: Any, parameters: tuple[Tensor, ...], *inputs: Any
    ) -> tuple:
        ctx.taken, ctx.parameters = taken, parameters
        ctx.set_materialize_grads(False)
        leaves = inputs[3 : len(inputs) - len(parameters)]
        result = taken.rule.step(
            *taken.seen, tree_unflatten([detached(leaf) for leaf in leaves], form)
        )
        found, taken.form = tree_flatten(result)
        return tuple(found)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *slopes: Tensor | None) -> tuple:
        taken, needed = ctx.taken, ctx.needs_input_grad[3:]
        leaves, form = tree_flatten(taken.state_again())
        own = [*taken.seen, *leaves]
        copies = [
            detached(value).requires_grad_() if needs else value
            for value, needs in zip(own, needed, strict=False)
        ]
        inputs = [*copies, *ctx.parameters]
        with torch.enable_grad():
            state = tree_unflatten(copies[3:], form)
            outputs = tree_flatten(taken.rule.step(*copies[:3], state))[0]
        if taken.before is not None:
            taken.state = None
        pairs = [
            (output, slope)
            for output, slope in zip(outputs, slopes, strict=True)
            if slope is not None and output.requires_grad
        ]
        asked = [value for value, needs in zip(inputs, needed, strict=True) if needs]
        if not pairs:
            return (None,) * (3 + len(needed))
        outputs, slopes = zip(*pairs, strict=True)
        found = iter(torch.autograd.grad(outputs, asked, slopes, allow_unused=True))
        return None, None, None, *(next(found) if needs else None for needs in needed)


def detached(value: Any) -> Any:
    """Return a tensor without its graph, and anything else unchanged."""
    return value.detach() if isinstance(value, Tensor) else value
