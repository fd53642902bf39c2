"""What stops training from outside: full disks and memory, damaged images, data that moves away."""

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from roam_lite.checkpoints import load_checkpoint
from roam_lite.profiles import get_profile
from roam_lite.training import Trainer
from roam_lite.training.faults import explained, memory_advice
from roam_lite.training.loader import MOST_SKIPPED
from tests import trees
from tests.cli.commands import run

GPU_FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nGPU 0 has")
STAGES = get_profile("laptop").training.stages


@pytest.fixture
def data(tmp_path):
    return trees.otb(trees.otb(tmp_path / "data", "A", 30), "B", 30)


@pytest.fixture
def train(data):
    def run_command(out, *options, steps=2, code=0, place=data):
        command = ["train", "--profile", "smoke", "--workers", "0", "--data", f"otb:{place}"]
        assert run(*command, "--steps", steps, "--out", out, *options) == code

    return run_command


def contents(out):
    return {path.name: path.read_bytes() for path in out.glob("checkpoint.*")}


def step_of(out):
    with safe_open(out / "state.safetensors", framework="pt") as file:
        return json.loads(file.metadata()["meta"])["step"]


def last_line(capsys):
    return capsys.readouterr().err.splitlines()[-1]


# Memory


@pytest.fixture
def out_of_memory(monkeypatch):
    """Training steps run out of memory from the given one on, counted from 0."""

    def begin(first, patch=monkeypatch, error=GPU_FULL):
        def step(self, *arguments, taken=Trainer._train_step):
            if self.step >= first:
                raise error
            return taken(self, *arguments)

        patch.setattr(Trainer, "_train_step", step)

    return begin


def test_out_of_memory_is_one_line_with_the_setting_to_lower(
    tmp_path, train, out_of_memory, capsys
):
    out_of_memory(0)
    train(tmp_path / "run", code=1)
    assert re.fullmatch(
        "roam-lite train: out of memory in stage first_step with 2 clips of 1 update; half the clips "
        "need about half as much: give --batch 1 and another --out; "
        f"no state has been saved in {tmp_path}/run yet",
        last_line(capsys),
    )


def test_a_run_that_had_no_memory_left_keeps_its_state_and_goes_on_as_advised(
    tmp_path, config, data, train, out_of_memory, monkeypatch
):
    out = tmp_path / "run"
    again = config(save_interval=2, data=f"otb:{data}")
    trainer = Trainer(again)
    with monkeypatch.context() as patch:
        out_of_memory(5, patch)
        with pytest.raises(MemoryError) as error, explained(trainer):
            list(trainer.run())
    said = str(error.value)
    assert "stage closed_loop with 2 clips of 3 updates" in said
    assert said.endswith(f"; the state of step 4 is saved in {out}")
    load_checkpoint(out / "checkpoint.safetensors")
    advised = re.search("(--batch .*) and another --out, and, .*, (--init .*); ", said).groups()
    train(tmp_path / "other", *" ".join(advised).split(), steps=2)
    card = json.loads((tmp_path / "other" / "checkpoint.json").read_text())
    assert [(stage["name"], stage["batch"]) for stage in card["stages"]] == [("closed_loop", 1)]
    list(Trainer(again, resume=True).run())  # where there is more memory
    assert step_of(out) == 8


