"""Demo: four ways to track, in a table, a video and a picture."""

import re

import cv2
import numpy as np

from roam_lite.data.otb import write_sequence
from roam_lite.data.synthetic import synthesize
from tests.cli.commands import run


def test_demo_shows_four_ways_in_table_video_and_picture(root, smoke, tmp_path, capsys):
    out = tmp_path / "demo_output"
    assert run("demo", "--root", root, "--out", out, *smoke) == 0
    output = capsys.readouterr().out
    for title in ("ROAM++", "ROAM", "ROAM++ with SGD", "ROAM++, no update"):
        assert re.search(rf"^{re.escape(title)} +0\.\d{{3}} +[01]\.\d{{3}} +\d", output, re.M)
    for name in ("side_by_side.mp4", "side_by_side.png"):
        assert f"wrote {(out / name).resolve()}" in output
    assert cv2.VideoCapture(str(out / "side_by_side.mp4")).get(cv2.CAP_PROP_FRAME_COUNT) == 12
    sheet = cv2.imread(str(out / "side_by_side.png"))
    assert sheet.shape == (2 * (120 + 22), 4 * 160, 3)


def test_demo_shows_the_frame_before_one_that_cannot_be_read(smoke, tmp_path, capsys):
    folder = write_sequence(tmp_path / "in" / "clip", synthesize(4, length=4, size=(160, 120)))
    (folder / "img" / "0003.jpg").write_bytes(b"")
    assert run("demo", "--root", tmp_path / "in", "--out", tmp_path / "out", *smoke) == 0
    assert "counted as lost" in capsys.readouterr().err
    video = cv2.VideoCapture(str(tmp_path / "out" / "side_by_side.mp4"))
    _, second, third = (video.read()[1].astype(int) for _ in range(3))
    assert np.abs(second[40:60] - third[40:60]).mean() < 5  # the boxes may differ
