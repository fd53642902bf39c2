"""Fast recurrent cells against torch's own: outputs and gradients over several steps."""

import pytest
import torch
from torch import nn

from roam_lite.bench.plain import advance_plain
from roam_lite.rules import build_rule, recurrent
from roam_lite.rules.recurrent import FEW, advance
from tests.tiny import TINY

COORDINATES = 50


def run(way, cell, inputs):
    """Memory after all inputs, and the gradients that a loss on it has."""
    inputs = [x.clone().requires_grad_() for x in inputs]
    memory = None
    for x in inputs:
        memory = way(cell, x, memory)
    loss = sum((part * (index + 1)).square().sum() for index, part in enumerate(memory))
    return memory, torch.autograd.grad(loss, [*inputs, *cell.parameters()])


@pytest.mark.parametrize("kind", [nn.LSTMCell, nn.GRUCell])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_fast_cells_equal_torchs_own(kind, dtype):
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    cell = kind(5, 7).to(dtype)
    # Large values too: gates that are shut and open.
    inputs = [
        scale * torch.randn(5, COORDINATES, generator=generator, dtype=dtype)
        for scale in (1, 30, 0.1)
    ]
    (fast, gradients), (plain, expected) = (
        run(advance, cell, inputs),
        run(advance_plain, cell, inputs),
    )
    tolerance = (
        {"rtol": 1e-9, "atol": 1e-11} if dtype is torch.float64 else {"rtol": 1e-4, "atol": 1e-5}
    )
    for found, wanted in zip((*fast, *gradients), (*plain, *expected), strict=True):
        assert found.shape == wanted.shape
        torch.testing.assert_close(found, wanted, **tolerance)


@pytest.mark.parametrize(("coordinates", "most"), [(FEW, 28), (FEW + 1, 7)])
def test_an_lstm_of_many_coordinates_keeps_its_inputs_and_no_gates(coordinates, most):
    cell, kept = nn.LSTMCell(5, 7), []
    x = torch.randn(5, coordinates, requires_grad=True)
    memory = torch.zeros(7, coordinates), torch.zeros(7, coordinates)
    with torch.autograd.graph.saved_tensors_hooks(kept.append, lambda saved: saved):
        advance(cell, x, memory)
    assert max(len(tensor) for tensor in kept if tensor.shape[-1:] == (coordinates,)) == most


def test_few_coordinates_and_many_have_the_same_step_and_derivative(monkeypatch):
    cell, found = nn.LSTMCell(5, 7), []
    x = torch.randn(5, 40, requires_grad=True)
    memory = [torch.randn(7, 40, requires_grad=True) for _ in range(2)]
    for few in (1000, 0):
        monkeypatch.setattr(recurrent, "FEW", few)
        after = advance(cell, x, tuple(memory))
        inputs = [x, *memory, *cell.parameters()]
        found.append([*after, *torch.autograd.grad(sum(a.sin().sum() for a in after), inputs)])
    for kept, anew in zip(*found, strict=True):
        torch.testing.assert_close(kept, anew, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("kind", "parts"), [(nn.LSTMCell, 2), (nn.GRUCell, 1)])
def test_memory_is_hidden_first(kind, parts):
    memory = advance(kind(4, 3), torch.zeros(4, COORDINATES), None)
    assert [part.shape for part in memory] == [(3, COORDINATES)] * parts


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_blocks_of_coordinates_give_what_all_at_once_do(name, monkeypatch):
    coordinates = 60  # of two videos
    parts = torch.arange(coordinates // 2) % 8
    rule = build_rule(name, config=TINY.rule, parts=parts)
    generator = torch.Generator().manual_seed(0)
    stacks = torch.randn(3, 2, coordinates // 2, 5, generator=generator, dtype=torch.float64)
    rule.double()

    def logits(block):
        monkeypatch.setattr(recurrent, "BLOCK", block)
        memory = ()
        for stack in stacks:
            found, memory = rule.logits(stack, memory)
        cells = (zip(*cell, strict=True) for cell in zip(*memory, strict=True))
        return found, *(torch.cat(part, 1) for cell in cells for part in cell)

    for parts, whole in zip(logits(coordinates // 3 + 1), logits(coordinates), strict=True):
        torch.testing.assert_close(parts, whole, rtol=1e-12, atol=1e-12)
