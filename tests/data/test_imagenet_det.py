"""ImageNet DET: every object of a still image that is large enough, at one or two folder levels."""

import numpy as np
import pytest

from roam_lite.data.imagenet_det import list_images, read_image_targets
from roam_lite.errors import InputError
from tests import trees


def test_images_are_listed_at_every_level_but_those_without_boxes(tmp_path):
    trees.det(tmp_path)
    trees.det(tmp_path, place="train/ILSVRC2014_train_0003", number=2)
    trees.det(tmp_path, place="train/ILSVRC2013_train_extra0", number=3)
    trees.det(tmp_path, place="val", number=4)
    assert list_images(tmp_path, "train") == [
        "train/ILSVRC2013_train/n01440764/00000001",
        "train/ILSVRC2014_train_0003/00000002",
    ]
    assert list_images(tmp_path) == ["val/00000004"]


def test_each_box_is_a_sequence_of_one_frame_cut_to_the_image(tmp_path):
    trees.det(tmp_path, boxes=[(10, 20, 16, 12), (70, 50, 30, 30), (1, 1, 7, 40)])
    (name,) = list_images(tmp_path, "train")
    first, second = read_image_targets(tmp_path, name)
    np.testing.assert_array_equal(first.boxes, [[10, 20, 16, 12]])
    np.testing.assert_array_equal(second.boxes, [[70, 50, 10, 10]])
    assert (first.name, second.name) == ("00000001.0", "00000001.1")
    assert first.frames[0].shape[1::-1] == first.size == trees.SIZE


def test_an_image_may_have_no_object(tmp_path):
    trees.det(tmp_path, boxes=())
    assert read_image_targets(tmp_path, list_images(tmp_path, "train")[0]) == []


def test_what_is_missing_is_named(tmp_path):
    trees.det(tmp_path, place="train/ILSVRC2013_train_extra0")
    with pytest.raises(InputError, match=r"no images of ImageNet DET's train split \(Annotations/"):
        list_images(tmp_path, "train")
    with pytest.raises(InputError, match=r"DET/val/x\.xml: cannot be read"):
        read_image_targets(tmp_path, "val/x")
