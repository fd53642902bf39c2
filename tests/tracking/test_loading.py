"""`load_tracker`: another rule, another learning rate, other constants; what makes no sense is refused."""

import hashlib
import json

import numpy as np
import pytest
import torch

from roam_lite import InputError, load_tracker
from roam_lite.checkpoints import WEIGHTS, load_checkpoint, save_checkpoint, save_rule
from roam_lite.config import modify
from roam_lite.profiles import PROFILES, get_profile
from roam_lite.rules import RULES, SGD
from tests.tracking.small import BOX, smoke_model

# Learning rates at which an untrained model's boxes stay finite without a fallback.
RATES = {
    "sgd": 1e-5, "momentum": 1e-6, "adam": 1e-4, "hypergradient": 1e-5, "prodigy": 1.0,
    "steepest": 0.5,
}  # fmt: skip


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "w.safetensors"
    save_checkpoint(path, smoke_model(), {"license": "MIT"})
    return path


@pytest.fixture
def load(checkpoint):
    return lambda **options: load_tracker(checkpoint=checkpoint, **options)


def boxes_of(tracker, image, frames=6):
    """The boxes [frames, 4] on a picture that moves, after an update at the fifth."""
    tracker.init(image, BOX)
    moved = (np.roll(image, 2 * index, axis=1) for index in range(1, 1 + frames))
    return np.array([tracker.update(frame).box for frame in moved])


def test_a_given_checkpoint_tracks_as_its_model_does(load, checkpoint, image):
    tracker = load(profile="smoke")
    assert np.isfinite(boxes_of(tracker, image)).all()
    card = json.loads(checkpoint.with_suffix(".json").read_text())
    constants = json.dumps(card["config"], sort_keys=True).encode()
    assert tracker.description == {
        "tracker": "roam++",
        "profile": "smoke",
        "rule": "lstm",
        "lr": None,
        "device": "cpu",
        "weights_sha256": card["sha256"],
        "config_sha256": hashlib.sha256(constants).hexdigest(),
    }


def test_equal_weights_with_other_constants_are_another_tracker(load, checkpoint):
    """Results are kept by the description: an edited card must not meet the old ones."""
    before, card = load().description, checkpoint.with_suffix(".json")
    content = json.loads(card.read_text())
    content["config"]["online"]["motion"] *= 2
    card.write_text(json.dumps(content))
    after = load().description
    assert after["weights_sha256"] == before["weights_sha256"]
    assert after != before


def test_the_shipped_checkpoint_needs_no_name():
    assert load_tracker().description == load_tracker("laptop").description


# Profiles


def test_a_profile_beside_a_checkpoint_only_checks(load, image, monkeypatch):
    """The constants are the checkpoint's, whatever has become of the profile."""
    before = boxes_of(load(), image)
    monkeypatch.setitem(PROFILES, "smoke", PROFILES["laptop"])
    np.testing.assert_array_equal(boxes_of(load(profile="smoke"), image), before)
    monkeypatch.setattr("roam_lite.profiles.PROFILES", {})
    np.testing.assert_array_equal(boxes_of(load(profile="smoke"), image), before)


def test_another_profile_is_refused(load):
    with pytest.raises(InputError, match="profile 'smoke', not 'laptop'"):
        load(profile="laptop")


def test_paper_without_weights_says_what_is_missing():
    with pytest.raises(InputError, match=r"paper.safetensors is missing.*roam-lite train"):
        load_tracker("paper")


def test_a_profile_that_does_not_exist_is_refused_with_the_known_names():
    with pytest.raises(
        InputError, match=r"no profile 'lapton'.*: smoke, laptop-small, laptop, desktop, paper"
    ):
        load_tracker("lapton")


@pytest.mark.parametrize("path", ["", ".", "/"])
def test_a_checkpoint_that_is_a_folder_is_refused(path):
    with pytest.raises(InputError, match="no such file; a checkpoint is a"):
        load_tracker(checkpoint=path)


# Rules


def test_every_rule_with_a_learning_rate_is_tried_here():
    assert RATES.keys() == {name for name, rule in RULES.items() if rule.with_lr}


