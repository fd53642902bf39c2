"""Whatever files are called, and whatever words name sources: understood, or an InputError."""

import os

from hypothesis import given
from hypothesis import strategies as st

from roam_lite.data.images import image_files, one_image_a_box
from roam_lite.data.sources import parse_sources
from tests.fuzzed.tried import REFUSED, tried

# Letters of names that file systems take; some of them are digits to Python and not to int().
LETTERS = "abZ019_-. ()²٣é\u0301\udce9"
STEMS = st.one_of(
    st.integers(0, 10**12).map(str),
    st.integers(0, 999).map("frame{:04d}".format),
    st.integers(0, 999).map("IMG ({}) copy".format),
    st.text(LETTERS, min_size=1, max_size=8),
)
SUFFIXES = st.sampled_from((".jpg", ".JPG", ".png", ".txt", "", ".jpg.part"))
NAMES = st.builds("{}{}".format, STEMS, SUFFIXES).filter(lambda name: name not in (".", ".."))
SERIES = st.builds(
    lambda first, count, width: [f"{n:0{width}d}.jpg" for n in range(first, first + count)],
    st.integers(0, 10**6),
    st.integers(0, 12),
    st.integers(0, 8),
)


@given(SERIES, st.lists(NAMES, max_size=6), st.integers(1, 14))
def test_any_names_give_frames_in_order_or_an_error(tmp_path_factory, series, strangers, boxes):
    folder = tmp_path_factory.mktemp("images")
    for name in {*series, *strangers}:
        os.close(os.open(folder / name, os.O_CREAT))
    frames = tried(image_files, folder, named=[folder.name])
    paired = tried(one_image_a_box, folder, boxes, folder / "boxes.txt", named=[folder.name])
    if REFUSED in (frames, paired):
        return
    assert len(paired) == boxes
    assert len(set(frames)) == len(frames)
    numbers = [int(path.stem) for path in frames if path.name in series]
    assert numbers == sorted(numbers)


WORDS = st.sampled_from(
    ("synthetic", "otb:", "collage:", "photographs", "*2", "*", "*-1", "*1e3", ",", " ", "*0", "x")
)


@given(st.lists(WORDS | st.text(max_size=3), max_size=6).map("".join))
def test_any_list_of_sources_is_parsed_or_refused(text):
    assert tried(parse_sources, text, 0)
