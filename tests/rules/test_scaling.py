"""Random filter scaling: epsilon's distribution, and the compensation in the loss."""

import math

import numpy as np
import pytest
import torch

from roam_lite.adaptation import adapt, update_loss
from roam_lite.model.tracking_model import ThetaLayout
from roam_lite.rules import SGD
from roam_lite.rules.scaling import draw_scales
from tests.tiny import TINY, draw_batch

LAYOUT = ThetaLayout.of(TINY.model)
REGRESSION = LAYOUT.regression_coordinates()


def draw(seed=0, videos=2, kappas=(1.6, 1.3), regression=REGRESSION):
    return draw_scales(regression, *kappas, videos, torch.Generator().manual_seed(seed))


@pytest.fixture
def problem():
    """theta, samples and scales of two videos, in float64."""
    samples = draw_batch(np.random.default_rng(0)).samples(TINY.model)
    theta = torch.randn(2, LAYOUT.size, dtype=torch.float64)
    return theta, samples, draw().double()


def test_scales_are_log_uniform_with_a_kappa_for_each_branch():
    regression = torch.arange(40_000) >= 20_000
    logs = draw(videos=1, regression=regression)[0].log()
    for part, kappa in ((logs[:20_000], 1.6), (logs[20_000:], 1.3)):
        assert part.abs().max() <= kappa * (1 + 1e-6)
        empirical = torch.linspace(0, 1, len(part))
        uniform = (part.sort().values + kappa) / (2 * kappa)
        # Kolmogorov-Smirnov: 0.0195 is exceeded by chance once in a million.
        assert (uniform - empirical).abs().max() < 0.0195


def test_every_video_and_every_step_has_its_own():
    assert torch.equal(draw(seed=1), draw(seed=1))
    assert not torch.equal(draw(seed=1), draw(seed=2))
    first, second = draw()
    assert not torch.equal(first, second)


def test_kappa_of_zero_scales_nothing():
    assert torch.equal(draw(kappas=(0.0, 0.0)), torch.ones(2, LAYOUT.size))


def test_loss_of_the_scaled_model_is_the_loss_of_the_model(problem):
    theta, samples, scales = problem
    torch.testing.assert_close(
        update_loss(scales * theta, samples, TINY.model, scales),
        update_loss(theta, samples, TINY.model),
    )


def test_a_step_in_scaled_coordinates_is_a_plain_step_with_other_rates(problem):
    """d loss / d (eps theta) is the plain gradient / eps, so rates * eps^2 take the same step."""
    theta, samples, scales = problem
    rates = torch.rand(2, LAYOUT.size, dtype=torch.float64)
    plain = adapt(theta, samples, SGD(rates), None, TINY.model)
    scaled = adapt(scales * theta, samples, SGD(rates * scales**2), None, TINY.model, scales)
    torch.testing.assert_close(scaled.theta / scales, plain.theta)
    torch.testing.assert_close(scaled.update_loss, plain.update_loss)


@pytest.mark.parametrize("x", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("epsilon", [1.0, 0.2, math.exp(1.6)])
def test_best_rate_of_the_papers_example_grows_with_the_square_of_epsilon(x, epsilon):
    """Section 3.3: g(theta) = |x theta - y|^2 is solved in one step by the rate 1 / (2 x^2)."""
    y, theta = 3.0, torch.tensor([-4.0], dtype=torch.float64)
    scaled = (epsilon * theta).requires_grad_()
    loss = (x * scaled / epsilon - y).square().sum()
    (gradient,) = torch.autograd.grad(loss, scaled)
    best = SGD(epsilon**2 / (2 * x**2))
    reached = (scaled - best.step(scaled, gradient, loss, None).step) / epsilon
    assert reached.item() == pytest.approx(y / x)
