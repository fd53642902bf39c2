"""Checkpoints: whole and with their card, or refused by name."""

import json
import shutil

import numpy as np
import pytest
import torch

from roam_lite import profiles
from roam_lite.checkpoints import (
    WEIGHTS,
    load_checkpoint,
    load_rule,
    save_checkpoint,
    save_rule,
)
from roam_lite.config import Config, modify
from roam_lite.data.otb import read_sequence
from roam_lite.errors import InputError
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile
from roam_lite.rules import learned_rules
from roam_lite.tracking import load_tracker


def build(rule="lstm", seed=0):
    config = modify(get_profile("smoke"), rule={"name": rule})
    return MetaModel(config, torch.Generator().manual_seed(seed))


@pytest.fixture
def saved(tmp_path):
    """A checkpoint and its card."""
    path = tmp_path / "smoke.safetensors"
    save_checkpoint(path, build(), {"steps": 7})
    return path, path.with_suffix(".json")


@pytest.mark.parametrize("rule", learned_rules())
def test_what_is_saved_is_loaded(tmp_path, rule):
    model = build(rule, seed=3)
    path = tmp_path / "made" / "here.safetensors"
    save_checkpoint(path, model, {"data": "synthetic"})
    loaded, card = load_checkpoint(path, "smoke")
    assert not loaded.training
    assert loaded.config == model.config
    assert loaded.config.rule.name == card["config"]["rule"]["name"] == rule
    assert card["data"] == "synthetic"
    state = model.state_dict()
    assert card["parameters"] == sum(value.numel() for value in state.values())
    assert loaded.state_dict().keys() == state.keys()
    for name, value in loaded.state_dict().items():
        assert torch.equal(value, state[name]), name


def test_any_profile_is_taken_unless_one_is_asked_for(saved):
    model, _ = load_checkpoint(saved[0])
    assert model.config.name == "smoke"
    with pytest.raises(InputError, match=r"'smoke', not 'laptop'.*--profile smoke"):
        load_checkpoint(saved[0], "laptop")


def test_untrained_models_depend_on_the_generator_alone():
    torch.manual_seed(1)
    first = build(seed=5).state_dict()
    torch.manual_seed(2)
    before = torch.get_rng_state()
    again, other = build(seed=5).state_dict(), build(seed=6).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["theta0"], other["theta0"])
    assert not torch.equal(first["rule.output.weight"], other["rule.output.weight"])


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_truncated_weights_are_refused(saved, keep):
    path, _ = saved
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"smoke\.safetensors.*truncated"):
        load_checkpoint(path)


def test_weights_of_another_card_are_refused(saved, tmp_path):
    other = tmp_path / "other.safetensors"
    save_checkpoint(other, build(seed=1), {})
    shutil.copy(other.with_suffix(".json"), saved[1])
    with pytest.raises(InputError, match="sha256"):
        load_checkpoint(saved[0])


@pytest.mark.parametrize("index", [0, 1])
def test_a_missing_file_is_named(saved, index):
    saved[index].unlink()
    with pytest.raises(InputError, match=rf"{saved[index].name}: no such file"):
        load_checkpoint(saved[0])


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "\udcff", '"smoke"', '"config"', '["config"]', '{"config": {}}'),
        *('{"profile": "smoke"}', '{"profile": "smoke", "rule": "lstm"}'),
    ],
)
def test_something_else_than_a_card_is_refused(saved, text):
    saved[1].write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=r"smoke\.json: not a model card"):
        load_checkpoint(saved[0])


def rewrite(card, **changes):
    """Change a card's configuration: name=..., or part={...}."""
    content = json.loads(card.read_text())
    for part, change in changes.items():
        old = content["config"][part]
        content["config"][part] = {**old, **change} if isinstance(change, dict) else change
    card.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rule": {"name": "newton"}}, "no rule 'newton'"),
        ({"rule": {"name": "sgd"}}, "'sgd' is not learned"),
        ({"rule": {"name": []}}, r"smoke\.json, rule, name"),
        ({"model": {"backbone": "resnet"}}, "no backbone 'resnet'"),
        ({"model": {"depth": 3}}, r"smoke\.json, model: depth missing or unknown"),
        ({"model": {"region_scale": None}}, r"smoke\.json, model, region_scale: None"),
        ({"online": {"update_interval": 0}}, "update_interval: 0"),
        ({"model": 3}, r"smoke\.json, model"),
        ({"name": None}, r"smoke\.json, name"),
    ],
)
def test_cards_with_constants_that_do_not_fit_are_refused(saved, changes, message):
    rewrite(saved[1], **changes)
    with pytest.raises(InputError, match=message):
        load_checkpoint(saved[0])


@pytest.mark.parametrize(
    "changes", [{"rule": {"name": "const"}}, {"rule": {"hidden": 5}}, {"model": {"reduced": 3}}]
)
def test_weights_that_do_not_fit_their_card_are_refused(saved, changes):
    rewrite(saved[1], **changes)
    with pytest.raises(InputError, match="does not fit its configuration"):
        load_checkpoint(saved[0])


