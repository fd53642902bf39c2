"""Patches: exact below the pixel, both ways."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from roam_lite.geometry import boxes_to_image, boxes_to_patch, crop, region_around

SIZE = 48
positions = st.floats(-300, 2000)
sides = st.floats(2, 1500)
stretches = st.tuples(st.floats(0.6, 1.5), st.floats(0.6, 1.5))


def ramp(height, width, slope_x, slope_y, start):
    """An image whose value at the continuous point (x, y) is start + slope_x x + slope_y y."""
    y, x = np.mgrid[:height, :width] + 0.5
    values = start + slope_x * x + slope_y * y
    assert values.min() >= 0
    assert values.max() <= 255
    return np.repeat(np.round(values)[..., None].astype(np.uint8), 3, axis=2)


def patch_points(region, size):
    """The image coordinates of the patch's pixel centers."""
    cx, cy, side_w, side_h = region
    centers = (np.arange(size) + 0.5) / size
    return cx - side_w / 2 + centers * side_w, cy - side_h / 2 + centers * side_h


@given(positions, positions, sides, sides, stretches, positions, positions, sides, sides)
def test_image_to_patch_to_image_is_exact(x, y, w, h, stretch, bx, by, bw, bh):
    region, box = region_around(np.array([x, y, w, h]), 5.0, stretch), np.array([bx, by, bw, bh])
    patch_box = boxes_to_patch(box, region, SIZE)
    assert_allclose(boxes_to_image(patch_box, region, SIZE), box, rtol=0, atol=1e-4)
    again = boxes_to_patch(boxes_to_image(patch_box, region, SIZE), region, SIZE)
    assert_allclose(again, patch_box, rtol=0, atol=1e-4)


@given(positions, positions, sides, sides, stretches)
def test_the_target_is_in_the_middle_of_its_patch_stretched_as_asked(x, y, w, h, stretch):
    box = np.array([x, y, w, h])
    patch_box = boxes_to_patch(box, region_around(box, 5.0, stretch), SIZE)
    assert_allclose(patch_box[:2] + patch_box[2:] / 2, SIZE / 2, atol=1e-6)
    nominal = np.array([w, h]) / np.sqrt(w * h) * SIZE / 5
    assert_allclose(patch_box[2:], nominal * stretch, rtol=1e-9)


def test_many_boxes_are_converted_at_once():
    boxes = np.random.default_rng(0).uniform(1, 50, (6, 4))
    region = np.array([20.0, 30.0, 40.0, 60.0])
    one_by_one = [boxes_to_patch(box, region, SIZE) for box in boxes]
    assert_allclose(boxes_to_patch(boxes, region, SIZE), one_by_one)


@pytest.mark.parametrize("seed", range(20))
def test_a_ramp_is_sampled_at_the_pixel_centers_of_any_region(seed):
    rng = np.random.default_rng(seed)
    # Whole gray levels at every pixel, so that only the patch's own rounding is left.
    slope_x, slope_y = rng.choice([-4, -3, -2, 0, 2, 3, 4], 2)
    start = 127.5 - 15 * slope_x - 15 * slope_y + (slope_x + slope_y + 1) % 2 / 2
    image = ramp(30, 30, slope_x, slope_y, start)
    side = rng.uniform(4, 27, 2)
    region = (*rng.uniform(side / 2 + 0.5, 29.5 - side / 2), *side)
    x, y = patch_points(region, 32)
    expected = start + slope_x * x[None, :] + slope_y * y[:, None]
    patch = crop(image, region, 32)
    # Half a gray level of rounding, and a 64th of a pixel on the steepest ramp: OpenCV 4 samples at 32nds.
    assert_allclose(patch, np.repeat(expected[..., None], 3, axis=2), atol=0.5 + 8 / 64)


@pytest.mark.parametrize("fraction", [0.125, 0.25, 0.5, 0.75])
def test_a_shift_by_a_fraction_of_a_pixel_shifts_the_patch_by_it(fraction):
    image = ramp(40, 40, 4, 0, 8)
    still = crop(image, (20.0, 20.0, 16.0, 16.0), 16)
    moved = crop(image, (20.0 + fraction, 20.0, 16.0, 16.0), 16)
    assert_allclose(moved.astype(float) - still, 4 * fraction, atol=0.5)
    assert np.array_equal(crop(image, (21.0, 20.0, 16.0, 16.0), 16)[:, :-1], still[:, 1:])


def test_a_region_of_whole_pixels_is_copied():
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    assert np.array_equal(crop(image, (17.0, 14.0, 10.0, 10.0), 10), image[9:19, 12:22])


def test_outside_the_image_is_its_mean_color():
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    mean = np.round(image.mean(axis=(0, 1)))
    patch = crop(image, (0.0, 0.0, 40.0, 40.0), 40)
    assert_allclose(patch[:19], np.broadcast_to(mean, (19, 40, 3)), atol=1)
    assert_allclose(patch[:, :19], np.broadcast_to(mean, (40, 19, 3)), atol=1)
    assert np.array_equal(patch[20:, 20:], image[:20, :20])
    elsewhere = crop(image, (500.0, -800.0, 20.0, 20.0), 10)
    assert_allclose(elsewhere, np.broadcast_to(mean, (10, 10, 3)), atol=1)
    # Downscaled by a whole factor, too.
    far = crop(image, (-400.0, 15.0, 100.0, 100.0), 10)
    assert_allclose(far, np.broadcast_to(mean, (10, 10, 3)), atol=1)


@pytest.mark.parametrize("scale", [2.0, 2.7, 4.3, 8.6])
def test_a_ramp_survives_a_large_reduction(scale):
    rng = np.random.default_rng(int(scale * 10))
    image = ramp(360, 480, 0.5, 0, 2)
    side = 32 * scale * rng.uniform(1, 1.1, 2)
    region = (*rng.uniform(side / 2 + 1, (479, 359) - side / 2), *side)
    x, _ = patch_points(region, 32)
    expected = np.broadcast_to((2 + 0.5 * x)[None, :, None], (32, 32, 3))
    assert_allclose(crop(image, region, 32), expected, atol=1)


@pytest.mark.parametrize("scale", [2, 4, 6])
def test_fine_stripes_do_not_alias_when_reduced(scale):
    image = np.zeros((300, 300, 3), np.uint8)
    image[:, ::2] = 200
    patch = crop(image, (150.3, 149.6, 40 * scale, 40 * scale), 40)
    assert_allclose(patch, 100, atol=3)


def test_sides_may_be_reduced_by_different_factors():
    image = ramp(300, 300, 0.5, 0.25, 3)
    region = (150.4, 149.7, 250.0, 60.0)
    x, y = patch_points(region, 50)
    expected = 3 + 0.5 * x[None, :] + 0.25 * y[:, None]
    assert_allclose(crop(image, region, 50)[..., 0], expected, atol=1.2)
