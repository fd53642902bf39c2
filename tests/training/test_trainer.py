"""The loop around Algorithm 1: stages, rates, guards, logs."""

import json
import multiprocessing
from dataclasses import replace

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from roam_lite import devices
from roam_lite.checkpoints import load_checkpoint, save_checkpoint
from roam_lite.config import modify
from roam_lite.errors import InputError
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile
from roam_lite.rules import RULES, Rule, learned_rules
from roam_lite.training import Trainer
from tests.fakes import LearnedMomentum

SMOKE = get_profile("smoke")


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def test_last_rollout_is_that_of_the_record_just_given(config, painted):
    trainer = Trainer(config())
    assert trainer.last_rollout is None
    for record in trainer.run():
        losses = trainer.last_rollout.meta_losses.mean(dim=0).tolist()
        assert losses == record.meta_losses
        assert trainer.last_rollout.first_rates.shape == trainer.model.lambda0.shape


def test_eight_steps_run_through_both_stages_with_finite_losses(config, tmp_path):
    records = list(Trainer(config()).run())
    assert [record.step for record in records] == list(range(1, 9))
    assert [record.stage for record in records] == ["first_step"] * 4 + ["closed_loop"] * 4
    for record in records:
        updates = 1 if record.stage == "first_step" else SMOKE.training.stages[-1].updates
        assert len(record.meta_losses) == len(record.update_losses) == updates
        losses = torch.tensor(record.meta_losses + record.update_losses)
        assert torch.isfinite(losses).all()
        assert record.skipped == 0
        assert record.seconds >= record.waited >= 0
        assert record.meta_loss == pytest.approx(sum(record.meta_losses) / updates)

    out = tmp_path / "run"
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [line["meta_losses"] for line in lines] == [r.meta_losses for r in records]
    assert list((out / "tensorboard").glob("events*"))
    _, card = load_checkpoint(out / "checkpoint.safetensors", "smoke")
    assert card["steps"] == card["of"] == 8
    assert card["skipped_steps"] == 0


def test_workers_live_from_the_first_stage_to_the_last(config):
    others = set(multiprocessing.active_children())
    stages, workers = [], []
    steps = Trainer(config(workers=1, steps=2)).run()
    for record in steps:
        stages.append(record.stage)
        workers.append({child.pid for child in set(multiprocessing.active_children()) - others})
    assert stages == ["first_step", "closed_loop"]
    assert len(workers[0]) == 1
    assert workers[0] == workers[1]
    assert not set(multiprocessing.active_children()) - others


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(config, tmp_path):
    outcomes = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        trainer = Trainer(config(out=str(tmp_path / name), seed=seed, steps=4))
        losses = [record.meta_losses for record in trainer.run()]
        outcomes.append((losses, (tmp_path / name / "checkpoint.safetensors").read_bytes()))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0] != outcomes[2][0]
    assert outcomes[0][1] != outcomes[2][1]


@pytest.mark.parametrize("rule", learned_rules())
def test_every_stage_trains_what_it_should(config, painted, rule):
    trainer = Trainer(config(rule=rule))
    steps = trainer.run()
    start = weights(trainer.model)
    for _ in range(4):
        next(steps)
    middle = weights(trainer.model)
    for _ in steps:
        pass
    end = weights(trainer.model)

    def learned(name, before, after):
        return not torch.equal(before[name], after[name])

    for name in start:
        first, second = learned(name, start, middle), learned(name, middle, end)
        if name.startswith("rule."):
            assert not first, name
        elif name.startswith("backbone."):
            assert first, name
            assert second == (SMOKE.training.stages[1].backbone_lr > 0), name
        else:
            assert first, name
            rate = "theta0_lr" if name == "theta0" else "lambda0_lr"
            assert second == (getattr(SMOKE.training.stages[1], rate) > 0), name
    rule_names = [name for name in start if name.startswith("rule.")]
    assert any(learned(name, middle, end) for name in rule_names)
    if rule == "steepest":
        assert rule_names == ["rule.log_scale"]


def test_a_step_that_is_not_finite_is_skipped_and_counted(config, painted, monkeypatch):
    trainer = Trainer(config(stages=("first_step",), steps=3))
    steps = trainer.run()
    next(steps)
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    moments = trainer.optimizer.state_dict()["state"][0]["exp_avg"].clone()
    lambda0 = trainer.model.log_lambda0
    with torch.no_grad():
        kept = lambda0[0].item()
        lambda0[0] = torch.inf
    record = next(steps)
    assert record.skipped == 1
    with torch.no_grad():
        lambda0[0] = kept
    for name, value in trainer.model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert torch.equal(trainer.optimizer.state_dict()["state"][0]["exp_avg"], moments)

    record = next(steps)
    assert record.skipped == 1
    assert torch.isfinite(torch.tensor(record.meta_losses)).all()
    assert not torch.equal(trainer.model.theta0, before["theta0"])


