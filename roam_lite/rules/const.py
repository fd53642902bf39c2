"""ConstLR: one learned constant rate per coordinate (section 6.2)."""

from math import log

import torch
from torch import Tensor, nn

from roam_lite.config import RuleConfig
from roam_lite.rules.update_rule import RuleStep


class ConstantRates(nn.Module):
    """Steps by learned rates that never change.

    With `initial_share` they are learned as multiples of lambda0, from that share of it on, each
    part's times exp(`log_gains`); without it as they are, all from `initial_rate` on. This is
    Meta-SGD (Li et al. 2017) for the later updates, with rates that stay positive; for the first
    one, lambda0 is, since theta0 is learned along with it (Algorithm 1, line 5).
    """

    def __init__(self, config: RuleConfig, parts: Tensor, log_gains: Tensor) -> None:
        super().__init__()
        share = config.initial_share
        self.around_lambda0 = share is not None
        start = torch.full((len(parts),), log(config.initial_rate if share is None else share))
        self.log_rates = nn.Parameter(start if share is None else start + log_gains[parts])

    def init(self, theta: Tensor, learning_rates0: Tensor) -> Tensor | float:
        """Return what the learned rates are multiples of."""
        return learning_rates0 if self.around_lambda0 else 1.0

    def step(
        self, theta: Tensor, gradient: Tensor, loss: Tensor, state: Tensor | float
    ) -> RuleStep:
        """Return the step by the learned rates."""
        rates = (self.log_rates.exp() * state).expand_as(theta)
        return RuleStep(rates * gradient, state, rates)
