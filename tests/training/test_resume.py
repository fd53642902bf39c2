"""Runs that are interrupted or killed, and end bit for bit as an uninterrupted one does."""

import hashlib
import json
import multiprocessing
import random
import signal
import time

import pytest
import torch
from safetensors.torch import load_file

from roam_lite.checkpoints import load_checkpoint
from roam_lite.config import modify
from roam_lite.errors import InputError
from roam_lite.profiles import PROFILES
from roam_lite.training import TrainConfig, Trainer
from tests.training.drive import drive

# Two stages of four steps each; saved after every second step, so that kills lose some.
CONFIG = {"profile": "smoke", "data": "synthetic", "steps": 8, "workers": 0, "save_interval": 2}


def config(out, **changes):
    return TrainConfig(**{**CONFIG, "out": str(out), **changes})


def result(out):
    """The final weights' hash, and what the log says of every step but the times."""
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    for line in lines:
        del line["seconds"], line["waited"]
    digest = hashlib.sha256((out / "checkpoint.safetensors").read_bytes()).hexdigest()
    return digest, lines


def test_half_written_files_of_a_killed_run_are_cleared_away(tmp_path):
    out = tmp_path / "run"
    steps = Trainer(config(out)).run()
    next(steps)
    steps.close()
    (out / ".state.1.tmp.safetensors").write_bytes(b"half")
    Trainer(config(out), resume=True).log.close()
    assert not list(out.glob(".*"))


def run(out, resume=False, **changes):
    for _ in Trainer(config(out, **changes), resume=resume).run():
        pass
    return result(out)


