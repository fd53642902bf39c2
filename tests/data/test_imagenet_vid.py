"""ImageNet VID: tracks out of XML, with their gaps, their frame numbers and what is occluded."""

import numpy as np
import pytest

from roam_lite.data.imagenet_vid import list_videos, read_tracks
from roam_lite.data.imagenet_xml import read_objects
from roam_lite.data.layouts import LAYOUTS
from roam_lite.data.survey import survey
from roam_lite.errors import InputError
from roam_lite.evaluation.benchmarks import benchmark_names
from tests import trees

NAME = f"train/ILSVRC2015_VID_train_0000/{trees.VIDEO}"


def test_each_track_is_a_sequence_that_keeps_its_frame_numbers(tmp_path):
    trees.vid(tmp_path, length=8, absent=(0, 3, 4), occluded=(6,))
    first, second = read_tracks(tmp_path, NAME)
    assert (first.name, second.name) == (f"{trees.VIDEO}.0", f"{trees.VIDEO}.1")
    assert [path.name for path in first.frames.paths] == [f"{t:06d}.JPEG" for t in range(1, 8)]
    expected = trees.square(8)[1:]
    expected[[2, 3]] = np.nan
    np.testing.assert_array_equal(first.boxes, expected)
    np.testing.assert_array_equal(first.visibility, [1, 1, 0, 0, 1, 0, 1])
    assert [path.stem for path in second.frames.paths] == ["000002", "000003"]
    np.testing.assert_array_equal(second.boxes, [[5, 5, 20, 10]] * 2)
    assert first.size == trees.SIZE == first.frames[5].shape[1::-1]


def test_an_image_whose_annotation_is_gone_belongs_to_no_track(tmp_path):
    trees.vid(tmp_path)
    (tmp_path / "Annotations" / "VID" / NAME / "000004.xml").unlink()
    first, _ = read_tracks(tmp_path, NAME)
    assert [path.stem[-1] for path in first.frames.paths] == ["0", "1", "2", "3", "5"]
    np.testing.assert_array_equal(first.boxes, np.delete(trees.square(6), 4, 0))


def test_videos_are_listed_with_and_without_a_group(tmp_path):
    trees.vid(trees.vid(tmp_path), name="ILSVRC2015_val_00000007", split="val")
    assert list_videos(tmp_path, "train") == [NAME]
    assert list_videos(tmp_path) == ["val/ILSVRC2015_val_00000007"]
    assert len(read_tracks(tmp_path, list_videos(tmp_path)[0])) == 2
    with pytest.raises(InputError, match=r"ImageNet VID's val split \(Annotations/VID/val/VIDEO/"):
        list_videos(tmp_path / "Data")


def test_a_layout_of_several_targets_is_surveyed_and_is_no_benchmark(tmp_path):
    trees.vid(tmp_path)
    (finding,) = survey(tmp_path)
    assert f"{finding.part.title}: {finding}".startswith(
        "ImageNet VID train: 1 of 3862 sequences, 8 frames in"
    )
    assert LAYOUTS["vid"].several
    assert "vid" not in benchmark_names()


ENTITY = '<!DOCTYPE a [<!ENTITY x "{}">]><annotation>&x;</annotation>'
GOOD = trees.annotation([(1, 2, 3, 4, 0, 0)])


@pytest.mark.parametrize(("content", "message"), [
    ("", "not an ImageNet annotation"),
    (GOOD[:70], "not an ImageNet annotation"),
    ("<annotation/>", "no size/width"),
    (GOOD.replace("<xmin>1<", "<xmin>one<"), "not an ImageNet annotation .*'one'"),
    (GOOD.replace("<xmin>1<", "<xmin>nan<"), "bndbox/xmin is nan"),
    (GOOD.replace("xmin>", "left>"), "no bndbox/xmin"),
    (GOOD.replace("<width>80<", "<width>0<"), "an image of 0 x 60 pixels"),
    (GOOD.replace("<trackid>0</trackid>", ""), "or a box no track"),
    (trees.annotation([(1, 2, 3, 4, 7, 0)] * 2), "a track has two boxes"),
    (ENTITY.format("lol"), "declares a document type"),
    (ENTITY.format("lol").encode("utf-16"), "declares a document type"),
])  # fmt: skip
def test_broken_annotations_are_named(content, message, tmp_path):
    trees.vid(tmp_path)
    path = tmp_path / "Annotations" / "VID" / NAME / "000003.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=rf"000003\.xml: .*{message}"):
        read_tracks(tmp_path, NAME)


def test_boxes_without_an_area_are_none(tmp_path):
    (tmp_path / "a.xml").write_text(trees.annotation([(5, 5, 0, 3, 0, 0), (5, 5, 2, 3, 1, 1)]))
    size, (one,) = read_objects(tmp_path / "a.xml")
    assert (size, one.box, one.track, one.occluded) == (trees.SIZE, (5, 5, 2, 3), "1", True)


def test_a_video_without_annotations_is_named(tmp_path):
    with pytest.raises(InputError, match=r"VID/train/x: no annotations \(000000\.xml\)"):
        read_tracks(tmp_path, "train/x")
