"""Algorithm 1: how far each kind of meta-gradient reaches, and what each video learns from."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from roam_lite.adaptation import Samples, initialize, meta_loss, update_loss
from roam_lite.bench.plain import plain_paths
from roam_lite.config import modify
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile
from roam_lite.rules import RuleStep, learned_rules
from roam_lite.training.clips import draw_footage, stack_clips
from roam_lite.training.episodes import GivenEpisode, open_episode
from roam_lite.training.rollout import rollout
from tests.tiny import TINY, draw_clips, given_episode, tiny_model
from tests.training.painted import painted_sequence

KINDS = ("first_step", "first_order", "chained", "full")
VIDEOS, UPDATES = 2, 3


@pytest.fixture
def clips():
    return given_episode(draw_clips(np.random.default_rng(0), VIDEOS, UPDATES))


def gradients(model, loss):
    """The loss's gradient by theta0, log lambda0 and the rule's parameters."""
    inputs = [model.theta0, model.log_lambda0, *model.rule.parameters()]
    return torch.autograd.grad(loss, inputs, retain_graph=True, materialize_grads=True)


def only(clips, updates):
    return GivenEpisode(clips.updates[:updates], clips.future[:updates])


def test_the_kind_of_gradient_does_not_change_the_losses(clips):
    results = [rollout(tiny_model(), clips, kind) for kind in KINDS]
    for result in results:
        assert result.meta_losses.shape == result.update_losses.shape == (VIDEOS, UPDATES)
        torch.testing.assert_close(result.meta_losses, results[0].meta_losses)
        torch.testing.assert_close(result.update_losses, results[0].update_losses)


def test_the_first_update_takes_lambda0_and_the_others_the_optimizer(clips):
    model = tiny_model()
    result = rollout(model, only(clips, 1), "full")
    assert torch.equal(result.first_rates, model.lambda0.detach())
    theta = model.theta0.detach().expand(VIDEOS, -1).clone().requires_grad_()
    (gradient,) = torch.autograd.grad(update_loss(theta, clips.updates[0], TINY.model).sum(), theta)
    updated = theta - model.lambda0 * gradient
    torch.testing.assert_close(
        result.meta_losses[:, 0], meta_loss(updated, clips.future[0], TINY.model)
    )
    later = rollout(model, clips, "full").updating_rates
    assert later.shape == (VIDEOS, model.theta0.numel())
    assert not torch.equal(later[0], later[1])


@pytest.mark.parametrize("kind", KINDS)
def test_losses_are_the_same_where_gradients_are_switched_off(clips, kind):
    model = tiny_model()
    with torch.no_grad():
        result = rollout(model, clips, kind)
    assert not result.loss.requires_grad
    torch.testing.assert_close(result.loss, rollout(model, clips, kind).loss.detach())


def test_first_step_equals_full_where_there_is_one_update(clips):
    model = tiny_model()
    first, full = (
        gradients(model, rollout(model, only(clips, 1), kind).loss)[:2]
        for kind in ("first_step", "full")
    )
    assert torch.equal(first[0], full[0])
    assert torch.equal(first[1], full[1])


def test_first_step_teaches_theta0_and_lambda0_by_the_first_meta_loss_alone(clips):
    model = tiny_model()
    result = rollout(model, clips, "first_step")
    theta0, log_lambda0, *rule = gradients(model, result.meta_losses[:, 1:].sum())
    assert not theta0.any()
    assert not log_lambda0.any()
    assert any(gradient.abs().max() > 1e-6 for gradient in rule)
    theta0, log_lambda0, *rule = gradients(model, result.meta_losses[:, 0].sum())
    assert theta0.abs().max() > 1e-6
    assert log_lambda0.abs().max() > 1e-6
    assert not any(gradient.any() for gradient in rule)


def slopes(model, clips):
    """For a constant rule, the gradient [N, P] of every update's loss and of its meta loss."""
    theta = model.theta0.detach().expand(VIDEOS, -1)
    rates = [model.lambda0.detach(), *[model.rule.log_rates.detach().exp()] * (UPDATES - 1)]
    found = []
    for t in range(UPDATES):
        theta = theta.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(
            update_loss(theta, clips.updates[t], TINY.model).sum(), theta
        )
        theta = (theta - rates[t] * gradient).detach().requires_grad_()
        (slope,) = torch.autograd.grad(meta_loss(theta, clips.future[t], TINY.model).sum(), theta)
        found.append((rates[t], gradient, slope))
    return found


