"""The interface of every optimizer: a pair of functions over a state."""

from typing import Any, NamedTuple, Protocol

from torch import Tensor


class RuleStep(NamedTuple):
    """What a rule returns for one update."""

    step: Tensor  # [N, P], to be subtracted from theta
    state: Any  # for the next step
    rates: Tensor | None = None  # [N, P], element-wise learning rates where the rule has some


class UpdateRule(Protocol):
    """Something that decides how far theta moves.

    Rollout and tracker know nothing else about an optimizer. A rule that sets `needs_hessian = True`
    is given one more argument: `hessian`, which multiplies a `[N, P]` by each video's Hessian.
    """

    def init(self, theta: Tensor, learning_rates0: Tensor) -> Any:
        """Return the state before the first `step`; both arguments are `[N, P]`."""
        ...

    def step(self, theta: Tensor, gradient: Tensor, loss: Tensor, state: Any) -> RuleStep:
        """Return the step to take from theta `[N, P]`; `gradient` is `[N, P]`, `loss` `[N]`."""
        ...