@pytest.mark.parametrize(
    ("backbone", "origin"), [("small-8", "random weights"), ("lite0", "Apache-2.0")]
)
def test_the_card_says_what_the_backbone_started_from(tmp_path, backbone, origin):
    config = modify(get_profile("smoke"), model={"backbone": backbone})
    path = tmp_path / "any.safetensors"
    save_checkpoint(path, MetaModel(config, torch.Generator().manual_seed(0)), {})
    assert origin in load_checkpoint(path)[1]["backbone_from"]


def test_the_card_holds_the_whole_configuration(saved):
    config = json.loads(saved[1].read_text())["config"]
    assert Config.from_dict(config) == get_profile("smoke")


def track(video, **options):
    """Boxes and model after a few frames and two updates."""
    # An untrained model's responses mean nothing, so none is too weak to learn from.
    tracker = load_tracker(weak_response=0.0, **options)
    tracker.init(video.frames[0], video.boxes[0])
    boxes = [tracker.update(video.frames[index]).box for index in range(1, 11)]
    return np.array(boxes), tracker.theta


def test_editing_a_profile_does_not_change_what_a_checkpoint_does(saved, monkeypatch, samples_root):
    video = read_sequence(samples_root, "camera")
    before = track(video, checkpoint=saved[0])
    edited = modify(
        get_profile("smoke"),
        model={"patch_size": 72, "region_scale": 4.0, "label_sharpness": 5.0, "reduced": 5},
        rule={"name": "gru", "initial_share": 0.9},
        training={"kappa_response": 0.1},
        online={"penalty": 2.0, "update_interval": 2, "motion": 0.1},
    )
    monkeypatch.setattr(profiles, "PROFILES", {"smoke": edited})
    assert get_profile("smoke") == edited
    for profile in ("smoke", None):
        boxes, theta = track(video, checkpoint=saved[0], profile=profile)
        assert np.array_equal(boxes, before[0])
        assert torch.equal(theta, before[1])
    # And without any profile of that name.
    monkeypatch.setattr(profiles, "PROFILES", {})
    assert np.array_equal(track(video, checkpoint=saved[0])[0], before[0])


def test_a_modified_configuration_comes_back_with_its_weights(tmp_path):
    config = modify(get_profile("smoke"), name="mine", model={"reduced": 3}, online={"motion": 1.5})
    path = tmp_path / "mine.safetensors"
    save_checkpoint(path, MetaModel(config, torch.Generator().manual_seed(0)), {})
    assert load_checkpoint(path, "mine")[0].config == config


def of_version_1(card, profile="smoke", rule="lstm", **more):
    """Write a card of version 1 for the weights of another card."""
    digest = json.loads(card.read_text())["sha256"]
    content = {"profile": profile, "rule": rule, "sha256": digest, "steps": 7, **more}
    card.write_text(json.dumps(content))


@pytest.mark.parametrize("rule", ["lstm", "gru", "fc", "const"])
def test_a_card_of_version_1_has_the_constants_of_its_time(tmp_path, monkeypatch, rule):
    path = tmp_path / "smoke.safetensors"
    model = build(rule, seed=2)
    save_checkpoint(path, model, {})
    of_version_1(path.with_suffix(".json"), rule=rule, data="synthetic")
    edited = modify(get_profile("smoke"), online={"penalty": 9.0})
    monkeypatch.setitem(profiles.PROFILES, "smoke", edited)
    loaded, card = load_checkpoint(path, "smoke")
    assert loaded.config.online.penalty == 0.2
    assert loaded.config.rule.name == rule
    assert torch.equal(loaded.theta0, model.theta0)
    assert (card["steps"], card["data"]) == (7, "synthetic")
    assert Config.from_dict(card["config"]) == loaded.config
    assert not {"profile", "rule"} & card.keys()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"profile": "desktop"}, "'desktop' had no checkpoints of version 1"),
        ({"rule": "newton"}, "no rule 'newton'"),
        ({"rule": []}, "rule, name"),
        ({"profile": []}, "not a model card"),
        ({"sha256": "0"}, "sha256"),
    ],
)
def test_cards_of_version_1_that_never_were_are_refused(saved, changes, message):
    of_version_1(saved[1], **changes)
    with pytest.raises(InputError, match=message):
        load_checkpoint(saved[0])


