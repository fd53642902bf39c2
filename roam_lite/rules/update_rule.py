"""The interface of every optimizer: a pair of functions over a state."""

from typing import Any, Protocol

from torch import Tensor


class UpdateRule(Protocol):
    """Something that emits learning rates for theta.

    Rollout and tracker know nothing else about an optimizer.
    """

    def init(self, theta: Tensor, learning_rates0: Tensor) -> Any:
        """Return the state before the first `step`; both arguments are `[N, P]`."""
        ...

    def step(self, theta: Tensor, gradient: Tensor, loss: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return the learning rates `[N, P]` for this step and the next state.

        `theta` and `gradient` are `[N, P]`, `loss` is `[N]`.
        """
        ...
