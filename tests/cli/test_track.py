"""Track: a video and boxes, from a usable first box only."""

import cv2
import numpy as np
import pytest

from roam_lite.data.boxes import read_boxes
from roam_lite.data.otb import write_sequence
from roam_lite.data.synthetic import synthesize
from tests.cli.commands import run


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
    assert "counts as lost, tracking continues" in said
    assert np.isfinite(read_boxes(boxes)).all()
    assert run("evaluate", "--root", tmp_path, "--sequences", "clip", *smoke) == 0
    assert "1 unreadable frame(s) count as lost" in capsys.readouterr().err
