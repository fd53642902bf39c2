"""COCO: images with their boxes out of one file, without crowds and specks."""

import json

import numpy as np
import pytest

from roam_lite.data.coco import list_images, read_image_targets
from roam_lite.errors import InputError
from tests import trees


def test_each_box_is_a_sequence_of_one_frame_but_for_crowds(tmp_path):
    trees.coco(tmp_path, boxes=[(10, 20, 16.5, 12), (30, 30, 0.5, 40), (60, 40, 30, 10)])
    (listed,) = list_images(tmp_path, "train")
    first, second = read_image_targets(tmp_path, listed)
    np.testing.assert_array_equal(first.boxes, [[10, 20, 16.5, 12]])
    np.testing.assert_array_equal(second.boxes, [[60, 40, 20, 10]])
    assert first.frames.paths == [tmp_path / "train2017" / "000000000009.jpg"]
    assert first.frames[0].shape[1::-1] == first.size == trees.SIZE


def test_of_several_years_the_latest_is_taken(tmp_path):
    for split in ("train2014", "train2017", "val2014"):
        trees.coco(tmp_path, split=split)
    assert json.loads(list_images(tmp_path, "train")[0])[0] == "train2017/000000000009.jpg"
    assert json.loads(list_images(tmp_path)[0])[0] == "val2014/000000000009.jpg"


def test_an_image_is_read_without_the_list(tmp_path):
    trees.coco(tmp_path)
    (listed,) = list_images(tmp_path, "train")
    (tmp_path / "annotations" / "instances_train2017.json").unlink()
    assert len(read_image_targets(tmp_path, listed)) == 1
    with pytest.raises(
        InputError, match=r"no COCO annotations \(annotations/instances_train\*\.json\)"
    ):
        list_images(tmp_path, "train")


@pytest.mark.parametrize("spoil", [
    lambda text: text[: len(text) // 2],
    lambda text: "[]",
    lambda text: text.replace('"image_id": 9', '"image_id": 10'),
    lambda text: text.replace("[10, 20, 16, 12]", "[10, 20, 16]"),
    lambda text: text.replace("[10, 20, 16, 12]", "[10, 20, NaN, 12]"),
    lambda text: text.replace('"width": 80', '"width": Infinity'),
    lambda text: text.replace("000000000009.jpg", "\\u0000.jpg"),
    lambda text: text.replace("file_name", "name"),
    lambda text: text.replace('"iscrowd": 0', '"iscrowd": 1'),
    lambda text: "[" * 100_000,
])  # fmt: skip
def test_another_file_is_named(spoil, tmp_path):
    trees.coco(tmp_path)
    path = tmp_path / "annotations" / "instances_train2017.json"
    text = path.read_text()
    assert spoil(text) != text
    path.write_text(spoil(text))
    with pytest.raises(InputError, match=r"instances_train2017\.json: .*restore"):
        list_images(tmp_path, "train")
