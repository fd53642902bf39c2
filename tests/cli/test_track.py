"""Track: a video and boxes, from a usable first box only."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from roam_lite.data.boxes import read_boxes
from roam_lite.data.otb import write_sequence
from roam_lite.data.synthetic import synthesize
from tests.cli.commands import CLEAN, run


@pytest.mark.parametrize("box", ["500,10,20,20", "10,10,0,20", "nan,10,20,20"])
@pytest.mark.parametrize("tracker", ["roam++", "kcf"])
def test_an_unusable_box_is_bad_input(box, tracker, root, smoke, tmp_path, capsys):
    options = smoke if tracker == "roam++" else []
    arguments = ["--video", root / "A" / "img", "--box", box, "--boxes", tmp_path / "b.txt"]
    assert run("track", *arguments, "--tracker", tracker, *options) == 2
    assert "box" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_track_writes_a_video_and_boxes(root, smoke, tmp_path, capsys):
    video, boxes = tmp_path / "new" / "t.mp4", tmp_path / "t.txt"
    first = ",".join(map(str, read_boxes(root / "A" / "groundtruth_rect.txt")[0]))
    arguments = ["--video", root / "A" / "img", f"--box={first}", "--out", video, "--boxes", boxes]
    assert run("track", *arguments, *smoke) == 0
    assert "6 frames" in capsys.readouterr().err
    assert cv2.VideoCapture(str(video)).get(cv2.CAP_PROP_FRAME_COUNT) == 6
    assert read_boxes(boxes).shape == (6, 4)
    # What was written can be tracked in turn.
    assert run("track", "--video", video, f"--box={first}", "--boxes", tmp_path / "2", *smoke) == 0
    assert run("track", *arguments, *smoke) == 2
    assert run("track", *arguments, "--overwrite", *smoke) == 0


def test_a_truncated_image_is_reported_and_counts_as_lost(smoke, tmp_path, capsys):
    folder = write_sequence(tmp_path / "clip", synthesize(3, length=6, size=(160, 120)))
    image = folder / "img" / "0004.jpg"
    image.write_bytes(image.read_bytes()[:1000])
    first = ",".join(map(str, read_boxes(folder / "groundtruth_rect.txt")[0]))
    boxes = tmp_path / "boxes.txt"
    arguments = ["--video", folder / "img", f"--box={first}", "--boxes", boxes, *smoke]
    assert run("track", *arguments, "--out", tmp_path / "t.mp4") == 0
    said = capsys.readouterr().err
    assert "0004.jpg" in said
    assert "is counted as lost, and tracking continues" in said
    assert np.isfinite(read_boxes(boxes)).all()
    assert run("evaluate", "--root", tmp_path, "--sequences", "clip", *smoke) == 0
    assert "1 unreadable frame(s) counted as lost" in capsys.readouterr().err


def test_the_film_keeps_the_rate_of_the_video(statue, tmp_path):
    video, film = tmp_path / "a.avi", tmp_path / "film.mp4"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"MJPG"), 12.5, (64, 48))
    for level in range(6):
        writer.write(np.full((48, 64, 3), 40 * level, np.uint8))
    writer.release()
    arguments = ["--video", video, "--box", "10,10,20,20", "--tracker", statue, "--out", film]
    assert run("track", *arguments) == 0
    assert cv2.VideoCapture(str(film)).get(cv2.CAP_PROP_FPS) == 12.5
    assert run("track", *arguments, "--fps", "30", "--overwrite") == 0
    assert cv2.VideoCapture(str(film)).get(cv2.CAP_PROP_FPS) == 30


def test_depth_and_strangers_are_said_in_a_line(statue, tmp_path):
    frames = tmp_path / "frames"
    frames.mkdir()
    for name in ("1", "2", "3", "thumbnail"):
        image = np.full((48, 64), 4000, np.uint16)
        (frames / f"{name}.png").write_bytes(cv2.imencode(".png", image)[1].tobytes())
    arguments = ["--video", frames, "--box", "10,10,20,20", "--tracker", statue]
    command = [
        sys.executable,
        "-m",
        "roam_lite",
        "track",
        *arguments,
        "--boxes",
        tmp_path / "b.txt",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=CLEAN)
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("roam-lite track: ")]
    assert len(said) == 2
    assert "skipping thumbnail.png" in said[0]
    assert "first uses 12 bits" in said[1]
    assert len(read_boxes(tmp_path / "b.txt")) == 3
