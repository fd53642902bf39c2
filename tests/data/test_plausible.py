"""Boxes that no target in these images can have are refused or said, wherever they enter."""

import re
import warnings

import numpy as np
import pytest

from roam_lite.data import otb
from roam_lite.data.plausible import check_box, check_track, impossible
from roam_lite.data.sequence import Sequence
from roam_lite.data.sources import FolderSource
from roam_lite.data.survey import survey
from roam_lite.errors import InputError, InputWarning
from tests import trees

SHAPE = (60, 80, 3)
GRAY = np.full(SHAPE, 90, np.uint8)


def track(boxes, visibility=None):
    return Sequence("s", [GRAY] * len(boxes), np.array(boxes, dtype=float), visibility)


@pytest.mark.parametrize(("box", "message"), [
    ([0.2, 0.3, 0.1, 0.2], r"smaller than a pixel \(fractions of the image\? multiply"),
    ([20, 30, 0.4, 9], "smaller than a pixel; give x,y,w,h"),
    ([0, 0, 1e6, 1e6], "far larger than the image of 80 x 60"),
    ([1e6, 0, 10, 10], "outside the image"),
])  # fmt: skip
def test_a_box_that_is_none_is_refused_with_a_remedy(box, message):
    with pytest.raises(InputError, match=f"^A: box .*{message}"):
        check_box(box, SHAPE, "A: ")


def test_a_box_that_may_be_two_corners_is_said():
    with pytest.warns(InputWarning, match="are these two corners"):
        check_box([50, 30, 70, 45], SHAPE)


def test_checking_leaves_the_callers_box_as_it_was():
    box = np.array([10.0, 12, 8, 9])
    checked = check_box(box, SHAPE)
    checked += 5
    np.testing.assert_array_equal(box, [10, 12, 8, 9])


def corners(boxes):
    boxes = np.array(boxes, dtype=float)
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


WANDERING = [[10 + 2 * t, 5 + 1.5 * t, 12, 9] for t in range(20)]


@pytest.mark.parametrize(("boxes", "message"), [
    (corners(WANDERING), "x1,y1,x2,y2"),
    (np.array(WANDERING) / [80, 60, 80, 60], "fractions of the image"),
    (np.array(WANDERING) * 4, r"of 20 boxes lie outside the image of 80 x 60 pixels"),
    ([[5, 5, 1e5, 1e5]] * 3, "3 of 3 boxes"),
])  # fmt: skip
def test_a_track_of_other_numbers_is_refused(boxes, message):
    with pytest.raises(InputError, match=f"^s: .*{message}"):
        check_track(track(boxes), (80, 60))


def test_single_rows_that_cannot_be_are_said_with_their_line():
    boxes = np.array(WANDERING)
    boxes[7] = [5000, 10, 12, 9]
    with pytest.warns(InputWarning, match=r"1 of 20 boxes .* frame 8 \(line 8\)"):
        check_track(track(boxes), (80, 60))
    hidden = np.ones(20)
    hidden[7] = 0  # where nothing is seen a box may be anything
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_track(track(boxes, hidden), (80, 60))
        check_track(track(WANDERING), (80, 60))


def test_only_what_is_an_image_away_is_impossible():
    boxes = np.array(
        [[-70, 0, 12, 9], [85, 0, 12, 9], [400, 0, 12, 9], [0, 0, 200, 9], [np.nan] * 4]
    )
    assert impossible(boxes, (80, 60)).tolist() == [False, False, True, True, False]


def spoil(root, name, frame, line):
    path = root / name / "groundtruth_rect.txt"
    rows = path.read_text().splitlines()
    rows[frame] = line
    path.write_text("\n".join(rows))


def test_the_survey_finds_boxes_that_do_not_fit_the_images(tmp_path):
    trees.otb(tmp_path, "A")
    truth = tmp_path / "A" / "groundtruth_rect.txt"
    truth.write_text(trees.lines(trees.square(6) / [80, 60, 80, 60]))
    (finding,) = survey(tmp_path)
    assert finding.found == 0
    assert f"({truth}): boxes are fractions of the image" in str(finding)


def test_a_box_far_outside_is_not_trained_on(tmp_path):
    trees.otb(tmp_path, "A")
    spoil(tmp_path, "A", 3, "90000,20,16,12")
    with pytest.warns(InputWarning, match=r"A \(.*groundtruth_rect\.txt\): 1 of 6 boxes .*line 4"):
        (sequence,) = FolderSource("otb", tmp_path).targets(0)
    assert np.isnan(sequence.boxes[3]).all()
    whole = otb.read_sequence(tmp_path, "A")
    np.testing.assert_array_equal(np.delete(sequence.boxes, 3, 0), np.delete(whole.boxes, 3, 0))


def test_good_sequences_are_trained_on_as_they_are(samples_root):
    source = FolderSource("otb", samples_root)
    for index in range(len(source.names)):
        (sequence,) = source.targets(index)
        read = otb.read_sequence(samples_root, sequence.name)
        np.testing.assert_array_equal(sequence.boxes, read.boxes)
        np.testing.assert_array_equal(sequence.frames[7], read.frames[7])


def test_the_name_of_what_is_wrong_comes_first():
    with pytest.raises(InputError, match=re.escape("B (x.txt): boxes are fractions")):
        check_track(Sequence("B", [GRAY] * 2, np.full((2, 4), 0.5), truth="x.txt"), (80, 60))
