"""Folders in OTB layout with all their irregularities; what is written is read back."""

import re

import numpy as np
import pytest

from roam_lite.data.otb import list_sequences, read_sequence, write_sequence
from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError, InputWarning

LINE = "5,7,10,20\n"
NAN = [np.nan] * 4


def names(sequence: Sequence) -> list[str]:
    return [path.name for path in sequence.frames.paths]


def test_sequence_has_a_frame_for_each_box(make_folder):
    root = make_folder("Car", range(1, 4), LINE * 3)
    sequence = read_sequence(root, "Car")
    assert (sequence.name, len(sequence), names(sequence)[0]) == ("Car", 3, "0001.jpg")
    np.testing.assert_allclose(sequence.frames[2][6, 8], (50, 100, 200), atol=6)  # RGB, not BGR
    np.testing.assert_array_equal(sequence.visibility, [1, 1, 1])


def test_frames_that_start_late_belong_to_the_boxes_in_order(make_folder):
    root = make_folder("BlurCar1", range(247, 252), LINE * 5)
    assert names(read_sequence(root, "BlurCar1")) == [f"0{i}.jpg" for i in range(247, 252)]


def test_five_digits_are_sorted_by_number(make_folder):
    root = make_folder("Board", range(1, 4), LINE * 3, digits=5)
    assert names(read_sequence(root, "Board")) == ["00001.jpg", "00002.jpg", "00003.jpg"]


def test_numbers_without_padding_are_sorted_by_number(make_folder):
    root = make_folder("Loose", (2, 10, 1), LINE * 3, digits=1)
    assert names(read_sequence(root, "Loose")) == ["1.jpg", "2.jpg", "10.jpg"]


def test_png_is_read(make_folder):
    root = make_folder("Mirror", (1, 2), LINE * 2, suffix=".png")
    sequence = read_sequence(root, "Mirror")
    np.testing.assert_array_equal(sequence.frames[1][0, 0], (50, 100, 200))


def test_images_beyond_the_last_box_are_left_out(make_folder):
    root = make_folder("Long", range(1, 8), LINE * 4)
    with pytest.warns(InputWarning, match=r"7 images for 4 boxes of .*; 0005\.jpg and later"):
        assert names(read_sequence(root, "Long"))[-1] == "0004.jpg"


@pytest.mark.parametrize(("name", "images", "boxes", "first", "last"), [
    ("David", 770, 471, "0300.jpg", "0770.jpg"),
    ("Diving", 231, 215, "0001.jpg", "0215.jpg"),
    ("Tiger1", 354, 354, "0006.jpg", "0354.jpg"),
    ("Tiger1", 354, 349, "0006.jpg", "0354.jpg"),
    ("David", 60, 60, "0001.jpg", "0060.jpg"),
    ("David", 800, 800, "0001.jpg", "0800.jpg"),  # somebody's own folder of that name
    ("Diving", 231, 231, "0001.jpg", "0231.jpg"),
])  # fmt: skip
def test_official_range_is_taken_where_the_folder_holds_it(
    make_folder, name, images, boxes, first, last
):
    truth = "".join(f"{i + 1},1,10,20\n" for i in range(boxes))
    sequence = read_sequence(make_folder(name, range(1, images + 1), truth), name)
    assert (names(sequence)[0], names(sequence)[-1]) == (first, last)
    if boxes == images:  # each box stays with its image
        assert sequence.boxes[0, 0] == int(first[:4]) - 1


def test_fewer_images_than_boxes_are_refused(make_folder):
    root = make_folder("Short", range(1, 4), LINE * 5)
    with pytest.raises(InputError, match=r"3 images for 5 boxes of groundtruth_rect\.txt; restore"):
        read_sequence(root, "Short")


@pytest.mark.parametrize("name", ["groundtruth_rect.txt.bak", "groundtruth_rect (copy).txt",
                                  "groundtruth_rect.txt~", "groundtruth_rect_old.txt"])  # fmt: skip
def test_a_copy_of_the_ground_truth_is_no_second_target_and_is_named(make_folder, name):
    root = make_folder("Kept", (1, 2), {"groundtruth_rect.txt": LINE * 2, name: "9,9,3,3\n" * 2})
    (root / "Kept" / "._groundtruth_rect.txt").write_bytes(bytes(8))  # macOS
    assert list_sequences(root) == ["Kept"]
    with pytest.warns(InputWarning, match=re.escape(f"{name} ignored")):
        assert read_sequence(root, "Kept").boxes[0, 0] == 4


def test_numbers_with_a_gap_go_only_with_one_box_an_image(make_folder):
    root = make_folder("Gap", (1, 2, 3, 5, 6, 7), LINE * 6)
    with pytest.warns(
        InputWarning, match="image 4 is missing between 3 and 5; the boxes are assigned"
    ):
        assert len(read_sequence(root, "Gap")) == 6
    for boxes in (5, 7):
        (root / "Gap" / "groundtruth_rect.txt").write_text(LINE * boxes)
        with pytest.raises(InputError, match=f"image 4 is missing .* 6 images for {boxes} boxes"):
            read_sequence(root, "Gap")


def test_folders_of_programs_are_no_sequences(make_folder):
    make_folder(".ipynb_checkpoints", (1, 2), LINE * 2)
    assert list_sequences(make_folder("A", (1, 2), LINE * 2)) == ["A"]


