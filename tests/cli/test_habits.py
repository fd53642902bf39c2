"""Habits of a command line: values that look like options, consoles, signals, options that mean nothing."""

import io
import signal
import subprocess
import sys
import time

import pytest

from roam_lite.cli.main import _attached
from roam_lite.data.otb import read_boxes
from roam_lite.data.pixels import read_image
from roam_lite.data.sources import source_words
from roam_lite.errors import InputWarning
from tests.cli.commands import CLEAN, run


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (["track", "--box", "-5,1,2,3", "--overwrite"], ["track", "--box=-5,1,2,3", "--overwrite"]),
        (["track", "--box", "-.5,1,2,3"], ["track", "--box=-.5,1,2,3"]),
        (["--box=-5,1,2,3"], ["--box=-5,1,2,3"]),
        (["--json", "-", "FILE"], ["--json", "-", "FILE"]),
        (["--lr", "-1"], ["--lr", "-1"]),
        (["--overwrite", "--json"], ["--overwrite", "--json"]),
    ],
)
def test_boxes_that_begin_with_a_minus_are_values(given, seen):
    assert list(_attached(given)) == seen


def test_a_box_may_begin_outside_the_image(root, statue, tmp_path):
    frames, out = root / "A" / "img", tmp_path / "boxes.txt"
    arguments = ["--video", frames, "--box", "-5,2,17,12", "--tracker", statue, "--boxes", out]
    assert run("track", *arguments) == 0
    assert read_boxes(out)[0].tolist() == [-5, 2, 17, 12]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["synth", "--samples", "x", "--seed", "3"], "omit --count, --seed, --length, --challe"),
        (
            ["evaluate", "--root", ".", "--split", "val", "--sequences", "A"],
            "--split and --sequences both choose",
        ),
        (
            ["track", "--video", ".", "--box", "1,1,9,9", "--boxes", "x", "--fps", "5"],
            "or omit --fps",
        ),
    ],
)
def test_options_that_mean_nothing_are_refused(arguments, message, capsys):
    assert run(*arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("synthetic,otb:/a,b/c*2,collage:photographs", ["synthetic", "otb:/a,b/c*2", "collage:photographs"]),
        (" synthetic , vot:x,,", ["synthetic", "vot:x"]),
        ("otb:a,synthetic*3", ["otb:a", "synthetic*3"]),
        ("otb:films,synthetic ones", ["otb:films,synthetic ones"]),
    ],
)  # fmt: skip
def test_commas_in_paths_part_nothing(text, words):
    assert source_words(text) == words


def test_a_console_that_lacks_a_character_shows_its_code(monkeypatch, tmp_path):
    console = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stderr", console)
    assert run("evaluate", "--root", tmp_path / "vidéo") == 2
    console.flush()
    assert b"vid\\xe9o: no such folder" in console.buffer.getvalue()


def test_a_missing_library_is_a_failure_that_names_doctor(monkeypatch, root, capsys):
    def broken(*_arguments, **_options):
        raise ImportError("libGL.so.1: cannot open shared object file")

    monkeypatch.setattr("roam_lite.evaluation.running.engine.run_benchmark", broken)
    assert run("evaluate", "--root", root, "--tracker", "kcf") == 1
    assert "libGL.so.1: cannot open shared object file; roam-lite doctor" in capsys.readouterr().err


def test_doctor_survives_what_it_examines(monkeypatch, capsys):
    monkeypatch.delattr("cv2.__version__")
    assert run("doctor") == 1
    told = capsys.readouterr().out
    assert "MISS  opencv      AttributeError" in told
    assert "samples" in told


def test_sigterm_ends_like_ctrl_c_and_leaves_nothing_half_written(root, tmp_path):
    (tmp_path / "slow.py").write_text(
        "import time\nclass Slow:\n    def init(self, image, box):\n        self.box = box\n"
        "    def update(self, image):\n        time.sleep(0.5)\n        return self.box\n"
    )
    out = tmp_path / "boxes.txt"
    words = ["--video", root / "A" / "img", "--box", "5,5,9,9", "--tracker", "slow:Slow"]
    command = [sys.executable, "-m", "roam_lite", "track", *words, "--boxes", out]
    log = tmp_path / "log"
    with open(log, "w") as said:
        process = subprocess.Popen(command, cwd=tmp_path, env=CLEAN, stderr=said)
    deadline = time.monotonic() + 60
    while "frame/s" not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 1
    assert "roam-lite track: interrupted" in log.read_text()
    assert sorted(path.name for path in tmp_path.glob("*boxes*")) == []


def test_a_doubt_about_the_box_is_said_once(root, statue, tmp_path):
    image = read_image(root / "A" / "img" / "0001.jpg")
    height, width = image.shape[:2]
    # Of two corners the second would lie right of and below the first, inside the image.
    corners = f"{width // 2},{height // 2},{width - 2},{height - 2}"
    arguments = ["--box", corners, "--tracker", statue, "--boxes", tmp_path / "boxes.txt"]
    with pytest.warns(InputWarning) as said:
        assert run("track", "--video", root / "A" / "img", *arguments) == 0
    assert sum("two corners?" in str(warning.message) for warning in said) == 1
