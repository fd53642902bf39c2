"""Neural optimizers: coordinate-wise networks that emit an element-wise learning rate (eq. 10, 11)."""

from math import log
from typing import NamedTuple

import torch
from torch import Tensor, nn

from roam_lite.rules.preprocessing import CHANNELS, stack_input


class RecurrentState(NamedTuple):
    """What a recurrent optimizer remembers between steps."""

    learning_rates: Tensor  # [N, P], those emitted last
    memory: tuple  # one entry a layer: h, or (h, c); [N P, hidden] each


class RecurrentRule(nn.Module):
    """Two stacked recurrent cells shared by all coordinates: LSTM (the paper's) or GRU (section 6.2)."""

    def __init__(
        self, cell: type[nn.LSTMCell | nn.GRUCell], kind: str, hidden: int, initial_rate: float
    ) -> None:
        super().__init__()
        self.kind = kind
        self.cells = nn.ModuleList([cell(CHANNELS[kind], hidden), cell(hidden, hidden)])
        self.output = _rate_layer(hidden, initial_rate)

    def init(self, theta: Tensor, learning_rates0: Tensor) -> RecurrentState:
        """Return an empty memory; lambda0 is the previous learning rate of the first step."""
        return RecurrentState(learning_rates0, (None,) * len(self.cells))

    def step(
        self, theta: Tensor, gradient: Tensor, loss: Tensor, state: RecurrentState
    ) -> tuple[Tensor, RecurrentState]:
        """Return sigmoid(O(I)) for every coordinate `[N, P]`, and the memory after it (eq. 11)."""
        x = stack_input(self.kind, state.learning_rates, gradient, theta, loss).flatten(0, 1)
        memory = []
        for cell, old in zip(self.cells, state.memory, strict=True):
            new = cell(x, old)
            memory.append(new)
            x = new[0] if isinstance(new, tuple) else new
        rates = torch.sigmoid(self.output(x)).view_as(theta)
        return rates, RecurrentState(rates, tuple(memory))


class FeedForwardRule(nn.Module):
    """ROAM-FC: two linear layers with a tanh between them, no memory but the last rate (section 6.2)."""

    def __init__(self, kind: str, hidden: int, initial_rate: float) -> None:
        super().__init__()
        self.kind = kind
        self.first = nn.Linear(CHANNELS[kind], hidden)
        self.output = _rate_layer(hidden, initial_rate)

    def init(self, theta: Tensor, learning_rates0: Tensor) -> Tensor:
        """Return lambda0, the previous learning rate of the first step."""
        return learning_rates0

    def step(
        self, theta: Tensor, gradient: Tensor, loss: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the rates `[N, P]`, which are also the next state."""
        x = stack_input(self.kind, state, gradient, theta, loss)
        rates = torch.sigmoid(self.output(torch.tanh(self.first(x)))).squeeze(-1)
        return rates, rates


def _rate_layer(hidden: int, initial_rate: float) -> nn.Linear:
    """Return the last layer, biased so that the sigmoid behind it starts near `initial_rate`.

    Its small weights keep the first rates of an untrained optimizer close together.
    """
    layer = nn.Linear(hidden, 1)
    nn.init.normal_(layer.weight, std=0.01)
    nn.init.constant_(layer.bias, log(initial_rate / (1 - initial_rate)))
    return layer
