"""A rule that is not told the scale of the model: what it sees, and what its steps amount to."""

import math

import torch

from roam_lite.config import modify
from roam_lite.profiles import get_profile
from roam_lite.rules import SGD
from roam_lite.rules.rescaled import Rescaled
from roam_lite.training.schedule import hidden_factors


class Watched(SGD):
    """Gradient descent that keeps what it was shown."""

    def init(self, theta, learning_rates0):
        self.seen = [(theta, learning_rates0)]

    def step(self, theta, gradient, loss, state):
        self.seen.append((theta, gradient))
        return super().step(theta, gradient, loss, state)


def test_the_rule_descends_the_loss_of_the_scaled_model():
    """By steps on f theta, with the loss L(f theta / f), found by differentiation."""
    generator = torch.Generator().manual_seed(0)
    theta, target = torch.randn((2, 3, 5), generator=generator, dtype=torch.float64)
    factors = torch.tensor([[0.5], [1.7], [3.0]], dtype=torch.float64)
    rule = Watched(0.1)
    rescaled = Rescaled(rule, factors)
    rescaled.init(theta, torch.ones(5))
    torch.testing.assert_close(rule.seen[0][0], theta * factors)
    assert torch.equal(rule.seen[0][1], torch.ones(5))

    hidden = (theta * factors).requires_grad_()
    ((hidden / factors - target) ** 2).sum().backward()
    expected = hidden.detach() - 0.1 * hidden.grad
    taken = rescaled.step(theta, 2 * (theta - target), torch.zeros(3), None)
    torch.testing.assert_close((theta - taken.step) * factors, expected)
    torch.testing.assert_close(rule.seen[1][1], hidden.grad)
    torch.testing.assert_close(taken.rates, (0.1 / factors.square()).expand(3, 5))


def test_factors_are_log_uniform_and_each_step_has_its_own():
    config = modify(get_profile("smoke"), training={"hidden_kappa": math.log(2)})
    factors = hidden_factors(config, 4000, seed=1, step=7)
    assert factors.shape == (4000, 1)
    logs = factors.log() / math.log(2)
    assert logs.min() >= -1
    assert logs.max() <= 1
    assert abs(float(logs.mean())) < 0.05
    assert abs(float(logs.var()) - 1 / 3) < 0.02
    assert torch.equal(factors, hidden_factors(config, 4000, seed=1, step=7))
    assert not torch.equal(factors, hidden_factors(config, 4000, seed=1, step=8))
    assert hidden_factors(get_profile("smoke"), 4, seed=1, step=7) is None
