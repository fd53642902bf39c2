"""LSTM, the paper's neural optimizer, and GRU (sections 3.2 and 6.2).

A neural optimizer runs one tiny network on hundreds of thousands of coordinates. torch's cells hold
them as `[coordinates, gates]`, so that each gate is a strided column; with the gates first, each
gate is one contiguous block, and a step takes less than half the time (EXPERIMENTS.md).
"""

import torch
from torch import Tensor, nn

from roam_lite.config import RuleConfig
from roam_lite.rules.neural import NeuralRule
from roam_lite.rules.preprocessing import CHANNELS

Cell = nn.LSTMCell | nn.GRUCell
BLOCK = 8192  # coordinates
Memory = tuple[Tensor, ...]  # (h, c) of an LSTM, (h,) of a GRU; [hidden, coordinates] each


class RecurrentRule(NeuralRule):
    """Two stacked recurrent cells (`nn.LSTMCell` or `nn.GRUCell`) shared by all coordinates."""

    def __init__(
        self, cell: type[Cell], config: RuleConfig, parts: Tensor, log_gains: Tensor
    ) -> None:
        super().__init__(config, parts, log_gains)
        hidden = config.hidden
        self.cells = nn.ModuleList([cell(CHANNELS[config.input], hidden), cell(hidden, hidden)])
        self.add_output()

    def logits(self, stack: Tensor, memory: tuple) -> tuple[Tensor, tuple]:
        """Return the logits `[1, N P]` and the memory: of each block of coordinates, both cells' own."""
        x = stack.movedim(-1, 0).flatten(1)
        # On a CPU, so few coordinates at a time that their gates stay in its cache.
        blocks = x.split(BLOCK if x.device.type == "cpu" else x.shape[1], dim=1)
        logits, after = [], []
        for seen, before in zip(blocks, memory or [(None, None)] * len(blocks), strict=True):
            cells = []
            for cell, old in zip(self.cells, before, strict=True):
                cells.append(advance(cell, seen, old))
                seen = cells[-1][0]
            logits.append(self.output.weight @ seen + self.output.bias)
            after.append(tuple(cells))
        return torch.cat(logits, 1), tuple(after)


def advance(cell: Cell, x: Tensor, memory: Memory | None) -> Memory:
    """Return the memory of a cell after it saw `x` `[inputs, coordinates]`; its output is the first part.

    `memory` is what the last call returned, or None at the start.
    """
    if memory is None:
        zeros = x.new_zeros((cell.hidden_size, x.shape[1]))
        memory = (zeros, zeros) if isinstance(cell, nn.LSTMCell) else (zeros,)
    hidden, h = cell.hidden_size, memory[0]
    if isinstance(cell, nn.LSTMCell):
        # tanh(x) = 2 sigmoid(2 x) - 1: with the candidate's rows doubled, one sigmoid serves all
        # four gates; torch's tanh takes five times as long as its sigmoid on a CPU.
        twice = x.new_ones((4 * hidden, 1)).index_fill_(
            0, torch.arange(2 * hidden, 3 * hidden, device=x.device), 2
        )
        bias = (cell.bias_ih + cell.bias_hh)[:, None]
        weight = twice * torch.cat([cell.weight_ih, cell.weight_hh, bias], dim=1)
        gates = weight @ torch.cat([x, h, x.new_ones((1, x.shape[1]))])
        into, forget, new, out = gates.sigmoid_().split(hidden)
        c = torch.addcmul(forget * memory[1] - into, into, new, value=2)
        return torch.addcmul(-out, out, torch.sigmoid(2 * c), value=2), c
    seen = torch.addmm(cell.bias_ih[:, None], cell.weight_ih, x)
    kept = torch.addmm(cell.bias_hh[:, None], cell.weight_hh, h)
    reset, update = torch.sigmoid(seen[: 2 * hidden] + kept[: 2 * hidden]).split(hidden)
    new = 2 * torch.sigmoid(2 * (seen[2 * hidden :] + reset * kept[2 * hidden :])) - 1
    return (new + update * (h - new),)