def test_first_order_hands_every_meta_loss_back_along_theta_unchanged(clips):
    """d theta_t / d theta0 is the identity, and d theta_t / d lambda_s is -g_s for every s <= t."""
    model = tiny_model(rule="const")
    result, found = rollout(model, clips, "first_order"), slopes(model, clips)
    for t, (_, _, slope) in enumerate(found):
        theta0, lambda0, rule = gradients(model, result.meta_losses[:, t].sum())
        torch.testing.assert_close(theta0, slope.sum(dim=0))
        shares = [-(rates * gradient * slope).sum(dim=0) for rates, gradient, _ in found[: t + 1]]
        torch.testing.assert_close(lambda0, shares[0])
        torch.testing.assert_close(rule, sum(shares[1:], torch.zeros_like(rule)))


def test_first_step_teaches_each_later_rate_by_the_meta_loss_after_it(clips):
    model = tiny_model(rule="const")
    result, found = rollout(model, clips, "first_step"), slopes(model, clips)
    for t, (rates, gradient, slope) in enumerate(found[1:], start=1):
        _, _, rule = gradients(model, result.meta_losses[:, t].sum())
        torch.testing.assert_close(rule, -(rates * gradient * slope).sum(dim=0))


def test_chained_gradients_reach_theta0_through_the_first_update_to_second_order(clips):
    model = tiny_model(rule="const")
    chained, first_order = (
        gradients(model, rollout(model, clips, kind).loss) for kind in ("chained", "first_order")
    )
    # The slope of all meta losses at the first theta, and from there as through one update alone.
    slope = sum(slope for _, _, slope in slopes(model, clips)) / (VIDEOS * UPDATES)
    theta0 = model.theta0.expand(VIDEOS, -1)
    first = initialize(theta0, model.lambda0, clips.first, TINY.model, second_order=True)
    expected = gradients(model, (first.theta * slope).sum())
    for found, wanted in zip(chained[:2], expected[:2], strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-9)
    assert (chained[0] - first_order[0]).norm() > 0.01 * chained[0].norm()
    for found, wanted in zip(chained[2:], first_order[2:], strict=True):
        torch.testing.assert_close(found, wanted)


def test_full_gradients_hold_more_than_first_order_ones(clips):
    model = tiny_model()
    full, first_order = (
        gradients(model, rollout(model, clips, kind).loss)[0] for kind in ("full", "first_order")
    )
    assert (full - first_order).norm() > 0.01 * full.norm()


@pytest.mark.parametrize("rule", learned_rules())
@pytest.mark.parametrize("kind", KINDS)
def test_every_learned_thing_gets_a_finite_gradient(clips, rule, kind):
    model = tiny_model(rule=rule)
    for gradient in gradients(model, rollout(model, clips, kind).loss):
        assert torch.isfinite(gradient).all()
        assert gradient.any()


def test_videos_do_not_see_each_other(clips):
    model = tiny_model()
    together = rollout(model, clips, "full").meta_losses
    for video in range(VIDEOS):
        part = slice(video, video + 1)

        def alone(samples, part=part):
            targets = replace(
                samples.targets,
                **{f.name: getattr(samples.targets, f.name)[part] for f in fields(samples.targets)},
            )
            return Samples(samples.features[part], targets, samples.sizes[part])

        one = GivenEpisode([alone(s) for s in clips.updates], [alone(s) for s in clips.future])
        torch.testing.assert_close(rollout(model, one, "full").meta_losses[0], together[video])


def test_plain_reference_gives_the_same_losses_and_gradients(clips):
    model = tiny_model()
    fast = rollout(model, clips, "full")
    with plain_paths():
        plain = rollout(model, clips, "full")
    torch.testing.assert_close(fast.loss, plain.loss)
    for a, b in zip(gradients(model, fast.loss), gradients(model, plain.loss), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-9)


