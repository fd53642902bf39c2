"""Section 3.3: the best learning rate for |x theta - y|^2 is 1 / (2 x^2), and it can be learned."""

import pytest
import torch

from roam_lite.config import modify
from roam_lite.profiles import get_profile
from roam_lite.rules import SGD, build_rule

X = torch.tensor([0.25, 0.5, 1.0, 2.0, 4.0])
BEST = 1 / (2 * X**2)


def step(rule, theta, y):
    """theta and the videos' losses [N] after one update of every coordinate."""
    theta = theta.requires_grad_()
    loss = (X * theta - y).square().sum(dim=1)
    (gradient,) = torch.autograd.grad(loss.sum(), theta)
    state = rule.init(theta.detach(), BEST.expand_as(theta))
    updated = theta.detach() - rule.step(theta.detach(), gradient, loss.detach(), state).step
    return updated, (X * updated - y).square().sum(dim=1)


def draw(generator, videos=8):
    shape = (videos, len(X))
    return torch.randn(shape, generator=generator), torch.randn(shape, generator=generator)


def test_the_best_rate_solves_the_problem_in_one_step():
    theta, y = draw(torch.Generator().manual_seed(0))
    updated, loss = step(SGD(BEST), theta, y)
    torch.testing.assert_close(updated, y / X)
    assert loss.max() < 1e-8


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.1, 1.5])
def test_any_other_rate_does_worse(factor):
    theta, y = draw(torch.Generator().manual_seed(0))
    _, loss = step(SGD(BEST * factor), theta, y)
    assert loss.min() > 1e-4


def test_meta_learning_finds_the_best_rate_of_every_coordinate():
    generator = torch.Generator().manual_seed(0)
    config = modify(get_profile("smoke"), rule={"initial_share": None}).rule
    rule = build_rule("const", config=config, parts=torch.zeros(len(X), dtype=torch.long))
    optimizer = torch.optim.Adam(rule.parameters(), lr=0.1)
    for iteration in range(600):
        optimizer.param_groups[0]["lr"] = 0.1 * 0.5 ** (iteration // 100)
        _, loss = step(rule, *draw(generator))
        optimizer.zero_grad()
        loss.mean().backward()
        optimizer.step()
    torch.testing.assert_close(rule.log_rates.exp().detach(), BEST, rtol=0.01, atol=0)