def test_rates_are_halved_evenly_over_each_stage(config, painted):
    stage = replace(SMOKE.training.stages[0], steps=12, halvings=3)
    trainer = Trainer(config(stages=("first_step",), steps=12))
    trainer.stages = (stage,)
    rates = []
    for _ in trainer.run():
        rates.append([group["lr"] for group in trainer.optimizer.param_groups])
    expected = [stage.theta0_lr * 0.5 ** (step // 3) for step in range(12)]
    assert [rate[0] for rate in rates] == pytest.approx(expected)
    assert all(rate[1] / rate[0] == pytest.approx(rates[0][1] / rates[0][0]) for rate in rates)


def test_scaling_can_be_left_out(config, painted, tmp_path, monkeypatch):
    outcomes, rates = [], []
    for rfs in (True, False):
        if not rfs:  # then nobody asks for scales
            monkeypatch.delattr("roam_lite.training.trainer.scales_at")
        trainer = Trainer(config(rfs=rfs, out=str(tmp_path / str(rfs))))
        outcomes.append([record.meta_losses for record in trainer.run()])
        rates.append(trainer.last_rollout.updating_rates)
    first_stage = slice(0, 4)
    assert outcomes[0][first_stage] == outcomes[1][first_stage]
    # An untrained model hardly moves in a stage this short; its rates tell.
    assert not torch.allclose(rates[0], rates[1], rtol=0.01, atol=0)


def test_a_fresh_rule_starts_anew_beside_the_weights_of_a_checkpoint(config, painted, tmp_path):
    first = Trainer(config(out=str(tmp_path / "first"), steps=4))
    list(first.run())
    init = str(tmp_path / "first" / "checkpoint.safetensors")
    paper = ("rule.initial_share=none", "training.kappa_response=2")
    with pytest.raises(InputError, match="does not fit profile smoke"):
        Trainer(config(init=init, constants=paper, out=str(tmp_path / "refused")))
    again = Trainer(config(init=init, constants=paper, fresh_rule=True, out=str(tmp_path / "run")))
    assert torch.equal(again.model.theta0, first.model.theta0)
    assert again.model.rule.log_gains is None
    assert (again.config.rule.initial_share, again.config.training.kappa_response) == (None, 2.0)
    again.save()
    card = json.loads((again.out / "checkpoint.json").read_text())
    assert card["constants"] == list(paper)
    assert card["config"]["training"]["kappa_response"] == 2.0


def test_training_starts_from_a_checkpoint(config, painted, tmp_path):
    first = Trainer(config(steps=2, out=str(tmp_path / "first")))
    list(first.run())
    init = str(tmp_path / "first" / "checkpoint.safetensors")
    again = Trainer(config(init=init, out=str(tmp_path / "second")))
    for name, value in first.model.state_dict().items():
        assert torch.equal(again.model.state_dict()[name], value), name
    # With another rule all but the rule is taken over.
    other = Trainer(config(init=init, rule="gru", out=str(tmp_path / "third")))
    assert torch.equal(other.model.theta0, first.model.theta0)
    with pytest.raises(InputError, match="profile"):
        Trainer(config(init=init, profile="laptop", out=str(tmp_path / "fourth")))


def test_theta0_can_be_trained_for_one_rate(config, painted, tmp_path):
    trainer = Trainer(config(steps=2, stages=("first_step",), first_rate=2e-3))
    theta0 = trainer.model.theta0.clone()
    list(trainer.run())
    model, card = load_checkpoint(tmp_path / "run" / "checkpoint.safetensors")
    torch.testing.assert_close(model.lambda0, torch.full_like(model.lambda0, 2e-3))
    assert (model.theta0 != theta0).any()
    assert card["first_rate"] == 2e-3
    assert [stage["lambda0_lr"] for stage in card["stages"]] == [0.0]


def test_foreign_weights_are_refused_where_the_backbone_is_trained_here(config, tmp_path):
    with pytest.raises(InputError, match=r"vgg\.safetensors.*trained from scratch; omit"):
        Trainer(config(backbone_weights=str(tmp_path / "vgg.safetensors")))


def test_unreadable_data_is_refused_before_anything_is_written(config, tmp_path):
    with pytest.raises(InputError):
        Trainer(config(data=f"otb:{tmp_path / 'nowhere'}"))
    assert not (tmp_path / "run").exists()


def test_tensorboard_shows_losses_and_rates(config, painted, monkeypatch, tmp_path):
    monkeypatch.setattr("roam_lite.training.log._HISTOGRAM_INTERVAL", 3)
    list(Trainer(config()).run())
    folder = str(tmp_path / "run" / "tensorboard")
    board = EventAccumulator(folder, size_guidance={"scalars": 0, "histograms": 0}).Reload()
    tags = board.Tags()
    assert {"meta_loss", "skipped", "meta_loss/1", "update_loss/3"} <= set(tags["scalars"])
    assert set(tags["histograms"]) == {"log10 first_rates", "log10 updating_rates"}
    assert [event.step for event in board.Scalars("meta_loss")] == list(range(1, 9))
    assert [event.step for event in board.Histograms("log10 first_rates")] == [3, 6]


@pytest.mark.parametrize("supported", [True, False])
def test_the_card_tells_the_precision_that_was_computed_in(
    config, monkeypatch, supported, tmp_path
):
    monkeypatch.setattr(devices, "multiplies_bfloat16", lambda device: supported)
    trainer = Trainer(config(steps=2))
    trainer.save()
    assert {stage.precision for stage in SMOKE.training.stages} == {"bfloat16"}
    card = json.loads((tmp_path / "run" / "checkpoint.json").read_text())
    used = {stage["precision"] for stage in card["stages"]}
    assert used == {"bfloat16" if supported else "float32"}


# Where a run begins


def test_training_starts_from_a_checkpoint_of_other_constants(config, painted, tmp_path):
    """The weights are taken over; what is done with them is the profile's."""
    edited = modify(SMOKE, training={"kappa_response": 9.0}, online={"penalty": 9.0})
    model = MetaModel(edited, torch.Generator().manual_seed(5))
    save_checkpoint(tmp_path / "w.safetensors", model, {})
    trainer = Trainer(config(init=str(tmp_path / "w.safetensors")))
    assert trainer.config == trainer.model.config == SMOKE
    assert torch.equal(trainer.model.theta0, model.theta0)


def test_a_checkpoint_of_another_size_is_refused_before_anything_is_written(config, tmp_path):
    wider = modify(SMOKE, model={"reduced": 5})
    path = tmp_path / "w.safetensors"
    save_checkpoint(path, MetaModel(wider, torch.Generator().manual_seed(0)), {})
    with pytest.raises(InputError, match=r"(?s)w\.safetensors.*profile smoke.*theta0"):
        Trainer(config(init=str(path)))
    assert not (tmp_path / "run").exists()


def test_a_checkpoint_whose_rule_emits_other_rates_is_refused_unless_another_is_trained(
    config, tmp_path
):
    absolute = modify(SMOKE, rule={"initial_share": None})
    path = tmp_path / "w.safetensors"
    model = MetaModel(absolute, torch.Generator().manual_seed(5))
    save_checkpoint(path, model, {})
    with pytest.raises(InputError, match=r"(?s)w\.safetensors.*profile smoke.*rule\.log_gains"):
        Trainer(config(init=str(path)))
    assert torch.equal(Trainer(config(init=str(path), rule="gru")).model.theta0, model.theta0)


# Rules


def test_a_rule_without_rates_trains_and_is_logged(config, painted, monkeypatch, tmp_path):
    monkeypatch.setattr("roam_lite.training.log._HISTOGRAM_INTERVAL", 5)
    monkeypatch.setitem(RULES, "mine", Rule(learned=LearnedMomentum))
    trainer = Trainer(config(rule="mine"))
    assert trainer.config.rule.name == "mine"
    before = trainer.model.rule.log_lr.item()
    records = list(trainer.run())
    assert len(records) == 8
    assert records[-1].skipped == 0
    assert trainer.model.rule.log_lr.item() != before
    assert trainer.last_rollout.updating_rates is None
    board = EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
    assert board.Tags()["histograms"] == ["log10 first_rates"]
    model, _ = load_checkpoint(tmp_path / "run" / "checkpoint.safetensors")
    assert torch.equal(model.rule.log_lr, trainer.model.rule.log_lr)


def test_a_rule_that_is_not_learned_is_refused_before_anything_is_written(config, tmp_path):
    for rule, words in (("sgd", "not learned"), ("best", "no rule")):
        with pytest.raises(InputError, match=words):
            Trainer(config(rule=rule))
    assert not (tmp_path / "run").exists()