def test_two_targets_are_chosen_by_name(make_folder):
    truth = {"groundtruth_rect.1.txt": LINE * 2, "groundtruth_rect.2.txt": "9,9,3,3\n" * 2}
    root = make_folder("Jogging", (1, 2), truth)
    assert list_sequences(root) == ["Jogging.1", "Jogging.2"]
    assert read_sequence(root, "Jogging.1").boxes[0, 0] == 4
    assert read_sequence(root, "Jogging.2").boxes[0, 0] == 8
    with pytest.raises(InputError, match=r"choose one of Jogging\.1, Jogging\.2"):
        read_sequence(root, "Jogging")
    with pytest.raises(InputError, match=r"no groundtruth_rect\.3\.txt"):
        read_sequence(root, "Jogging.3")


def test_empty_first_ground_truth_leaves_the_second(make_folder):
    truth = {"groundtruth_rect.1.txt": "", "groundtruth_rect.2.txt": LINE * 2}
    root = make_folder("Human4", (1, 2), truth)
    assert list_sequences(root) == ["Human4"]
    assert len(read_sequence(root, "Human4")) == len(read_sequence(root, "Human4.2")) == 2


def test_missing_ground_truth_is_named_with_the_remedy(make_folder):
    root = make_folder("Blind", (1, 2), {})
    assert list_sequences(root) == ["Blind"]
    with pytest.raises(InputError, match=r"Blind: no ground truth; write groundtruth_rect"):
        read_sequence(root, "Blind")


def test_ground_truth_without_a_box_is_refused(make_folder):
    with pytest.raises(InputError, match="no boxes"):
        read_sequence(make_folder("Void", (1, 2), "\n"), "Void")


def test_folder_without_images_is_refused(make_folder):
    with pytest.raises(InputError, match="no images"):
        read_sequence(make_folder("Dark", (), LINE), "Dark")


def test_two_images_of_one_frame_are_refused(make_folder, tmp_path):
    root = make_folder("Twice", (1, 2), LINE * 2)
    (tmp_path / "Twice" / "img" / "0002.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"both 0002\.jpg and 0002\.png"):
        read_sequence(root, "Twice")


def test_names_are_listed_and_others_refused(make_folder, tmp_path):
    make_folder("B", (1,), LINE)
    root = make_folder("A", (1,), LINE)
    (root / "notes").mkdir()
    assert list_sequences(root) == ["A", "B"]
    for name in ("C", "notes", "A.b.c", "", "."):
        with pytest.raises(InputError, match=f"no sequence named {re.escape(repr(name))}"):
            read_sequence(root, name)


def test_each_k_th_name_is_listed_from_the_first_on(make_folder):
    for name in "EDCBA":
        root = make_folder(name, (1,), LINE)
    assert list_sequences(root, every=2) == ["A", "C", "E"]
    assert list_sequences(root, every=9) == ["A"]


def test_folder_of_one_sequence_is_a_root_too(make_folder):
    root = make_folder("Alone", (1, 2), LINE * 2) / "Alone"
    assert list_sequences(root) == ["Alone"]
    assert len(read_sequence(root, "Alone")) == 2


def test_root_without_sequences_is_refused(tmp_path):
    with pytest.raises(InputError, match="no sequences in OTB layout"):
        list_sequences(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        list_sequences(tmp_path / "nowhere")


class Ramp:
    """Three smooth frames, so that JPEG keeps them."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> np.ndarray:
        row = np.linspace(40, 200, 32).astype(np.uint8)
        return np.stack([np.tile(row, (24, 1)), np.full((24, 32), 60 * index, np.uint8),
                         np.full((24, 32), 90, np.uint8)], axis=2)  # fmt: skip


def test_written_sequence_is_read_back(tmp_path):
    boxes = np.array([[0, 1, 5.5, 6], NAN, [-3.25, 4, 7, 8]])
    sequence = Sequence("ramp", Ramp(), boxes, np.array([1, 0, 0.5]))
    write_sequence(tmp_path / "out" / "ramp", sequence, quality=95)
    again = read_sequence(tmp_path / "out", "ramp")
    np.testing.assert_array_equal(again.boxes, boxes)
    np.testing.assert_array_equal(again.visibility, [1, 0, 0.5])
    for index in range(3):
        difference = again.frames[index].astype(int) - Ramp()[index]
        assert np.abs(difference).mean() < 4


def test_existing_folder_is_not_written_into(tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match="exists"):
        write_sequence(tmp_path / "there", Sequence("ramp", Ramp(), np.ones((3, 4))))


def test_interrupted_writing_leaves_nothing(tmp_path):
    class Broken(Ramp):
        def __getitem__(self, index):
            if index == 2:
                raise InputError("no such frame")
            return super().__getitem__(index)

    with pytest.raises(InputError, match="no such frame"):
        write_sequence(tmp_path / "new", Sequence("broken", Broken(), np.ones((3, 4))))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "named"), [("0.5\n", "1 values for 2 boxes"), ("a\nb\n", "number")]
)
def test_visibility_that_does_not_fit_is_refused(make_folder, text, named):
    root = make_folder("Seen", (1, 2), {"groundtruth_rect.txt": LINE * 2, "visibility.txt": text})
    with pytest.raises(InputError, match=named):
        read_sequence(root, "Seen")


def test_real_sequences_are_read(sequences_root):
    folders = [path for path in (sequences_root / "dev").iterdir() if path.is_dir()]
    listed = list_sequences(sequences_root / "dev")
    assert len(listed) == len(folders) > 0
    for name in listed:
        sequence = read_sequence(sequences_root / "dev", name)
        height, width, _ = sequence.frames[len(sequence) - 1].shape
        seen = sequence.boxes[np.isfinite(sequence.boxes[:, 0])]
        centers = seen[:, :2] + seen[:, 2:] / 2
        assert ((centers > -20) & (centers < (width + 20, height + 20))).all()
