"""GOT-10k's splits, labels and resolutions; of the test split only the first box is known."""

import numpy as np
import pytest

from roam_lite.data.got10k import list_sequences, read_sequence
from roam_lite.errors import InputError
from tests import trees

NAME = "GOT-10k_Val_000001"


def test_boxes_come_out_counted_from_zero_with_covers_and_resolution(tmp_path):
    trees.got10k(tmp_path, covers=[8, 4, 0, 2, 8, 8])
    sequence = read_sequence(tmp_path, NAME)
    np.testing.assert_array_equal(sequence.boxes, trees.square(6))
    np.testing.assert_array_equal(sequence.visibility, [1, 0.5, 0, 0.25, 1, 1])
    assert sequence.image_size() == sequence.size == trees.SIZE


def test_a_test_sequence_has_only_its_first_box(tmp_path):
    trees.got10k(tmp_path, split="test")
    (name,) = list_sequences(tmp_path)
    sequence = read_sequence(tmp_path, name)
    assert len(sequence.frames) == 6
    assert np.isfinite(sequence.boxes).all(axis=1).tolist() == [True] + [False] * 5


def test_the_size_comes_from_the_first_image_where_no_file_says_it(tmp_path):
    trees.got10k(tmp_path)
    (tmp_path / "val" / NAME / "meta_info.ini").unlink()
    sequence = read_sequence(tmp_path, NAME)
    assert sequence.size is None
    assert sequence.image_size() == trees.SIZE


def test_the_list_gives_the_order_and_its_absence_the_folders(tmp_path):
    for number in (3, 1, 2):
        trees.got10k(tmp_path, number)
    assert [name[-1] for name in list_sequences(tmp_path, "val")] == ["3", "1", "2"]
    (tmp_path / "val" / "list.txt").unlink()
    assert [name[-1] for name in list_sequences(tmp_path, "val")] == ["1", "2", "3"]


def test_the_folder_of_a_split_is_a_root_too(tmp_path):
    trees.got10k(tmp_path)
    assert list_sequences(tmp_path / "val", "val") == [NAME]
    assert len(read_sequence(tmp_path / "val", NAME)) == 6
    with pytest.raises(InputError, match="must have a folder test"):
        list_sequences(tmp_path / "val", "test")


@pytest.mark.parametrize(("break_it", "message"), [
    (lambda f: (f / "00000006.jpg").unlink(), r"5 images for 6 boxes"),
    (lambda f: (f / "00000002.jpg").unlink(), r"image 2 is missing"),
    (lambda f: (f / "groundtruth.txt").write_text("\n"), r"groundtruth\.txt: no boxes"),
    (lambda f: (f / "cover.label").unlink(), r"cover\.label: cannot be read"),
    (lambda f: (f / "cover.label").write_text("8\n" * 5), r"5 labels for 6 boxes"),
    (lambda f: (f / "cover.label").write_text("9\n" * 6), r"outside 0\.\.8"),
    (lambda f: (f / "meta_info.ini").write_text("resolution: big\n"), r"no line `resolution"),
])  # fmt: skip
def test_what_is_missing_is_named_with_the_remedy(tmp_path, break_it, message):
    trees.got10k(tmp_path)
    break_it(tmp_path / "val" / NAME)
    with pytest.raises(InputError, match=message):
        read_sequence(tmp_path, NAME)


def test_unknown_names_and_listed_but_missing_folders_are_refused(tmp_path):
    trees.got10k(tmp_path)
    with pytest.raises(InputError, match="restore the sequence or omit GOT-10k_Val_000009"):
        read_sequence(tmp_path, "GOT-10k_Val_000009")
    with pytest.raises(InputError, match="is not a GOT-10k sequence"):
        read_sequence(tmp_path, "Basketball")
    (tmp_path / "train").mkdir()
    with pytest.raises(InputError, match="no sequences of GOT-10k's train split"):
        list_sequences(tmp_path, "train")
