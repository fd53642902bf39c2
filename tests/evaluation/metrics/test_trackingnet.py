import numpy as np
import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.metrics.trackingnet import area, curves
from tests.evaluation.metrics import references

REFERENCE = references.load("trackingnet")
TRUTH = np.tile([10.0, 10.0, 20.0, 40.0], (5, 1))


def test_scores_agree_with_the_development_kit():
    found = np.mean([
        [area(curve) for curve in curves(s["result"], s["ground_truth"])]
        for s in REFERENCE["sequences"].values()
    ], axis=0)  # fmt: skip
    expected = REFERENCE["expected"]["devkit_metrics_py"]
    keys = ("success", "precision", "normalized_precision")
    np.testing.assert_allclose(100 * found, [expected[key] for key in keys], atol=1e-7)


def test_a_perfect_track_has_full_scores():
    assert [area(curve) for curve in curves(TRUTH, TRUTH)] == pytest.approx([1, 1, 1])


def test_boxes_are_rounded_to_whole_pixels():
    for curve in curves(TRUTH + 0.4, TRUTH):
        assert area(curve) == pytest.approx(1)


def test_the_first_frame_is_given_and_unlabeled_ones_are_left_out():
    result, truth = TRUTH.copy(), TRUTH.copy()
    result[0] += 500
    truth[2], result[2] = np.nan, np.nan
    assert area(curves(result, truth)[0]) == pytest.approx(1)


def test_a_triangle_has_half_the_area():
    assert area(np.linspace(1, 0, 21)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("boxes", "truth", "message"),
    [
        (TRUTH[:4], TRUTH, "differ in shape"),
        (np.where(np.arange(5)[:, None] == 3, np.nan, TRUTH), TRUTH, "not finite"),
        (TRUTH, TRUTH * np.nan, "no frame has a ground truth"),
    ],
)
def test_what_cannot_be_scored_is_said(boxes, truth, message):
    with pytest.raises(InputError, match=message):
        curves(boxes, truth)