@pytest.mark.parametrize("rule", RATES)
@pytest.mark.parametrize("variant", ["roam++", "roam"])
def test_rules_with_a_learning_rate_track_and_update(load, image, rule, variant):
    tracker = load(rule=rule, lr=RATES[rule], variant=variant)
    tracker.init(image, BOX)
    theta = tracker.theta.clone()
    assert np.isfinite(boxes_of(tracker, image)).all()
    assert tracker.description["rule"] == rule
    assert tracker.description["lr"] == RATES[rule]
    assert len(tracker.update_losses) == 1 + get_profile("smoke").online.update_steps
    assert torch.isfinite(tracker.theta).all()
    assert not torch.equal(tracker.theta, theta)


def test_sgd_rate_is_the_older_name_of_lr(load, image):
    older, newer = load(rule="sgd", sgd_rate=1e-5), load(rule="sgd", lr=1e-5)
    assert older.description == newer.description
    assert older.description["lr"] == 1e-5
    assert isinstance(older.rule, SGD)
    np.testing.assert_array_equal(boxes_of(older, image), boxes_of(newer, image))


def test_the_checkpoints_own_rule_may_be_named(load, image):
    np.testing.assert_array_equal(boxes_of(load(rule="lstm"), image), boxes_of(load(), image))


def test_none_takes_no_steps(load, image):
    tracker = load(rule="none")
    assert np.isfinite(boxes_of(tracker, image)).all()
    assert tracker.rule is None
    assert len(tracker.update_losses) == 1
    assert tracker.description["rule"] == "none"


def test_steepest_descent_with_its_learned_factor_is_the_checkpoints_own(tmp_path, image):
    model = smoke_model("steepest")
    model.rule.log_scale.fill_(-1.0)
    save_checkpoint(tmp_path / "s.safetensors", model, {})
    own = load_tracker(checkpoint=tmp_path / "s.safetensors")
    assert own.rule.log_scale == -1
    assert own.description["lr"] is None
    other = load_tracker(checkpoint=tmp_path / "s.safetensors", rule="steepest", lr=1.0)
    assert other.rule.log_scale == 0
    assert not np.array_equal(boxes_of(own, image), boxes_of(other, image))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rule": "gru"}, "optimizer is 'lstm'.*--rule gru"),
        ({"rule": "gru", "lr": 0.1}, "'gru' emits its own rates: omit"),
        ({"rule": 5}, "rule 5: give a rule's name or the path"),
        ({"rule": "best"}, "no rule 'best'; choose one of: lstm"),
        ({"rule": "sgd"}, "needs a learning rate: give --lr"),
        ({"rule": "steepest"}, "needs a learning rate"),
        ({"lr": 0.1}, "'lstm' emits its own rates: omit"),
        ({"sgd_rate": 0.1}, "'lstm' emits its own rates: omit"),
        ({"rule": "lstm", "lr": 0.1}, "'lstm' emits its own rates: omit"),
        ({"rule": "none", "lr": 0.1}, "none takes no steps; omit"),
        ({"rule": "sgd", "lr": 0.1, "sgd_rate": 0.1}, "two names of one number"),
        ({"rule": "sgd", "lr": 0.0}, "above zero"),
        ({"rule": "adam", "lr": -1.0}, "above zero"),
        ({"rule": "momentum", "lr": float("nan")}, "above zero"),
        ({"rule": "steepest", "lr": float("inf")}, "above zero"),
        ({"rule": "sgd", "lr": "1e-4"}, "learning rate '1e-4': give a number"),
        ({"rule": "none", "lr": "1e-4"}, "none takes no steps; omit"),
        ({"variant": "best"}, "no variant"),
        ({"device": "gpu"}, "device 'gpu': give cpu, cuda or auto"),
        pytest.param(
            {"device": "cuda"},
            "no CUDA device",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is one"),
        ),
    ],
)
def test_combinations_without_sense_are_refused(load, options, words):
    with pytest.raises(InputError, match=words):
        load(**options)


# Online constants


@pytest.mark.parametrize(
    "online",
    [
        {"motion": 9.0},
        {"penalty": 5.0},
        {"size_rate": 0.0},
        {"update_interval": 2},
        {"update_steps": 3},
        {"update_batches": "all", "update_interval": 3},
    ],
    ids=lambda online: next(iter(online)),
)
def test_constants_by_name_change_boxes_and_are_recorded(load, image, online):
    tracker = load(rule="adam", lr=1e-2, **online)
    assert tracker.description["online"] == online
    assert tracker.model.config == smoke_model().config  # the checkpoint stays what it is
    plain = load(rule="adam", lr=1e-2)
    assert "online" not in plain.description
    assert not np.array_equal(boxes_of(tracker, image), boxes_of(plain, image))