def test_the_main_memory_is_told_like_a_devices_and_other_errors_are_not(
    tmp_path, train, out_of_memory, capsys
):
    out_of_memory(0, error=RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"))
    train(tmp_path / "run", code=1)
    assert "out of memory in stage first_step with 2 clips of 1 update; " in last_line(capsys)
    out_of_memory(0, error=RuntimeError("shapes do not match"))
    train(tmp_path / "other", code=3)
    assert "unexpected RuntimeError: shapes do not match" in last_line(capsys)


def test_the_advice_is_half_of_the_clips_and_what_is_in_use_is_said(tmp_path):
    said = memory_advice(STAGES[-1:], tmp_path, used=70.04, total=79.2)
    assert "stage closed_loop with 8 clips of 24 updates, 70.0 of 79.2 GiB in use" in said
    assert "give --batch 4 and another --out" in said
    assert "--init" not in said
    (tmp_path / "checkpoint.safetensors").touch()
    assert "--stages sizes,closed_loop" in memory_advice(STAGES[-2:], tmp_path)


# Disks


@pytest.mark.parametrize("most", [40_000, 200])
def test_a_full_disk_names_the_file_and_keeps_the_last_state_and_checkpoint(
    most, tmp_path, config, data, small_disk
):
    """One that has no place for a state, and one that has none for a line of the log either."""
    out = tmp_path / "run"
    trainer = Trainer(config(save_interval=2, data=f"otb:{data}"))
    steps = trainer.run()
    for _ in range(3):
        next(steps)
    before = contents(out)
    state = (out / "state.safetensors").read_bytes()
    assert len(state) > 40_000
    small_disk(most)
    with pytest.raises(OSError, match="File too large") as error, explained(trainer):
        for _ in steps:
            pass
    file = "state.safetensors" if most > 200 else "log.jsonl"
    assert Path(error.value.filename).name in (file, "run")
    assert (
        f"free some space; the state of step 2 is saved in {out}; --resume" in error.value.strerror
    )
    assert contents(out) == before
    assert (out / "state.safetensors").read_bytes() == state
    load_checkpoint(out / "checkpoint.safetensors")


def test_on_the_command_line_a_full_disk_is_one_line_and_the_run_ends_as_without_it(
    tmp_path, train, small_disk, capsys
):
    train(tmp_path / "whole", steps=4)
    small_disk(40_000)
    train(tmp_path / "run", steps=4, code=1)
    said = last_line(capsys)
    file = tmp_path / "run" / "state.safetensors"
    assert said.startswith(
        f"roam-lite train: {file}: File too large; nothing new was written there; "
    )
    assert (
        f"no state has been saved in {tmp_path}/run yet; --resume starts at the first step" in said
    )
    small_disk(10**9)
    train(tmp_path / "run", "--resume", steps=4)
    assert (
        contents(tmp_path / "run")["checkpoint.safetensors"]
        == (contents(tmp_path / "whole")["checkpoint.safetensors"])
    )
    assert not list((tmp_path / "run").glob(".*"))


# Data


def break_images(folder, first):
    for path in sorted(folder.iterdir())[first:]:
        path.unlink()
        path.write_bytes(b"no image")


@pytest.mark.parametrize("workers", [0, pytest.param(1, marks=pytest.mark.long)])
def test_images_damaged_in_mid_training_are_named_counted_and_passed_over_up_to_a_limit(
    workers, tmp_path, config, data, train, capfd
):
    """Where nothing else is left the run ends, and keeps what it has learned until then."""
    out = tmp_path / "run"

    def go_on(count, resume=True):
        steps = Trainer(config(data=f"otb:{data}", workers=workers), resume=resume).run()
        for _ in range(count):
            next(steps)
        steps.close()
        return capfd.readouterr().err

    assert "skipped" not in go_on(2, resume=False)
    break_images(data / "B" / "img", 1)  # the first is looked at before training
    assert re.search(
        r"clip skipped \(1 in this process so far\): frame \d+ \(.*/B/img/.*: not an image",
        go_on(4),
    )
    before = contents(out)
    break_images(data / "A" / "img", 1)
    train(out, "--resume", "--workers", workers, steps=8, code=2)
    assert f"train: {MOST_SKIPPED} clips in a row were unusable, the last " in last_line(capfd)
    assert step_of(out) == 6
    assert contents(out)["checkpoint.safetensors"] == before["checkpoint.safetensors"]


def test_a_run_whose_data_moved_is_resumed_by_naming_the_new_place(
    tmp_path, config, data, train, capsys
):
    out = tmp_path / "run"
    train(tmp_path / "whole", steps=4)
    steps = Trainer(config(data=f"otb:{data}", steps=4)).run()
    for _ in range(3):
        next(steps)
    steps.close()
    data.rename(tmp_path / "moved")
    train(out, "--resume", steps=4, code=2)
    said = last_line(capsys)
    assert f"{data}: no such folder" in said
    assert f"began with --data otb:{data}; if that has moved, resume with its new place" in said
    train(out, "--resume", steps=4, place=tmp_path / "moved")
    assert (
        contents(out)["checkpoint.safetensors"]
        == (contents(tmp_path / "whole")["checkpoint.safetensors"])
    )
