"""Configurations: whole through JSON, and refused by name where a constant does not fit."""

import dataclasses
import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roam_lite.config import Config, modify
from roam_lite.errors import InputError
from roam_lite.profiles import PROFILES, get_profile

SMOKE = get_profile("smoke")
positive = st.floats(1e-6, 1e6)
# Values of every online constant that a tracker can work with.
ONLINE = {
    "update_interval": st.integers(1, 100),
    "update_steps": st.integers(1, 10),
    "update_batches": st.sampled_from(["halves", "all"]),
    "position": st.sampled_from(["box", "peak"]),
    **dict.fromkeys(("penalty", "motion", "wide_motion", "size_rate"), st.floats(0, 1e6)),
    "weak_response": st.floats(0, 0.6),  # the profiles' strong response
    "strong_response": st.floats(0.6, 1),
    **dict.fromkeys(("min_size", "diverged_loss"), positive),
    "search_scales": st.lists(positive, min_size=1, max_size=5).map(tuple),
    "memory": st.just(0) | st.integers(100, 400),  # no less than any interval above
    "replayed": st.integers(0, 400),
    **dict.fromkeys(("first_share", "hard_negative"), st.floats(0, 1)),
    **dict.fromkeys(("certainty", "age", "update_response"), st.floats(0, 1e6)),
}


def through_json(config):
    return json.loads(json.dumps(config.to_dict()))


def changed(path, value):
    """The plain configuration of smoke with the constant at a dotted path replaced, or removed."""
    values = through_json(SMOKE)
    *parts, name = path.split(".")
    place = values
    for part in parts:
        place = place[int(part)] if part.isdigit() else place[part]
    if value is dataclasses.MISSING:
        del place[name]
    else:
        place[name] = value
    return values


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_profiles_come_back_from_json(name):
    profile = get_profile(name)
    again = Config.from_dict(through_json(profile))
    assert again == profile
    assert hash(again) == hash(profile)
    assert Config.from_dict(profile.to_dict()) == profile


@given(st.fixed_dictionaries(ONLINE), positive, st.lists(positive, min_size=1, max_size=4))
def test_any_constants_come_back_from_json(online, rate, scales):
    config = modify(
        SMOKE,
        name="other",
        model={"initial_scales": tuple(scales)},
        rule={"initial_rate": rate, "initial_share": None},
        online=online,
    )
    assert Config.from_dict(through_json(config)) == config


@pytest.mark.parametrize("part", [None, "model", "rule", "training", "online"])
def test_no_constant_can_be_changed(part):
    place = SMOKE if part is None else getattr(SMOKE, part)
    for field in fields(place):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(place, field.name, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        SMOKE.training.stages[0].steps = 3


def test_whole_numbers_stand_for_floats():
    again = Config.from_dict(changed("model.region_scale", 4))
    assert again.model.region_scale == 4.0
    assert type(again.model.region_scale) is float


CONSTANTS = [
    f"{part}.{field.name}"
    for part in ("model", "rule", "training", "online")
    for field in fields(getattr(SMOKE, part))
] + ["name", "model", "training.stages.0.steps", "training.stages.1.meta_gradient"]


# What cards of earlier versions lack: it had no other value.
NEWER = {
    f"{part}.{field.name}"
    for part in ("model", "rule", "training", "online")
    for field in fields(getattr(SMOKE, part))
    if field.default is not dataclasses.MISSING
}


@pytest.mark.parametrize("path", sorted(NEWER))
def test_a_newer_constant_may_be_missing(path):
    part, name = path.split(".")
    (default,) = (f.default for f in fields(getattr(SMOKE, part)) if f.name == name)
    config = Config.from_dict(changed(path, dataclasses.MISSING), "card.json")
    assert getattr(getattr(config, part), name) == default


@pytest.mark.parametrize("path", [path for path in CONSTANTS if path not in NEWER])
def test_a_missing_constant_is_named(path):
    with pytest.raises(InputError, match=rf"card\.json.*\b{path.split('.')[-1]}\b.* missing"):
        Config.from_dict(changed(path, dataclasses.MISSING), "card.json")


@pytest.mark.parametrize("path", ["model.depth", "rule.depth", "depth", "training.stages.1.depth"])
def test_an_unknown_constant_is_named(path):
    with pytest.raises(InputError, match=r"card\.json.*depth missing or unknown"):
        Config.from_dict(changed(path, 3), "card.json")


@pytest.mark.parametrize("value", [{}, [[]], float("nan")])
@pytest.mark.parametrize("path", CONSTANTS)
def test_no_constant_takes_just_anything(path, value):
    with pytest.raises(InputError, match=r"card\.json"):
        Config.from_dict(changed(path, value), "card.json")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", 3),
        ("model", None),
        ("model", [1, 2]),
        ("model.patch_size", 64.0),
        ("model.patch_size", "64"),
        ("model.patch_size", True),
        ("model.region_scale", True),
        ("model.region_scale", "5"),
        ("model.region_scale", None),
        ("model.region_scale", float("inf")),
        ("model.region_scale", 10**400),
        ("model.backbone", None),
        ("model.response_loss", "squared"),
        ("model.response_loss", ["plain"]),
        ("model.delta_spread", [0.1]),
        ("model.delta_spread", [0.1, 0.2, 0.3]),
        ("model.delta_spread", 0.1),
        ("model.delta_spread", "ab"),
        ("model.delta_spread", [0.1, "0.2"]),
        ("model.initial_scales", [1.0, None]),
        ("rule.initial_share", "0.3"),
        ("rule.initial_share", False),
        ("training.scale_first_step", 1),
        ("training.scale_first_step", "false"),
        ("training.stages", [3]),
        ("training.stages.0.precision", "float16"),
    ],
)
def test_a_constant_of_another_type_is_named(path, value):
    name = path.rpartition(".")[2]
    with pytest.raises(InputError, match=rf"card\.json.*({name}|ModelConfig|Stage)"):
        Config.from_dict(changed(path, value), "card.json")


@pytest.mark.parametrize("values", [None, [], "smoke", 3])
def test_something_else_is_no_configuration(values):
    with pytest.raises(InputError, match=r"card\.json.*is not a Config"):
        Config.from_dict(values, "card.json")


def test_modify_replaces_what_is_named_and_nothing_else():
    other = modify(SMOKE, name="mine", model={"reduced": 3}, online={"penalty": 1.0})
    assert (other.name, other.model.reduced, other.online.penalty) == ("mine", 3, 1.0)
    assert other.rule is SMOKE.rule
    assert replace(other.model, reduced=SMOKE.model.reduced) == SMOKE.model
    assert modify(SMOKE) == SMOKE
    with pytest.raises(TypeError, match="depth"):
        modify(SMOKE, model={"depth": 3})
    with pytest.raises(InputError, match="update_interval"):
        modify(SMOKE, online={"update_interval": 0})


def test_a_negative_number_of_first_steps_is_refused():
    with pytest.raises(InputError, match="initial_steps: -1; give 0 or more"):
        modify(SMOKE, model={"initial_steps": -1})


@pytest.mark.parametrize("decay", [-0.1, 1.0, 2.0])
def test_an_average_that_cannot_be_kept_is_refused(decay):
    with pytest.raises(InputError, match=rf"averaging: {decay}; give at least 0 and less than 1"):
        modify(SMOKE, training={"averaging": decay})
    assert modify(SMOKE, training={"averaging": 0.999}) != SMOKE
