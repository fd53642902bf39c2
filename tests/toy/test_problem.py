"""The toy problem: its optimum, what scaling does to it, and rules that learn on it."""

import pytest
import torch

from roam_lite.config import RuleConfig, modify
from roam_lite.profiles import get_profile
from roam_lite.rules import SGD, build_rule
from roam_lite.toy import best_rates, draw_problems, meta_train, toy_loss, unroll

PARTS = torch.zeros(4, dtype=torch.long)


def rule_config(initial_rate: float, hidden: int = 8) -> RuleConfig:
    """A neural optimizer that emits rates by themselves."""
    changes = {"initial_rate": initial_rate, "initial_share": None, "hidden": hidden}
    return modify(get_profile("smoke"), rule=changes).rule


@pytest.fixture
def problems():
    return draw_problems(torch.Generator().manual_seed(0), 0.5, 4.0)


def test_best_rates_solve_every_problem_in_one_step(problems):
    unrolled = unroll(SGD(best_rates(problems.x)), problems, updates=1)
    torch.testing.assert_close(unrolled.thetas[1], problems.y / problems.x)
    assert unrolled.losses[1].max() < 1e-9


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_any_other_rate_leaves_a_loss(problems, factor):
    unrolled = unroll(SGD(factor * best_rates(problems.x)), problems, updates=1)
    torch.testing.assert_close(unrolled.losses[1], 0.01 * unrolled.losses[0])


def test_twice_the_best_rate_is_where_divergence_begins(problems):
    for factor, falls in ((1.98, True), (2.02, False)):
        losses = unroll(SGD(factor * best_rates(problems.x)), problems, updates=5).losses
        assert bool((losses[5] < losses[0]).all()) is falls


def test_gradient_of_a_step_is_that_of_the_loss(problems):
    theta = torch.zeros_like(problems.x, requires_grad=True)
    (gradient,) = torch.autograd.grad(toy_loss(theta, problems).sum(), theta)
    unrolled = unroll(SGD(0.01), problems, updates=1)
    torch.testing.assert_close(unrolled.thetas[1], -0.01 * gradient)


def test_scaled_problem_is_the_same_in_other_coordinates(problems):
    scales = torch.exp(torch.randn(problems.x.shape, generator=torch.Generator().manual_seed(1)))
    theta = torch.randn(problems.x.shape, generator=torch.Generator().manual_seed(2))
    scaled = problems.scaled(scales)
    torch.testing.assert_close(toy_loss(scales * theta, scaled), toy_loss(theta, problems))
    torch.testing.assert_close(best_rates(scaled.x), scales**2 * best_rates(problems.x))


def test_gradients_are_constants_unless_asked_for(problems):
    rates = build_rule("const", config=rule_config(0.05), parts=PARTS)
    final = {}
    for second_order in (False, True):
        rates.log_rates.grad = None
        unroll(rates, problems, updates=2, second_order=second_order).losses[2].sum().backward()
        final[second_order] = rates.log_rates.grad
    assert not torch.allclose(final[False], final[True])


def test_learned_constant_finds_the_best_rate_of_a_fixed_x():
    x = torch.tensor([0.5, 1.0, 2.0, 4.0])

    def draw(generator):
        problems = draw_problems(generator, 1.0, 1.0)
        return type(problems)(x.expand_as(problems.y), problems.y)

    rule = build_rule("const", config=rule_config(0.05), parts=PARTS)
    history = meta_train(rule, draw, torch.Generator().manual_seed(0), updates=1, rate=0.1)
    torch.testing.assert_close(rule.log_rates.exp().detach(), best_rates(x), rtol=0.05, atol=0)
    assert history[-1] < 0.01 * history[0]


def test_scaling_in_training_decides_whether_a_rule_survives_another_scale():
    """Both see x around 3; only the one trained with scaling brings the loss down at 8."""
    ratios = {}
    for kappa in (0.0, 1.2):
        torch.manual_seed(0)
        rule = build_rule("lstm", config=rule_config(3e-3), parts=PARTS)
        generator = torch.Generator().manual_seed(0)
        meta_train(
            rule, lambda g: draw_problems(g, 2.5, 3.5), generator, kappa=kappa, iterations=200
        )
        with torch.no_grad():
            losses = unroll(rule, draw_problems(generator, 8.0, 8.0), updates=3).losses.mean(dim=1)
        ratios[kappa] = losses[3] / losses[0]
    assert ratios[0.0] > 100
    assert ratios[1.2] < 0.5
