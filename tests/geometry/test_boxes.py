"""Boxes: parameterization and overlap."""

from math import log

import torch
from hypothesis import given
from hypothesis import strategies as st

from roam_lite.geometry import box_iou, decode_boxes, encode_boxes

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
