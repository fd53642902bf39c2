"""Unusual video is what it says, its boxes still on the target, and long runs are reported whole."""

import re

import numpy as np
import pytest

from roam_lite.evaluation import conditions
from roam_lite.evaluation.conditions import CONDITIONS, conditions_table, long_run


class Still:
    """A tracker that never moves."""

    def init(self, image, box):
        self.box = box

    def update(self, image):
        return self.box


@pytest.mark.parametrize(
    ("name", "side"), [("targets of 12 px", 12), ("targets of 500 px", 500), ("gray", None)]
)
def test_targets_have_the_size_that_the_condition_says(name, side):
    sequence = CONDITIONS[name](1)
    plain = CONDITIONS["as trained"](1)
    side = side or np.sqrt(plain.boxes[0, 2:].prod())
    assert np.sqrt(sequence.boxes[0, 2:].prod()) == pytest.approx(side, rel=0.02)
    # The frame grows with the box: the target's place in it stays.
    for index in (0, 30):
        height, width = sequence.frames[index].shape[:2]
        place = sequence.boxes[index] / [width, height, width, height]
        reference = plain.boxes[index] / [320, 240, 320, 240]
        np.testing.assert_allclose(place, reference, atol=0.01)


def test_gray_has_one_channel_and_low_light_is_dark():
    assert CONDITIONS["gray"](0).frames[3].ndim == 2
    plain, dark = CONDITIONS["as trained"](0), CONDITIONS["low light"](0)
    assert dark.frames[3].mean() == pytest.approx(plain.frames[3].mean() / 8, rel=0.1)
    np.testing.assert_array_equal(dark.frames[3], dark.frames[3])


def test_ultra_hd_surrounds_the_same_picture():
    plain, wide = CONDITIONS["as trained"](2), CONDITIONS["3840 x 2160"](2)
    frame = wide.frames[5]
    assert frame.shape == (2160, 3840, 3)
    x, y = (wide.boxes[5, :2] - plain.boxes[5, :2]).astype(int)
    np.testing.assert_array_equal(frame[y : y + 240, x : x + 320], plain.frames[5])


def test_one_a_second_skips_frames_and_their_boxes():
    slow = CONDITIONS["1 frame per second"](0)
    whole = conditions._plain(0, length=500)
    assert len(slow) == 20
    np.testing.assert_array_equal(slow.boxes[2], whole.boxes[50])
    np.testing.assert_array_equal(slow.frames[2], whole.frames[50])


def test_the_table_has_a_row_a_condition():
    rows = conditions_table(Still, 1).splitlines()[1:]
    assert [row[:20].strip() for row in rows] == list(CONDITIONS)
    assert all(0 <= float(row[20:].split()[0]) <= 1 for row in rows)


def test_a_long_run_reports_every_block():
    header, *lines = long_run(Still, frames=40, blocks=4)
    assert header.split()[0] == "frames"
    assert [re.findall(r"\d+", line)[:2] for line in lines] == [
        ["0", "9"], ["10", "19"], ["20", "29"], ["30", "39"]
    ]  # fmt: skip
    assert all(line.endswith("yes") for line in lines)
