"""How far two tracks of boxes agree: overlap and distance of centers, as scores count them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roam_lite.geometry import center_error, iou

coordinate = st.floats(-500, 500)
side = st.floats(0.01, 500)
box = st.tuples(coordinate, coordinate, side, side)
track = st.lists(box, min_size=1, max_size=6).map(np.array)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (5, 0, 10, 10), 1 / 3),
        ((0, 0, 10, 10), (10, 0, 10, 10), 0.0),  # touching edges share no area
        ((0, 0, 10, 10), (2, 2, 5, 5), 0.25),
        ((0, 0, 0, 0), (0, 0, 0, 0), 0.0),
        ((0, 0, 0, 0), (0, 0, 10, 10), 0.0),
        ((2, 2, 0, 5), (2, 2, 0, 5), 0.0),
        ((0, 0, -5, 10), (-5, 0, 5, 10), 0.0),  # a negative side holds no area
        ((5, 5, -5, -10), (0, 0, 10, 10), 0.0),  # nor do two of them
        ((0, 0, -5, -5), (0, 0, -5, -5), 0.0),
        ((np.nan, 0, 10, 10), (0, 0, 10, 10), np.nan),
        ((0, 0, np.nan, 10), (0, 0, 10, 10), np.nan),
        ((np.nan, 0, 0, 0), (0, 0, 0, 0), np.nan),  # unknown, with or without area
        ((np.nan,) * 4, (np.nan,) * 4, np.nan),
    ],
)
def test_iou_of_known_pairs(a, b, expected):
    assert iou(np.array([a]), np.array([b]))[0] == pytest.approx(expected, nan_ok=True)


def counted(a, b):
    """The overlap of one pair, by hand."""
    if any(np.isnan(value) for value in (*a, *b)):
        return np.nan
    (ax, ay, aw, ah), (bx, by, bw, bh) = a, b
    width, height = min(ax + aw, bx + bw) - max(ax, bx), min(ay + ah, by + bh) - max(ay, by)
    shared = max(width, 0) * max(height, 0)
    union = max(aw, 0) * max(ah, 0) + max(bw, 0) * max(bh, 0) - shared
    return min(shared / union, 1.0) if union else 0.0


value = st.sampled_from([-3.0, -1.0, 0.0, 0.5, 1.0, 2.0, 7.25, np.nan])
odd_box = st.tuples(value, value, value, value)


@given(st.lists(st.tuples(odd_box, odd_box), min_size=1, max_size=8))
def test_iou_of_a_track_is_that_of_its_pairs_whatever_they_are(pairs):
    a, b = (np.array(boxes) for boxes in zip(*pairs, strict=True))
    np.testing.assert_array_equal(iou(a, b), [counted(*pair) for pair in pairs])
    np.testing.assert_array_equal(iou(a[::-1], b[::-1]), iou(a, b)[::-1])


def test_lists_and_empty_tracks_are_tracks_too():
    assert iou([[0, 0, 2, 2]], [[1, 0, 2, 2]]) == pytest.approx([1 / 3])
    assert center_error([[0, 0, 2, 2]], [[3, 4, 2, 2]]).tolist() == [5]
    assert iou(np.zeros((0, 4)), np.zeros((0, 4))).shape == (0,)


def test_the_tracks_stay_as_they_are():
    a, b = np.array([[0.0, 0, -5, 10]]), np.array([[0.0, 0, 5, 10]])
    iou(a, b)
    assert a.tolist() == [[0, 0, -5, 10]]
    assert b.tolist() == [[0, 0, 5, 10]]


@given(track)
def test_iou_with_itself_is_one(boxes):
    assert iou(boxes, boxes) == pytest.approx(1.0)


@given(box, box, coordinate, coordinate, st.floats(0.1, 10))
def test_iou_is_symmetric_bounded_and_blind_to_shift_and_scale(a, b, dx, dy, scale):
    a, b = np.array([a]), np.array([b])
    shift = np.array([dx, dy, 0, 0])
    overlap = iou(a, b)
    assert (overlap >= 0).all()
    assert (overlap <= 1).all()
    assert iou(b, a) == pytest.approx(overlap)
    assert iou((a + shift) * scale, (b + shift) * scale) == pytest.approx(overlap, abs=1e-6)


@given(st.integers(-8, 8), st.integers(-8, 8), st.integers(1, 8), st.integers(1, 8))
def test_iou_of_whole_pixels_is_the_count_of_shared_ones(x, y, w, h):
    canvas_a, canvas_b = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
    canvas_a[15:21, 15:24] = True
    canvas_b[15 + y : 15 + y + h, 15 + x : 15 + x + w] = True
    shared, covered = (canvas_a & canvas_b).sum(), (canvas_a | canvas_b).sum()
    assert iou(np.array([[0, 0, 9, 6]]), np.array([[x, y, w, h]]))[0] == pytest.approx(
        shared / covered
    )


def test_center_error_is_the_distance_of_the_middles():
    a, b = np.array([[0.0, 0.0, 10.0, 10.0]]), np.array([[1.0, 2.0, 14.0, 14.0]])
    assert center_error(a, b)[0] == pytest.approx(5.0)  # middles (5, 5) and (8, 9)


def test_center_error_with_a_nan_is_a_nan_and_sizes_may_be_negative():
    a = np.array([[np.nan, 0, 1, 1], [0, 0, -4, 2]])
    np.testing.assert_array_equal(
        center_error(a, np.array([[0.0, 0, 1, 1], [2, 1, 0, 0]])), [np.nan, 4]
    )


@given(box, box)
def test_center_error_equals_the_benchmarks_formula_on_one_based_boxes(a, b):
    def benchmark_center(x, y, w, h):
        return np.array([x + 1 + (w - 1) / 2, y + 1 + (h - 1) / 2])

    expected = np.linalg.norm(benchmark_center(*a) - benchmark_center(*b))
    assert center_error(np.array([a]), np.array([b]))[0] == pytest.approx(expected, abs=1e-9)
