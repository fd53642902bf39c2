"""Adam, held to torch.optim.Adam."""

import pytest
import torch

from roam_lite.rules import Adam, build_rule
from tests.rules.textbook import on_a_quadratic, on_the_tracking_loss


@pytest.mark.parametrize("problem", [on_a_quadratic, on_the_tracking_loss])
@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.7), (0.0, 0.9)])
def test_equal_to_torchs(problem, betas):
    ours, torchs = problem(
        Adam(0.01, betas), lambda theta: torch.optim.Adam(theta, lr=0.01, betas=betas)
    )
    torch.testing.assert_close(ours, torchs, rtol=1e-12, atol=1e-12)
    assert (ours[-1] - ours[0]).abs().max() > 0.01


def test_the_registrys_is_the_textbooks():
    rule = build_rule("adam", lr=0.01)
    assert (rule.lr, rule.betas, rule.epsilon) == (0.01, (0.9, 0.999), 1e-8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_gradient_of_exactly_zero_gives_a_finite_step(dtype):
    theta = torch.randn(1, 3, dtype=dtype)
    rule = Adam(0.01)
    state = rule.init(theta, theta)
    gradient = torch.tensor([[0.0, 1e-30, 1.0]], dtype=dtype)
    for _ in range(3):
        step, state, rates = rule.step(theta, gradient, torch.ones(1, dtype=dtype), state)
        assert torch.isfinite(step).all()
        assert torch.isfinite(rates).all()
        assert step[0, 0] == 0
    zeros = rule.step(theta, torch.zeros_like(theta), torch.zeros(1), rule.init(theta, theta))
    assert not zeros.step.any()


def test_the_first_step_has_the_length_of_the_learning_rate():
    gradient = torch.tensor([[3.0, -0.2, 1e3]], dtype=torch.float64)
    rule = Adam(0.01)
    taken = rule.step(gradient, gradient, torch.ones(1), rule.init(gradient, gradient))
    torch.testing.assert_close(taken.step, 0.01 * gradient.sign(), rtol=1e-6, atol=0)
    torch.testing.assert_close(taken.rates * gradient, taken.step)
