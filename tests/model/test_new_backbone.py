"""A backbone from a file outside the package, with other channels and another stride: one line."""

import importlib.util

import numpy as np
import pytest
import torch

from roam_lite.checkpoints import load_checkpoint, save_checkpoint
from roam_lite.config import modify
from roam_lite.data.otb import read_sequence
from roam_lite.errors import InputError
from roam_lite.meta_model import MetaModel
from roam_lite.model.backbones import BACKBONES
from roam_lite.profiles import PROFILES, get_profile
from roam_lite.tracking import load_tracker
from roam_lite.training import TrainConfig, Trainer
from roam_lite.training.clips import clip_sampler_for, stack_clips
from roam_lite.training.episodes import open_episode
from roam_lite.training.rollout import rollout

SIZE, CELLS = 80, 10

# A file of somebody else's: three halvings, 11 channels.
SOURCE = '''
from torch import nn

from roam_lite.model.backbones import Backbone


class Mine(Backbone):
    """Three convolutions of stride 2."""

    channels = 11
    stride = 8

    def __init__(self):
        super().__init__()
        widths = (3, 8, 16, 11)
        layers = []
        for inputs, outputs in zip(widths, widths[1:]):
            layers += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.BatchNorm2d(outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])
'''


@pytest.fixture
def config(tmp_path):
    """Smoke with this backbone, entered as `mine`."""
    file = tmp_path / "mine.py"
    file.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("mine", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    BACKBONES["mine"] = module.Mine
    yield modify(get_profile("smoke"), name="mine", model={"patch_size": SIZE, "backbone": "mine"})
    del BACKBONES["mine"]


@pytest.fixture
def model(config):
    return MetaModel(config, torch.Generator().manual_seed(0))


@pytest.fixture
def video(samples_root):
    return read_sequence(samples_root, "camera")


def test_model_and_cells_follow_it(model, config):
    assert (config.model.channels, config.model.stride) == (11, 8)
    assert model.layout.channels == 11
    assert model.cells.tolist() == [8 * k + 4 for k in range(CELLS)]
    features = model.backbone(torch.zeros(1, 2, 3, SIZE, SIZE, dtype=torch.uint8))
    assert features.shape == (1, 2, 11, CELLS, CELLS)


@pytest.mark.parametrize("past_labels", ["truth", "estimates"])
@pytest.mark.parametrize("index", [0, 1])
def test_it_is_meta_trained(config, video, past_labels, index):
    config = modify(config, training={"past_labels": past_labels})
    stage = config.training.stages[index]
    model = MetaModel(config, torch.Generator().manual_seed(0))
    draw = clip_sampler_for(stage, config)
    rng = np.random.default_rng(0)
    clips = stack_clips([draw(video, rng, stage, config) for _ in range(2)])
    episode = open_episode(model, clips, stage.backbone_lr > 0, torch.float32)
    result = rollout(model, episode, stage.meta_gradient)
    assert result.meta_losses.shape == (2, stage.updates)
    result.loss.backward()
    assert torch.isfinite(result.loss)
    assert model.theta0.grad.any()
    learns = [parameter.grad is not None for parameter in model.backbone.parameters()]
    assert all(learns) if stage.backbone_lr > 0 else not any(learns)


@pytest.mark.parametrize("variant", ["roam++", "roam"])
def test_it_is_saved_loaded_and_tracks(model, video, tmp_path, variant):
    path = tmp_path / "mine.safetensors"
    save_checkpoint(path, model, {})
    loaded, _ = load_checkpoint(path)
    assert type(loaded.backbone) is BACKBONES["mine"]
    assert torch.equal(loaded.backbone.layers[0].weight, model.backbone.layers[0].weight)
    tracker = load_tracker(checkpoint=path, variant=variant, weak_response=0.0)
    tracker.init(video.frames[0], video.boxes[0])
    theta = tracker.theta.clone()
    for index in range(1, 7):
        assert np.isfinite(tracker.update(video.frames[index]).box).all()
    assert not torch.equal(tracker.theta, theta)
    assert tracker.last_response.shape == (CELLS, CELLS)
    if variant == "roam++":
        assert tracker.last_maps.boxes.shape == (1, CELLS, CELLS, 4)


def test_a_checkpoint_says_which_backbone_is_missing(model, tmp_path, monkeypatch):
    path = tmp_path / "mine.safetensors"
    save_checkpoint(path, model, {})
    monkeypatch.delitem(BACKBONES, "mine")
    with pytest.raises(InputError, match="no backbone 'mine'"):
        load_checkpoint(path)


def test_a_profile_with_it_is_trained_as_any(config, tmp_path, monkeypatch):
    monkeypatch.setitem(PROFILES, "mine", config)
    run = TrainConfig("mine", "synthetic", str(tmp_path / "run"), steps=2, workers=0)
    records = list(Trainer(run).run())
    assert [record.stage for record in records] == ["first_step", "closed_loop"]
    assert records[-1].skipped == 0
    loaded, _ = load_checkpoint(tmp_path / "run" / "checkpoint.safetensors", "mine")
    assert loaded.config == config
