"""LSTM, the paper's neural optimizer, and GRU (sections 3.2 and 6.2).

A neural optimizer runs one tiny network on hundreds of thousands of coordinates. torch's cells hold
them as `[coordinates, gates]`, so that each gate is a strided column; with the gates first, each
gate is one contiguous block, and a step takes less than half the time (EXPERIMENTS.md).
"""

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from roam_lite.config import RuleConfig
from roam_lite.rules.neural import NeuralRule
from roam_lite.rules.preprocessing import CHANNELS

Cell = nn.LSTMCell | nn.GRUCell
BLOCK = 8192  # coordinates
# Up to so many coordinates the gates are kept: memory is no matter, and derivatives of any order and
# kind can be taken, as the toy problems ask for.
FEW = 1024
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
        return (_LSTM.apply if x.shape[1] > FEW else _lstm)(weight, x, *memory)
    seen = torch.addmm(cell.bias_ih[:, None], cell.weight_ih, x)
    kept = torch.addmm(cell.bias_hh[:, None], cell.weight_hh, h)
    reset, update = torch.sigmoid(seen[: 2 * hidden] + kept[: 2 * hidden]).split(hidden)
    new = 2 * torch.sigmoid(2 * (seen[2 * hidden :] + reset * kept[2 * hidden :])) - 1
    return (new + update * (h - new),)


def _lstm(weight: Tensor, x: Tensor, h: Tensor, c: Tensor) -> Memory:
    """Return an LSTM's step `(h, c)`."""
    *_, (into, forget, new, out) = _gates(weight, x, h)
    c = torch.addcmul(forget * c - into, into, new, value=2)
    return torch.addcmul(-out, out, torch.sigmoid(2 * c), value=2), c


class _LSTM(torch.autograd.Function):
    """An LSTM's step `(h, c)`, whose derivative computes the gates anew.

    Kept for all updates of a clip they would be most of what meta-training holds in memory, and few
    coordinates' gates cost little while their inputs are in the cache.
    """

    @staticmethod
    def forward(ctx, weight: Tensor, x: Tensor, h: Tensor, c: Tensor) -> Memory:
        ctx.save_for_backward(weight, x, h, c)
        return _lstm(weight, x, h, c)

    @staticmethod
    @once_differentiable
    def backward(ctx, by_h: Tensor, by_c: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        weight, x, h, c = ctx.saved_tensors
        inputs, gates, (into, forget, new, out) = _gates(weight, x, h)
        tanh = torch.addcmul(forget * c - into, into, new, value=2).mul_(2).sigmoid_()
        tanh = tanh.mul_(2).sub_(1)
        by_c = torch.addcmul(by_c, by_h * out, 1 - tanh.square())
        by_gates = torch.empty_like(gates)
        by_into, by_forget, by_new, by_out = by_gates.chunk(4)
        torch.addcmul(-by_c, by_c, new, value=2, out=by_into)
        torch.mul(by_c, c, out=by_forget)
        torch.mul(by_c, 2 * into, out=by_new)
        torch.mul(by_h, tanh, out=by_out)
        by_gates *= torch.addcmul(gates, gates, gates, value=-1)  # the sigmoids' slopes
        by_x, by_h, _ = (weight.T @ by_gates).split([len(x), len(h), 1])
        return by_gates @ inputs.T, by_x, by_h, by_c * forget


def _gates(weight: Tensor, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
    """Return what the gates see, their sigmoids, and each gate's own."""
    inputs = torch.cat([x, h, x.new_ones((1, x.shape[1]))])
    gates = (weight @ inputs).sigmoid_()
    return inputs, gates, gates.chunk(4)
