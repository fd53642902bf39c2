"""What a stage's settings gain: against a plain step, in rounds, with the memory of a whole step."""

from dataclasses import replace
from functools import partial

import pytest
import torch

from roam_lite.bench import fields
from roam_lite.bench.fields import Gain, bench_fields, fields_table, measured_model, settings
from roam_lite.checkpoints import load_checkpoint
from roam_lite.config import modify
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile
from roam_lite.tracking.loading import WEIGHTS

SMOKE = get_profile("smoke")
LONG = tuple(replace(stage, updates=6) for stage in SMOKE.training.stages[-1:])


@pytest.fixture
def bfloat16(monkeypatch):
    monkeypatch.setattr(fields, "multiplies_bfloat16", lambda device: True)


def test_settings_that_a_device_has_no_use_for_are_left_out_with_a_word(bfloat16, monkeypatch):
    tried, without = settings(1, "cpu")
    assert list(tried) == ["recompute=6", "channels_last=false", "precision=bfloat16"]
    assert list(without) == ["parts=2", "tf32=true", "compile=true"]
    every, none = settings(2, "cuda")
    assert every.keys() == tried.keys() | without.keys()
    assert none == {}
    monkeypatch.setattr(fields, "multiplies_bfloat16", lambda device: False)
    assert "no instructions" in settings(2, "cpu")[1]["precision=bfloat16"]


def test_every_setting_is_held_to_the_plain_step(bfloat16, monkeypatch, capfd):
    """The times are those of the shorter steps, the memory is that of whole ones."""
    lengths, take = [], fields.add_gradients
    monkeypatch.setattr(fields, "CPU_UPDATES", 4)

    def noted(*arguments):
        lengths.append(take(*arguments))
        return lengths[-1]

    monkeypatch.setattr(fields, "add_gradients", noted)
    found = bench_fields(modify(SMOKE, training={"stages": LONG}), 4, 2, "cpu")
    assert [result.meta_losses.shape for result in lengths] == [(2, 4)] * 15 + [(2, 6)] * 5
    assert found["loss"] == pytest.approx(float(lengths[0].loss))
    assert (found["clips"], found["updates"], found["timed_updates"]) == (2, 6, 4)
    gains = [Gain(**gain) for gain in found["gains"]]
    assert [gain.setting for gain in gains] == list(settings(2, "cpu")[0])
    for gain in gains:
        exact = gain.setting != "precision=bfloat16"
        assert gain.time > 0
        assert 0 <= gain.loss < (1e-5 if exact else 1)
        assert 0 <= gain.gradient < (1e-4 if exact else 1)
    assert gains[-1].gradient > 1e-4  # of bfloat16: it has been on
    assert "20/20" in capfd.readouterr().err
    head, titles, *lines = fields_table(found).splitlines()
    assert head.startswith("a step of 2 clips in float32: ")
    assert "with 4 updates" in head
    assert titles.endswith("loss, gradient differ")
    assert [line.split()[0] for line in lines] == [*settings(2, "cpu")[0], *found["left_out"]]
    assert all(
        f" - {why}" in line
        for line, why in zip(lines[-2:], found["left_out"].values(), strict=True)
    )


def test_a_profile_with_shipped_weights_is_measured_with_them():
    shipped, _ = load_checkpoint(WEIGHTS / "laptop.safetensors")
    assert torch.equal(measured_model(get_profile("laptop")).theta0, shipped.theta0)
    random = MetaModel(SMOKE, torch.Generator().manual_seed(0))
    assert torch.equal(measured_model(SMOKE).theta0, random.theta0)


def test_times_are_ratios_within_a_round(monkeypatch):
    """The machine is ten times slower in the last two rounds; one step suffers once."""
    taken = iter([1.0, 2.0, 10.0, 20.0, 10.0, 90.0])
    now = [0.0]
    monkeypatch.setattr(fields.time, "process_time", lambda: now[0])

    def step():
        now[0] += next(taken)

    assert fields._times([step, step], 3, "cpu") == (1.0, [1.0, 2.0])


def test_memory_is_what_a_step_holds_at_once_however_much_was_freed_before():
    def step(mb):
        tensors = [torch.ones(mb * 2**18) for _ in range(3)]
        del tensors[1:]
        return torch.ones(mb * 2**18).sum()

    for mb in (20, 8, 20):
        assert fields._added(partial(step, mb), "cpu") == pytest.approx(3 * mb, abs=0.01)
