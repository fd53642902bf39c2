"""Validation on the way: when it is due, and the best checkpoint."""

import json

import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from roam_lite.checkpoints import load_checkpoint
from roam_lite.training import Trainer, Validation


def test_the_best_checkpoint_is_kept_beside_the_last_also_over_a_pause(config, painted, tmp_path):
    out, seen, worth = tmp_path / "run", [], iter([0.3, 0.5, 0.4])

    def measure(model):
        seen.append(model.theta0.detach().clone())
        return next(worth)

    check = Validation(measure, interval=3)
    steps = Trainer(config(), validation=check).run()
    records = [next(steps) for _ in range(7)]
    steps.close()
    trainer = Trainer(config(), resume=True, validation=check)
    assert trainer.best == 0.5
    records += list(trainer.run())
    judged = {3: 0.3, 6: 0.5, 8: 0.4}  # every third, and the last
    assert {record.step: record.auc for record in records if record.auc is not None} == judged
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert {line["step"]: line["auc"] for line in lines if "auc" in line} == judged
    board = EventAccumulator(str(out / "tensorboard")).Reload()
    assert [event.step for event in board.Scalars("auc")] == [3, 6, 8]
    best, card = load_checkpoint(out / "best.safetensors")
    assert (card["steps"], card["auc"]) == (6, 0.5)
    assert torch.equal(best.theta0, seen[1])
    last, card = load_checkpoint(out / "checkpoint.safetensors")
    assert card["steps"] == 8
    assert torch.equal(last.theta0, seen[2])


def test_beginning_anew_removes_the_old_best(config, painted, tmp_path):
    list(Trainer(config(steps=2), validation=Validation(lambda model: 0.5, 1)).run())
    assert (tmp_path / "run" / "best.json").exists()
    list(Trainer(config(steps=2), overwrite=True).run())
    assert not list((tmp_path / "run").glob("best.*"))
