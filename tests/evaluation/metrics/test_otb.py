import json
from pathlib import Path

import numpy as np
import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.metrics.otb import (
    RULES,
    frame_scores,
    lost_for_good,
    precision_curve,
    repeat_invalid,
    success_curve,
)

REFERENCE = json.loads(Path(__file__).with_name("otb_reference.json").read_text())
TRUTH = np.tile([10.0, 10.0, 20.0, 20.0], (5, 1))
TO_THE_RIGHT = np.array([1.0, 0, 0, 0])


def reference_track(name):
    sequence = REFERENCE["sequences"][name]
    to_zero_based = np.array([1, 1, 0, 0])
    return (np.array(sequence[key]) - to_zero_based for key in ("result", "ground_truth"))


def success_auc(*track):
    return success_curve(*track).mean()


def precision_20(*track):
    return precision_curve(*track)[20]


@pytest.mark.parametrize("rule", RULES)
def test_scores_agree_with_the_other_programs(rule):
    tracks = [tuple(reference_track(name)) for name in REFERENCE["sequences"]]
    expected = REFERENCE["expected"][rule]
    auc = np.mean([success_auc(*track, rule) for track in tracks])
    precision = np.mean([precision_20(*track, rule) for track in tracks])
    assert auc == pytest.approx(expected["success_auc"], abs=1e-9)
    assert precision == pytest.approx(expected["precision_20"], abs=1e-9)


@pytest.mark.parametrize("name", REFERENCE["sequences"])
def test_each_sequence_agrees_with_got10k(name):
    result, truth = reference_track(name)
    expected = REFERENCE["expected"]["got10k"]["per_sequence"][name]
    assert success_auc(result, truth, "got10k") == pytest.approx(expected["success_auc"], abs=1e-9)
    assert precision_20(result, truth, "got10k") == pytest.approx(
        expected["precision_20"], abs=1e-9
    )


def test_a_perfect_track_has_20_of_21():
    curve = success_curve(TRUTH, TRUTH)
    assert curve.tolist() == [1.0] * 20 + [0.0]  # no overlap exceeds 1
    assert success_auc(TRUTH, TRUTH) == pytest.approx(20 / 21)
    assert precision_curve(TRUTH, TRUTH).tolist() == [1.0] * 51


def test_the_first_frame_is_given():
    result = TRUTH.copy()
    result[0] = (300, 300, 5, 5)
    assert success_auc(result, TRUTH) == pytest.approx(20 / 21)
    assert success_auc(result, TRUTH, "pysot") == pytest.approx(0.8 * 20 / 21)


def test_an_invalid_prediction_repeats_the_one_before():
    result = TRUTH.copy()
    result[2] = np.nan
    result[3] = (10, 10, 0, 20)
    assert success_auc(result, TRUTH) == pytest.approx(20 / 21)
    assert success_auc(result, TRUTH, "got10k") < 0.7


def test_repeat_invalid_leaves_what_comes_before_the_first_good_box():
    bad = [np.nan] * 4
    boxes = np.array([bad, [1, 1, 2, 2], [1, 1, 2, 0], bad, [3, 3, 2, 2]])
    repeated = repeat_invalid(boxes)
    assert np.isnan(repeated[0]).all()
    assert repeated[1:].tolist() == [[1, 1, 2, 2]] * 3 + [[3, 3, 2, 2]]


def test_ground_truth_outside_the_image_fails_success_but_is_a_precision_hit():
    truth = TRUTH.copy()
    truth[1] = (-1, 10, 20, 20)  # 0 in the file
    result = truth + 100 * TO_THE_RIGHT
    overlap, error = frame_scores(result, truth)
    assert overlap[1] == error[1] == -1
    assert precision_20(result, truth) == pytest.approx(2 / 5)  # the first frame and this one
    assert success_auc(truth, truth, "got10k") == pytest.approx(20 / 21)
    assert success_auc(truth, truth) == pytest.approx(0.8 * 20 / 21)


def test_a_box_in_the_first_pixel_counts():
    truth = TRUTH.copy()
    truth[:, :2] = 0  # 1 in the file, the smallest legal value
    assert success_auc(truth, truth) == pytest.approx(20 / 21)


@pytest.mark.parametrize("rule", RULES)
def test_frames_without_ground_truth_count_in_neither_score_nor_denominator(rule):
    truth, result = TRUTH.copy(), TRUTH.copy()
    truth[[1, 3]] = np.nan
    result[[1, 3]] += 200
    assert success_auc(result, truth, rule) == pytest.approx(20 / 21)
    assert precision_20(result, truth, rule) == 1.0


def test_precision_counts_errors_of_exactly_twenty_pixels():
    result = TRUTH + 20 * TO_THE_RIGHT
    assert precision_20(result, TRUTH) == 1.0
    assert precision_20(result + 0.001 * TO_THE_RIGHT, TRUTH) == pytest.approx(1 / 5)


def test_success_must_exceed_the_threshold():
    half = TRUTH * (1, 1, 1, 0.5)  # overlap exactly 0.5
    curve = success_curve(half, TRUTH)
    assert curve[9] == 1.0  # 0.45
    assert curve[10] == pytest.approx(1 / 5)  # 0.5: the first frame alone


@pytest.mark.parametrize(
    ("boxes", "truth", "rule", "message"),
    [
        (TRUTH[:3], TRUTH, "official", "differ in shape"),
        (TRUTH, TRUTH * np.nan, "official", "no frame has a ground truth"),
        (TRUTH, TRUTH, "lasot", "no scoring rule 'lasot'; choose one of: official"),
    ],
)
def test_what_cannot_be_scored_is_said(boxes, truth, rule, message):
    with pytest.raises(InputError, match=message):
        success_auc(boxes, truth, rule)


def test_the_callers_boxes_stay_as_they_are():
    result = TRUTH.copy()
    result[0] = np.nan
    before = result.copy()
    success_auc(result, TRUTH)
    assert np.array_equal(result, before, equal_nan=True)


def test_a_target_is_lost_for_good_without_any_overlap_in_the_last_quarter():
    truth = np.tile([10.0, 10, 8, 8], (16, 1))
    boxes = truth.copy()
    boxes[-4:] += 100
    assert lost_for_good(boxes, truth)
    boxes[-1] = truth[-1]
    assert not lost_for_good(boxes, truth)
    # Frames without ground truth count in neither.
    boxes[-1] += 100
    truth[-8:] = np.nan
    assert not lost_for_good(boxes, truth)
    boxes[6:] = np.nan
    assert lost_for_good(boxes, truth)
