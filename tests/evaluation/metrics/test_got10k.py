import numpy as np
import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.metrics.got10k import frame_overlaps, speed, success_curve
from tests.evaluation.metrics import references

REFERENCE = references.load("got10k")
SIZE = (100, 80)
TRUTH = np.tile([10.0, 10.0, 20.0, 40.0], (5, 1))
SEEN = np.ones(5, dtype=bool)


def test_scores_agree_with_the_toolkit():
    overlaps = np.concatenate([
        frame_overlaps(
            references.boxes(sequence["result"]),
            references.boxes(sequence["ground_truth"]),
            np.array(sequence["cover"]) > 0,
            tuple(REFERENCE["resolution"]),
        )
        for sequence in REFERENCE["sequences"].values()
    ])  # fmt: skip
    expected = REFERENCE["expected"]["got10k_0.1.3"]
    assert overlaps.mean() == pytest.approx(expected["ao"], abs=1e-9)
    assert (overlaps > 0.5).mean() == pytest.approx(expected["sr_0.5"], abs=1e-9)
    assert (overlaps > 0.75).mean() == pytest.approx(expected["sr_0.75"], abs=1e-9)


def test_the_first_frame_and_unseen_ones_do_not_count():
    visible = np.array([True, True, False, True, True])
    assert len(frame_overlaps(TRUTH, TRUTH, visible, SIZE)) == 3


def test_a_corner_left_of_the_image_moves_in_and_keeps_the_width():
    # In the file's numbers the corner is at -9 and is moved to 0; the width stays 20.
    left = np.add(TRUTH, [-20, 0, 0, 0])
    inside = TRUTH * [0, 1, 1, 1] + [-1, 0, 0, 0]
    np.testing.assert_allclose(frame_overlaps(left, inside, SEEN, SIZE), 1)


def test_boxes_are_cut_at_the_far_edges():
    wide = TRUTH * [1, 1, 10, 1]
    cut = np.add(TRUTH, [0, 0, 69, 0])  # from 10 to the edge at 99, in numbers from 0
    np.testing.assert_allclose(frame_overlaps(wide, cut, SEEN, SIZE), 1)


def test_success_must_exceed_the_threshold():
    curve = success_curve(np.array([0.5, 0.75, 1.0]))
    assert curve[[49, 50, 75, 100]].tolist() == pytest.approx([1, 2 / 3, 1 / 3, 0])


def test_speed_is_the_mean_of_frames_per_second():
    assert speed(np.array([0.1, 0.0, 0.5])) == pytest.approx((10 + 2) / 2)
    assert np.isnan(speed(np.zeros(3)))


@pytest.mark.parametrize(
    ("boxes", "visible", "message"),
    [
        (TRUTH[:4], SEEN, "differ in shape"),
        (np.where(np.arange(5)[:, None] == 3, np.nan, TRUTH), SEEN, "frame 3 is not finite"),
        (TRUTH, ~SEEN, "no frame after the first"),
    ],
)
def test_what_cannot_be_scored_is_said(boxes, visible, message):
    with pytest.raises(InputError, match=message):
        frame_overlaps(boxes, TRUTH, visible, SIZE)
