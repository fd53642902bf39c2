"""Rules whose learning rates do not depend on what they see: lambda0, SGD and ConstLR."""

from math import log

import torch
from torch import Tensor, nn


class FixedRates:
    """Emits the given rates at every step: a number (SGD), or a vector `[P]` (lambda0 of Algorithm 1)."""

    def __init__(self, rates: float | Tensor) -> None:
        self.rates = rates

    def init(self, theta: Tensor, learning_rates0: Tensor) -> None:
        """Return no state."""

    def step(
        self, theta: Tensor, gradient: Tensor, loss: Tensor, state: None
    ) -> tuple[Tensor, None]:
        """Return the fixed rates for all of theta `[N, P]`."""
        rates = torch.as_tensor(self.rates, dtype=theta.dtype, device=theta.device)
        return rates.expand_as(theta), None


class LearnedRates(nn.Module):
    """ConstLR: one learned constant rate a coordinate (section 6.2).

    With a `share` they are learned as multiples of lambda0, from that share of it on, each times
    exp(`log_gains`) `[P]` (None: all alike); without one as they are, all from `initial_rate` on.
    """

    def __init__(
        self,
        size: int,
        initial_rate: float,
        share: float | None = None,
        log_gains: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.around_lambda0 = share is not None
        start = torch.full((size,), log(initial_rate if share is None else share))
        if share is not None and log_gains is not None:
            start = start + log_gains
        self.log_rates = nn.Parameter(start)

    def init(self, theta: Tensor, learning_rates0: Tensor) -> Tensor | float:
        """Return what the learned rates are multiples of."""
        return learning_rates0 if self.around_lambda0 else 1.0

    def step(
        self, theta: Tensor, gradient: Tensor, loss: Tensor, state: Tensor | float
    ) -> tuple[Tensor, Tensor | float]:
        """Return the learned rates for all of theta `[N, P]`."""
        return (self.log_rates.exp() * state).expand_as(theta), state
