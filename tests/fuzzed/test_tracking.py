"""Whatever a caller gives to init and update: a finite box, or an InputError and a tracker that goes on."""

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.fuzzed.tried import REFUSED, tried
from tests.tracking.small import smoke_tracker

SIDES = st.sampled_from((1, 2, 3, 7, 48, 64, 97))
TYPES = st.sampled_from((np.uint8, np.uint16, np.int64, np.float32, np.bool_, np.complex64))


@st.composite
def images(draw):
    """Pictures of a video, and what else gets into the variable of that name."""
    usual = draw(st.booleans())
    if not usual and draw(st.integers(0, 5)) == 0:
        return draw(
            st.sampled_from((None, "0001.jpg", 3, [], [[1, 2], [3]], {}, b"\xff", object()))
        )
    colors = (3,) if usual else draw(st.sampled_from(((), (1,), (2,), (3,), (4,), (5, 3))))
    kind = np.uint8 if usual else draw(TYPES)
    shape = (draw(SIDES), draw(SIDES), *colors)
    if draw(st.booleans()):
        return draw(arrays.arrays(kind, shape, fill=st.just(kind(1))))
    image = np.random.default_rng(0).integers(0, 256, shape).astype(kind)
    return image[:, ::-1] if draw(st.booleans()) else image


NUMBERS = st.one_of(
    st.floats(-50, 150),
    st.integers(-5, 100),
    st.sampled_from(
        (0, -1, 1e-12, 1e6, 1e300, float("nan"), float("inf"), None, "5", 3 + 4j, True)
    ),
)
USUAL = st.tuples(st.floats(0, 40), st.floats(0, 40), st.floats(1, 60), st.floats(1, 60))
BOXES = st.one_of(
    USUAL,
    USUAL,
    st.lists(NUMBERS, max_size=6),
    st.sampled_from((None, "1,2,3,4", 7, [[1, 2, 3, 4]], {"x": 1})),
)


@functools.cache
def tracker(variant):
    return smoke_tracker(variant=variant)


def picture(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize("variant", ["roam++", "roam"])
@given(images(), BOXES)
def test_any_image_and_box_begin_or_are_refused(variant, image, box):
    mine = tracker(variant)
    if tried(mine.init, image, box) is not REFUSED:
        height, width = np.asarray(image).shape[:2]
        assert np.isfinite(mine.box).all()
        assert (mine.box[:2] < (width, height)).all()
        result = mine.update(np.zeros((height, width, 3), np.uint8))
        assert np.isfinite(result.box).all()
        assert (result.box[2:] > 0).all()


@pytest.mark.parametrize("variant", ["roam++", "roam"])
@given(st.lists(images(), min_size=1, max_size=6))
def test_any_frames_give_boxes_or_are_refused(variant, frames):
    mine = tracker(variant)
    mine.init(picture(), (20, 12, 18, 14))
    for frame in frames:
        before = mine.box.copy()
        result = tried(mine.update, frame)
        if result is REFUSED:  # the frame never was
            np.testing.assert_array_equal(mine.box, before)
        else:
            assert np.isfinite(result.box).all()
            assert (result.box[2:] > 0).all()
            assert np.isfinite(result.score)
    assert np.isfinite(mine.update(picture(1)).box).all()
