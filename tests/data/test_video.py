"""Video files and folders of images open as frames."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from roam_lite.data.pixels import FrameError
from roam_lite.data.video import VideoFrames, open_frames
from roam_lite.errors import InputError, InputWarning


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Thirty frames, each of a gray of its own, red in the left half."""
    path = tmp_path_factory.mktemp("video") / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for level in range(30):
        image = np.full((48, 64, 3), level * 8, np.uint8)
        image[:, :32, 2] = 255
        writer.write(image)
    writer.release()
    return path


def level(image: np.ndarray) -> int:
    return round(float(image[:, 40:].mean()) / 8)


def test_frames_of_a_video_in_any_order(film):
    frames = open_frames(film)
    assert len(frames) == 30
    order = [0, 1, 7, 3, 29, 28, 0, -1]
    assert [level(frames[i]) for i in order] == [0, 1, 7, 3, 29, 28, 0, 29]
    assert frames[5].dtype == np.uint8
    assert frames[5][10, 5, 0] > 200  # red first
    with pytest.raises(IndexError):
        frames[30]


def test_few_frames_of_a_video_are_kept(film):
    frames = VideoFrames(film)
    assert sum(frames[i].nbytes for i in range(30)) > 16 * frames[0].nbytes
    assert len(frames._kept) == 16


def test_recent_frame_comes_from_memory(film):
    frames = open_frames(film)
    assert frames[4] is frames[4]


def test_video_whose_frame_vanishes_is_named(film, tmp_path):
    copy = tmp_path / "copy.avi"
    copy.write_bytes(film.read_bytes())
    frames = open_frames(copy)
    frames._length = 40  # as if the file had been cut since it was opened
    with pytest.raises(FrameError, match=r"frame 35 of .*copy\.avi"):
        frames[35]


def test_the_rate_of_a_video_is_known(film):
    assert open_frames(film).fps == 25


def test_a_video_that_was_cut_says_how_many_frames_are_left(film, tmp_path):
    cut = tmp_path / "cut.avi"
    cut.write_bytes(film.read_bytes()[: film.stat().st_size * 2 // 3])
    with pytest.warns(InputWarning, match=r"cut\.avi: \d+ of 30 frames can be decoded"):
        assert 10 < len(open_frames(cut)) < 30


def test_frames_of_which_the_decoder_complains_are_said(tmp_path):
    path = tmp_path / "film.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25, (320, 240))
    noise = np.random.default_rng(0).integers(0, 255, (240, 400, 3), dtype=np.uint8)
    for shift in range(20):
        writer.write(np.ascontiguousarray(cv2.blur(noise, (5, 5))[:, shift : shift + 320]))
    writer.release()
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3000] = bytes(np.random.default_rng(1).bytes(3000))
    path.write_bytes(data)
    with pytest.warns(
        InputWarning, match=r"\d+ of 20 frames .* about \d+ of them damaged \(\[mpeg4"
    ):
        list(open_frames(path))


def test_repeated_and_blank_frames_are_counted(tmp_path):
    path = tmp_path / "still.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), 25, (64, 48))
    noise = np.random.default_rng(0).integers(0, 255, (2, 48, 64, 3), dtype=np.uint8)
    for image in (noise[0], noise[0], noise[1], np.zeros_like(noise[0])):
        writer.write(image)
    writer.release()
    frames = open_frames(path)
    list(frames)
    assert frames.doubts() == ", 1 identical to the one before, 1 of a single color"


def test_a_name_that_is_no_utf_8_is_refused_where_opencv_would_crash(film, tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.avi"))
    path.write_bytes(film.read_bytes())
    with pytest.raises(InputError, match=r"caf.*not UTF-8"):
        open_frames(path)


def test_images_whose_names_are_no_utf_8_are_read(tmp_path):
    for number in (1, 2):
        name = os.fsencode(tmp_path) + b"/caf\xe9%d.png" % number
        Path(os.fsdecode(name)).write_bytes(
            cv2.imencode(".png", np.zeros((8, 8), np.uint8))[1].tobytes()
        )
    assert open_frames(tmp_path)[1].shape == (8, 8, 3)


def test_video_without_frames_is_refused(tmp_path):
    path = tmp_path / "empty.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    writer.release()
    with pytest.raises(InputError, match=r"empty\.avi"):
        open_frames(path)


def test_video_with_a_header_and_no_frames_is_refused(film, monkeypatch):
    class Header:
        def __init__(self, path):
            self.path = path

        def isOpened(self):
            return True

        def get(self, what):
            return 0.0

        def grab(self):
            return False

    monkeypatch.setattr(cv2, "VideoCapture", Header)
    with pytest.raises(InputError, match=r"film\.avi: no frames"):
        open_frames(film)


@pytest.mark.parametrize("content", [b"", b"this is no video" * 50])
def test_file_that_is_no_video_is_refused(tmp_path, content):
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"film\.mp4: not a video"):
        open_frames(path)


def test_images_of_a_folder_come_in_natural_order(tmp_path):
    for number in (10, 9, 1):
        cv2.imwrite(str(tmp_path / f"frame{number}.png"), np.full((8, 8), number, np.uint8))
    (tmp_path / "notes.txt").write_text("no image")
    frames = open_frames(tmp_path)
    assert [int(frame[0, 0, 0]) for frame in frames] == [1, 9, 10]


def test_nothing_to_open_is_said(tmp_path):
    with pytest.raises(InputError, match="no images"):
        open_frames(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        open_frames(tmp_path / "nowhere.mp4")
    cv2.imwrite(str(tmp_path / "one.png"), np.zeros((8, 8), np.uint8))
    with pytest.raises(InputError, match="single image"):
        open_frames(tmp_path / "one.png")
