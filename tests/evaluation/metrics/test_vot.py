import numpy as np
import pytest

from roam_lite.data.vot import corners
from roam_lite.evaluation.metrics.vot import (
    EAO_LENGTHS,
    Fragment,
    accuracy_overlaps,
    expected_average_overlap,
    fragments,
    overlaps,
    region_overlap,
)
from roam_lite.evaluation.running.run import FAILURE, SKIPPED, START, TRACKED, Trajectory
from tests.evaluation.metrics import references

REFERENCE = references.load("vot")
SIZE = tuple(REFERENCE["resolution"])
RUNS = [
    (references.trajectory(run["trajectory"]), np.array(run["ground_truth_polygons"]))
    for run in REFERENCE["runs"]
]
EXPECTED = REFERENCE["expected"]


@pytest.mark.parametrize("benchmark", EAO_LENGTHS)
def test_expected_average_overlap_agrees_with_both_programs(benchmark):
    assert list(EAO_LENGTHS[benchmark]) == EXPECTED[benchmark]["interval"]
    pieces = [piece for run, truth in RUNS for piece in fragments(run, truth, SIZE)]
    found = expected_average_overlap(pieces, EAO_LENGTHS[benchmark])
    assert found == pytest.approx(EXPECTED[benchmark]["matlab_rule"], abs=1e-6)
    assert found == pytest.approx(EXPECTED[benchmark]["pysot"], abs=1e-6)


def test_accuracy_and_failures_agree_with_the_reference():
    pooled = np.concatenate([accuracy_overlaps(run, truth, SIZE) for run, truth in RUNS])
    assert np.nanmean(pooled) == pytest.approx(EXPECTED["accuracy_pooled_frames"], abs=1e-6)
    assert sum(run.failures for run, _ in RUNS) == EXPECTED["failures"]
    assert len(pooled) == EXPECTED["frames"]


def boxes(*rows):
    return np.array(rows, dtype=float)


def test_overlap_of_boxes_and_polygons_is_exact():
    diamond = boxes([10, 0, 20, 10, 10, 20, 0, 10])  # half of the square around it
    square = boxes([0, 0, 20, 20])
    assert region_overlap(diamond, square, (100, 100)) == pytest.approx([0.5])
    assert region_overlap(square, corners(square), (100, 100)) == pytest.approx([1])


def test_what_lies_outside_the_image_does_not_count():
    a, b = boxes([-10, 0, 20, 10]), boxes([0, 0, 10, 10])
    assert region_overlap(a, b, (100, 100)) == pytest.approx([1])
    assert region_overlap(a, np.add(b, [95, 0, 0, 0]), (100, 100)) == [0]
    assert region_overlap(np.add(a, [-50, 0, 0, 0]), np.add(a, [-50, 0, 0, 0]), (100, 100)) == [0]


def test_the_order_of_the_corners_does_not_matter():
    crossed = boxes([0, 0, 20, 20, 20, 0, 0, 20])
    assert region_overlap(crossed, boxes([0, 0, 20, 20]), (100, 100)) == pytest.approx([1])


def run_of(codes):
    regions = np.where(np.equal(codes, TRACKED)[:, None], [0.0, 0, 10, 10], np.nan)
    return Trajectory(np.array(codes), regions, np.zeros(len(codes)))


CODES = [START, TRACKED, TRACKED, FAILURE, SKIPPED, SKIPPED, SKIPPED, SKIPPED, START, TRACKED]
TRUTH = np.tile(corners(np.array([0, 0, 10, 20])), (10, 1))


def test_only_tracked_frames_with_ground_truth_have_an_overlap():
    truth = TRUTH.copy()
    truth[9] = np.nan
    found = overlaps(run_of(CODES), truth, (100, 100))
    assert np.flatnonzero(np.isfinite(found)).tolist() == [1, 2]
    assert found[1] == pytest.approx(0.5)


def test_accuracy_leaves_ten_frames_from_each_start_out():
    codes = [START] + [TRACKED] * 19
    found = accuracy_overlaps(run_of(codes), np.tile(TRUTH[:1], (20, 1)), (100, 100))
    assert np.flatnonzero(np.isfinite(found)).tolist() == list(range(10, 20))


def test_fragments_run_from_start_to_start_and_the_last_one_to_the_end():
    failed, last = fragments(run_of(CODES), TRUTH, (100, 100), weight=0.5)
    assert failed.overlap == pytest.approx([0, 0.5, 0.5, 0, 0, 0, 0, 0])
    assert last.overlap == pytest.approx([0, 0.5])
    assert (failed.failed, last.failed, last.weight) == (True, False, 0.5)


def test_a_failed_fragment_counts_as_zero_after_its_end_and_another_does_not_count():
    whole = Fragment(np.full(3, 0.6), False, 1.0)
    failed = Fragment(np.array([0.6, 0.6, 0.0]), True, 1.0)
    assert expected_average_overlap([whole], (2, 3)) == pytest.approx(0.6)
    assert expected_average_overlap([failed], (5, 5)) == pytest.approx(0.6 / 4)
    # At length 5 the whole fragment has no data; at length 3 both have.
    assert expected_average_overlap([whole, failed], (5, 5)) == pytest.approx(0.15)
    assert expected_average_overlap([whole, failed], (3, 3)) == pytest.approx((0.6 + 0.3) / 2)
    assert np.isnan(expected_average_overlap([whole], (4, 9)))


def test_repetitions_weigh_as_one_sequence():
    once, twice = np.full(3, 0.2), np.full(3, 0.8)
    pieces = [Fragment(once, False, 1.0), *[Fragment(twice, False, 0.5)] * 2]
    assert expected_average_overlap(pieces, (2, 3)) == pytest.approx(0.5)
