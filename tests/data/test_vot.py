"""VOT's folders: polygons and boxes, images at two places, tags that are too short."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roam_lite.data.vot import (
    bounds,
    corners,
    list_sequences,
    read_regions,
    read_sequence,
)
from roam_lite.errors import InputError
from tests import trees


@pytest.mark.parametrize("color", [True, False])
@pytest.mark.parametrize("polygons", [True, False])
def test_polygons_and_boxes_are_read_from_both_layouts(tmp_path, color, polygons):
    trees.vot(tmp_path, color=color, polygons=polygons)
    sequence = read_sequence(tmp_path, "ball")
    np.testing.assert_array_equal(sequence.boxes, trees.square(6))
    np.testing.assert_array_equal(sequence.polygons, corners(trees.square(6)))
    assert sequence.image_size() == trees.SIZE


def test_the_box_of_a_turned_polygon_just_holds_it():
    np.testing.assert_array_equal(
        bounds(np.array([[5, 0, 10, 5, 5, 12, 0, 5.0]])), [[0, 0, 10, 12]]
    )


def test_rows_of_both_kinds_and_of_nan_may_be_mixed(tmp_path):
    path = tmp_path / "groundtruth.txt"
    path.write_text("1,2,3,4\n0,0,1,0,1,1,0,1\nnan,nan,nan,nan\n")
    regions = read_regions(path)
    np.testing.assert_array_equal(regions[0], [1, 2, 4, 2, 4, 6, 1, 6])
    np.testing.assert_array_equal(regions[1], [0, 0, 1, 0, 1, 1, 0, 1])
    assert np.isnan(regions[2]).all()


def test_the_list_gives_the_order_and_its_absence_the_folders(tmp_path):
    trees.vot(tmp_path, "road")
    trees.vot(tmp_path, "ball")
    assert list_sequences(tmp_path) == ["road", "ball"]
    (tmp_path / "list.txt").unlink()
    assert list_sequences(tmp_path) == ["ball", "road"]


@pytest.mark.parametrize(("break_it", "message"), [
    (lambda f: (f / "color" / "00000006.jpg").unlink(), "5 images for 6 boxes"),
    (lambda f: (f / "color" / "00000002.jpg").unlink(), "image 2 is missing"),
    (lambda f: (f / "groundtruth.txt").unlink(), "cannot be read"),
    (lambda f: (f / "groundtruth.txt").write_text(""), "no regions; restore the file"),
    (lambda f: (f / "groundtruth.txt").write_text("1,2,3\n"), "line 1: 3 values instead of 8 or 4"),
])  # fmt: skip
def test_what_is_missing_is_named_with_the_remedy(tmp_path, break_it, message):
    trees.vot(tmp_path)
    break_it(tmp_path / "ball")
    with pytest.raises(InputError, match=message):
        read_sequence(tmp_path, "ball")


def test_unknown_names_and_other_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="no sequences in VOT's layout"):
        list_sequences(tmp_path)
    for name in ("ball", ""):
        with pytest.raises(InputError, match=re.escape(f"no sequence named {name!r}")):
            read_sequence(tmp_path, name)


@given(st.binary(max_size=200) | st.text("0123456789.,-;\t\n nN", max_size=120).map(str.encode))
def test_any_bytes_give_regions_or_an_input_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "regions.txt"
    path.write_bytes(data)
    try:
        regions = read_regions(path)
    except InputError:
        return
    assert regions.shape[1:] == (8,)
    whole = np.isfinite(regions).all(axis=1)
    assert np.isnan(regions[~whole]).all()
