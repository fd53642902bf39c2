"""Constants set by name, from values and from text, and refused by name where they do not fit."""

import dataclasses
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roam_lite.config import Config, OnlineConfig, modify
from roam_lite.errors import InputError
from roam_lite.profiles import get_profile
from roam_lite.settings import set_constants, set_online
from tests.test_config import ONLINE, through_json

SMOKE = get_profile("smoke")


def test_every_online_constant_has_values_here():
    assert ONLINE.keys() == {field.name for field in fields(OnlineConfig)}


@given(st.fixed_dictionaries({}, optional=ONLINE))
def test_online_constants_are_set_from_values_and_from_text(settings):
    config = set_online(SMOKE, settings)
    for name in ONLINE:
        assert getattr(config.online, name) == settings.get(name, getattr(SMOKE.online, name))
    assert modify(config, online=dataclasses.asdict(SMOKE.online)) == SMOKE
    words = {
        name: ",".join(map(repr, value)) if isinstance(value, tuple) else str(value)
        for name, value in settings.items()
    }
    assert set_online(SMOKE, words) == config
    assert Config.from_dict(through_json(config)) == config


def test_first_steps_are_set_with_the_online_constants():
    config = set_online(SMOKE, {"initial_steps": "3", "motion": 2.0})
    assert config == modify(SMOKE, model={"initial_steps": 3}, online={"motion": 2.0})


def test_numbers_of_numpy_are_numbers():
    scales = np.array([0.5, 2.0])
    settings = {"motion": np.float32(1.5), "update_interval": np.int64(3), "search_scales": scales}
    online = set_online(SMOKE, settings).online
    assert (online.motion, online.update_interval, online.search_scales) == (1.5, 3, (0.5, 2.0))
    assert type(online.update_interval) is int


def test_lists_become_tuples_and_whole_numbers_floats():
    config = set_online(SMOKE, {"search_scales": [1, 2], "motion": 2})
    assert config.online.search_scales == (1.0, 2.0)
    assert type(config.online.motion) is float
    assert hash(config)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("update_interval", 0),
        ("update_interval", -5),
        ("update_interval", 2.0),
        ("update_interval", True),
        ("update_interval", "five"),
        ("update_interval", "2.5"),
        ("update_interval", ""),
        ("update_interval", None),
        ("update_steps", 0),
        ("update_batches", "thirds"),
        ("update_batches", 2),
        ("update_batches", ""),
        ("penalty", -0.1),
        ("penalty", True),
        ("penalty", "much"),
        ("penalty", [0.1]),
        ("penalty", "0.1,0.2"),
        *((name, float("nan")) for name in ("penalty", "motion", "min_size", "diverged_loss")),
        *((name, "nan") for name in ("motion", "wide_motion", "size_rate")),
        ("motion", "inf"),
        ("motion", "-1"),
        ("wide_motion", -1e-9),
        ("weak_response", -0.1),
        ("strong_response", float("-inf")),
        ("size_rate", -1),
        ("min_size", 0),
        ("min_size", "0"),
        ("diverged_loss", 0.0),
        ("diverged_loss", "inf"),
        ("search_scales", ()),
        ("search_scales", ""),
        ("search_scales", "1,"),
        ("search_scales", "1 2"),
        ("search_scales", 1.0),
        ("search_scales", (1.0, 0.0)),
        ("search_scales", (1.0, -1.0)),
        ("search_scales", (1.0, float("nan"))),
        ("search_scales", "1,nan"),
        ("search_scales", (1.0, "1")),
    ],
)
def test_values_that_no_tracker_can_work_with_are_refused(name, value):
    with pytest.raises(InputError, match=rf"online constant {name}"):
        set_online(SMOKE, {name: value})


def test_unknown_online_constants_are_refused_with_the_known_names():
    with pytest.raises(
        InputError, match=r"'patch_size'; choose from: age.*diverged_loss.*size_rate"
    ):
        set_online(SMOKE, {"patch_size": 64})


# Constants of any part, by their paths


def test_constants_of_every_part_are_set_by_their_paths():
    config = set_constants(
        SMOKE,
        {
            "rule.hidden": "7",
            "rule.initial_share": "none",
            "training.kappa_response": "2.5",
            "training.scale_first_step": "true",
            "training.betas": "0.5,0.75",
            "training.stages.closed_loop.batch": "3",
            "training.stages.closed_loop.meta_gradient": "evolution",
            "online.motion": "1",
        },
    )
    first, last = SMOKE.training.stages
    assert config == modify(
        SMOKE,
        rule={"hidden": 7, "initial_share": None},
        training={
            "kappa_response": 2.5,
            "scale_first_step": True,
            "betas": (0.5, 0.75),
            "stages": (first, dataclasses.replace(last, batch=3, meta_gradient="evolution")),
        },
        online={"motion": 1.0},
    )
    assert set_constants(config, {"rule.initial_share": "0.25"}).rule.initial_share == 0.25


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("hidden", "7", "'hidden' is none of: .*rule"),
        ("rule.hiden", "7", "'rule.hiden'; 'hiden' is none of: .*hidden"),
        ("rule.hidden.units", "7", "hidden has no parts"),
        ("rule", "7", "give one of its parts"),
        ("training.stages", "7", "give one of its parts"),
        ("training.stages.last.batch", "7", "'last' is none of: closed_loop, first_step"),
        ("training.stages.closed_loop", "7", "give one of its parts"),
        ("rule.hidden", "7.5", "constant rule.hidden: '7.5'.*a whole number"),
        ("rule.hidden", "none", "constant rule.hidden: 'none'"),
        ("training.kappa_response", "inf", "a finite number"),
        ("training.betas", "0.9", "training.betas"),
        ("training.betas", "0.9,x", "training.betas"),
        ("training.scale_first_step", "yes", "training.scale_first_step: 'yes'"),
        ("training.averaging", "2", "averaging: 2"),
        ("online.motion", "-1", "motion"),
        ("training.past_labels", "guesses", "truth.*estimates"),
    ],
)
def test_paths_and_values_that_do_not_fit_are_refused(path, value, said):
    with pytest.raises(InputError, match=said):
        set_constants(SMOKE, {path: value})
