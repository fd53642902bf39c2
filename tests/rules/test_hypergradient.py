"""Hypergradient descent, held to its equation and to the derivative that it is named after."""

import numpy as np
import torch

from roam_lite.adaptation import adapt, update_loss
from roam_lite.rules import HypergradientDescent, build_rule
from tests.tiny import TINY, draw_batch, tiny_model

CURVATURE = torch.tensor([[1.0, 4.0, 9.0], [2.0, 0.5, 30.0]], dtype=torch.float64)
CENTER = torch.tensor([[3.0, -2.0, 0.5], [0.2, 0.1, -0.3]], dtype=torch.float64)


def gradient_at(theta):
    return 2 * CURVATURE * (theta - CENTER)


def run(rule, steps=8, factor=1.0):
    """theta and rates after each step, with the loss times a factor."""
    theta = torch.zeros_like(CENTER)
    state, thetas, rates = rule.init(theta, theta), [], []
    for _ in range(steps):
        taken = rule.step(theta, factor * gradient_at(theta), theta.sum(1), state)
        theta, state = theta - taken.step, taken.state
        thetas.append(theta)
        rates.append(taken.rates)
    return torch.stack(thetas), torch.stack(rates)


def test_equal_to_the_multiplicative_form_written_out_for_each_video():
    thetas, rates = run(HypergradientDescent(0.01, beta=0.2))
    for video in range(2):
        theta, alpha, before = np.zeros(3), 0.01, np.zeros(3)
        for step in range(8):
            gradient = 2 * CURVATURE[video].numpy() * (theta - CENTER[video].numpy())
            if step:
                norms = np.sqrt((gradient**2).sum()) * np.sqrt((before**2).sum())
                alpha *= 1 + 0.2 * (gradient @ before) / norms
            theta, before = theta - alpha * gradient, gradient
            np.testing.assert_allclose(thetas[step, video], theta, rtol=1e-12)
            np.testing.assert_allclose(rates[step, video], alpha, rtol=1e-12)


def test_the_rate_moves_against_the_derivative_of_the_loss_by_the_last_rate():
    rule, theta = HypergradientDescent(0.02), torch.zeros_like(CENTER)
    taken = rule.step(theta, gradient_at(theta), theta.sum(1), rule.init(theta, theta))
    alpha = torch.full((2, 1), 0.02, dtype=torch.float64, requires_grad=True)
    after = theta - alpha * gradient_at(theta)
    (CURVATURE * (after - CENTER) ** 2).sum().backward()
    after = after.detach()
    following = rule.step(after, gradient_at(after), theta.sum(1), taken.state)
    change = following.rates[:, :1] - taken.rates[:, :1]
    norms = gradient_at(theta).norm(dim=1) * gradient_at(after).norm(dim=1)
    torch.testing.assert_close(change, -0.3 * 0.02 * alpha.grad / norms[:, None])
    assert change[0] > 0 > change[1]  # the second video's rate is beyond its best one


def test_scaling_the_loss_and_the_rate_inversely_changes_nothing():
    thetas, _ = run(HypergradientDescent(0.01))
    scaled, _ = run(HypergradientDescent(1e-8), factor=1e6)
    torch.testing.assert_close(scaled, thetas)


def test_a_gradient_of_zero_leaves_the_rate_and_gives_no_nan():
    theta = torch.randn(2, 3)
    rule = HypergradientDescent(0.1)
    state = rule.init(theta, theta)
    for gradient in (torch.zeros(2, 3), torch.ones(2, 3), torch.zeros(2, 3)):
        taken = rule.step(theta, gradient, torch.ones(2), state)
        state = taken.state
        torch.testing.assert_close(taken.rates, torch.full((2, 3), 0.1))
        torch.testing.assert_close(taken.step, 0.1 * gradient)


def test_it_brings_down_the_tracking_loss_of_each_video():
    theta = 0.5 * torch.randn(2, tiny_model().layout.size, dtype=torch.float64)
    samples = draw_batch(np.random.default_rng(0)).samples(TINY.model)
    rule, start = build_rule("hypergradient", lr=1e-3), theta
    state = rule.init(theta, theta)
    for _ in range(6):
        adapted = adapt(theta, samples, rule, state, TINY.model)
        theta, state = adapted.theta, adapted.state
    losses = [update_loss(point, samples, TINY.model) for point in (start, theta)]
    assert (losses[1] < losses[0]).all()
    assert (adapted.learning_rates > 1e-3).all()
    assert len(adapted.learning_rates.unique()) == 2
