import numpy as np
import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.metrics.lasot import REPORTED_NORMALIZED, curves
from tests.evaluation.metrics import references

REFERENCE = references.load("lasot")
TRUTH = np.tile([10.0, 10.0, 20.0, 40.0], (5, 1))
SEEN = np.ones(5, dtype=bool)


def scores(sequence, rule):
    visible = ~np.array(sequence["absent"], dtype=bool)
    result, truth = (references.boxes(sequence[key]) for key in ("result", "ground_truth"))
    success, precision, normalized = curves(result, truth, visible, rule)
    return success.mean(), precision[20], normalized[REPORTED_NORMALIZED]


@pytest.mark.parametrize(
    ("rule", "toolkit"), [("official", "matlab_toolkit_rule"), ("pysot", "pysot")]
)
def test_scores_agree_with_the_other_programs(rule, toolkit):
    found = np.mean([scores(s, rule) for s in REFERENCE["sequences"].values()], axis=0)
    keys = ("success_auc", "precision_20", "normalized_precision_0.20")
    expected = [REFERENCE["expected"][toolkit][key] for key in keys]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_each_sequence_agrees_with_the_official_program():
    found = [scores(s, "official") for s in REFERENCE["sequences"].values()]
    expected = REFERENCE["expected"]["matlab_toolkit_rule"]["per_sequence"]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_absent_frames_lower_the_score_because_the_denominator_stays():
    visible = np.array([True, True, True, True, False])
    success, precision, normalized = curves(TRUTH, TRUTH, visible)
    assert success[0] == precision[20] == normalized[20] == pytest.approx(0.8)


def test_frames_without_ground_truth_are_not_in_the_denominator():
    truth = TRUTH.copy()
    truth[4] = np.nan
    assert curves(TRUTH, truth, SEEN)[0][0] == 1.0


def test_results_beyond_the_ground_truth_are_cut_off():
    longer = np.concatenate([TRUTH, TRUTH * 3])
    np.testing.assert_array_equal(curves(longer, TRUTH, SEEN)[0], curves(TRUTH, TRUTH, SEEN)[0])


def test_normalized_precision_measures_in_sizes_of_the_target():
    beside = np.add(TRUTH, [3.9, 0, 0, 0])  # a fifth of the width
    below = np.add(TRUTH, [0, 3.9, 0, 0])  # a tenth of the height
    first = 1 / 5  # the first frame is given
    assert curves(beside, TRUTH, SEEN)[2][[19, 20]].tolist() == [first, 1.0]
    assert curves(below, TRUTH, SEEN)[2][[9, 10]].tolist() == [first, 1.0]


def test_short_results_are_refused():
    with pytest.raises(InputError, match="differ in shape"):
        curves(TRUTH[:3], TRUTH, SEEN)
