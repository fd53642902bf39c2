"""Runs of several processes from the command line: one that is lost, one that is stopped, bad options."""

import re
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest
import torch

from roam_lite.checkpoints import load_checkpoint
from roam_lite.errors import InputError
from roam_lite.training import TrainConfig, Trainer
from roam_lite.training import launch as launching
from roam_lite.training.launch import has_agent, launch
from tests.cli.commands import CLEAN, TRAIN, run, usage_error

STEPS = 100_000


@pytest.fixture
def started(tmp_path):
    """A run that one process has begun, saved after a step, and two go on with; ended with the test."""
    if not has_agent():
        pytest.skip("torch before 2.13 does not watch several processes")
    out = tmp_path / "run"
    begun = TrainConfig("smoke", "synthetic", str(out), STEPS, workers=0, stages=("first_step",))
    steps = Trainer(begun).run()
    next(steps)
    steps.close()
    options = [*TRAIN, "--stages", "first_step", "--steps", str(STEPS), "--out", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-m", "roam_lite", *options, "--resume", "--devices", "2"],
        env=CLEAN | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while (out / "log.jsonl").read_bytes().count(b"\n") < 3:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)
    yield process
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it has ended meanwhile
            if "roam_lite" in " ".join(child.cmdline()):
                child.kill()


def trainers(process):
    """The processes that train, by their numbers."""
    children = sorted(psutil.Process(process.pid).children(), key=psutil.Process.create_time)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def test_a_lost_process_ends_the_run_with_one_line_and_the_checkpoint_is_kept(started, tmp_path):
    first, second = trainers(started)
    second.kill()
    _, said = started.communicate(timeout=90)
    assert started.returncode == 1, said
    (line,) = (line for line in said.splitlines() if line.startswith("roam-lite"))
    assert line.startswith("roam-lite train: process 1 of 2 was killed by SIGKILL; ")
    step = int(re.search(r"the state of step (\d+) is saved in ", line)[1])
    assert line.endswith("; --resume continues from there")
    assert "Traceback" not in said
    assert "SIGTERM" not in said  # by which the agent ends the others
    assert not first.is_running()
    _, card = load_checkpoint(tmp_path / "run" / "checkpoint.safetensors")
    assert card["steps"] == step >= 1


@pytest.mark.long
@pytest.mark.parametrize("everybody", [False, True])
def test_ctrl_c_ends_all_processes_after_the_step_and_saves(started, tmp_path, everybody):
    """Sent to the launcher alone, as `kill` does, or as by a terminal to all."""
    for process in [started, *(trainers(started) if everybody else [])]:
        process.send_signal(signal.SIGINT)
    out, said = started.communicate(timeout=90)
    assert started.returncode == 0, said
    assert "--resume continues" in out
    assert "Traceback" not in said
    _, card = load_checkpoint(tmp_path / "run" / "checkpoint.safetensors")
    assert card["steps"] >= 3
    lines = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    assert len(lines) == card["steps"]


def test_several_machines_need_a_place_to_meet():
    with pytest.raises(InputError, match="2 machines: give the same --rendezvous HOST:PORT"):
        launch(print, None, devices=1, nodes=2)


def test_a_torch_without_an_agent_is_named_before_a_process_starts(monkeypatch):
    monkeypatch.setattr(launching, "_NEEDED", {"shutdown_timeout", "no_such_option"})
    with pytest.raises(InputError, match=f"torch {re.escape(torch.__version__)} cannot watch"):
        launch(print, None, devices=2)


def test_devices_are_not_given_to_a_process_that_a_launcher_has_started(
    monkeypatch, tmp_path, capsys
):
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "0")
    assert run("train", "--out", tmp_path / "run", "--devices", "2") == 2
    assert "omit --devices and --nodes" in capsys.readouterr().err


def test_a_number_of_devices_is_one_or_more(tmp_path, capsys):
    assert "'0' is not a whole number of at least 1" in usage_error(
        capsys, "train", "--out", tmp_path, "--devices", "0"
    )
