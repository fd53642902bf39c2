"""Text is read as people's programs write it."""

import os
from pathlib import Path

import pytest

from roam_lite.data.images import listed_names
from roam_lite.data.otb_attributes import read_attributes
from roam_lite.errors import InputError
from roam_lite.text import opencv_path, read_text

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_text_of_any_encoding_is_the_same(tmp_path, encoding):
    path = tmp_path / "a.txt"
    path.write_bytes("1,2\r\nprêt\r\n".encode(encoding))
    assert read_text(path) == "1,2\nprêt\n"


def test_what_is_no_utf_8_is_taken_as_windows_1252(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("café – 1\n".encode("cp1252"))
    assert read_text(path) == "café – 1\n"


def test_doubled_carriage_returns_are_one_line_end(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"1\r\r\n2\r3\n")
    assert read_text(path) == "1\n2\n3\n"


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.txt: cannot be read .* restore"):
        read_text(tmp_path / "nowhere.txt")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_lists_and_attributes_are_read_in_any_encoding(tmp_path, encoding):
    (tmp_path / "list.txt").write_bytes("my ball\r\nB\r\n".encode(encoding))
    assert listed_names(tmp_path, "*/x.txt") == ["my ball", "B"]
    (tmp_path / "B").mkdir()
    (tmp_path / "B" / "attributes.txt").write_bytes("IV,OCC\r\n".encode(encoding))
    assert read_attributes(tmp_path, ["B"]) == {"B": {"IV", "OCC"}}


def test_a_path_that_opencv_cannot_take_is_refused():
    assert opencv_path(Path("a/é.mp4")) == str(Path("a/é.mp4"))
    with pytest.raises(InputError, match=r"not UTF-8"):
        opencv_path(os.fsdecode(b"caf\xe9.mp4"))
