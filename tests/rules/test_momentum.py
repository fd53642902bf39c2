"""Momentum, held to torch.optim.SGD."""

import pytest
import torch

from roam_lite.rules import Momentum, build_rule
from tests.rules.textbook import on_a_quadratic, on_the_tracking_loss


@pytest.mark.parametrize("problem", [on_a_quadratic, on_the_tracking_loss])
@pytest.mark.parametrize("mu", [0.9, 0.5, 0.0])
def test_equal_to_torchs(problem, mu):
    ours, torchs = problem(
        Momentum(0.01, mu), lambda theta: torch.optim.SGD(theta, lr=0.01, momentum=mu)
    )
    torch.testing.assert_close(ours, torchs, rtol=1e-12, atol=1e-12)
    assert (ours[-1] - ours[0]).abs().max() > 0.01


def test_the_registrys_is_the_textbooks():
    rule = build_rule("momentum", lr=0.01)
    assert (rule.lr, rule.mu) == (0.01, 0.9)


def test_it_has_no_rates_to_show_and_starts_without_velocity():
    theta = torch.randn(2, 3)
    rule = Momentum(0.1)
    taken = rule.step(theta, torch.ones(2, 3), torch.ones(2), rule.init(theta, theta))
    assert taken.rates is None
    torch.testing.assert_close(taken.step, torch.full((2, 3), 0.1))
    assert torch.equal(taken.state, torch.ones(2, 3))