def test_search_scales_are_those_of_the_other_variant(load, image):
    one = load(variant="roam", search_scales=(1.0,))
    assert one.description["online"] == {"search_scales": (1.0,)}
    np.testing.assert_allclose(boxes_of(one, image, 3)[:, 2:], [BOX[2:]] * 3)


def test_constants_may_be_given_as_text(load):
    tracker = load(motion="1.6", update_interval="3", search_scales="0.9,1,1.1")
    assert tracker.description["online"] == {
        "motion": 1.6,
        "search_scales": (0.9, 1.0, 1.1),
        "update_interval": 3,
    }
    assert tracker.config.online.update_interval == 3


@pytest.mark.parametrize(
    ("online", "words"),
    [
        ({"patch_size": 100}, "no online constant 'patch_size'; choose from: .*motion"),
        ({"moton": 1.0}, "'moton'"),
        ({"motion": -1.0}, "motion: -1.0; give 0 or more"),
        ({"motion": "fast"}, "motion: 'fast' does not fit; expected a finite number"),
        ({"motion": float("nan")}, "motion: nan does not fit; expected a finite number"),
        ({"motion": None}, "motion: None does not fit"),
        ({"update_interval": 0}, "update_interval: 0; give at least 1"),
        ({"update_interval": 2.5}, "update_interval: 2.5 does not fit"),
        (
            {"update_interval": "2.5"},
            "update_interval: '2.5' does not fit; expected a whole number",
        ),
        ({"update_steps": 0}, "update_steps: 0"),
        ({"update_batches": "quarters"}, "'quarters' does not fit; expected 'halves' or 'all'"),
        ({"search_scales": ()}, "search_scales"),
        ({"search_scales": "1 2"}, "search_scales: '1 2' does not fit; expected numbers"),
        ({"weak_response": 0.7}, "weak_response: 0.7; give 0 to strong_response"),
        ({"weak_response": 0.1, "strong_response": "0.05"}, "weak_response: 0.1; give 0 to strong"),
        ({"search_scales": (1.0, 0.0)}, "search_scales"),
        ({"min_size": 0.0}, "min_size"),
        ({"diverged_loss": -3.0}, "diverged_loss"),
        ({"memory": 4}, "memory: 4; give 0, or update_interval or more"),
        ({"replayed": -1}, "replayed: -1; give 0 or more"),
        ({"first_share": 1.5}, "first_share: 1.5; give 0 to 1"),
        ({"hard_negative": "-0.5"}, "hard_negative: -0.5; give 0 to 1"),
        ({"certainty": -1.0}, "certainty: -1.0; give 0 or more"),
        ({"initial_steps": "-1"}, "initial_steps: -1; give 0 or more"),
        ({"initial_steps": "one"}, "initial_steps: 'one' does not fit; expected a whole number"),
    ],
)
def test_constants_that_do_not_exist_or_do_not_fit_are_refused(load, online, words):
    with pytest.raises(InputError, match=words):
        load(**online)


# Learned rules beside a checkpoint


def save_gru(path):
    """Write a GRU for the smallest profile that emits large rates; return its card."""
    model = smoke_model("gru")
    model.rule.log_gains.add_(1.0)
    save_rule(path, model.rule, model.config, {})
    return json.loads(path.with_suffix(".json").read_text())


def test_a_learned_rule_is_found_by_its_name_beside_the_checkpoint(load, checkpoint, image):
    with pytest.raises(InputError, match=r"w/gru\.safetensors does not exist; train one with"):
        load(rule="gru")
    card = save_gru(checkpoint.with_suffix("") / "gru.safetensors")
    with pytest.raises(InputError, match="or choose lstm, gru, a rule with"):
        load(rule="fc")
    tracker = load(rule="gru")
    assert torch.equal(tracker.rule.log_gains, smoke_model("gru").rule.log_gains + 1)
    assert tracker.description["rule"] == "gru"
    assert tracker.description["rule_sha256"] == card["sha256"]
    assert not np.array_equal(boxes_of(tracker, image), boxes_of(load(), image))
    with pytest.raises(InputError, match="emits its own rates"):
        load(rule="gru", lr=1e-5)


