"""TrackingNet's parts: frames from 0 without padding, annotations that count from 0."""

import numpy as np
import pytest

from roam_lite.data.trackingnet import list_sequences, read_sequence
from roam_lite.errors import InputError
from tests import trees


def test_frames_are_sorted_by_number_and_boxes_kept_as_they_are(tmp_path):
    trees.trackingnet(tmp_path, length=12, part="TRAIN_3")
    sequence = read_sequence(tmp_path, "abc_0")
    assert [path.stem for path in sequence.frames.paths] == [str(k) for k in range(12)]
    np.testing.assert_array_equal(sequence.boxes, trees.square(12))


def test_a_test_video_has_only_its_first_box(tmp_path):
    trees.trackingnet(tmp_path)
    sequence = read_sequence(tmp_path, "abc_0")
    assert len(sequence) == 6
    assert np.isfinite(sequence.boxes).all(axis=1).tolist() == [True] + [False] * 5


def test_all_parts_of_the_training_split_are_listed(tmp_path):
    for part, name in (("TRAIN_11", "a_1"), ("TRAIN_0", "b_0"), ("TEST", "c_2")):
        trees.trackingnet(tmp_path, name, part=part)
    assert list_sequences(tmp_path, "train") == ["a_1", "b_0"]
    assert list_sequences(tmp_path) == ["c_2"]


@pytest.mark.parametrize(("break_it", "message"), [
    (lambda p: (p / "frames" / "abc_0" / "5.jpg").unlink(), "5 images for 6 boxes"),
    (lambda p: (p / "frames" / "abc_0" / "2.jpg").unlink(), "image 2 is missing"),
    (lambda p: (p / "frames" / "abc_0").rename(p / "gone"), "no images"),
    (lambda p: (p / "anno" / "abc_0.txt").write_text(""), "no boxes; restore the file"),
    (lambda p: (p / "anno" / "abc_0.txt").unlink(), "no video named 'abc_0'"),
])  # fmt: skip
def test_what_is_missing_is_named_with_the_remedy(tmp_path, break_it, message):
    trees.trackingnet(tmp_path, part="TRAIN_0")
    break_it(tmp_path / "TRAIN_0")
    with pytest.raises(InputError, match=message):
        read_sequence(tmp_path, "abc_0")


def test_a_folder_without_videos_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no videos of TrackingNet's test split \(TEST/anno"):
        list_sequences(tmp_path)
