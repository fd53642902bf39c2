"""Steepest descent: the exact minimum along the gradient, for every video on its own."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from roam_lite.adaptation import adapt, initialize, update_loss
from roam_lite.config import modify
from roam_lite.rules import SteepestDescent, build_rule
from roam_lite.training.rollout import rollout
from tests.tiny import TINY, draw_batch, draw_clips, given_episode, tiny_model

MODEL = TINY.model


@dataclass
class Quadratics:
    """N losses (theta - c) A (theta - c) / 2 with A symmetric and positive."""

    curvature: torch.Tensor  # [N, P, P]
    center: torch.Tensor  # [N, P]

    def loss(self, theta):
        return (0.5 * (theta - self.center) * self.times(theta - self.center)).sum(dim=1)

    def times(self, vector):
        return (self.curvature @ vector[..., None])[..., 0]

    def step(self, theta, rule=None):
        """The step of a rule from theta."""
        rule = rule or SteepestDescent().double()
        gradient = self.times(theta - self.center)
        return rule.step(theta, gradient, self.loss(theta), None, hessian=self.times)


@pytest.fixture
def quadratics():
    roots = torch.randn(3, 5, 5, dtype=torch.float64)
    return Quadratics(roots @ roots.mT, torch.randn(3, 5, dtype=torch.float64))


@pytest.fixture
def theta():
    return torch.randn(3, 5, dtype=torch.float64)


@pytest.fixture
def tiny():
    """theta and samples of two videos."""
    theta = 0.5 * torch.randn(2, tiny_model().layout.size, dtype=torch.float64)
    return theta, draw_batch(np.random.default_rng(0)).samples(MODEL)


class RecordingRule:
    """Keeps the function that multiplies by the Hessian, and steps nowhere."""

    needs_hessian = True

    def init(self, theta, learning_rates0):
        return None

    def step(self, theta, gradient, loss, state, hessian):
        self.gradient, self.hessian = gradient, hessian
        return torch.zeros_like(theta), None, None


def test_a_step_lands_on_the_minimum_along_the_gradient(quadratics, theta):
    taken = quadratics.step(theta)
    for video in range(3):
        matrix = quadratics.curvature[video].numpy()
        gradient = matrix @ (theta[video] - quadratics.center[video]).numpy()
        length = (gradient @ gradient) / (gradient @ matrix @ gradient)
        np.testing.assert_allclose(taken.step[video].detach(), length * gradient, rtol=1e-12)
        np.testing.assert_allclose(taken.rates[video].detach(), length, rtol=1e-12)
    reached = theta - taken.step
    slope = (quadratics.times(reached - quadratics.center) * taken.step).sum(dim=1)
    torch.testing.assert_close(slope, torch.zeros_like(slope), rtol=0, atol=1e-10)
    for factor in (0.99, 1.01):
        assert (quadratics.loss(theta - factor * taken.step) > quadratics.loss(reached)).all()


def test_the_scale_multiplies_the_step(quadratics, theta):
    one, half = (quadratics.step(theta, SteepestDescent(scale).double()) for scale in (1.0, 0.5))
    torch.testing.assert_close(half.step, 0.5 * one.step, rtol=1e-6, atol=0)


def test_where_the_loss_curves_downward_the_size_of_the_curvature_counts(quadratics, theta):
    upward = quadratics.step(theta).step
    hill = Quadratics(-quadratics.curvature, quadratics.center)
    torch.testing.assert_close(hill.step(theta).step, -upward)


def test_a_flat_loss_gives_no_step_and_no_nan(quadratics, theta):
    quadratics.curvature[1] = 0
    theta[2] = quadratics.center[2]
    rule = SteepestDescent().double()
    taken = quadratics.step(theta.requires_grad_(), rule)
    assert not taken.step[1:].any()
    assert taken.step[0].all()
    taken.step.sum().backward()
    assert torch.isfinite(rule.log_scale.grad)
    assert torch.isfinite(theta.grad).all()


def test_one_videos_loss_does_not_reach_another(quadratics, theta, tiny):
    before = quadratics.step(theta).step
    quadratics.curvature[1] *= 7
    theta[1] += 1
    after = quadratics.step(theta).step
    assert torch.equal(after[[0, 2]], before[[0, 2]])
    assert not torch.equal(after[1], before[1])

    model, samples = tiny
    rule = SteepestDescent().double()
    before = adapt(model, samples, rule, None, MODEL).theta
    other = model.clone()
    other[1] += 1
    after = adapt(other, samples, rule, None, MODEL).theta
    torch.testing.assert_close(after[0], before[0])


@pytest.mark.parametrize("kind", ["balanced", "focused", "plain"])
@pytest.mark.parametrize("grad", [True, False])
def test_hessian_is_the_derivative_of_the_gradient(tiny, kind, grad):
    theta, samples = tiny
    config = modify(TINY, model={"response_loss": kind}).model
    direction, size = torch.randn_like(theta), 1e-6
    rules = [RecordingRule() for _ in range(3)]
    with torch.set_grad_enabled(grad):  # off as in tracking
        for rule, shift in zip(rules, (0, size, -size), strict=True):
            adapt(theta + shift * direction, samples, rule, None, config)
        here, ahead, behind = rules
        product = here.hessian(direction)
        torch.testing.assert_close(here.hessian(2 * direction), 2 * product)  # more than once
    expected = (ahead.gradient - behind.gradient) / (2 * size)
    torch.testing.assert_close(product, expected, rtol=1e-5, atol=1e-6)
    assert product.abs().max() > 0.1


def test_a_step_lowers_the_tracking_loss_of_every_video(tiny):
    theta, samples = tiny
    adapted = adapt(theta, samples, SteepestDescent().double(), None, MODEL)
    assert (update_loss(adapted.theta, samples, MODEL) < 0.5 * adapted.update_loss).all()
    # The length is one number a video.
    rates = adapted.learning_rates
    assert torch.equal(rates, rates[:, :1].expand_as(rates))


def test_it_follows_the_initial_model(tiny):
    theta, samples = tiny
    lambda0 = torch.full((theta.shape[1],), 0.01, dtype=torch.float64)
    first = initialize(theta, lambda0, samples, MODEL)
    rule = build_rule("steepest", lr=1.0)
    second = adapt(first.theta, samples, rule, rule.init(first.theta, lambda0), MODEL)
    assert (update_loss(second.theta, samples, MODEL) < first.update_loss).all()
    assert second.theta.dtype == torch.float64


@pytest.mark.parametrize("scaled", [False, True])
def test_full_meta_gradient_equals_finite_differences(scaled):
    model = tiny_model(rule="steepest")
    episode = given_episode(draw_clips(np.random.default_rng(1), videos=2, updates=3))
    scales = torch.exp(0.3 * torch.randn(2, model.layout.size, dtype=torch.float64))

    def loss():
        return rollout(model, episode, "full", scales if scaled else None).loss

    parameters = {"log_scale": model.rule.log_scale, "log_lambda0": model.log_lambda0}
    gradients = torch.autograd.grad(loss(), parameters.values())
    for (name, parameter), gradient in zip(parameters.items(), gradients, strict=True):
        direction, size = torch.randn_like(parameter), 1e-6
        ends = []
        for shift in (size, -2 * size):
            with torch.no_grad():
                parameter += shift * direction
            ends.append(loss().item())
        with torch.no_grad():
            parameter += size * direction
        expected = (ends[0] - ends[1]) / (2 * size)
        assert (gradient * direction).sum().item() == pytest.approx(expected, rel=1e-5), name
        assert abs(expected) > 1e-4


@pytest.mark.parametrize("way", ["first_step", "first_order", "chained"])
def test_shorter_gradients_reach_the_scale(way):
    model = tiny_model(rule="steepest")
    episode = given_episode(draw_clips(np.random.default_rng(1), videos=2, updates=3))
    result = rollout(model, episode, way)
    result.loss.backward()
    assert model.rule.log_scale.grad.abs() > 0
    assert result.updating_rates.shape == (2, model.layout.size)
