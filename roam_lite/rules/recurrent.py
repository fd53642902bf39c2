"""LSTM, the paper's neural optimizer, and GRU (sections 3.2 and 6.2).

A neural optimizer runs one tiny network on hundreds of thousands of coordinates. torch's cells hold
them as `[coordinates, gates]`, so that each gate is a strided column; with the gates first, each
gate is one contiguous block, and a step takes less than half the time (EXPERIMENTS.md).
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice

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
        """Return the logits `[1, N P]` and both cells' memories."""
        x = stack.movedim(-1, 0).flatten(1)
        memory = memory or tuple(_start(cell, x) for cell in self.cells)
        counts = [len(tensors) for tensors in memory]
        # On a CPU, so few coordinates at a time that their gates stay in its cache.
        size = BLOCK if x.device.type == "cpu" else x.shape[1]
        blocks = []
        for seen, *flat in zip(*(t.split(size, 1) for t in (x, *chain(*memory))), strict=True):
            kept = []
            for cell, old in zip(self.cells, _grouped(flat, counts), strict=True):
                kept.append(advance(cell, seen, old))
                seen = kept[-1][0]
            blocks.append((self.output.weight @ seen + self.output.bias, *chain(*kept)))
        logits, *flat = (torch.cat(parts, 1) for parts in zip(*blocks, strict=True))
        return logits, tuple(_grouped(flat, counts))


def advance(cell: Cell, x: Tensor, memory: Memory | None) -> Memory:
    """Return the memory of a cell after it saw `x` `[inputs, coordinates]`; its output is the first part.

    `memory` is what the last call returned, or None at the start.
    """
    memory = memory or _start(cell, x)
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


def _start(cell: Cell, x: Tensor) -> Memory:
    zeros = x.new_zeros((cell.hidden_size, x.shape[1]))
    return (zeros, zeros) if isinstance(cell, nn.LSTMCell) else (zeros,)


def _grouped(tensors: Sequence[Tensor], counts: Sequence[int]) -> Iterator[Memory]:
    """Yield the memories of the cells, of so many tensors each."""
    rest = iter(tensors)
    return (tuple(islice(rest, count)) for count in counts)
