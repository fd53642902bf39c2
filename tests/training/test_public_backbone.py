"""A backbone whose weights are public, and were not trained here, stays out of checkpoints."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from roam_lite.checkpoints import load_checkpoint, load_public, save_checkpoint
from roam_lite.config import modify
from roam_lite.errors import InputError
from roam_lite.meta_model import MetaModel
from roam_lite.model.backbones import BACKBONES, VGG16
from roam_lite.profiles import PROFILES, get_profile
from roam_lite.tracking import load_tracker
from roam_lite.training import Trainer


class Short(VGG16):
    """The first two convolutions."""

    channels, convolutions = 64, 2

    def load_pretrained(self, file=None):
        if file is None:
            raise InputError("weights cannot be downloaded")
        super().load_pretrained(file)


def public_file(path, seed):
    generator = torch.Generator().manual_seed(seed)
    shapes = {"0.weight": (64, 3, 3, 3), "0.bias": 64, "2.weight": (64, 64, 3, 3), "2.bias": 64}
    state = {
        f"features.{name}": 0.1 * torch.randn(shape, generator=generator)
        for name, shape in shapes.items()
    }
    save_file(state, path)
    return path


@pytest.fixture(autouse=True)
def profile(monkeypatch):
    monkeypatch.setitem(BACKBONES, "short", Short)
    smoke = get_profile("smoke")
    still = tuple(f"training.stages.{stage.name}.backbone_lr=0" for stage in smoke.training.stages)
    monkeypatch.setitem(PROFILES, "smoke", modify(smoke, model={"backbone": "short"}))
    return still


@pytest.fixture
def weights(tmp_path):
    return public_file(tmp_path / "vgg.safetensors", 0)


@pytest.fixture
def lean(tmp_path, weights):
    """A checkpoint without its backbone."""
    model = MetaModel(get_profile("smoke"), torch.Generator().manual_seed(0))
    load_public(model.backbone, weights)
    save_checkpoint(tmp_path / "lean.safetensors", model, {})
    return tmp_path / "lean.safetensors", model


def test_public_weights_are_left_out_and_found_again(lean, weights, tmp_path):
    path, model = lean
    kept = load_file(path).keys()
    assert {"theta0", "log_lambda0"} <= kept
    assert not any(name.startswith("backbone.") for name in kept)
    loaded, card = load_checkpoint(path, backbone_weights=weights)
    assert len(card["backbone_sha256"]) == 64
    for name, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value), name
    assert load_tracker(checkpoint=path, backbone_weights=str(weights)).config == model.config
    again = tmp_path / "again.safetensors"
    save_checkpoint(again, loaded, {})
    assert again.read_bytes() == path.read_bytes()


def test_weights_that_are_not_at_hand_are_asked_for(lean):
    with pytest.raises(
        InputError, match=r"lean\.safetensors: leaves out.*cannot be downloaded.*--backbone-weights"
    ):
        load_tracker(checkpoint=lean[0])


def test_other_weights_are_refused(lean, tmp_path):
    other = public_file(tmp_path / "other.safetensors", 1)
    with pytest.raises(InputError, match=r"other weights than.*other\.safetensors"):
        load_checkpoint(lean[0], backbone_weights=other)


def test_weights_that_were_trained_are_kept(lean, weights, tmp_path):
    model, path = lean[1], tmp_path / "trained.safetensors"
    with torch.no_grad():
        model.backbone.layers[0].bias[3] += 1e-6
    save_checkpoint(path, model, {})
    assert "backbone_sha256" not in json.loads(path.with_suffix(".json").read_text())
    loaded, _ = load_checkpoint(path)
    assert torch.equal(loaded.backbone.layers[0].bias, model.backbone.layers[0].bias)
    with pytest.raises(InputError, match=r"holds its backbone's weights; omit"):
        load_checkpoint(path, backbone_weights=weights)


def test_a_run_leaves_them_out_goes_on_and_begins_another(
    config, painted, profile, weights, tmp_path
):
    given = {"backbone_weights": str(weights), "constants": profile, "stages": ("first_step",)}
    run = config(steps=2, **given)
    next(Trainer(run).run())
    list(Trainer(run, resume=True).run())
    path = tmp_path / "run" / "checkpoint.safetensors"
    assert "backbone.layers.0.weight" not in load_file(path)
    first, _ = load_checkpoint(path, backbone_weights=weights)
    second = Trainer(config(steps=2, **given, init=str(path), out=str(tmp_path / "second")))
    assert torch.equal(second.model.theta0, first.theta0)
    list(second.run())
    assert "backbone.layers.0.weight" not in load_file(tmp_path / "second/checkpoint.safetensors")
