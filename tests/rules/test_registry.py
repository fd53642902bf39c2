"""The registry of rules: what is refused, and what a rule from another file must get for its line."""

import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from roam_lite.adaptation import adapt
from roam_lite.checkpoints import load_checkpoint, save_checkpoint
from roam_lite.config import modify
from roam_lite.data.otb import read_sequence
from roam_lite.errors import InputError
from roam_lite.meta_model import MetaModel
from roam_lite.model.tracking_model import ThetaLayout
from roam_lite.profiles import get_profile
from roam_lite.rules import RULES, Rule, build_rule, find_rule, learned_rules
from roam_lite.tracking import Tracker, load_tracker
from roam_lite.training.rollout import rollout
from tests.tiny import TINY, draw_batch, draw_clips, given_episode, tiny_model

LAYOUT = ThetaLayout.of(TINY.model)
WITH_LR = ["sgd", "momentum", "adam", "hypergradient", "prodigy", "steepest"]
MADE = {"config": TINY.rule, "parts": LAYOUT.parts()}

# A file of somebody else's: a rule with a learning rate, and one that is learned.
SOURCE = '''
import torch
from torch import nn

from roam_lite.rules import RuleStep


class SignDescent:
    """Steps of one size, whatever the gradient's."""

    def __init__(self, lr):
        self.lr = lr

    def init(self, theta, learning_rates0):
        return 0

    def step(self, theta, gradient, loss, state):
        return RuleStep(self.lr * gradient.sign(), state + 1)


class PartRates(nn.Module):
    """One learned multiple of lambda0 for each part of theta."""

    def __init__(self, config, parts, log_gains):
        super().__init__()
        self.register_buffer("parts", parts, persistent=False)
        self.log_factors = nn.Parameter(log_gains.clone())

    def init(self, theta, learning_rates0):
        return learning_rates0

    def step(self, theta, gradient, loss, state):
        rates = state * self.log_factors.exp()[self.parts]
        return RuleStep(rates * gradient, state, rates)
'''


