import numpy as np
import pytest

from roam_lite.data.vot import corners
from roam_lite.errors import InputError
from roam_lite.evaluation.running.protocols import supervised
from roam_lite.evaluation.running.run import FAILURE, SKIPPED, START, TRACKED
from tests.fakes import Follower, Statue, moving_square
from tests.trees import SIZE


def sequence_of(length=12, **options):
    sequence = moving_square(length=length, **options)
    object.__setattr__(sequence, "polygons", corners(sequence.boxes))
    return sequence


class Forgetful(Follower):
    """Follows the square for three frames after its start, then looks into a corner."""

    def update(self, image):
        answer = super().update(image)
        if len(self.seen) > 3:
            answer.box = np.array([0.0, 0.0, 5.0, 5.0])
        return answer


def test_a_tracker_that_follows_is_started_once():
    run = supervised(Follower, sequence_of())
    assert run.codes.tolist() == [START] + [TRACKED] * 11
    np.testing.assert_array_equal(run.regions[1:], sequence_of().boxes[1:])
    assert (run.seconds > 0).all()


def test_after_a_failure_four_frames_are_skipped_and_a_new_tracker_starts():
    made = []

    def make():
        made.append(Forgetful())
        return made[-1]

    run = supervised(make, sequence_of(12))
    assert run.codes.tolist() == [
        START, TRACKED, TRACKED, TRACKED, FAILURE, *[SKIPPED] * 4, START, TRACKED, TRACKED,
    ]  # fmt: skip
    assert len(made) == 2
    assert run.failures == 1
    np.testing.assert_array_equal(run.regions[10], sequence_of().boxes[10])
    assert (run.seconds[5:9] == 0).all()


def test_a_failure_near_the_end_has_no_further_start():
    run = supervised(Forgetful, sequence_of(7))
    assert run.codes.tolist() == [START, TRACKED, TRACKED, TRACKED, FAILURE, SKIPPED, SKIPPED]


def test_a_start_moves_on_to_a_frame_that_can_be_read_and_has_a_ground_truth():
    run = supervised(Forgetful, sequence_of(14, absent=(9,), broken=(10,)))
    assert run.codes.tolist()[8:] == [SKIPPED, SKIPPED, SKIPPED, START, TRACKED, TRACKED]


def test_a_box_in_a_frame_without_ground_truth_does_not_fail():
    run = supervised(Forgetful, sequence_of(6, absent=(4,)))
    assert run.codes.tolist() == [START, TRACKED, TRACKED, TRACKED, TRACKED, FAILURE]


def test_an_unreadable_frame_is_a_failure_unless_it_has_no_ground_truth():
    run = supervised(Statue, sequence_of(9, broken=(2,)))
    assert run.unreadable == (2,)
    assert run.codes.tolist() == [START, TRACKED, FAILURE, *[SKIPPED] * 4, START, TRACKED]
    run = supervised(Statue, sequence_of(4, broken=(2,), absent=(2,)))
    assert run.codes.tolist() == [START, TRACKED, TRACKED, TRACKED]
    np.testing.assert_array_equal(run.regions[2], run.regions[1])


def test_overlap_outside_the_image_is_a_failure():
    class Outside(Statue):
        def update(self, image):
            return (SIZE[0] + 1.0, 0, 50, 50)

    sequence = sequence_of(3)
    wide = np.add(sequence.boxes, [0, 0, 200, 0])
    object.__setattr__(sequence, "polygons", corners(wide))
    assert supervised(Outside, sequence).codes.tolist() == [START, FAILURE, SKIPPED]


def test_a_box_that_is_none_is_a_failure():
    class Lost(Statue):
        def update(self, image):
            return (np.nan,) * 4

    assert supervised(Lost, sequence_of(2)).codes.tolist() == [START, FAILURE]
    assert supervised(Lost, sequence_of(2, absent=(1,))).codes.tolist() == [START, FAILURE]


def test_a_missing_first_box_is_an_error():
    with pytest.raises(InputError, match="the first frame has no box"):
        supervised(Statue, sequence_of(3, absent=(0,)))
