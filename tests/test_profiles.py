"""Profiles: the paper's constants are the paper's, and the smaller ones keep its proportions."""

import dataclasses
import json

import pytest

from roam_lite.errors import InputError
from roam_lite.model.backbones import find_backbone
from roam_lite.profiles import PROFILES, get_profile


def test_paper_holds_the_constants_of_section_5():
    paper = get_profile("paper")
    assert (paper.model.region_scale, paper.model.patch_size) == (5, 281)  # gamma, S
    model = paper.model  # rho, c, alpha
    assert (model.filter_scale, model.stride, model.label_sharpness) == (1.5, 4, 20)
    assert (paper.model.backbone, paper.model.channels) == ("vgg16", 512)
    assert find_backbone(paper.model.backbone).convolutions == 12
    assert (paper.model.reduced, paper.model.base_filter, paper.rule.hidden) == (64, 21, 20)
    assert (paper.training.kappa_response, paper.training.kappa_regression) == (1.6, 1.3)
    assert paper.model.initial_scales == (0.8, 1.0, 1.2)
    assert paper.online.update_steps == 2
    assert paper.rule.initial_share is None  # eq. 11
    (stage,) = paper.training.stages
    assert (stage.batch, stage.initial_samples, stage.future_frames) == (16, 9, 1)
    assert 1 + stage.updates * paper.online.update_interval == 31  # frames in a clip
    assert stage.horizon == paper.online.update_interval
    assert (stage.theta0_lr, stage.rule_lr) == (1e-6, 1e-3)


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_profiles_are_consistent(name):
    profile = get_profile(name)
    assert profile.name == name
    assert profile.model.base_filter % 2 == 1
    # The base filter is about as large as the filter of a square target at nominal size.
    nominal = (
        profile.model.filter_scale
        * profile.model.patch_size
        / profile.model.region_scale
        / profile.model.stride
    )
    assert profile.model.base_filter == pytest.approx(nominal, abs=2.5)
    assert profile.model.response_loss in ("balanced", "focused", "plain")
    assert len({stage.name for stage in profile.training.stages}) == len(profile.training.stages)
    for stage in profile.training.stages:
        assert stage.future_frames <= stage.horizon
        assert stage.initial_samples <= len(profile.model.initial_scales) ** 2
        if profile.model.backbone == "small":
            assert profile.model.patch_size % 8 == 0  # its context layer halves the map once more


def test_profiles_cannot_be_changed_and_become_json():
    profile = get_profile("laptop-small")
    with pytest.raises(dataclasses.FrozenInstanceError):
        profile.model.patch_size = 8
    written = json.loads(json.dumps(profile.to_dict()))
    assert written["training"]["stages"][0]["name"] == profile.training.stages[0].name
    assert written["model"]["patch_size"] == profile.model.patch_size


def test_unknown_profiles_are_refused_with_the_known_names():
    with pytest.raises(InputError, match=r"tablet.*smoke, laptop-small, laptop, desktop, paper"):
        get_profile("tablet")
