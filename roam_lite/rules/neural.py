"""What all neural optimizers share: their input, the rates that they emit, and from where on."""

from math import log
from typing import NamedTuple

import torch
from torch import Tensor, nn

from roam_lite.config import RuleConfig
from roam_lite.rules.preprocessing import stack_input
from roam_lite.rules.update_rule import RuleStep


class NeuralState(NamedTuple):
    """What a neural optimizer remembers between steps."""

    learning_rates: Tensor  # [N, P], those emitted last
    center: Tensor | float  # of the emitted rates, as logits: [N, P], or 0 where the bias is all
    memory: tuple  # as the rule's layers keep it; empty at the start


class NeuralRule(nn.Module):
    """A small network, shared by all coordinates, that emits a learning rate for each (eq. 10, 11).

    With `initial_share` the rates are emitted relative to lambda0, around that share of it at the
    start, and each part of theta (`parts` `[P]` numbers them) has a learned gain on top, at first
    exp(`log_gains`): what one update should change differs between a kernel and a bias, and between
    the branches, more than between coordinates. With None all coordinates start from
    `initial_rate`, as in eq. 11.

    A subclass builds its layers, calls `add_output`, and has a method `logits(stack, memory)`: from
    the input stack `[N, P, channels]` the logits of all N P coordinates, and the memory after it.
    """

    def __init__(self, config: RuleConfig, parts: Tensor, log_gains: Tensor) -> None:
        super().__init__()
        self.config = config
        relative = config.initial_share is not None
        self.register_buffer("parts", parts if relative else None, persistent=False)
        self.register_parameter("log_gains", nn.Parameter(log_gains.clone()) if relative else None)

    def add_output(self) -> None:
        """Add the last layer, biased so that the sigmoid after it starts near the rate or the share.

        Its small weights keep the first rates of an untrained optimizer close together.
        """
        rate, share = self.config.initial_rate, self.config.initial_share
        self.output = nn.Linear(self.config.hidden, 1)
        nn.init.normal_(self.output.weight, std=0.01)
        bias = log(rate / (1 - rate)) if share is None else log(share)
        nn.init.constant_(self.output.bias, bias)

    def init(self, theta: Tensor, learning_rates0: Tensor) -> NeuralState:
        """Return an empty memory; lambda0 is the previous learning rate of the first step."""
        center = 0.0
        if self.log_gains is not None:
            scaled = learning_rates0 * self.log_gains.exp()[self.parts]
            center = torch.logit(scaled.clamp(1e-12, 0.9))
        return NeuralState(learning_rates0, center, ())

    def step(self, theta: Tensor, gradient: Tensor, loss: Tensor, state: NeuralState) -> RuleStep:
        """Return the step by the rates sigmoid(O(I)) `[N, P]` of eq. 11."""
        config = self.config
        stack = stack_input(
            config.input, config.input_range, state.learning_rates, gradient, theta, loss
        )
        logits, memory = self.logits(stack, state.memory)
        rates = torch.sigmoid(logits.view_as(theta) + state.center)
        return RuleStep(rates * gradient, NeuralState(rates, state.center, memory), rates)
