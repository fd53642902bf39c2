"""Resizable filters: size, warp and anchor."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from roam_lite.bench.plain import warp_filter_plain
from roam_lite.model.filters import anchor_size, filter_size, warp_filters
from roam_lite.profiles import get_profile

extents = st.floats(0.01, 2000)


@given(extents, extents, st.integers(1, 90))
def test_filter_size_is_odd_never_zero_and_fits_the_map(w, h, cells):
    rows, columns = filter_size(torch.tensor([w, h]), 1.5, 4, cells).tolist()
    for side in (rows, columns):
        assert side % 2 == 1
        assert 1 <= side <= cells


def test_a_square_target_at_nominal_size_gives_23_cells_at_the_papers_constants():
    paper = get_profile("paper")
    nominal = paper.model.patch_size / paper.model.region_scale
    assert nominal == pytest.approx(56.2)
    size = filter_size(
        torch.tensor([nominal, nominal]), paper.model.filter_scale, paper.model.stride, 70
    )
    assert size.tolist() == [23, 23]
    assert paper.model.base_filter == 21


def test_rows_follow_the_height_and_columns_the_width():
    assert filter_size(torch.tensor([8.0, 40.0]), 1.5, 4, 99).tolist() == [15, 3]


def test_anchor_is_the_filter_without_its_context_in_pixels():
    anchor = anchor_size(torch.tensor([15.0, 3.0]), 1.5, 4)
    assert anchor.tolist() == [3 * 4 / 1.5, 15 * 4 / 1.5]


@pytest.mark.parametrize("base", [1, 5, 11])
def test_batched_warp_equals_the_plain_one_of_every_video(base):
    kernels = torch.randn(6, 4, 3, base, base, dtype=torch.float64)
    sizes = torch.tensor([[1, 1], [1, 7], [9, 3], [13, 13], [base, base], [5, 11]])
    warped = warp_filters(kernels, sizes, 15)
    for video, (rows, columns) in enumerate(sizes.tolist()):
        top, left = (15 - rows) // 2, (15 - columns) // 2
        inside = warped[video, :, :, top : top + rows, left : left + columns]
        torch.testing.assert_close(inside, warp_filter_plain(kernels[video], (rows, columns)))
        outside = warped[video].clone()
        outside[:, :, top : top + rows, left : left + columns] = 0
        assert not outside.any()


def test_a_filter_of_the_bases_size_is_the_base():
    kernels = torch.randn(2, 1, 3, 5, 5, dtype=torch.float64)
    warped = warp_filters(kernels, torch.tensor([[5, 5], [5, 5]]), 5)
    torch.testing.assert_close(warped, kernels, rtol=0, atol=1e-12)


def test_corners_stay_on_corners_and_values_are_not_renormalized():
    kernels = torch.randn(1, 1, 1, 5, 5, dtype=torch.float64)
    warped = warp_filters(kernels, torch.tensor([[9, 13]]), 13)[0, 0, 0, 2:11]
    for row, column in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        assert warped[row, column].item() == pytest.approx(kernels[0, 0, 0, row, column].item())
    ones = warp_filters(torch.ones(1, 1, 1, 5, 5), torch.tensor([[9, 13]]), 13)[0, 0, 0, 2:11]
    torch.testing.assert_close(ones, torch.ones(9, 13))


def test_warp_has_the_right_gradient():
    kernels = torch.randn(3, 2, 1, 3, 3, dtype=torch.float64, requires_grad=True)
    sizes = torch.tensor([[1, 5], [5, 3], [7, 7]])
    assert torch.autograd.gradcheck(lambda k: warp_filters(k, sizes, 7), kernels)
