"""Differences: means, intervals and left-out sequences of scores that are known, and measured ones."""

import numpy as np
import pytest

from roam_lite.analysis.difference import differences, measure_aucs
from roam_lite.analysis.recording import with_rule
from roam_lite.evaluation.chance import drawn_reports
from roam_lite.evaluation.compare import paired_bootstrap
from tests.analysis.made import SEQUENCES, untrained

NAMES = ("a", "b", "c")
OWN = [[0.5, 0.6, 0.9], [0.5, 0.8, 0.9]]
OTHER = [[0.4, 0.6, 0.8], [0.6, 0.8, 0.4]]  # 0, 0 and 0.3 below in the means


def test_differences_are_paired_over_draws_and_one_sequence_can_carry_them():
    found = differences(["own", "other"], NAMES, np.array([OWN, OTHER]))
    np.testing.assert_allclose(found.mean, [0, 0.1], atol=1e-12)
    np.testing.assert_allclose(found.left_out[1], [0, 0.15], atol=1e-12)
    assert found.carriers[1] == "c"
    plain = paired_bootstrap([0.5, 0.7, 0.9], [0.5, 0.7, 0.6])
    np.testing.assert_allclose(found.interval[1], [plain.low, plain.high])
    assert (found.rules, found.sequences) == (("own", "other"), NAMES)


def test_where_the_other_is_better_the_sequence_that_lowers_most_carries():
    found = differences(["own", "other"], NAMES, np.array([OTHER, OWN]))
    assert found.mean[1] == pytest.approx(-0.1)
    assert found.carriers[1] == "c"
    np.testing.assert_allclose(found.left_out[1], [-0.15, 0], atol=1e-12)


def test_aucs_are_those_of_the_draws_of_all_sequences_together():
    tracker = untrained()
    found = measure_aucs(tracker, {"own": tracker.rule, "none": None}, SEQUENCES, 2, progress=False)
    for rule, aucs in zip((tracker.rule, None), found, strict=True):
        reports = drawn_reports(lambda rule=rule: with_rule(tracker, rule), SEQUENCES, 2)
        plain = [[score.auc for score in report.scores] for report in reports]
        np.testing.assert_array_equal(aucs, plain)
