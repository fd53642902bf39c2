"""The tracker stands alone: `make test-base` runs this in an environment built without extras.

A plain script, since pytest is one of the things that must not be there. Everything happens in a
temporary folder, so that the package and its weights come out of the wheel and not out of the clone.
"""

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import roam_lite
from roam_lite import load_tracker
from roam_lite.data.otb import read_sequence
from roam_lite.extras import EXTRAS

ROOT = Path(__file__).resolve().parents[1]
INSTALL = 'pip install "roam-lite[{}]"'


def command(*arguments: str, expect: int = 0) -> str:
    """Run `python -m roam_lite` and return what it printed and said."""
    print("roam-lite", *arguments, flush=True)
    line = [sys.executable, "-m", "roam_lite", *arguments]
    run = subprocess.run(line, capture_output=True, text=True, check=False)
    said = run.stdout + run.stderr
    assert run.returncode == expect, f"exit code {run.returncode}, not {expect}\n{said}"
    return said


def check_that_extras_are_absent() -> None:
    names = [*sum(EXTRAS.values(), ()), "IPython", "notebook", "pytest"]
    present = [name for name in names if find_spec(name)]
    assert not present, f"the base environment has {', '.join(present)}"
    assert "site-packages" in roam_lite.__file__, f"{roam_lite.__file__} is the clone"


def check_that_the_shipped_tracker_tracks() -> None:
    sequence = read_sequence("data_samples", "camera")
    tracker = load_tracker("laptop")
    tracker.init(sequence.frames[0], sequence.boxes[0])
    results = [tracker.update(sequence.frames[index]) for index in range(1, 10)]
    assert not any(result.lost for result in results)


def check_the_commands() -> None:
    doctor = command("doctor")
    assert "train lacks tensorboard" in doctor
    assert "course lacks matplotlib" in doctor

    command("synth", "--out", "rendered", "--count", "2", "--length", "12")
    (clip, _) = sorted(Path("rendered").iterdir())
    box = (clip / "groundtruth_rect.txt").read_text().split()[0]
    command("track", "--video", f"{clip}/img", f"--box={box}", "--out", "t.mp4", "--boxes", "t.txt")
    command("demo", "--root", "rendered")
    written = ("t.mp4", "t.txt", "demo_output/side_by_side.mp4", "demo_output/side_by_side.png")
    for name in written:
        assert Path(name).stat().st_size > 0, name

    for tracker in ("roam++", "csrt"):
        options = ["--root", "data_samples", "--sequences", "camera", "--tracker", tracker]
        assert "prec@20" in command("evaluate", *options, "--json", f"{tracker}.json")
    assert "1 sequence" in command("compare", "roam++.json", "csrt.json")
    command("report", "roam++.json", "csrt.json", "--out", "tables")
    assert "fps" in command("bench", "tracking", "--root", "rendered")


def check_that_what_is_missing_is_said_before_work_begins() -> None:
    before = sorted(Path().iterdir())
    plots = command("evaluate", "--root", "rendered", "--plots", "plots", expect=2)
    report = command("report", "rendered", "--root", "rendered", "--out", "report", expect=2)
    training = command("train", "--profile", "smoke", "--out", "run", expect=2)
    assert INSTALL.format("course") in plots
    assert INSTALL.format("course") in report
    assert INSTALL.format("train") in training
    assert sorted(Path().iterdir()) == before


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("data_samples").symlink_to(ROOT / "data_samples")
        check_that_extras_are_absent()
        check_that_the_shipped_tracker_tracks()
        check_the_commands()
        check_that_what_is_missing_is_said_before_work_begins()
        os.chdir(ROOT)
    print("the base environment tracks and evaluates")
