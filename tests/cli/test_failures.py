"""What no command can help: full disks, interruptions, missing devices, readers that leave early."""

import errno
import os
import re
import subprocess
import sys

import pytest

from tests.cli.commands import CLEAN, COMMANDS, TRAIN, run


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
    told = "No space left on device; nothing new was written there"
    assert re.fullmatch(rf"roam-lite evaluate: /.+: {told}", line)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_disk_that_fills_up_keeps_the_results_that_are_written_and_is_named(
    root, tmp_path, monkeypatch, capsys
):
    def full(source, target, replace=os.replace):
        if str(target).endswith("B.txt"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    command = ["evaluate", "--root", root, "--tracker", "kcf", "--results", tmp_path / "r"]
    with monkeypatch.context() as patch:
        patch.setattr("os.replace", full)
        assert run(*command) == 1
    *_, line = capsys.readouterr().err.splitlines()
    assert re.search(r"/B\.txt: No space left on device; nothing new was written there$", line)
    (kept,) = tmp_path.rglob("*A.txt")
    stamp = kept.stat().st_mtime_ns
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]
    assert run(*command) == 0
    assert kept.stat().st_mtime_ns == stamp


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


@pytest.fixture
def broken(monkeypatch):
    """A command with a fault of the program's."""

    def fail(*_arguments, **_options):
        error = ZeroDivisionError("division\nby zero")
        error.add_note("frame 3 of A")
        raise error

    monkeypatch.setattr("roam_lite.evaluation.running.engine.run_benchmark", fail)


def test_an_unexpected_error_is_one_line_with_a_hint_and_an_exit_code_of_its_own(
    broken, root, tmp_path, capsys
):
    place = tmp_path / "new" / "x.json"
    assert run("evaluate", "--root", root, "--tracker", "kcf", "--json", place) == 3
    said = capsys.readouterr().err
    assert said == (
        "roam-lite evaluate: unexpected ZeroDivisionError: division by zero, frame 3 of A; "
        "this is a bug in the program; --debug shows where\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("before", [True, False])
def test_debug_shows_the_traceback_before_or_behind_the_command(before, broken, root, capsys):
    arguments = ["evaluate", "--root", root, "--tracker", "kcf"]
    arguments = ["--debug", *arguments] if before else [*arguments, "--debug"]
    assert run(*arguments) == 3
    said = capsys.readouterr().err
    assert said.startswith("Traceback (most recent call last)")
    assert "in fail" in said
    assert said.splitlines()[-1].startswith("roam-lite evaluate: unexpected ZeroDivisionError")


def test_debug_shows_tracebacks_of_bad_input_too(capsys):
    assert run("compare", "none.json", "--debug") == 2
    assert "in read_report" in capsys.readouterr().err


def test_no_memory_left_is_a_failure(monkeypatch, root, capsys):
    def full(*_arguments, **_options):
        raise MemoryError

    monkeypatch.setattr("roam_lite.evaluation.running.engine.run_benchmark", full)
    assert run("evaluate", "--root", root, "--tracker", "kcf") == 1
    assert capsys.readouterr().err.strip() == "roam-lite evaluate: out of memory"


def test_every_help_names_the_option_and_the_exit_code(capsys):
    for command in ([], *([name] for name in COMMANDS)):
        with pytest.raises(SystemExit):
            run(*command, "--help")
        said = " ".join(capsys.readouterr().out.split())
        assert "--debug" in said
        assert "exit code 3" in said


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
