"""ROAM-FC: a neural optimizer without a memory but the last rate (section 6.2)."""

import torch
from torch import Tensor, nn

from roam_lite.config import RuleConfig
from roam_lite.rules.neural import NeuralRule
from roam_lite.rules.preprocessing import CHANNELS


class FeedForwardRule(NeuralRule):
    """Two linear layers with a tanh between them."""

    def __init__(self, config: RuleConfig, parts: Tensor, log_gains: Tensor) -> None:
        super().__init__(config, parts, log_gains)
        self.first = nn.Linear(CHANNELS[config.input], config.hidden)
        self.add_output()

    def logits(self, stack: Tensor, memory: tuple) -> tuple[Tensor, tuple]:
        """Return the logits `[N, P, 1]`; there is no memory."""
        return self.output(torch.tanh(self.first(stack))), ()
