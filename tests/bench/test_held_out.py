"""Losses on fresh clips: the same clips for all, as training has them, and what the table says of them."""

from dataclasses import replace

import numpy as np
import pytest

from roam_lite.bench.held_out import held_out_losses, losses_table
from roam_lite.checkpoints import save_checkpoint
from roam_lite.config import modify
from roam_lite.errors import InputError
from roam_lite.training.loader import ClipBatches
from roam_lite.training.rollout import rollout
from roam_lite.training.schedule import hidden_factors
from roam_lite.training.step import MetaStep
from tests.tracking.small import smoke_model

DATA, SEED = "synthetic", 5


@pytest.fixture
def saved(tmp_path):
    """A function that writes an untrained checkpoint with true boxes in training; its path and model."""

    def save(name, rule="lstm", **training):
        model, path = smoke_model(rule), tmp_path / f"{name}.safetensors"
        model.config = modify(model.config, training={"past_labels": "truth"} | training)
        save_checkpoint(path, model, {})
        return path, model

    return save


@pytest.mark.parametrize("hidden_kappa", [0.0, 0.7])
def test_losses_are_those_of_a_rollout_on_the_clips_of_the_seed(saved, hidden_kappa):
    pairs = [saved("a", hidden_kappa=hidden_kappa), saved("b", "const", hidden_kappa=hidden_kappa)]
    found = held_out_losses([path for path, _ in pairs], DATA, 2, SEED)
    for path, model in pairs:
        stage = model.config.training.stages[-1]
        clips = ClipBatches(DATA, SEED, (stage,), model.config)
        expected = []
        for index in range(2):
            episode = MetaStep(model, stage).open(clips[index], stage)
            factors = hidden_factors(model.config, stage.batch, SEED, index)
            expected.append(rollout(model, episode, "full", None, factors).meta_losses.detach())
        expected = np.concatenate(expected)
        assert found[str(path)].shape == (2 * stage.batch, stage.updates)
        np.testing.assert_allclose(found[str(path)], expected, rtol=1e-4)
    first, second = found.values()
    assert not np.array_equal(first, second)


def test_the_same_rule_on_the_same_clips_has_no_difference(saved):
    (one, _), (two, _) = saved("one"), saved("two")
    found = held_out_losses([one, two], DATA, 1, SEED)
    np.testing.assert_array_equal(found[str(one)], found[str(two)])
    assert losses_table(found, 2.0).endswith("+0.000 [+0.000, +0.000]")


def test_checkpoints_whose_clips_differ_are_refused(saved):
    (one, _), (two, _) = saved("one"), saved("two", hidden_kappa=0.5)
    with pytest.raises(InputError, match=r"two\.safetensors: trained on other kinds of clips"):
        held_out_losses([one, two], DATA, 1, SEED)
    with pytest.raises(InputError, match="no stage 'last'; its stages"):
        held_out_losses([one], DATA, 1, SEED, "last")


def test_the_table_counts_what_diverges_as_the_largest_loss():
    losses = {
        "base": np.array([[1.0, 0.5], [1.0, np.inf]]),
        "other": np.array([[1.0, 0.25], [1.0, np.nan]]),
    }
    table = losses_table(losses, 2.0)
    assert "2 clips" in table
    base, other = (line.split() for line in table.splitlines()[-2:])
    assert base == ["base", "1.000", "1.250", "0.50"]
    assert other[:4] == ["other", "1.000", "1.125", "0.50"]
    assert other[4] == "-0.125"


def test_a_stage_that_trains_the_backbone_is_judged_with_its_stored_statistics(saved):
    path, model = saved("a")
    stage = model.config.training.stages[0]
    assert stage.backbone_lr > 0
    (found,) = held_out_losses([path], DATA, 2, SEED, stage.name).values()
    (again,) = held_out_losses([path], DATA, 1, SEED, stage.name).values()
    np.testing.assert_array_equal(found[: len(again)], again)
    judged = replace(stage, backbone_lr=0.0)
    clips = ClipBatches(DATA, SEED, (judged,), model.config)[0]
    expected = MetaStep(model.eval(), judged)(clips, judged, None, None).meta_losses.detach()
    np.testing.assert_allclose(again, expected, rtol=1e-5)