def test_a_file_beside_the_checkpoint_may_have_any_name(load, checkpoint):
    with pytest.raises(InputError, match="no rule 'second'"):
        load(rule="second")
    card = save_gru(checkpoint.with_suffix("") / "second.safetensors")
    tracker = load(rule="second")
    assert tracker.description["rule"] == "gru"
    assert tracker.description["rule_sha256"] == card["sha256"]
    with pytest.raises(InputError, match="omit the learning rate"):
        load(rule="second", lr=1e-5)
    with pytest.raises(InputError, match=r"no rule 'secnd'; choose one of: lstm.* second$"):
        load(rule="secnd")


def test_a_rule_is_taken_from_a_file(load, checkpoint, tmp_path, image):
    file = tmp_path / "mine.safetensors"
    save_gru(file)
    tracker = load(rule=file)
    assert tracker.description["rule"] == "gru"
    np.testing.assert_array_equal(boxes_of(load(rule=str(file)), image), boxes_of(tracker, image))
    own = load(rule=checkpoint)  # that of a whole checkpoint
    np.testing.assert_array_equal(boxes_of(own, image), boxes_of(load(), image))
    with pytest.raises(InputError, match="omit the learning rate"):
        load(rule=file, lr=0.1)
    with pytest.raises(InputError, match="no such file"):
        load(rule="absent.safetensors")


def test_the_number_of_first_steps_is_the_models_or_the_rules_or_the_one_given(load, tmp_path):
    def steps(**options):
        tracker = load(**options)
        described = tracker.description.get("initial_steps"), tracker.description.get("online")
        return tracker.config.model.initial_steps, described

    file, model = tmp_path / "mine.safetensors", smoke_model("gru")
    assert steps() == (2, (None, None))
    save_rule(file, model.rule, model.config, {})
    assert steps(rule=file) == (2, (None, None))
    save_rule(file, model.rule, modify(model.config, model={"initial_steps": 0}), {})
    assert steps(rule=file) == (0, (0, None))
    assert steps(rule=file, initial_steps="1") == (1, (0, {"initial_steps": 1}))
    assert steps(rule="none", initial_steps=0) == (0, (None, {"initial_steps": 0}))


def test_without_first_steps_tracking_begins_from_theta0(load, image):
    tracker = load(initial_steps=0)
    tracker.init(image, BOX)
    assert torch.equal(tracker.theta[0], tracker.model.theta0)
    tracker = load(initial_steps=1)
    tracker.init(image, BOX)
    assert not torch.equal(tracker.theta[0], tracker.model.theta0)


def test_a_checkpoint_may_track_with_another_rule_than_it_was_trained_with(tmp_path, image):
    model, path = smoke_model(), tmp_path / "w.safetensors"
    model.config = modify(model.config, rule={"online": "gru"})
    save_checkpoint(path, model, {})
    save_gru(tmp_path / "w" / "gru.safetensors")
    tracker, named = load_tracker(checkpoint=path), load_tracker(checkpoint=path, rule="gru")
    assert tracker.description == named.description
    assert tracker.description["rule"] == "gru"
    np.testing.assert_array_equal(boxes_of(tracker, image), boxes_of(named, image))
    for rule in ("own", "lstm"):
        own = load_tracker(checkpoint=path, rule=rule)
        assert own.description["rule"] == "lstm"
        assert own.rule.__class__ is model.rule.__class__


def test_the_shipped_tracker_updates_with_the_rule_and_rate_of_its_card():
    rule = load_checkpoint(WEIGHTS / "laptop.safetensors")[0].config.rule
    tracker = load_tracker("laptop")
    assert (tracker.description["rule"], tracker.description["lr"]) == (rule.online, rule.online_lr)
    assert tracker.description == load_tracker("laptop", rule="sgd", lr=rule.online_lr).description
    assert load_tracker("laptop", lr=1e-5).description["lr"] == 1e-5
    constants = load_tracker("laptop", rule="const").rule
    shares = json.loads((WEIGHTS / "laptop" / "const.json").read_text())["constants"]
    assert constants.log_rates.exp().unique().tolist() == pytest.approx(sorted(shares))
