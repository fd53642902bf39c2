"""The weights that a checkpoint holds: the last step's, or their moving average."""

import pytest
import torch
from safetensors.torch import load_file

from roam_lite.config import modify
from roam_lite.profiles import PROFILES, get_profile
from roam_lite.training import Trainer

SMOKE = get_profile("smoke")


def saved(trainer):
    trainer.save()
    return load_file(trainer.out / "checkpoint.safetensors")


def average(values, model, kept):
    """The next moving average, in float64; integers count and are copied."""
    latest = model.state_dict()
    floating = {name: value.double() for name, value in latest.items() if value.is_floating_point()}
    moved = {name: kept * values[name] + (1 - kept) * floating[name] for name in floating}
    return latest | moved


def assert_close(found, expected):
    assert found.keys() == expected.keys()
    for name, value in found.items():
        torch.testing.assert_close(
            value.double(), expected[name].double(), rtol=1e-5, atol=1e-9, msg=name
        )


@pytest.mark.parametrize("decay", [0.3, 0.999])
def test_a_checkpoint_holds_the_moving_average_of_the_weights(config, painted, monkeypatch, decay):
    averaged = modify(SMOKE, training={"averaging": decay})
    monkeypatch.setitem(PROFILES, "smoke", averaged)
    trainer = Trainer(config())
    expected = {name: value.double() for name, value in trainer.model.state_dict().items()}
    for taken, _ in enumerate(trainer.run()):
        expected = average(expected, trainer.model, min(decay, (1 + taken) / (10 + taken)))
    checkpoint = saved(trainer)
    assert_close(checkpoint, expected)
    counters = {name for name, value in checkpoint.items() if not value.is_floating_point()}
    assert counters
    for name, value in trainer.model.state_dict().items():
        assert torch.equal(checkpoint[name], value) == (name in counters), name


def test_a_skipped_step_does_not_enter_the_average(config, painted, monkeypatch):
    monkeypatch.setitem(PROFILES, "smoke", modify(SMOKE, training={"averaging": 0.9}))
    trainer = Trainer(config(stages=("first_step",), steps=3))
    steps = trainer.run()
    next(steps)
    before, lambda0 = saved(trainer), trainer.model.log_lambda0.data
    kept = lambda0[0].item()
    lambda0[0] = torch.inf
    assert next(steps).skipped == 1
    lambda0[0] = kept
    between = saved(trainer)
    assert all(torch.equal(between[name], value) for name, value in before.items())
    assert next(steps).skipped == 1
    # The second step that counts.
    assert_close(saved(trainer), average(between, trainer.model, 2 / 11))


def test_without_an_average_a_checkpoint_holds_the_last_weights(config, painted):
    trainer = Trainer(config())
    list(trainer.run())
    checkpoint, last = saved(trainer), trainer.model.state_dict()
    assert checkpoint.keys() == last.keys()
    assert all(torch.equal(checkpoint[name], value) for name, value in last.items())
