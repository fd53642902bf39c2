"""Box files: every delimiter, every kind of missing row; what is written is read back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roam_lite.data.boxes import read_boxes, read_flags, read_labels, write_boxes
from roam_lite.errors import InputError, InputWarning

LINE = "5,7,10,20\n"
NAN = [np.nan] * 4


def parse(tmp_path, text: str | bytes) -> np.ndarray:
    path = tmp_path / "groundtruth_rect.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_boxes(path)


def test_boxes_come_out_counted_from_zero(tmp_path):
    np.testing.assert_array_equal(parse(tmp_path, "1,1,10,20\n3.5,4,1,2\n"), [
        [0, 0, 10, 20],
        [2.5, 3, 1, 2],
    ])  # fmt: skip


@pytest.mark.parametrize(
    "line",
    ["5,7,10,20", "5\t7\t10\t20", "5 7 10 20", "5, 7,\t10  20", " 5;7;10;20 ", "5,7,10,20,"],
)
def test_commas_tabs_and_spaces_separate(tmp_path, line):
    np.testing.assert_array_equal(parse(tmp_path, line + "\n"), [[4, 6, 10, 20]])


def test_delimiters_may_change_within_a_file(tmp_path):
    boxes = parse(tmp_path, "5,7,10,20\r\n5\t7\t10\t20\r\n5 7\t10,20\r\n")
    np.testing.assert_array_equal(boxes, [[4, 6, 10, 20]] * 3)


@pytest.mark.parametrize("row", ["nan,nan,nan,nan", "NaN NaN NaN NaN", "5,7,10", "5,nan,10,20", "",
                                 "inf,7,10,20", ",,,"])  # fmt: skip
def test_missing_short_and_nan_rows_are_nan(tmp_path, row):
    boxes = parse(tmp_path, f"{LINE}{row}\n{LINE}")
    np.testing.assert_array_equal(boxes, [[4, 6, 10, 20], NAN, [4, 6, 10, 20]])


def test_empty_and_short_rows_are_said(tmp_path):
    with pytest.warns(InputWarning, match=r"groundtruth_rect\.txt: 2 empty or short .* line 2;"):
        parse(tmp_path, f"{LINE}\n{LINE}5,7\n{LINE}")


@pytest.mark.parametrize("end", ["\r\r\n", "\n\n", "\r\n\r\n", "\r"])
def test_doubled_and_old_line_ends_shift_no_box(tmp_path, end):
    boxes = parse(tmp_path, "".join(f"{i},7,10,20{end}" for i in range(1, 7)).encode())
    np.testing.assert_array_equal(boxes[:, 0], range(6))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_boxes_of_other_encodings_are_the_same(tmp_path, encoding):
    np.testing.assert_array_equal(
        parse(tmp_path, (LINE * 2).encode(encoding)), [[4, 6, 10, 20]] * 2
    )


def test_empty_lines_at_the_end_are_no_rows(tmp_path):
    assert len(parse(tmp_path, LINE * 2 + "\n\n  \n")) == 2


@pytest.mark.parametrize(("text", "named"), [
    (LINE + "five,7,10,20\n", "line 2"),
    (LINE + LINE + "1,2,3,4,5,6,7,8\n", "line 3: 8 values"),
    ("5,5;7,2;10,0;20,1\n", "line 1: decimal commas"),
    ("5,5 7,2 10,0 20,1\n", "line 1: decimal commas"),
    ("5,5\t7\t10\t20\n", "line 1: 5 values"),
])  # fmt: skip
def test_other_text_is_refused_with_its_line(tmp_path, text, named):
    with pytest.raises(InputError, match=named):
        parse(tmp_path, text)


def test_box_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.txt"):
        read_boxes(tmp_path / "nowhere.txt")


@given(st.binary(max_size=200) | st.text("0123456789.,-;\t\n nNaA", max_size=120).map(str.encode))
def test_any_bytes_give_boxes_or_an_input_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "fuzz.txt"
    path.write_bytes(data)
    try:
        boxes = read_boxes(path)
    except InputError:
        return
    assert boxes.shape[1:] == (4,)
    assert boxes.dtype == np.float64
    whole = np.isfinite(boxes).all(axis=1)
    assert np.isnan(boxes[~whole]).all()


boxes_to_write = st.lists(
    st.just(NAN) | st.lists(st.floats(-5000, 5000), min_size=4, max_size=4), min_size=1, max_size=8
)


@given(boxes_to_write)
def test_written_boxes_are_read_back(tmp_path_factory, boxes):
    path = tmp_path_factory.getbasetemp() / "written.txt"
    write_boxes(path, np.array(boxes))
    np.testing.assert_allclose(read_boxes(path), boxes, atol=1e-4)


@given(
    st.lists(st.lists(st.integers(-999, 9999), min_size=4, max_size=4), min_size=1, max_size=6),
    st.data(),
)
def test_any_mixture_of_delimiters_means_the_same(tmp_path_factory, rows, data):
    path = tmp_path_factory.getbasetemp() / "mixed.txt"
    delimiter = st.sampled_from([",", "\t", " ", ", ", " ,\t"])
    lines = []
    for row in rows:
        pieces = [str(row[0])]
        for value in row[1:]:
            pieces += [data.draw(delimiter), str(value)]
        lines.append("".join(pieces))
    path.write_text("\n".join(lines))
    np.testing.assert_array_equal(read_boxes(path), np.array(rows) - [1, 1, 0, 0])


def test_written_boxes_are_one_based_text(tmp_path):
    write_boxes(tmp_path / "new" / "boxes.txt", np.array([[0, 1.5, 10, 20.123456], NAN]))
    assert (tmp_path / "new" / "boxes.txt").read_text() == "1,2.5,10,20.1235\nnan,nan,nan,nan\n"
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["boxes.txt"]


@given(st.binary(max_size=80) | st.text("01.,\n -", max_size=40).map(str.encode))
def test_any_bytes_give_labels_or_an_input_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "labels.txt"
    path.write_bytes(data)
    try:
        labels = read_labels(path)
    except InputError:
        return
    assert np.isfinite(labels).all()
    flags = read_flags(path, 7)
    assert flags.shape == (7,)
    assert not flags[len(labels) :].any()


def test_the_origin_says_from_what_number_a_file_counts(tmp_path):
    path = tmp_path / "boxes.txt"
    boxes = np.array([[3.0, 4, 5, 6]])
    write_boxes(path, boxes, origin=0)
    assert path.read_text() == "3,4,5,6\n"
    np.testing.assert_array_equal(read_boxes(path, origin=0), boxes)
    np.testing.assert_array_equal(boxes, [[3, 4, 5, 6]])  # the caller's stay as they are
