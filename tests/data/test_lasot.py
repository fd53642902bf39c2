"""LaSOT's folders: two depths, splits, flags of other lengths, half-copied sequences."""

import re

import numpy as np
import pytest

from roam_lite.data.lasot import TEST, list_sequences, read_sequence
from roam_lite.errors import InputError
from tests import trees


def test_the_test_split_has_four_sequences_of_each_of_70_classes():
    kinds = [name.rpartition("-")[0] for name in TEST]
    assert len(TEST) == 280
    assert len(set(kinds)) == 70
    assert {kinds.count(kind) for kind in kinds} == {4}


def test_boxes_come_out_counted_from_zero_and_absent_frames_keep_theirs(tmp_path):
    trees.lasot(tmp_path, "airplane-1", occluded=[2], out=[2, 4])
    sequence = read_sequence(tmp_path, "airplane-1")
    np.testing.assert_array_equal(sequence.boxes, trees.square(6))
    np.testing.assert_array_equal(sequence.visibility, [1, 1, 0, 1, 0, 1])
    assert sequence.frames[5].shape == (60, 80, 3)


def test_splits_are_told_apart_and_sorted_by_number(tmp_path):
    for name in ("airplane-15", "airplane-9", "airplane-2", "yoyo-7"):
        trees.lasot(tmp_path, name)
    assert list_sequences(tmp_path) == ["airplane-9", "airplane-15", "yoyo-7"]
    assert list_sequences(tmp_path, "train") == ["airplane-2"]
    assert list_sequences(tmp_path, "all")[:2] == ["airplane-2", "airplane-9"]


def test_sequences_without_folders_of_classes_are_found_too(tmp_path):
    trees.lasot(tmp_path, "airplane-1")
    (tmp_path / "airplane" / "airplane-1").rename(tmp_path / "airplane-1")
    assert list_sequences(tmp_path) == ["airplane-1"]
    assert len(read_sequence(tmp_path, "airplane-1")) == 6


@pytest.mark.parametrize(("flags", "absent"), [
    ("0,0,1", [2]),
    ("0,0,0,0,0,1,1,1", [5]),
    ("0\n1\n0\n0\n0\n0\n", [1]),
])  # fmt: skip
def test_flags_of_another_length_or_one_a_line_are_taken(tmp_path, flags, absent):
    trees.lasot(tmp_path, "airplane-1")
    (tmp_path / "airplane" / "airplane-1" / "out_of_view.txt").write_text(flags)
    sequence = read_sequence(tmp_path, "airplane-1")
    assert np.flatnonzero(sequence.visibility == 0).tolist() == absent


def test_images_beyond_the_last_box_are_left_out(tmp_path):
    trees.lasot(tmp_path, "monkey-17", length=6)
    folder = tmp_path / "monkey" / "monkey-17"
    (folder / "groundtruth.txt").write_text(trees.lines(trees.square(4), origin=1))
    assert len(read_sequence(tmp_path, "monkey-17").frames) == 4


@pytest.mark.parametrize(("break_it", "message"), [
    (lambda f: (f / "img" / "00000006.jpg").unlink(), r"5 images for 6 boxes .* after 00000005\.jpg"),
    (lambda f: (f / "img" / "00000003.jpg").unlink(), r"image 3 is missing between 2 and 4"),
    (lambda f: (f / "groundtruth.txt").write_text(""), r"groundtruth\.txt: no boxes"),
    (lambda f: (f / "groundtruth.txt").write_text("1,2\nx\n"), r"groundtruth\.txt, line 2"),
    (lambda f: (f / "out_of_view.txt").unlink(), r"out_of_view\.txt: cannot be read .* restore"),
    (lambda f: (f / "out_of_view.txt").write_text(""), r"out_of_view\.txt: no labels; restore"),
    (lambda f: (f / "out_of_view.txt").write_text("0,nan"), r"label 2 is not finite"),
])  # fmt: skip
def test_what_is_missing_is_named_with_the_remedy(tmp_path, break_it, message):
    trees.lasot(tmp_path, "airplane-1")
    break_it(tmp_path / "airplane" / "airplane-1")
    with pytest.raises(InputError, match=message):
        read_sequence(tmp_path, "airplane-1")


def test_unknown_names_and_other_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="no sequences in LaSOT's layout"):
        list_sequences(tmp_path)
    trees.lasot(tmp_path, "airplane-2")
    with pytest.raises(InputError, match="none of its 1 sequences is in LaSOT's test split"):
        list_sequences(tmp_path)
    for name in ("airplane-3", "", "x"):
        with pytest.raises(InputError, match=re.escape(repr(name))):
            read_sequence(tmp_path, name)
