"""Regions are the same as tensors and as arrays, and so are a patch of a view and of the image."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from roam_lite.geometry import boxes_to_image, boxes_to_patch, crop, recrop, region_around

SIZE = 48


def draw_boxes(rng, number=6):
    return np.concatenate(
        [rng.uniform(20, 200, (number, 2)), rng.uniform(8, 60, (number, 2))], axis=1
    )


def test_tensors_and_arrays_are_treated_alike():
    rng = np.random.default_rng(0)
    boxes, others = draw_boxes(rng), draw_boxes(rng)
    regions = region_around(torch.from_numpy(boxes), 5.0)
    found = boxes_to_patch(torch.from_numpy(others), regions, SIZE)
    for index in range(len(boxes)):
        region = region_around(boxes[index], 5.0)
        assert_allclose(regions[index], region, rtol=1e-12)
        assert_allclose(found[index], boxes_to_patch(others[index], region, SIZE), rtol=1e-12)
    arrays = region_around(boxes, 5.0, (0.8, 1.1))
    tensors = region_around(torch.from_numpy(boxes), 5.0, (0.8, 1.1))
    for function in (boxes_to_patch, boxes_to_image):
        found = function(torch.from_numpy(others), tensors, SIZE)
        assert np.array_equal(function(others, arrays, SIZE), found)
    assert np.array_equal(region_around(boxes[::-1], 5.0), region_around(boxes, 5.0)[::-1])


def test_into_a_patch_and_back_is_where_it_was():
    rng = np.random.default_rng(1)
    boxes, regions = torch.from_numpy(draw_boxes(rng)), torch.from_numpy(draw_boxes(rng))
    back = boxes_to_image(boxes_to_patch(boxes, regions, SIZE), regions, SIZE)
    torch.testing.assert_close(back, boxes)


def smooth_image(rng):
    """A smooth picture: what resampling twice loses of it is small."""
    y, x = np.mgrid[:240, :320]
    waves = [np.sin(x / rng.uniform(12, 30) + y / rng.uniform(12, 30)) for _ in range(3)]
    return np.round(127 + 100 * np.stack(waves, axis=-1)).astype(np.uint8)


@pytest.mark.parametrize("seed", range(4))
def test_a_patch_cut_from_a_view_is_the_one_cut_from_the_image(seed):
    rng = np.random.default_rng(seed)
    image = smooth_image(rng)
    seen = np.array([160.0, 120.0, 150.0, 150.0])
    wanted = np.array([*(seen[:2] + rng.uniform(-25, 25, 2)), 80.0, rng.uniform(60, 90)])
    view = torch.from_numpy(crop(image, seen, 2 * SIZE)).permute(2, 0, 1)[None]
    patch = recrop(view, torch.from_numpy(seen)[None], torch.from_numpy(wanted)[None], SIZE)
    assert patch.dtype == torch.uint8
    expected = crop(image, wanted, SIZE).astype(float)
    assert np.abs(patch[0].permute(1, 2, 0).numpy() - expected).max() < 8
    assert np.abs(patch[0].permute(1, 2, 0).numpy() - expected).mean() < 1.5


def test_outside_a_view_lies_its_mean_color():
    view = torch.full((1, 3, 32, 32), 10, dtype=torch.uint8)
    view[..., :16] = 90
    seen = torch.tensor([[100.0, 100.0, 40.0, 40.0]])
    far = torch.tensor([[500.0, 100.0, 20.0, 20.0]])
    assert (recrop(view, seen, far, 16) == 50).all()
    half = recrop(view, seen, torch.tensor([[80.0, 100.0, 20.0, 20.0]]), 16)[0]
    assert (half[..., :7] == 50).all()
    assert (half[..., 9:] == 90).all()
