"""Neural optimizers: coordinate-wise networks that emit an element-wise learning rate (eq. 10, 11)."""

from math import log
from typing import NamedTuple

import torch
from torch import Tensor, nn

from roam_lite.rules.cells import advance
from roam_lite.rules.preprocessing import CHANNELS, stack_input


class RecurrentState(NamedTuple):
    """What a recurrent optimizer remembers between steps."""

    learning_rates: Tensor  # [N, P], those emitted last
    center: Tensor | float  # of the emitted rates, as logits: [N, P], or 0 where the bias is all
    memory: tuple  # one entry a layer: (h,) or (h, c), [hidden, N P] each; None at the start


class RecurrentRule(nn.Module):
    """Two stacked recurrent cells shared by all coordinates: LSTM (the paper's) or GRU (section 6.2).

    With a `share` the rates are emitted relative to lambda0, around that share of it at the start,
    and each part of theta (`parts` `[P]` numbers them) has a learned gain on top: what one update
    should change differs between a kernel and a bias, and between the branches, more than between
    coordinates. With None all coordinates start from `initial_rate`, as in eq. 11.
    """

    def __init__(
        self,
        cell: type[nn.LSTMCell | nn.GRUCell],
        kind: str,
        hidden: int,
        initial_rate: float,
        share: float | None = None,
        parts: Tensor | None = None,
        log_gains: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.kind, self.around_lambda0 = kind, share is not None
        _add_gains(self, parts, log_gains)
        self.cells = nn.ModuleList([cell(CHANNELS[kind], hidden), cell(hidden, hidden)])
        self.output = _rate_layer(hidden, initial_rate, share)
        self.advance = advance  # or advance_plain, to compare

    def init(self, theta: Tensor, learning_rates0: Tensor) -> RecurrentState:
        """Return an empty memory; lambda0 is the previous learning rate of the first step."""
        memory = (None,) * len(self.cells)
        return RecurrentState(learning_rates0, _center(self, learning_rates0), memory)

    def step(
        self, theta: Tensor, gradient: Tensor, loss: Tensor, state: RecurrentState
    ) -> tuple[Tensor, RecurrentState]:
        """Return sigmoid(O(I)) for every coordinate `[N, P]`, and the memory after it (eq. 11)."""
        stack = stack_input(self.kind, state.learning_rates, gradient, theta, loss)
        x = stack.movedim(-1, 0).flatten(1)
        memory = []
        for cell, old in zip(self.cells, state.memory, strict=True):
            memory.append(self.advance(cell, x, old))
            x = memory[-1][0]
        out = self.output.weight @ x + self.output.bias
        rates = torch.sigmoid(out.view_as(theta) + state.center)
        return rates, RecurrentState(rates, state.center, tuple(memory))


class FeedForwardRule(nn.Module):
    """ROAM-FC: two linear layers with a tanh between them, no memory but the last rate (section 6.2)."""

    def __init__(
        self,
        kind: str,
        hidden: int,
        initial_rate: float,
        share: float | None = None,
        parts: Tensor | None = None,
        log_gains: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.kind, self.around_lambda0 = kind, share is not None
        _add_gains(self, parts, log_gains)
        self.first = nn.Linear(CHANNELS[kind], hidden)
        self.output = _rate_layer(hidden, initial_rate, share)

    def init(self, theta: Tensor, learning_rates0: Tensor) -> RecurrentState:
        """Return a state without memory; lambda0 is the previous learning rate of the first step."""
        return RecurrentState(learning_rates0, _center(self, learning_rates0), ())

    def step(
        self, theta: Tensor, gradient: Tensor, loss: Tensor, state: RecurrentState
    ) -> tuple[Tensor, RecurrentState]:
        """Return the rates `[N, P]` and the state that remembers them."""
        x = stack_input(self.kind, state.learning_rates, gradient, theta, loss)
        out = self.output(torch.tanh(self.first(x))).squeeze(-1)
        rates = torch.sigmoid(out + state.center)
        return rates, RecurrentState(rates, state.center, ())


def _rate_layer(hidden: int, initial_rate: float, share: float | None) -> nn.Linear:
    """Return the last layer, biased so that the sigmoid behind it starts near the rate or the share.

    Its small weights keep the first rates of an untrained optimizer close together.
    """
    layer = nn.Linear(hidden, 1)
    nn.init.normal_(layer.weight, std=0.01)
    bias = log(initial_rate / (1 - initial_rate)) if share is None else log(share)
    nn.init.constant_(layer.bias, bias)
    return layer


def _center(rule: RecurrentRule | FeedForwardRule, lambda0: Tensor) -> Tensor | float:
    """Return the logits that the rule's own are added to: those of lambda0 (at most 0.9), or 0."""
    if not rule.around_lambda0:
        return 0.0
    if rule.parts is not None:
        lambda0 = lambda0 * rule.log_gains.exp()[rule.parts]
    return torch.logit(lambda0.clamp(1e-12, 0.9))


def _add_gains(rule: nn.Module, parts: Tensor | None, log_gains: Tensor | None) -> None:
    """Give a rule that emits rates around lambda0 a gain for each part of theta."""
    used = rule.around_lambda0 and parts is not None
    rule.register_buffer("parts", parts if used else None, persistent=False)
    rule.register_parameter("log_gains", nn.Parameter(log_gains.clone()) if used else None)
