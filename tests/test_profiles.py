"""Profiles: the paper's constants are the paper's, and the smaller ones keep its proportions."""

import dataclasses
import json

import pytest

from roam_lite.errors import InputError
from roam_lite.profiles import PROFILES, get_profile


def test_paper_holds_the_constants_of_section_5():
    paper = get_profile("paper")
    assert (paper.roi_scale, paper.patch_size) == (5, 281)  # gamma, S
    assert (paper.filter_scale, paper.stride, paper.label_sharpness) == (
        1.5,
        4,
        20,
    )  # rho, c, alpha
    assert (paper.backbone, paper.convolutions, paper.channels) == ("vgg16", 12, 512)
    assert (paper.reduced, paper.base_filter, paper.hidden) == (64, 21, 20)
    assert (paper.kappa_response, paper.kappa_regression) == (1.6, 1.3)
    assert paper.initial_scales == (0.8, 1.0, 1.2)
    assert paper.update_steps == 2
    assert paper.initial_updating_share is None  # eq. 11
    (stage,) = paper.stages
    assert (stage.batch, stage.initial_samples, stage.future_frames) == (16, 9, 1)
    assert 1 + stage.updates * paper.update_interval == 31  # frames in a clip
    assert stage.horizon == paper.update_interval
    assert (stage.theta0_lr, stage.rule_lr) == (1e-6, 1e-3)


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_profiles_are_consistent(name):
    profile = get_profile(name)
    assert profile.name == name
    assert profile.base_filter % 2 == 1
    # The base filter is about as large as the filter of a square target at nominal size.
    nominal = profile.filter_scale * profile.patch_size / profile.roi_scale / profile.stride
    assert profile.base_filter == pytest.approx(nominal, abs=2.5)
    assert profile.response_loss in ("balanced", "focused", "plain")
    assert len({stage.name for stage in profile.stages}) == len(profile.stages)
    for stage in profile.stages:
        assert stage.future_frames <= stage.horizon
        assert stage.initial_samples <= len(profile.initial_scales) ** 2
        if profile.backbone == "small":
            assert profile.patch_size % 8 == 0  # its context layer halves the map once more


def test_profiles_cannot_be_changed_and_become_json():
    profile = get_profile("laptop")
    with pytest.raises(dataclasses.FrozenInstanceError):
        profile.stride = 8
    written = json.loads(json.dumps(profile.to_dict()))
    assert written["stages"][0]["name"] == profile.stages[0].name
    assert written["patch_size"] == profile.patch_size


def test_unknown_profiles_are_refused_with_the_known_names():
    with pytest.raises(InputError, match=r"desktop.*smoke, laptop, paper"):
        get_profile("desktop")
