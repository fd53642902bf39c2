"""Which files of a folder are frames, in which order, and what is said of the others."""

import re
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest

from roam_lite.data.images import IMAGE_SUFFIXES, frames_of, gaps, image_files
from roam_lite.data.pixels import read_image
from roam_lite.errors import InputError, InputWarning


def fill(folder, *names):
    for name in names:
        (folder / name).write_bytes(b"")
    return folder


def listed(folder):
    return [path.name for path in image_files(folder)]


@pytest.fixture
def silent():
    """Nothing may be said."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", InputWarning)
        yield


@pytest.mark.parametrize(("names", "order"), [
    (["img10.png", "img2.png", "IMG1.png"], ["IMG1.png", "img2.png", "img10.png"]),
    (["1_10.jpg", "2_1.jpg", "1_9.jpg", "10_1.jpg"], ["1_9.jpg", "1_10.jpg", "2_1.jpg", "10_1.jpg"]),
    (["010_left.jpg", "9_left.jpg"], ["9_left.jpg", "010_left.jpg"]),
    (["0001.JPG", "0002.jpeg", "0003.Bmp"], ["0001.JPG", "0002.jpeg", "0003.Bmp"]),
])  # fmt: skip
def test_order_is_natural_over_the_whole_name(tmp_path, silent, names, order):
    assert listed(fill(tmp_path, *names)) == order


def test_hidden_files_and_folders_are_no_frames(tmp_path, silent):
    fill(tmp_path, "0001.jpg", "0002.jpg", "._0001.jpg", ".DS_Store", "Thumbs.db", "notes.txt")
    (tmp_path / "0003.jpg").mkdir()
    assert listed(tmp_path) == ["0001.jpg", "0002.jpg"]


@pytest.mark.parametrize(
    "stranger", ["thumbnail.jpg", "0002 (1).jpg", "preview_1.png", "0002.0.bmp"]
)
def test_an_image_of_another_naming_pattern_is_left_out_and_named(tmp_path, stranger):
    fill(tmp_path, *(f"{i:04d}.jpg" for i in range(1, 5)), stranger)
    with pytest.warns(InputWarning, match=re.escape(f"skipping {stranger}")):
        assert listed(tmp_path) == [f"{i:04d}.jpg" for i in range(1, 5)]


def test_two_series_in_one_folder_are_refused(tmp_path):
    fill(tmp_path, *(f"{side}_{i}.png" for side in ("left", "right") for i in range(3)))
    with pytest.raises(InputError, match=r"named like left_0\.png \(3\) and like right_0\.png"):
        listed(tmp_path)


@pytest.mark.parametrize("twin", ["0002.png", "002.jpg"])
def test_two_images_of_one_number_are_refused(tmp_path, twin):
    fill(tmp_path, "0001.jpg", "0002.jpg", "0003.jpg", twin)
    with pytest.raises(InputError, match=f"both .*{re.escape(twin)}"):
        listed(tmp_path)


def test_names_without_numbers_are_taken_and_said(tmp_path):
    with pytest.warns(InputWarning, match="no numbers; using alphabetical order"):
        assert listed(fill(tmp_path, "b.png", "a.png")) == ["a.png", "b.png"]


def test_a_folder_without_images_says_what_is_there_instead(tmp_path):
    with pytest.raises(InputError, match=r"no images in this folder, only .* not read \(\.heic\)"):
        image_files(fill(tmp_path, "0001.heic"))
    with pytest.raises(InputError, match="no images"):
        image_files(tmp_path / "nowhere")


@pytest.mark.parametrize(("names", "missing"), [
    (["1", "2", "3", "5", "6", "7", "9"], [(3, 5), (7, 9)]),
    (["0", "5", "10", "20", "25"], [(10, 20)]),  # every fifth frame, and one is missing
    (["cam2_1", "cam2_2", "cam2_4", "cam2_5"], [(2, 4)]),
    (["17", "90", "233"], []),  # times
    (["1_8", "1_9", "2_1"], []),
    (["7"], []),
])  # fmt: skip
def test_gaps_are_found_in_the_one_number_that_counts(names, missing):
    assert gaps([Path(f"{name}.jpg") for name in names]) == missing


def test_gaps_are_said_where_there_are_no_boxes(tmp_path):
    fill(tmp_path, *(f"{i}.jpg" for i in (1, 2, 3, 5)))
    with pytest.warns(InputWarning, match="image 4 is missing between 3 and 5; .* consecutive"):
        assert len(frames_of(tmp_path)) == 4


def test_every_format_that_opencv_writes_is_listed_and_decoded(tmp_path, silent):
    image = np.full((96, 128, 3), 120, np.uint8)
    for suffix in IMAGE_SUFFIXES - {".jfif", ".jpe", ".sr", ".dib", ".avif", ".gif"}:
        written = image[..., 0] if suffix in {".pgm", ".pbm"} else image
        path = tmp_path / f"1{suffix.upper()}"
        path.write_bytes(cv2.imencode(suffix, written)[1].tobytes())
        assert image_files(tmp_path) == [path]
        assert read_image(path).shape == image.shape
        path.unlink()