@pytest.fixture(scope="module")
def processes():
    """Where processes come from: forks of a server that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.training.drive"])
    return context


def start(processes, out, **changes):
    process = processes.Process(target=drive, args=(config(out, **changes),))
    process.start()
    return process


def finish(process):
    process.join()
    assert process.exitcode == 0


@pytest.fixture(scope="module")
def uninterrupted(processes, tmp_path_factory):
    """What a run in a process of its own ends with."""
    out = tmp_path_factory.mktemp("run") / "whole"
    finish(start(processes, out))
    return result(out)


def steps_logged(out):
    log = out / "log.jsonl"
    return len(log.read_text().splitlines()) if log.exists() else 0


def kill_somewhere(processes, out, rng, **changes):
    """Start or resume the run, and kill it: in a step, while it saves, or before the first."""
    until = steps_logged(out) + rng.randint(0, 2)
    process = start(processes, out, **changes)
    while process.is_alive() and (not out.exists() or steps_logged(out) < until):
        time.sleep(0.002)
    time.sleep(rng.uniform(0, 0.05))  # a step or less: the run must not end before its kill
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL


def nothing_is_left(out):
    """No half-written file, and a checkpoint that belongs to its card."""
    assert not list(out.glob(".*"))
    load_checkpoint(out / "checkpoint.safetensors")


def test_five_kills_change_nothing(processes, tmp_path, uninterrupted):
    out, rng = tmp_path / "run", random.Random(0)
    hits = sum(kill_somewhere(processes, out, rng) for _ in range(5))
    assert hits >= 3  # the others came after the end
    finish(start(processes, out))
    assert result(out) == uninterrupted
    nothing_is_left(out)


@pytest.mark.long
def test_twenty_kills_change_nothing(processes, tmp_path):
    finish(start(processes, tmp_path / "whole", steps=40))
    out, rng = tmp_path / "run", random.Random(1)
    hits = sum(kill_somewhere(processes, out, rng, steps=40) for _ in range(20))
    assert hits >= 15
    finish(start(processes, out, steps=40))
    assert result(out) == result(tmp_path / "whole")
    nothing_is_left(out)


@pytest.mark.parametrize("pause", [1, 3, 4, 6])
def test_a_pause_changes_nothing(tmp_path, uninterrupted, pause):
    """Within a stage, at its end, and with or without a step since the last save."""
    steps = Trainer(config(tmp_path / "run")).run()
    for _ in range(pause):
        next(steps)
    steps.close()
    saved, lines = result(tmp_path / "run")
    assert len(lines) == pause
    assert saved != uninterrupted[0]
    assert run(tmp_path / "run", resume=True) == uninterrupted


@pytest.mark.parametrize("pause", [1, 4, 6])
def test_a_pause_does_not_change_the_average_nor_an_average_the_steps(
    tmp_path, uninterrupted, monkeypatch, pause
):
    averaged = modify(PROFILES["smoke"], training={"averaging": 0.99})
    monkeypatch.setitem(PROFILES, "smoke", averaged)
    weights, lines = run(tmp_path / "whole")
    assert weights != uninterrupted[0]
    assert lines == uninterrupted[1]
    steps = Trainer(config(tmp_path / "run")).run()
    for _ in range(pause):
        next(steps)
    steps.close()
    assert run(tmp_path / "run", resume=True) == (weights, lines)
    states = [load_file(tmp_path / name / "state.safetensors") for name in ("whole", "run")]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    assert {"model.theta0", "average.theta0", "adam.0.step"} <= states[0].keys()


def test_an_interrupt_inside_a_step_falls_back_to_the_last_save(
    tmp_path, uninterrupted, monkeypatch
):
    trainer = Trainer(config(tmp_path / "run"))
    steps = trainer.run()
    for _ in range(3):
        next(steps)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer.optimizer, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        next(steps)
    assert json.loads((tmp_path / "run" / "checkpoint.json").read_text())["steps"] == 2
    monkeypatch.undo()
    assert run(tmp_path / "run", resume=True) == uninterrupted


def test_resuming_a_finished_run_changes_nothing(tmp_path):
    before = run(tmp_path / "run", steps=2)
    for _ in range(2):
        assert run(tmp_path / "run", resume=True, steps=2) == before


def test_a_run_saved_before_its_first_step_resumes(tmp_path):
    Trainer(config(tmp_path / "run", steps=2)).save()
    assert run(tmp_path / "run", resume=True, steps=2) == run(tmp_path / "other", steps=2)


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_resume_without_a_run_is_refused_and_touches_nothing(tmp_path):
    with pytest.raises(InputError, match=r"no run to resume, config\.json is missing"):
        run(tmp_path / "run", resume=True)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".notes.tmp").write_text("mine")
    with pytest.raises(InputError, match="no run to resume"):
        run(tmp_path / "run", resume=True)
    assert [path.name for path in contents(tmp_path)] == [".notes.tmp"]


def test_a_run_without_its_state_is_not_begun_anew_over_its_checkpoint(tmp_path):
    out = tmp_path / "run"
    run(out, steps=2)
    (out / "state.safetensors").unlink()
    before = contents(out)
    with pytest.raises(InputError, match=r"state\.safetensors is missing.*--init.*--overwrite"):
        run(out, resume=True, steps=2)
    assert contents(out) == before


def test_a_run_that_was_killed_before_its_first_save_begins_when_it_is_resumed(tmp_path):
    out = tmp_path / "run"
    Trainer(config(out, steps=2)).log.close()
    assert not (out / "state.safetensors").exists()
    (out / ".state.123.tmp.safetensors").write_bytes(b"half")
    assert run(out, resume=True, steps=2) == run(tmp_path / "other", steps=2)
    assert not list(out.glob(".*"))


def test_beginning_anew_leaves_nothing_of_the_old_run(tmp_path):
    out = tmp_path / "run"
    run(out, steps=2)
    Trainer(
        config(out, steps=2, seed=5), overwrite=True
    ).log.close()  # killed before its first save
    assert not list(out.glob("*.safetensors"))
    assert run(out, resume=True, steps=2, seed=5) == run(tmp_path / "fresh", steps=2, seed=5)


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"steps": 6}, {"rule": "gru"}, {"rfs": False}, {"profile": "laptop"}]
)
def test_resume_with_another_configuration_is_refused_by_its_name(tmp_path, change):
    out = tmp_path / "run"
    next(Trainer(config(out)).run())
    before = sorted((path.name, path.stat().st_mtime_ns) for path in out.iterdir())
    (name,) = change
    with pytest.raises(InputError, match=name):
        Trainer(config(out, **change), resume=True)
    assert sorted((path.name, path.stat().st_mtime_ns) for path in out.iterdir()) == before


def test_a_run_goes_on_with_the_constants_it_began_with(tmp_path, uninterrupted, monkeypatch):
    """Whatever has become of its profile: other constants everywhere, other stages, or gone."""
    edited = modify(
        PROFILES["smoke"],
        model={"reduced": 6, "easy_error": 0.3},
        rule={"hidden": 7, "input_range": 3.0},
        training={"kappa_response": 0.1, "betas": (0.5, 0.6), "stages": ()},
        online={"update_interval": 7, "penalty": 1.0},
    )
    steps = Trainer(config(tmp_path / "run")).run()
    for _ in range(3):
        next(steps)
    steps.close()
    monkeypatch.setitem(PROFILES, "smoke", edited)
    steps = Trainer(config(tmp_path / "run"), resume=True).run()
    for _ in range(2):  # into the second stage, and a leg more
        next(steps)
    steps.close()
    monkeypatch.setattr("roam_lite.profiles.PROFILES", {})
    trainer = Trainer(config(tmp_path / "run"), resume=True)
    assert trainer.config.model.reduced == 4
    for _ in trainer.run():
        pass
    assert result(tmp_path / "run") == uninterrupted


def test_workers_and_save_interval_may_change_on_the_way(tmp_path, uninterrupted):
    steps = Trainer(config(tmp_path / "run")).run()
    for _ in range(6):
        next(steps)
    steps.close()
    assert run(tmp_path / "run", resume=True, workers=1, save_interval=5) == uninterrupted


def test_an_existing_folder_is_refused_unless_it_may_be_overwritten(tmp_path):
    out = tmp_path / "run"
    before = run(out, steps=2)
    with pytest.raises(InputError, match="--overwrite"):
        Trainer(config(out, steps=2))
    assert result(out) == before
    for _ in Trainer(config(out, steps=2, seed=5), overwrite=True).run():
        pass
    assert result(out) == run(tmp_path / "fresh", steps=2, seed=5)
    assert json.loads((out / "config.json").read_text())["run"]["seed"] == 5


def test_a_damaged_state_is_refused_by_name(tmp_path):
    out = tmp_path / "run"
    run(out, steps=2)
    state = out / "state.safetensors"
    whole = state.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"\0" * 100):
        state.write_bytes(damaged)
        with pytest.raises(InputError, match=r"state\.safetensors"):
            Trainer(config(out, steps=2), resume=True)
    # A checkpoint is not a state.
    state.write_bytes((out / "checkpoint.safetensors").read_bytes())
    with pytest.raises(InputError, match=r"state\.safetensors"):
        Trainer(config(out, steps=2), resume=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"repeat": 2},  # footage is kept
        {"repeat": 2, "constants": ("training.past_labels=truth",)},  # features are
        {"constants": ("training.past_labels=truth", "training.hidden_kappa=0.7")},
        {
            "constants": (
                "training.stages.closed_loop.meta_gradient=evolution",
                "training.stages.closed_loop.pairs=1",
            )
        },
    ],
    ids=["repeat", "repeat-truth", "hidden", "evolution"],
)
def test_other_ways_of_training_resume_to_the_same_bits_too(changes, tmp_path):
    whole = run(tmp_path / "whole", **changes)
    steps = Trainer(config(tmp_path / "parts", **changes)).run()
    for _ in range(7):
        next(steps)
    steps.close()
    assert run(tmp_path / "parts", resume=True, **changes) == whole


def test_kept_features_give_what_clips_drawn_anew_do(tmp_path):
    """The second stage repeats its first two steps; their losses differ by what was learned alone."""
    stage = "training.stages.closed_loop"
    rates = ("theta0_lr=0", "lambda0_lr=0", "rule_lr=0", "gains_lr=1e-30")
    constants = ("training.past_labels=truth", *(f"{stage}.{rate}" for rate in rates))
    changes = {"repeat": 2, "rfs": False, "stages": ("closed_loop",), "steps": 4}
    _, lines = run(tmp_path / "run", constants=constants, **changes)
    losses = [line["meta_losses"] for line in lines]
    assert losses[:2] == losses[2:]
    assert losses[0] != losses[1]