def test_scaling_leaves_the_first_loss_alone_and_changes_what_the_optimizer_does(clips):
    model = tiny_model()
    scales = torch.exp(torch.randn(VIDEOS, model.theta0.numel(), dtype=torch.float64))
    plain = rollout(model, clips, "full")
    scaled = rollout(model, clips, "full", scales)
    # TINY takes lambda0's step in plain coordinates, so the first two update losses are untouched.
    assert not TINY.training.scale_first_step
    torch.testing.assert_close(scaled.update_losses[:, :2], plain.update_losses[:, :2])
    torch.testing.assert_close(scaled.meta_losses[:, 0], plain.meta_losses[:, 0])
    assert (scaled.meta_losses[:, 1] - plain.meta_losses[:, 1]).abs().min() > 1e-6

    model = tiny_model(modify(TINY, training={"scale_first_step": True}))
    scaled = rollout(model, clips, "full", scales)
    torch.testing.assert_close(scaled.update_losses[:, 0], plain.update_losses[:, 0])
    assert (scaled.meta_losses[:, 0] - plain.meta_losses[:, 0]).abs().min() > 1e-6


class KeepsLambda0(torch.nn.Module):
    """A rule that goes on with the rates it began with."""

    def init(self, theta, learning_rates0):
        return learning_rates0

    def step(self, theta, gradient, loss, state):
        return RuleStep(state * gradient, state, state)


def test_scaling_after_the_first_step_hands_lambda0_over_in_the_scaled_coordinates(clips):
    """The same rates, so scaled, take the same steps: nothing changes."""
    model = tiny_model()
    model.rule = KeepsLambda0()
    scales = torch.exp(torch.randn(VIDEOS, model.theta0.numel(), dtype=torch.float64))
    plain, scaled = rollout(model, clips, "full"), rollout(model, clips, "full", scales)
    torch.testing.assert_close(scaled.meta_losses, plain.meta_losses)


class Stays(torch.nn.Module):
    """A rule without rates, like momentum, that takes no steps at all."""

    def init(self, theta, learning_rates0):
        return None

    def step(self, theta, gradient, loss, state):
        return RuleStep(torch.zeros_like(theta), state)


def test_a_rule_need_not_have_rates(clips):
    model = tiny_model()
    model.rule = Stays()
    result = rollout(model, clips, "full")
    assert result.updating_rates is None
    assert torch.equal(result.first_rates, model.lambda0.detach())
    theta0, log_lambda0 = gradients(model, result.loss)
    assert theta0.any()
    assert log_lambda0.any()


# In the closed loop

SMOKE = modify(get_profile("smoke"), training={"swap_chance": 0.0})
STAGE = SMOKE.training.stages[-1]


@pytest.fixture(scope="module")
def footage():
    generators = [np.random.default_rng(seed) for seed in range(3)]
    return stack_clips([draw_footage(painted_sequence(), g, STAGE, SMOKE) for g in generators])


@pytest.fixture
def model():
    return MetaModel(SMOKE, torch.Generator().manual_seed(0))


def loop_of(model, footage):
    return open_episode(model, footage, train_backbone=False, precision=torch.float32)


def test_the_loop_takes_two_steps_a_window_and_teaches_the_optimizer(model, footage):
    steps = []
    step = model.rule.step
    model.rule.step = lambda *arguments: steps.append(1) or step(*arguments)
    result = rollout(model, loop_of(model, footage), "first_order")
    assert len(steps) == 2 * (STAGE.updates - 1)
    assert result.meta_losses.shape == result.update_losses.shape == (3, STAGE.updates)
    result.loss.backward()
    gradients = [parameter.grad for parameter in model.rule.parameters()]
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
    assert all(gradient.any() for gradient in gradients[:3])


def test_videos_of_a_loop_do_not_see_each_other(model, footage):
    together = rollout(model, loop_of(model, footage), "first_order").meta_losses
    for index, alone in enumerate(footage.videos()):
        single = rollout(model, loop_of(model, alone), "first_order").meta_losses
        torch.testing.assert_close(single[0], together[index], rtol=1e-3, atol=1e-4)


def test_scaled_models_track_as_they_would_unscaled(model, footage):
    """Without updates scaling changes nothing that is seen, found or judged."""
    model.rule = Stays()
    scales = torch.exp(torch.rand((3, model.theta0.numel())) - 0.5)
    plain, scaled = loop_of(model, footage), loop_of(model, footage)
    first = rollout(model, plain, "first_order")
    second = rollout(model, scaled, "first_order", scales)
    torch.testing.assert_close(first.meta_losses, second.meta_losses, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(plain.boxes, scaled.boxes, rtol=1e-3, atol=0.05)
