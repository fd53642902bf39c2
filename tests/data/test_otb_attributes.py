"""Attribute labels in each of the places where people keep them."""

import pytest

from roam_lite.data.otb_attributes import ATTRIBUTES, read_attributes
from roam_lite.errors import InputError

FLAGS = "1,0,0,1,0,0,0,0,0,0,1\n"


@pytest.mark.parametrize(
    "place", ["A/attributes.txt", "attributes/A.txt", "att/a.txt", "anno/att/A.txt"]
)
@pytest.mark.parametrize("text", [FLAGS, FLAGS.replace(",", " "), "IV, OCC, LR", "iv\nocc\nlr\n"])
def test_flags_and_abbreviations_are_read_from_every_place(tmp_path, place, text):
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text(text)
    assert read_attributes(tmp_path, ["A"]) == {"A": {"IV", "OCC", "LR"}}


@pytest.mark.parametrize("file", ["Jogging.2.txt", "jogging-2.txt", "Jogging_2.txt"])
def test_a_second_target_has_a_file_of_its_own(tmp_path, file):
    (tmp_path / "attributes").mkdir()
    (tmp_path / "attributes" / file).write_text("DEF")
    assert read_attributes(tmp_path, ["Jogging.2"]) == {"Jogging.2": {"DEF"}}


def test_there_are_eleven_and_data_without_any_are_no_error(tmp_path):
    assert len(ATTRIBUTES) == 11
    assert read_attributes(tmp_path, ["A", "B"]) is None


def test_a_part_of_the_labels_is_not_enough(tmp_path):
    (tmp_path / "att").mkdir()
    (tmp_path / "att" / "A.txt").write_text(FLAGS)
    with pytest.raises(InputError, match=r"no attributes for B, C \(2 of 3 sequences\); put the"):
        read_attributes(tmp_path, ["A", "B", "C"])


@pytest.mark.parametrize("text", ["", "1,0", "IV,dark", "2" + FLAGS[1:]])
def test_other_files_are_refused(tmp_path, text):
    (tmp_path / "att").mkdir()
    (tmp_path / "att" / "A.txt").write_text(text)
    with pytest.raises(InputError, match=r"A\.txt: neither 11 flags 0 or 1 nor some of IV, OPR"):
        read_attributes(tmp_path, ["A"])
