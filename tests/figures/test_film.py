import resource
import signal

import cv2
import numpy as np
import pytest

from roam_lite.errors import InputError
from roam_lite.figures.film import follow, follow_steps, open_video
from tests.fakes import Follower, Statue, moving_square


def noise(height=48, width=64, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def read_frames(path):
    capture, frames = cv2.VideoCapture(str(path)), []
    while True:
        found, image = capture.read()
        if not found:
            return frames
        frames.append(image[..., ::-1])


def test_a_video_has_all_its_frames(tmp_path):
    with open_video(tmp_path / "a.mp4", fps=10) as film:
        for level in (40, 120, 200):
            film.append(np.full((47, 63, 3), (level, 0, 0), np.uint8))
        film.append(np.full((90, 30, 3), (250, 0, 0), np.uint8))  # another size is scaled
    frames = read_frames(tmp_path / "a.mp4")
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * 4
    assert [round(frame[..., 0].mean(), -1) for frame in frames] == [40, 120, 200, 250]
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("name", ["a.avi", "a"])
def test_a_video_of_another_name_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"use the suffix \.mp4"), open_video(tmp_path / name):
        pass


def test_a_failure_leaves_no_video(tmp_path):
    def film_two_frames():
        with open_video(tmp_path / "a.mp4") as film:
            film.append(noise())
            film.append(None)

    with pytest.raises(AttributeError):
        film_two_frames()
    assert list(tmp_path.iterdir()) == []


def film_noise(path):
    with open_video(path) as film:
        for seed in range(30):
            film.append(noise(240, 320, seed))


def test_a_full_disk_leaves_no_half_written_video(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OSError, match="is the disk full"):
            film_noise(tmp_path / "a.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []


def test_following_films_every_frame(tmp_path, capsys):
    sequence = moving_square(length=5, broken=(2,))
    run = follow(Follower(), sequence.frames, (10, 20, 16, 12), video=tmp_path / "a.mp4")
    assert run.boxes[-1].tolist() == [18, 20, 16, 12]
    assert run.unreadable == (2,)
    assert len(read_frames(tmp_path / "a.mp4")) == 5
    assert "a: frame 2" in capsys.readouterr().err


def test_following_without_a_film_writes_nothing(tmp_path):
    run = follow(Statue(), moving_square(length=3).frames, (10, 20, 16, 12), progress=False)
    assert run.boxes.shape == (3, 4)
    assert list(tmp_path.iterdir()) == []


def test_following_needs_a_finite_box():
    with pytest.raises(InputError, match="finite numbers"):
        follow(Statue(), moving_square().frames, (10, np.nan, 5, 5), progress=False)


def test_following_that_is_stopped_leaves_no_video(tmp_path):
    steps = follow_steps(
        Follower(), moving_square().frames, (10, 20, 16, 12), video=tmp_path / "a.mp4"
    )
    assert [next(steps).index for _ in range(3)] == [0, 1, 2]
    steps.close()
    assert list(tmp_path.iterdir()) == []
