"""What the neural optimizer sees: gradients and rates over many decades."""

from math import exp, log

import pytest
import torch

from roam_lite.rules.preprocessing import CHANNELS, log_and_sign, stack_input

KINK = exp(-10)


def test_large_values_show_log_magnitude_and_sign():
    first, second = log_and_sign(torch.tensor([1.0, -100.0, 1e-3, -1e-3], dtype=torch.float64), 10)
    assert first.tolist() == pytest.approx([0, log(100) / 10, log(1e-3) / 10, log(1e-3) / 10])
    assert second.tolist() == [1, -1, 1, -1]


def test_small_values_are_linear_and_zero_is_zero():
    first, second = log_and_sign(torch.tensor([0.0, KINK / 2, -KINK / 4], dtype=torch.float64), 10)
    assert first.tolist() == [-1, -1, -1]
    assert second.tolist() == pytest.approx([0, 0.5, -0.25])


@pytest.mark.parametrize("sign", [1, -1])
def test_both_channels_are_continuous_at_the_kink(sign):
    values = sign * KINK * torch.tensor([1 - 1e-9, 1 + 1e-9], dtype=torch.float64)
    for channel in log_and_sign(values, 10):
        assert channel[0].item() == pytest.approx(channel[1].item(), abs=1e-8)


def test_derivatives_are_finite_everywhere():
    values = torch.tensor([0.0, 1e-40, -1e-20, KINK, 1.0, 1e30], requires_grad=True)
    first, second = log_and_sign(values, 10)
    (first.sum() + second.sum()).backward()
    assert torch.isfinite(values.grad).all()


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_stack_has_its_channels_and_the_loss_reaches_every_coordinate(kind):
    rates, gradient, theta = torch.rand(3, 2, 7).unbind()
    loss = torch.tensor([1.5, 2.5])
    stack = stack_input(kind, 10, rates, gradient, theta, loss)
    assert stack.shape == (2, 7, CHANNELS[kind])
    assert torch.equal(stack[..., -1], loss[:, None].expand(2, 7))
    assert torch.equal(stack[..., -2], theta)


def test_raw_stack_is_the_papers():
    rates, gradient, theta = torch.rand(3, 2, 7).unbind()
    stack = stack_input("raw", 10, rates, gradient, theta, torch.ones(2))
    assert torch.equal(stack[..., 0], rates)
    assert torch.equal(stack[..., 1], gradient)


def test_previous_rates_are_shown_by_their_logarithm():
    rates = torch.tensor([[1e-8, 1e-4, 1.0]], dtype=torch.float64)
    stack = stack_input("log_sign", 10, rates, rates, rates, torch.ones(1, dtype=torch.float64))
    assert stack[0, :, 0].tolist() == pytest.approx([log(1e-8) / 10, log(1e-4) / 10, 0])
