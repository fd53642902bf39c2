"""One update of theta, as training and tracking both take it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from roam_lite.adaptation import (
    Samples,
    adapt,
    collect,
    initialize,
    meta_loss,
    update_loss,
)
from roam_lite.bench.plain import plain_paths
from roam_lite.config import modify
from roam_lite.model.tracking_model import ThetaLayout
from roam_lite.rules import SGD, build_rule
from tests.tiny import TINY, draw_batch

MODEL = TINY.model
LAYOUT = ThetaLayout.of(MODEL)


@pytest.fixture
def samples():
    return draw_batch(np.random.default_rng(0), videos=3).samples(MODEL)


@pytest.fixture
def theta():
    return torch.randn(3, LAYOUT.size, dtype=torch.float64)


def build(name):
    return build_rule(name, config=TINY.rule, parts=LAYOUT.parts()).double()


@pytest.mark.parametrize("name", ["lstm", "gru", "fc", "const"])
def test_equal_to_the_step_taken_by_hand(samples, theta, name):
    rule = build(name)
    rates0 = torch.full_like(theta, 0.01)
    adapted = adapt(theta, samples, rule, rule.init(theta, rates0), MODEL)

    point = theta.clone().requires_grad_()
    loss = update_loss(point, samples, MODEL)
    loss.sum().backward()
    taken = rule.step(theta, point.grad, loss.detach(), rule.init(theta, rates0))
    torch.testing.assert_close(adapted.learning_rates, taken.rates)
    torch.testing.assert_close(taken.step, taken.rates * point.grad)
    torch.testing.assert_close(adapted.theta, theta - taken.step)
    torch.testing.assert_close(adapted.update_loss, loss.detach())


@pytest.mark.parametrize("steps", [1, 3])
def test_the_initial_model_takes_its_steps_with_lambda0(samples, theta, steps):
    lambda0 = torch.rand(LAYOUT.size, dtype=torch.float64) * 0.01
    config = modify(TINY, model={"initial_steps": steps}).model
    first = initialize(theta, lambda0, samples, config)
    expected = theta
    for _ in range(steps):
        expected = adapt(expected, samples, SGD(lambda0), None, config).theta
    torch.testing.assert_close(first.theta, expected)
    torch.testing.assert_close(first.update_loss, update_loss(theta, samples, config))


def test_without_first_steps_theta0_is_the_initial_model(samples, theta):
    lambda0 = torch.rand(LAYOUT.size, dtype=torch.float64) * 0.01
    config = modify(TINY, model={"initial_steps": 0}).model
    first = initialize(theta, lambda0, samples, config)
    assert torch.equal(first.theta, theta)
    torch.testing.assert_close(first.update_loss, update_loss(theta, samples, config))
    assert torch.equal(first.learning_rates, lambda0.expand_as(theta))  # what a rule begins with


def test_a_small_step_lowers_every_videos_loss(samples, theta):
    adapted = adapt(theta, samples, SGD(1e-3), None, MODEL)
    assert (meta_loss(adapted.theta, samples, MODEL) < adapted.update_loss).all()


def test_a_rate_of_zero_changes_nothing(samples, theta):
    assert torch.equal(adapt(theta, samples, SGD(0.0), None, MODEL).theta, theta)


def test_one_videos_samples_and_theta_do_not_reach_another(samples, theta):
    rule = build("lstm")
    state = rule.init(theta, torch.full_like(theta, 0.01))
    before = adapt(theta, samples, rule, state, MODEL)
    features, other = samples.features.clone(), theta.clone()
    features[1] += 1
    other[1] += 1
    after = adapt(other, Samples(features, samples.targets, samples.sizes), rule, state, MODEL)
    torch.testing.assert_close(after.theta[[0, 2]], before.theta[[0, 2]])
    torch.testing.assert_close(after.update_loss[[0, 2]], before.update_loss[[0, 2]])
    assert (after.update_loss[1] - before.update_loss[1]).abs() > 1e-3


def test_plain_reference_takes_the_same_step(samples, theta):
    fast = adapt(theta, samples, SGD(0.1), None, MODEL)
    with plain_paths():
        plain = adapt(theta, samples, SGD(0.1), None, MODEL)
    torch.testing.assert_close(fast.theta, plain.theta)


def test_works_where_gradients_are_switched_off_as_in_tracking(samples, theta):
    expected = adapt(theta, samples, SGD(0.1), None, MODEL).theta
    with torch.no_grad():
        adapted = adapt(theta, samples, SGD(0.1), None, MODEL)
    assert torch.equal(adapted.theta, expected)
    assert not adapted.theta.requires_grad


def test_first_order_keeps_the_chain_through_theta_alone(samples, theta):
    theta.requires_grad_()
    adapted = adapt(theta, samples, SGD(0.1), None, MODEL)
    (gradient,) = torch.autograd.grad(adapted.theta.sum(), theta)
    assert torch.equal(gradient, torch.ones_like(theta))
    assert not adapted.update_loss.requires_grad


def test_second_order_differentiates_the_gradient_too(samples, theta):
    theta.requires_grad_()
    adapted = adapt(theta, samples, SGD(0.1), None, MODEL, second_order=True)
    (gradient,) = torch.autograd.grad(adapted.theta.sum(), theta)
    # theta - 0.1 g(theta): its derivative in a direction, by central differences.
    direction, step = torch.randn_like(theta), 1e-6
    ahead, behind = (
        adapt(theta.detach() + s * step * direction, samples, SGD(0.1), None, MODEL)
        for s in (1, -1)
    )
    numerical = (ahead.theta.sum() - behind.theta.sum()) / (2 * step)
    torch.testing.assert_close((gradient * direction).sum(), numerical, rtol=1e-6, atol=1e-6)
    assert (gradient - 1).abs().max() > 1e-2


def test_collected_frames_are_samples_in_their_order():
    batch = draw_batch(np.random.default_rng(0), videos=2)
    expected = batch.samples(MODEL)
    features, boxes = torch.from_numpy(batch.features), torch.from_numpy(batch.boxes)
    kept = list(zip(features.split(1, dim=1), boxes.unbind(1), strict=True))
    cells = torch.arange(MODEL.patch_size // MODEL.stride) * 4.0 + 2
    found = collect(kept, expected.sizes, cells.double(), MODEL)
    assert torch.equal(found.features, expected.features)
    assert torch.equal(found.targets.deltas, expected.targets.deltas)


def test_a_video_whose_samples_weigh_nothing_keeps_its_theta(samples, theta):
    """Even by a rule that moves on by itself, as momentum does; the others move as without it."""
    rule = build_rule("momentum", lr=0.1)
    first = adapt(theta, samples, rule, rule.init(theta, theta), MODEL)
    weights = torch.tensor([[0.5, 0.5], [0.0, 0.0], [0.5, 0.5]], dtype=torch.float64)
    plain = adapt(first.theta, samples, rule, first.state, MODEL)
    step = adapt(first.theta, replace(samples, weights=weights), rule, first.state, MODEL)
    assert torch.equal(step.theta[1], first.theta[1])
    assert not torch.equal(plain.theta[1], first.theta[1])
    torch.testing.assert_close(step.theta[[0, 2]], plain.theta[[0, 2]])
    assert step.update_loss[1] == 0


@pytest.mark.parametrize("scaled", [False, True])
def test_the_meta_loss_and_its_gradient_are_those_of_the_update_loss(samples, theta, scaled):
    """Each video's own weight, so that none of the losses is averaged with another."""
    theta, scales = theta.requires_grad_(), torch.full_like(theta, 1.3) if scaled else None
    found, gradients = [], []
    for function in (meta_loss, update_loss):
        losses = function(theta, samples, MODEL, scales)
        found.append(losses.detach())
        weighted = (losses * torch.arange(1.0, 4.0)).sum()
        gradients.append(torch.autograd.grad(weighted, theta)[0])
    torch.testing.assert_close(*found, rtol=0, atol=0)
    torch.testing.assert_close(*gradients)


def test_the_meta_loss_reaches_features_that_learn(samples, theta):
    features = samples.features.clone().requires_grad_()
    learning = Samples(features, samples.targets, samples.sizes)
    meta_loss(theta.requires_grad_(), learning, MODEL).sum().backward()
    assert features.grad.abs().max() > 0


def test_the_meta_loss_keeps_no_graph_of_the_model(samples, theta):
    def graph(loss):
        nodes, seen = [loss(theta.requires_grad_(), samples, MODEL).grad_fn], set()
        while nodes:
            if (node := nodes.pop()) is not None and node not in seen:
                seen.add(node)
                nodes += [after for after, _ in node.next_functions]
        return len(seen)

    assert graph(meta_loss) < 8 < graph(update_loss)
