"""The photographs of an installed package: there, of natural variety, with licenses that it states."""

import inspect

import numpy as np
import pytest
import skimage.data

from roam_lite.data.photographs import PHOTOGRAPHS, _read, draw_photograph


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_photographs_are_there_and_large_enough(name):
    image = _read(name)
    assert image.dtype == np.uint8
    assert image.shape[2] == 3
    assert min(image.shape[:2]) >= 300


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_package_states_that_each_is_free(name):
    text = inspect.getdoc(getattr(skimage.data, name.partition(".")[0]))
    assert "CC0" in text or "public domain" in text


def test_draws_depend_on_the_generator_alone_and_reach_every_photograph():
    def shapes(seed):
        rng = np.random.default_rng(seed)
        return [draw_photograph(rng) for _ in range(40)]

    first, again = shapes(0), shapes(0)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert {image.shape for image in first} == {_read(name).shape for name in PHOTOGRAPHS}


def test_gray_photographs_come_in_color():
    rng = np.random.default_rng(1)
    drawn = [draw_photograph(rng) for _ in range(40)]
    assert all((image != image[..., :1]).any() for image in drawn)


def test_nobody_can_change_a_photograph_for_others():
    with pytest.raises(ValueError, match="read-only"):
        _read("coffee.png")[0, 0] = 0
