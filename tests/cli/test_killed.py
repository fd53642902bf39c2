"""Commands that are killed at any moment leave whole files or none, and what was finished is kept."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from random import Random

import cv2
import pytest

from roam_lite.data.boxes import read_boxes
from tests import trees
from tests.cli.commands import CLEAN, run

KILLS, LENGTH = 20, 12
NAMES = tuple("ABCD")
SLOW = """
import time


class Slow:
    def init(self, image, box):
        self.box = box

    def update(self, image):
        time.sleep({delay})
        return self.box
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Four sequences and, in the current folder, a tracker that never moves its box."""
    for name in NAMES:
        trees.otb(tmp_path / "data", name, LENGTH)
    (tmp_path / "slow.py").write_text(SLOW.format(delay=0.02))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("slow", None)


def start(arguments):
    code = f"import sys; from roam_lite.cli import main; sys.exit(main({arguments}))"
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": CLEAN}
    return subprocess.Popen([sys.executable, "-c", code], start_new_session=True, **options)


def killed(arguments, chance, longest):
    """Run a command that is killed, its children too, after some seconds; whether it was done before."""
    process = start(arguments)
    try:
        return process.wait(timeout=chance.uniform(0.2, 1) * longest) == 0
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False


def timed(arguments):
    began = time.monotonic()
    assert start(arguments).wait(timeout=200) == 0
    return time.monotonic() - began


def visible(folder):
    """Files that are taken for results: all but hidden ones."""
    return {path for path in folder.rglob("*") if path.is_file() and path.name[0] != "."}


def scores(path):
    """A report without its speeds, which no two runs share."""
    report = json.loads(path.read_text())
    entries = [report["mean"], *report["sequences"].values()]
    return [{key: value for key, value in entry.items() if key != "fps"} for entry in entries]


@pytest.mark.long
def test_a_killed_evaluation_leaves_whole_results_that_are_taken_over(place, capsys):
    def command(folder):
        return [
            "evaluate", "--root", "data", "--tracker", "slow:Slow", "--workers", "1",
            "--results", f"{folder}/r", "--json", f"{folder}/x.json", "--overwrite",
        ]  # fmt: skip

    chance, resumed = Random(0), 0
    longest = timed(command("whole"))
    expected = scores(place / "whole" / "x.json")
    for kill in range(KILLS):
        folder = place / f"killed{kill}"
        done = killed(command(folder.name)[:-1], chance, longest)
        json_file = folder / "x.json"
        assert json_file.exists() or not done
        assert not json_file.exists() or scores(json_file) == expected
        finished = [
            path for path in visible(folder) if path.stem in NAMES and path.suffix == ".txt"
        ]
        stamps = {path: path.stat().st_mtime_ns for path in finished}
        for path in finished:
            assert len(read_boxes(path)) == LENGTH
        for path in visible(folder):
            if path.suffix == ".json":
                json.loads(path.read_text())
        json_file.unlink(missing_ok=True)
        assert run(*command(folder.name)[:-1]) == 0
        resumed += 0 < len(finished) < len(NAMES)
        # A sequence whose boxes were kept but whose times or note were not is tracked again.
        kept = [path for path, stamp in stamps.items() if path.stat().st_mtime_ns == stamp]
        assert len(kept) >= len(finished) - 1
        assert scores(json_file) == expected
    assert resumed > 0
    capsys.readouterr()


@pytest.mark.long
def test_a_killed_track_leaves_its_files_whole_or_not_at_all(place):
    def command(folder):
        return [
            "track", "--video", "data/A/img", "--box", "10,20,16,12", "--tracker", "slow:Slow",
            "--out", f"{folder}/x.mp4", "--boxes", f"{folder}/x.txt",
        ]  # fmt: skip

    chance, longest = Random(1), timed(command("whole"))
    for kill in range(KILLS):
        folder = place / f"killed{kill}"
        killed(command(folder.name), chance, longest)
        found = visible(folder)
        assert {path.name for path in found} <= {"x.mp4", "x.txt"}
        for path in found:
            whole = place / "whole" / path.name
            if path.suffix == ".txt":
                assert path.read_bytes() == whole.read_bytes()
            else:
                count = cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT)
                assert count == LENGTH
        assert run(*command(folder.name), "--overwrite") == 0
        assert (folder / "x.txt").read_bytes() == (place / "whole" / "x.txt").read_bytes()


@pytest.mark.long
def test_a_killed_report_leaves_each_file_whole_or_as_it_was(place):
    for name in ("ECO", "KCF"):
        (place / name).mkdir()
        for sequence in NAMES:
            shutil.copy(
                place / "data" / sequence / "groundtruth_rect.txt", place / name / f"{sequence}.txt"
            )

    def command(folder):
        return ["report", "ECO", "KCF", "--root", "data", "--out", folder]

    chance, longest = Random(2), timed(command("whole"))
    expected = {path.name: path.read_bytes() for path in visible(place / "whole")}
    for kill in range(KILLS):
        folder = place / f"killed{kill}"
        folder.mkdir()
        if kill % 2:  # an older report is replaced file by file
            for name in expected:
                (folder / name).write_bytes(b"older")
        killed(command(folder.name), chance, longest)
        for path in visible(folder):
            assert path.read_bytes() in (expected[path.name], b"older")
    assert run(*command("killed0")) == 0
    assert {path.name: path.read_bytes() for path in visible(place / "killed0")} == expected
