"""Frames decoded ahead are the frames themselves, in any order, errors included."""

import threading
import time

import numpy as np
import pytest

from roam_lite.data.ahead import DEPTH, ahead
from roam_lite.data.pixels import FrameError
from tests.fakes import moving_square


class Recorder:
    """Frames that remember who asked for which."""

    def __init__(self, length=20):
        self.length, self.asked, self.threads = length, [], set()

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        self.asked.append(index)
        self.threads.add(threading.current_thread().name)
        return np.full((2, 2, 3), index, np.uint8)


def test_frames_are_the_same_in_any_order():
    frames = moving_square(length=9).frames
    with ahead(frames) as early:
        assert len(early) == 9
        for index in (0, 1, 2, 5, 6, 3, 8, 8):
            np.testing.assert_array_equal(early[index], frames[index])


def test_a_few_frames_wait_for_the_caller_and_each_is_decoded_once():
    recorder = Recorder()
    with ahead(recorder) as early:
        early[0]
        deadline = time.monotonic() + 10
        while len(recorder.asked) < 1 + DEPTH and time.monotonic() < deadline:
            time.sleep(0.005)
        assert recorder.asked == list(range(1 + DEPTH))
        for index in range(1, len(recorder)):
            assert early[index][0, 0, 0] == index
    assert recorder.asked == list(range(len(recorder)))
    assert all(name.startswith("decoder") for name in recorder.threads)


def test_a_frame_that_cannot_be_read_fails_when_it_is_asked_for():
    with ahead(moving_square(length=6, broken=(2,)).frames) as early:
        assert early[1].shape == early[0].shape
        with pytest.raises(FrameError, match="frame 2"):
            early[2]
        assert early[3].shape == early[0].shape


def test_the_decoder_ends_with_the_context():
    before = threading.active_count()
    with ahead(Recorder()) as early:
        early[0]
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