def test_version_1_holds_the_constants_as_they_were():
    constants = json.loads((WEIGHTS / "version_1.json").read_text())
    assert constants.keys() == {"smoke", "laptop", "paper"}
    smoke, laptop, paper = (Config.from_dict(constants[n]) for n in ("smoke", "laptop", "paper"))
    assert [c.name for c in (smoke, laptop, paper)] == ["smoke", "laptop", "paper"]
    assert [c.model.patch_size for c in (smoke, laptop, paper)] == [64, 144, 281]
    assert [c.model.backbone for c in (smoke, laptop, paper)] == ["small-8", "small", "vgg16"]
    assert [c.model.reduced for c in (smoke, laptop, paper)] == [4, 16, 64]
    assert [c.model.base_filter for c in (smoke, laptop, paper)] == [5, 11, 21]
    for config in (smoke, laptop, paper):
        assert (config.model.region_scale, config.model.filter_scale) == (5.0, 1.5)
        assert (config.model.easy_error, config.model.kernel_spread) == (0.1, 0.01)
        assert (config.rule.name, config.rule.input) == ("lstm", "log_sign")
        assert config.rule.input_range == 10.0
        assert (config.training.kappa_response, config.training.kappa_regression) == (1.6, 1.3)
        assert (config.training.min_visibility, config.training.min_side) == (0.3, 4.0)
        assert config.training.betas == (0.9, 0.99)
        assert (config.online.update_interval, config.online.update_steps) == (5, 2)
        assert config.online.search_scales == (0.964, 1.0, 1.0375)
        assert (config.online.weak_response, config.online.diverged_loss) == (0.1, 100.0)
    assert (laptop.rule.lambda0_response, laptop.rule.lambda0_regression) == (3e-6, 1e-3)
    assert (laptop.rule.initial_share, laptop.rule.initial_regression_gain) == (0.3, 0.07)
    assert (laptop.online.penalty, paper.online.penalty) == (0.2, 0.05)
    assert (laptop.model.response_loss, paper.model.response_loss) == ("focused", "balanced")
    assert (laptop.model.delta_spread, paper.model.delta_spread) == ((0.1, 0.2), (1.0, 1.0))
    assert [s.name for s in laptop.training.stages] == ["warm_up", "first_step", "closed_loop"]
    assert [s.steps for s in laptop.training.stages] == [200, 2400, 450]
    (stage,) = paper.training.stages
    assert (stage.theta0_lr, stage.lambda0_lr, stage.rule_lr) == (1e-6, 1e-2, 1e-3)
    assert stage.kappa_ramp == 0.1


def test_the_shipped_small_checkpoint_tracks_with_the_constants_of_version_1():
    constants = json.loads((WEIGHTS / "version_1.json").read_text())
    shipped = load_checkpoint(WEIGHTS / "laptop-small.safetensors", "laptop-small")[0].config
    expected = Config.from_dict(constants["laptop"])
    for part in ("model", "rule", "online"):
        assert getattr(shipped, part) == getattr(expected, part)


def test_a_failed_save_leaves_what_was_there(saved, monkeypatch):
    path, card = saved
    before = path.read_bytes(), card.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(path, build(seed=9), {})
    assert (path.read_bytes(), card.read_bytes()) == before
    assert sorted(path.parent.iterdir()) == sorted(saved)


# Rules alone


@pytest.mark.parametrize("rule", learned_rules())
def test_a_rule_goes_from_one_checkpoint_to_another(tmp_path, rule):
    donor, path = build(rule, seed=3), tmp_path / "donor.safetensors"
    for parameter in donor.rule.parameters():
        parameter.data.add_(0.1)
    save_checkpoint(path, donor, {"steps": 7})
    alone = tmp_path / "alone.safetensors"
    save_rule(alone, donor.rule, donor.config, {"steps": 7})
    size = sum(value.numel() for value in donor.rule.state_dict().values())
    torch.manual_seed(1)
    before = torch.get_rng_state()
    for file in (path, alone):
        taken, card = load_rule(file, build("gru", seed=5))
        assert type(taken) is type(donor.rule)
        assert not taken.training
        assert card["steps"] == 7
        for name, value in donor.rule.state_dict().items():
            assert torch.equal(taken.state_dict()[name], value), name
    assert torch.equal(torch.get_rng_state(), before)
    assert (card["parameters"], card["holds"]) == (size, "rule")


def test_a_rule_alone_is_no_checkpoint(tmp_path):
    model, path = build(), tmp_path / "rule.safetensors"
    save_rule(path, model.rule, model.config, {})
    with pytest.raises(
        InputError, match=r"holds an update rule alone; give it as the rule \(--rule"
    ):
        load_checkpoint(path)


def test_a_rule_for_other_shapes_of_theta_is_refused(tmp_path):
    config = modify(get_profile("smoke"), model={"reduced": 3})
    other, path = MetaModel(config, torch.Generator().manual_seed(0)), tmp_path / "o.safetensors"
    save_checkpoint(path, other, {})
    with pytest.raises(InputError, match="whose theta has other shapes"):
        load_rule(path, build())


def test_a_rule_that_lacks_weights_is_refused(tmp_path):
    model, path = build(), tmp_path / "rule.safetensors"
    del model.rule.output
    save_rule(path, model.rule, model.config, {})
    with pytest.raises(InputError, match=r"rule\.safetensors: does not fit (.|\n)*output"):
        load_rule(path, build())
