"""Files and folders are whole or not there; freed memory stays."""

import os
import platform
import subprocess
import sys

import pytest

from roam_lite.errors import InputError
from roam_lite.files import (
    check_outputs,
    refuse_twice,
    whole_file,
    whole_folder,
    write_atomically,
    write_together,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_with_the_folders_it_needs(tmp_path):
    write_atomically(tmp_path / "a" / "b.txt", b"content")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"content"
    assert names(tmp_path / "a") == ["b.txt"]


def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    write_atomically(path, b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file.txt"]


def test_nobody_sees_a_file_before_it_is_whole(tmp_path):
    path = tmp_path / "film.mp4"
    with whole_file(path) as temporary:
        temporary.write_bytes(b"half")
        assert not path.exists()
        assert temporary.suffix == ".mp4"
        assert temporary.name.startswith(".")
    assert path.read_bytes() == b"half"


def test_an_interrupt_takes_the_half_written_file_away(tmp_path):
    def interrupted():
        with whole_file(tmp_path / "film.mp4") as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names(tmp_path) == []


def test_a_failure_names_the_file_and_not_the_temporary_one(tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(OSError, match="directory") as error:
        write_atomically(tmp_path / "there", b"content")
    assert error.value.filename == str(tmp_path / "there")
    assert names(tmp_path) == ["there"]


def test_outputs_that_can_be_written_leave_no_trace(tmp_path):
    (tmp_path / "old").write_text("old")
    files = {"--a": tmp_path / "new" / "a", "--b": tmp_path / "b", "--c": "-", "--d": None}
    check_outputs(files, {"--e": tmp_path / "e" / "f", "--g": tmp_path, "--h": None})
    check_outputs({"--old": tmp_path / "old"}, overwrite=True)
    assert names(tmp_path) == ["old"]


def test_what_is_given_twice_is_found_however_it_is_spelled(tmp_path):
    refuse_twice([tmp_path / "a", tmp_path / "b"])
    with pytest.raises(InputError, match=r"b/\.\./a is given twice"):
        refuse_twice([tmp_path / "a", tmp_path / "b" / ".." / "a"])


def test_a_folder_appears_when_it_is_complete(tmp_path):
    with whole_folder(tmp_path / "results") as temporary:
        (temporary / "a.txt").write_text("a")
        assert not (tmp_path / "results").exists()
    assert names(tmp_path) == ["results"]
    assert names(tmp_path / "results") == ["a.txt"]


def test_an_existing_folder_is_refused_unless_it_may_be_replaced(tmp_path):
    results = tmp_path / "results"
    results.mkdir()
    (results / "old.txt").touch()
    with pytest.raises(InputError, match=r"results exists.*--overwrite"), whole_folder(results):
        pytest.fail("the folder was handed out")
    with whole_folder(results, overwrite=True) as temporary:
        (temporary / "new.txt").touch()
        assert names(results) == ["old.txt"]
    assert names(results) == ["new.txt"]
    assert names(tmp_path) == ["results"]


def test_a_failure_keeps_the_folder_that_was_to_be_replaced(tmp_path):
    results = tmp_path / "results"
    results.mkdir()
    (results / "old.txt").touch()
    with pytest.raises(OSError, match="full"), whole_folder(results, overwrite=True):
        raise OSError("full")
    assert names(results) == ["old.txt"]
    assert names(tmp_path) == ["results"]


def test_of_files_that_belong_together_none_is_new_where_one_does_not_fit(tmp_path, small_disk):
    paths = tmp_path / "weights", tmp_path / "card"
    write_together(dict.fromkeys(paths, b"old"))
    small_disk(1000)
    with pytest.raises(OSError, match="nothing new was written there") as error:
        write_together(dict(zip(paths, (b"new", b"x" * 5000), strict=True)))
    assert error.value.filename == str(paths[1])
    assert [path.read_bytes() for path in paths] == [b"old", b"old"]
    assert names(tmp_path) == ["card", "weights"]


def test_a_folder_that_does_not_fit_is_named_and_leaves_nothing(tmp_path, small_disk):
    small_disk(1000)
    with (
        pytest.raises(OSError, match="nothing new was written there") as error,
        whole_folder(tmp_path / "results") as temporary,
        open(temporary / "a", "wb") as file,
    ):
        file.write(b"x" * 5000)
    assert error.value.filename == str(tmp_path / "results")
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="asking for a process could end it")
def test_what_killed_processes_left_of_a_folder_is_removed_and_what_others_write_is_not(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    gone = [ended.pid, os.getpid()]
    for number in (*gone, os.getppid()):
        for kind in ("tmp", "old"):
            (tmp_path / f".results.{number}.{kind}").mkdir()
    (tmp_path / ".results.mine.tmp").mkdir()
    with whole_folder(tmp_path / "results"):
        here = names(tmp_path)
        assert f".results.{ended.pid}.tmp" not in here
        assert f".results.{ended.pid}.old" in here  # perhaps all that there is
    other = os.getppid()
    left = [f".results.{other}.old", f".results.{other}.tmp", ".results.mine.tmp", "results"]
    assert names(tmp_path) == sorted(left)


def test_memory_is_kept_where_the_c_library_can():
    """In a process of its own, because it cannot be undone."""
    program = "from roam_lite.memory import keep_freed_memory; print(keep_freed_memory())"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == str(platform.libc_ver()[0] == "glibc")


def test_other_c_libraries_are_left_alone(monkeypatch):
    from roam_lite.memory import keep_freed_memory

    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert keep_freed_memory() is False
