"""Boxes: what a target can have, parameterization and overlap."""

from math import log

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from roam_lite.errors import InputError
from roam_lite.geometry import (
    box_iou,
    check_box,
    decode_boxes,
    encode_boxes,
    initial_stretches,
    nominal_size,
)
from roam_lite.profiles import get_profile

position = st.floats(-500, 500)
side = st.floats(0.5, 500)
box = st.tuples(position, position, side, side).map(lambda b: torch.tensor(b, dtype=torch.float64))


@given(box, box)
def test_decoding_undoes_encoding(target, anchor):
    decoded = decode_boxes(encode_boxes(target, anchor), anchor)
    torch.testing.assert_close(decoded, target, rtol=1e-9, atol=1e-8)


@given(box, st.lists(st.floats(-2, 2), min_size=4, max_size=4))
def test_encoding_undoes_decoding(anchor, deltas):
    deltas = torch.tensor(deltas, dtype=torch.float64)
    again = encode_boxes(decode_boxes(deltas, anchor), anchor)
    torch.testing.assert_close(again, deltas, rtol=0, atol=1e-8)


def test_an_anchor_relative_to_itself_is_zero():
    anchor = torch.tensor([3.0, -4.0, 10.0, 20.0])
    assert encode_boxes(anchor, anchor).tolist() == [0, 0, 0, 0]
    assert torch.equal(decode_boxes(torch.zeros(4), anchor), anchor)


def test_shifts_are_in_anchor_sizes_and_sizes_are_log_ratios():
    anchor, target = torch.tensor([0.0, 0.0, 10.0, 20.0]), torch.tensor([5.0, 0.0, 10.0, 40.0])
    expected = torch.tensor([0.5, 0.5, 0.0, log(2)])
    torch.testing.assert_close(encode_boxes(target, anchor), expected)


@given(box, box, st.floats(0.05, 2), st.floats(0.05, 2))
def test_a_spread_divides_the_deltas_and_is_undone(target, anchor, shift, size):
    deltas = encode_boxes(target, anchor, (shift, size))
    units = torch.tensor([shift, shift, size, size], dtype=torch.float64)
    torch.testing.assert_close(deltas * units, encode_boxes(target, anchor))
    decoded = decode_boxes(deltas, anchor, (shift, size))
    torch.testing.assert_close(decoded, target, rtol=1e-9, atol=1e-8)


def test_boxes_and_anchors_broadcast():
    boxes, anchors = torch.rand(3, 1, 4) + 1, torch.rand(5, 4) + 1
    deltas = encode_boxes(boxes, anchors)
    assert deltas.shape == (3, 5, 4)
    torch.testing.assert_close(decode_boxes(deltas, anchors), boxes.expand(3, 5, 4))


@given(box, box)
def test_overlap_is_symmetric_and_between_zero_and_one(a, b):
    overlap = box_iou(a, b)
    assert 0 <= overlap <= 1 + 1e-12
    torch.testing.assert_close(overlap, box_iou(b, a))


def test_overlap_of_known_boxes():
    a = torch.tensor([0.0, 0.0, 2.0, 2.0])
    others = torch.tensor([[0.0, 0, 2, 2], [1, 0, 2, 2], [2, 0, 2, 2], [0.5, 0.5, 1, 1]])
    torch.testing.assert_close(box_iou(a, others), torch.tensor([1, 1 / 3, 0, 1 / 4]))


def test_overlap_of_boxes_without_area_is_unknown():
    assert box_iou(torch.zeros(4), torch.zeros(4)).isnan()
    assert box_iou(torch.zeros(4), torch.ones(4)) == 0


def test_a_box_has_the_area_of_the_nominal_square_in_its_own_patch():
    config = get_profile("paper").model
    size = nominal_size(np.array([7.0, 9.0, 10.0, 40.0]), config)
    assert size[1] / size[0] == pytest.approx(4)
    assert np.sqrt(size.prod()) == pytest.approx(281 / 5)


def test_nine_stretches_begin_with_none():
    stretches = initial_stretches(get_profile("paper").model)
    assert len(set(stretches)) == 9
    assert stretches[0] == (1, 1)
    for s in (0.8, 1, 1.2):
        for r in (0.8, 1, 1.2):
            assert (s * r, s / r) in stretches


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([1, 2, 3], "four numbers"),
        ("box", "four numbers"),
        (None, "finite|four numbers"),
        ([0, 0, np.nan, 5], "finite"),
        ([0, 0, np.inf, 5], "finite"),
        ([0, 0, 0, 5], "no area"),
        ([0, 0, 5, -1], "no area"),
        ([40, 0, 5, 5], "outside the image of 40 x 30"),
        ([0, 30, 5, 5], "outside"),
        ([-5, 0, 5, 5], "outside"),
    ],
)
def test_boxes_that_no_target_has_are_refused(box, message):
    with pytest.raises(InputError, match=message):
        check_box(box, (30, 40, 3))


def test_a_checked_box_is_a_copy_in_float64():
    box = np.array([[39.5, 29.5, 5, 5]], dtype=np.float32)
    checked = check_box(box, (30, 40, 3))
    assert (checked.dtype, checked.shape) == (np.float64, (4,))
    checked += 1
    assert box[0, 0] == 39.5