@pytest.fixture
def mine(tmp_path):
    """Both classes, imported from a file and entered as `mine` and `mine-learned`."""
    file = tmp_path / "mine.py"
    file.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("mine", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    RULES["mine"] = Rule(module.SignDescent)
    RULES["mine-learned"] = Rule(learned=module.PartRates)
    yield SimpleNamespace(rule=module.SignDescent, learned=module.PartRates)
    del RULES["mine"], RULES["mine-learned"]


@pytest.mark.parametrize("name", ["newton", "", None, 3])
def test_unknown_rules_are_refused_with_the_known_names(name):
    message = rf"no rule {name!r}; choose one of: lstm, gru, fc, const, sgd, momentum, adam"
    for way in (find_rule, lambda name: build_rule(name, lr=1.0)):
        with pytest.raises(InputError, match=message):
            way(name)


@pytest.mark.parametrize("name", WITH_LR)
@pytest.mark.parametrize("lr", [0, 0.0, -1e-3, float("nan"), float("inf"), float("-inf")])
def test_learning_rates_that_are_no_size_of_a_step_are_refused(name, lr):
    with pytest.raises(InputError, match=r"learning rate .*above zero"):
        build_rule(name, lr=lr)


@pytest.mark.parametrize("name", WITH_LR)
def test_a_rule_with_a_learning_rate_says_that_it_needs_one(name):
    with pytest.raises(InputError, match=rf"{name}.*needs lr=R"):
        build_rule(name)


@pytest.mark.parametrize("name", ["lstm", "gru", "fc", "const"])
def test_a_learned_rule_takes_no_learning_rate_and_needs_a_configuration(name):
    with pytest.raises(InputError, match=rf"{name}.*omit the learning rate"):
        build_rule(name, lr=1e-3)
    for given in ({}, {"config": TINY.rule}, {"parts": LAYOUT.parts()}):
        with pytest.raises(InputError, match=rf"{name}.*needs config and parts"):
            build_rule(name, **given)


@pytest.mark.parametrize("name", ["sgd", "momentum", "adam", "hypergradient", "prodigy"])
def test_a_rule_that_is_not_learned_cannot_be_meta_trained(name):
    with pytest.raises(InputError, match=rf"{name}.*not learned.*lstm, gru, fc, const, steepest"):
        build_rule(name, **MADE)
    with pytest.raises(InputError, match="not learned"):
        MetaModel(modify(TINY, rule={"name": name}), torch.Generator())


def test_learned_rules_are_those_that_meta_training_fits(mine):
    assert learned_rules() == ["lstm", "gru", "fc", "const", "steepest", "mine-learned"]
    for name in learned_rules():
        rule = build_rule(name, **MADE)
        assert sum(parameter.numel() for parameter in rule.parameters()) > 0


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_rule_takes_a_finite_step(name):
    rule = build_rule(name, lr=0.1) if name in WITH_LR else build_rule(name, **MADE).double()
    samples = draw_batch(np.random.default_rng(0)).samples(TINY.model)
    theta = 0.5 * torch.randn(2, LAYOUT.size, dtype=torch.float64)
    state = rule.init(theta, torch.full_like(theta, 0.01))
    for _ in range(2):
        adapted = adapt(theta, samples, rule, state, TINY.model)
        assert adapted.theta.shape == theta.shape
        assert torch.isfinite(adapted.theta).all()
        assert not torch.equal(adapted.theta, theta)
        theta, state = adapted.theta, adapted.state


class TestRuleOfAnotherFile:
    def test_it_adapts(self, mine):
        samples = draw_batch(np.random.default_rng(0)).samples(TINY.model)
        theta = 0.5 * torch.randn(2, LAYOUT.size, dtype=torch.float64)
        rule = build_rule("mine", lr=1e-3)
        assert isinstance(rule, mine.rule)
        adapted = adapt(theta, samples, rule, rule.init(theta, theta), TINY.model)
        moved = (theta - adapted.theta).abs()
        torch.testing.assert_close(moved[moved > 0], torch.full_like(moved[moved > 0], 1e-3))
        assert (adapted.state, adapted.learning_rates) == (1, None)

    def test_it_tracks_with_the_shipped_weights(self, mine, samples_root):
        video = read_sequence(samples_root, "camera")
        tracker = load_tracker(rule="mine", lr=1e-5)
        assert isinstance(tracker.rule, mine.rule)
        assert (tracker.description["rule"], tracker.description["lr"]) == ("mine", 1e-5)
        tracker.init(video.frames[0], video.boxes[0])
        before = tracker.theta.clone()
        for index in range(1, 12):
            assert np.isfinite(tracker.update(video.frames[index]).box).all()
        assert not torch.equal(tracker.theta, before)
        with pytest.raises(InputError, match="mine needs a learning rate"):
            load_tracker(rule="mine")

    @pytest.mark.parametrize("way", ["first_step", "first_order", "chained", "full"])
    def test_it_is_meta_trained(self, mine, way):
        model = tiny_model(rule="mine-learned")
        assert isinstance(model.rule, mine.learned)
        result = rollout(model, given_episode(draw_clips(np.random.default_rng(1))), way)
        result.loss.backward()
        assert model.rule.log_factors.grad.any()
        assert model.theta0.grad.any()

    def test_it_comes_back_from_a_checkpoint_and_tracks(self, mine, tmp_path, samples_root):
        config = modify(get_profile("smoke"), rule={"name": "mine-learned"})
        model = MetaModel(config, torch.Generator().manual_seed(0))
        with torch.no_grad():
            model.rule.log_factors += torch.randn(model.rule.log_factors.shape)
        save_checkpoint(tmp_path / "smoke.safetensors", model, {})
        loaded, _ = load_checkpoint(tmp_path / "smoke.safetensors")
        assert isinstance(loaded.rule, mine.learned)
        assert torch.equal(loaded.rule.log_factors, model.rule.log_factors)
        video = read_sequence(samples_root, "camera")
        tracker = load_tracker(checkpoint=tmp_path / "smoke.safetensors", weak_response=0.0)
        assert isinstance(tracker, Tracker)
        tracker.init(video.frames[0], video.boxes[0])
        for index in range(1, 7):
            assert np.isfinite(tracker.update(video.frames[index]).box).all()

    def test_a_checkpoint_says_which_rule_is_missing(self, mine, tmp_path):
        config = modify(get_profile("smoke"), rule={"name": "mine-learned"})
        path = tmp_path / "smoke.safetensors"
        save_checkpoint(path, MetaModel(config, torch.Generator().manual_seed(0)), {})
        entry = RULES.pop("mine-learned")
        try:
            with pytest.raises(InputError, match="no rule 'mine-learned'"):
                load_checkpoint(path)
        finally:
            RULES["mine-learned"] = entry
