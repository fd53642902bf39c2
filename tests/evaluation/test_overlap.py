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
        ((0, 0, -5, 10), (-5, 0, 5, 10), 0.0),  # a negative side holds no area
        ((np.nan, 0, 10, 10), (0, 0, 10, 10), np.nan),
    ],
)
def test_iou_of_known_pairs(a, b, expected):
    assert iou(np.array([a]), np.array([b]))[0] == pytest.approx(expected, nan_ok=True)


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


@given(box, box)
def test_center_error_equals_the_benchmarks_formula_on_one_based_boxes(a, b):
    def benchmark_center(x, y, w, h):
        return np.array([x + 1 + (w - 1) / 2, y + 1 + (h - 1) / 2])

    expected = np.linalg.norm(benchmark_center(*a) - benchmark_center(*b))
    assert center_error(np.array([a]), np.array([b]))[0] == pytest.approx(expected, abs=1e-9)
