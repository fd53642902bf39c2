"""Algorithm 1: how far each kind of meta-gradient reaches, and what each video learns from."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from roam_lite.adaptation import Samples, initialize, meta_loss, update_loss
from roam_lite.meta_model import MetaModel
from roam_lite.model.tracking_model import bind_plain
from roam_lite.profiles import get_profile
from roam_lite.training.clips import Clips, draw_clip, stack_clips
from roam_lite.training.rollout import GivenEpisode, open_episode, rollout
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
    (gradient,) = torch.autograd.grad(update_loss(theta, clips.updates[0], TINY).sum(), theta)
    updated = theta - model.lambda0 * gradient
    torch.testing.assert_close(result.meta_losses[:, 0], meta_loss(updated, clips.future[0], TINY))
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
        (gradient,) = torch.autograd.grad(update_loss(theta, clips.updates[t], TINY).sum(), theta)
        theta = (theta - rates[t] * gradient).detach().requires_grad_()
        (slope,) = torch.autograd.grad(meta_loss(theta, clips.future[t], TINY).sum(), theta)
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
    first = initialize(theta0, model.lambda0, clips.first, TINY, second_order=True)
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


@pytest.mark.parametrize("rule", ["lstm", "gru", "fc", "const"])
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
    plain = rollout(model, clips, "full", predictor=bind_plain)
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

    model = tiny_model(replace(TINY, scale_first_step=True))
    scaled = rollout(model, clips, "full", scales)
    torch.testing.assert_close(scaled.update_losses[:, 0], plain.update_losses[:, 0])
    assert (scaled.meta_losses[:, 0] - plain.meta_losses[:, 0]).abs().min() > 1e-6


class KeepsLambda0(torch.nn.Module):
    """A rule that goes on with the rates it began with."""

    def init(self, theta, learning_rates0):
        return learning_rates0

    def step(self, theta, gradient, loss, state):
        return state, state


def test_scaling_after_the_first_step_hands_lambda0_over_in_the_scaled_coordinates(clips):
    """The same rates, so scaled, take the same steps: nothing changes."""
    model = tiny_model()
    model.rule = KeepsLambda0()
    scales = torch.exp(torch.randn(VIDEOS, model.theta0.numel(), dtype=torch.float64))
    plain, scaled = rollout(model, clips, "full"), rollout(model, clips, "full", scales)
    torch.testing.assert_close(scaled.meta_losses, plain.meta_losses)


# From clips to samples

SMOKE = get_profile("smoke")


@pytest.fixture(scope="module")
def painted_clips():
    sequence = painted_sequence()
    stage = SMOKE.training.stages[-1]
    return stack_clips(
        [draw_clip(sequence, np.random.default_rng(s), stage, SMOKE) for s in range(2)]
    )


@pytest.fixture
def model():
    return MetaModel(SMOKE, "lstm", torch.Generator().manual_seed(0))


def test_samples_are_the_features_of_their_patches(model, painted_clips):
    features = open_episode(model, painted_clips, train_backbone=False, precision=torch.float32)
    assert len(features.updates) == len(features.future) == SMOKE.training.stages[-1].updates
    with torch.no_grad():
        model.backbone.eval()
        expected = {
            "first": (model.backbone(painted_clips.initial_patches), features.updates[0]),
            "past": (model.backbone(painted_clips.past_patches[:, 1]), features.updates[2]),
            "future": (model.backbone(painted_clips.future_patches[:, 2]), features.future[2]),
        }
    for maps, samples in expected.values():
        torch.testing.assert_close(samples.features, maps, rtol=1e-4, atol=1e-4)


def test_a_folded_backbone_gives_the_same_samples(model, painted_clips):
    own = open_episode(model, painted_clips, False, torch.float32)
    folded = open_episode(model, painted_clips, False, torch.float32, model.backbone.folded())
    torch.testing.assert_close(
        folded.future[1].features, own.future[1].features, rtol=1e-4, atol=1e-4
    )


def test_meta_losses_use_the_filter_sizes_of_their_update(model, painted_clips):
    features = open_episode(model, painted_clips, train_backbone=False, precision=torch.float32)
    for update, future in zip(features.updates, features.future, strict=True):
        assert torch.equal(update.sizes, future.sizes)


def test_a_frozen_backbone_stays_as_it_is_and_a_trained_one_learns(model, painted_clips):
    before = {k: v.clone() for k, v in model.backbone.state_dict().items()}
    features = open_episode(model, painted_clips, train_backbone=False, precision=torch.float32)
    assert not features.updates[0].features.requires_grad
    assert all(torch.equal(v, before[k]) for k, v in model.backbone.state_dict().items())

    features = open_episode(model, painted_clips, train_backbone=True, precision=torch.float32)
    rollout(model, features, "first_step").loss.backward()
    assert all(p.grad is not None and p.grad.any() for p in model.backbone.parameters())


def test_half_precision_is_for_the_backbone_only(model, painted_clips: Clips):
    features = open_episode(model, painted_clips, train_backbone=True, precision=torch.bfloat16)
    assert features.updates[0].features.dtype == torch.float32
    result = rollout(model, features, "first_step")
    assert result.loss.dtype == torch.float32
    assert torch.isfinite(result.loss)
