"""Checkpoints: whole and with their card, or refused by name."""

import json
import shutil

import pytest
import torch

from roam_lite.checkpoints import load_checkpoint, save_checkpoint
from roam_lite.errors import InputError
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile
from roam_lite.rules import LEARNED_RULES


def build(rule="lstm", seed=0):
    return MetaModel(get_profile("smoke"), rule, torch.Generator().manual_seed(seed))


@pytest.fixture
def saved(tmp_path):
    """A checkpoint and its card."""
    path = tmp_path / "smoke.safetensors"
    save_checkpoint(path, build(), {"steps": 7})
    return path, path.with_suffix(".json")


@pytest.mark.parametrize("rule", LEARNED_RULES)
def test_what_is_saved_is_loaded(tmp_path, rule):
    model = build(rule, seed=3)
    path = tmp_path / "made" / "here.safetensors"
    save_checkpoint(path, model, {"data": "synthetic"})
    loaded, card = load_checkpoint(path, "smoke")
    assert not loaded.training
    assert loaded.rule_name == card["rule"] == rule
    assert loaded.profile == model.profile
    assert card["data"] == "synthetic"
    state = model.state_dict()
    assert card["parameters"] == sum(value.numel() for value in state.values())
    assert loaded.state_dict().keys() == state.keys()
    for name, value in loaded.state_dict().items():
        assert torch.equal(value, state[name]), name


def test_any_profile_is_taken_unless_one_is_asked_for(saved):
    model, _ = load_checkpoint(saved[0])
    assert model.profile.name == "smoke"
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
    "text", ["", "{", "[]", "null", '{"profile": "smoke"}', "\udcff", '"smoke"']
)
def test_something_else_than_a_card_is_refused(saved, text):
    saved[1].write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=r"smoke\.json: not a model card"):
        load_checkpoint(saved[0])


@pytest.mark.parametrize(("key", "value"), [("profile", "desktop"), ("rule", "adam")])
def test_cards_of_unknown_profiles_and_rules_are_refused(saved, key, value):
    card = json.loads(saved[1].read_text())
    saved[1].write_text(json.dumps({**card, key: value}))
    with pytest.raises(InputError, match=value):
        load_checkpoint(saved[0])


def test_weights_that_do_not_fit_their_card_are_refused(saved):
    card = json.loads(saved[1].read_text())
    saved[1].write_text(json.dumps({**card, "rule": "const"}))
    with pytest.raises(InputError, match="does not fit"):
        load_checkpoint(saved[0])


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
