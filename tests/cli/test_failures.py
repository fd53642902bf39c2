"""What no command can help: full disks, interruptions, missing devices, readers that leave early."""

import errno
import os
import subprocess
import sys

import pytest

from tests.cli.commands import CLEAN, TRAIN, run


@pytest.mark.parametrize("output", ["--json", "--results", "--plots"])
def test_no_space_left_is_a_failure_without_half_written_files(
    output, root, tmp_path, monkeypatch, capsys
):
    def full(*_arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    monkeypatch.setattr("os.replace", full)
    assert run("evaluate", "--root", root, "--tracker", "kcf", output, tmp_path / "new" / "x") == 1
    *_, line = capsys.readouterr().err.splitlines()
    assert line == "roam-lite evaluate: No space left on device"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_failure_names_the_file(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run("synth", "--out", tmp_path / "file" / "x", "--length", "1") == 1
    assert f"{tmp_path / 'file'}" in capsys.readouterr().err


def test_ctrl_c_elsewhere_is_a_failure_without_traceback(monkeypatch, root, capsys):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("roam_lite.evaluation.running.engine.run_benchmark", interrupted)
    assert run("evaluate", "--root", root, "--tracker", "kcf") == 1
    assert capsys.readouterr().err.strip() == "roam-lite evaluate: interrupted"


def test_cuda_where_there_is_none_is_bad_input(root, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert run(*TRAIN, "--out", tmp_path / "run", "--device", "cuda") == 2
    assert "give cpu or auto" in capsys.readouterr().err
    assert run("evaluate", "--root", root, "--device", "cuda") == 2
    assert "give cpu or auto" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_crash(root):
    code = "import sys; from roam_lite.cli import main; sys.exit(main(['doctor']))"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=CLEAN,
    )
    process.stdout.close()
    _, errors = process.communicate(timeout=80)
    assert process.returncode == 1
    assert b"Traceback" not in errors
