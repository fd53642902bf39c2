"""Chance: draws differ by a hundredth of a pixel, and reports tell what that does to the scores."""

import numpy as np
import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.chance import (
    NUDGE,
    drawn_reports,
    mean_report,
    nudged,
    split_names,
    spread_table,
)
from roam_lite.evaluation.running.runner import evaluate
from tests.fakes import Follower, moving_square

SQUARES = [moving_square("a"), moving_square("b")]


class Coin:
    """A tracker that is right where the first box lies to the right of its whole pixel, and else lost."""

    def init(self, image, box):
        self.right = box[0] % 1 < 0.5
        self.box = np.array(box)

    def update(self, image):
        self.box = self.box + np.array([2 if self.right else 40, 0, 0, 0])
        return self.box


def test_only_the_first_box_moves_by_little_and_otherwise_in_each_draw_and_sequence():
    moved = [nudged(square, draw).boxes for draw in range(20) for square in SQUARES]
    shifts = np.array([boxes[0] - SQUARES[0].boxes[0] for boxes in moved])
    assert 0.5 * NUDGE < np.abs(shifts).max() <= NUDGE
    assert len(np.unique(shifts)) == shifts.size
    for boxes in moved:
        np.testing.assert_array_equal(boxes[1:], SQUARES[0].boxes[1:])
    np.testing.assert_array_equal(nudged(SQUARES[1], 3).boxes, nudged(SQUARES[1], 3).boxes)


def test_a_tracker_that_does_not_care_has_the_scores_of_a_plain_run():
    plain, _ = evaluate(Follower, SQUARES, progress=False)
    reports = list(drawn_reports(Follower, SQUARES, 3))
    mean = mean_report(reports)
    assert mean.mean()["auc"] == pytest.approx(plain.mean()["auc"])
    assert mean.tracker["draws"] == 3
    assert mean.tracker["rule"] == "lstm"
    assert [score.name for score in mean.scores] == ["a", "b"]
    assert "deviation 0.0000   0.0000" in spread_table(reports)


def test_means_and_deviations_are_over_the_draws():
    reports = list(drawn_reports(Coin, SQUARES, 8))
    draws = np.array([[score.auc for score in report.scores] for report in reports])
    assert len(np.unique(draws)) == 2  # right, or lost at once
    means = [score.auc for score in mean_report(reports).scores]
    np.testing.assert_allclose(means, draws.mean(axis=0))
    mean, deviation, first, *_ = spread_table(reports).splitlines()
    assert float(mean.split()[1]) == pytest.approx(draws.mean(), abs=1e-3)
    assert float(deviation.split()[1]) == pytest.approx(draws.mean(axis=1).std(ddof=1), abs=1e-4)
    assert first == f"a: AUC {draws.min():.3f} to {draws.max():.3f}"


def test_the_lost_are_counted_in_each_draw_and_named():
    reports = list(drawn_reports(Coin, SQUARES, 8))
    lost = [[name for s in r.scores if (name := s.name) and s.evidence["lost"]] for r in reports]
    counts = [len(names) for names in lost]
    assert 0 < sum(counts) < 16
    mean, deviation, *lines = spread_table(reports).splitlines()
    assert float(mean.split()[-1]) == pytest.approx(np.mean(counts), abs=0.05)
    assert float(deviation.split()[-1]) == pytest.approx(np.std(counts, ddof=1), abs=0.05)
    for name in ("a", "b"):
        times = sum(name in names for names in lost)
        assert f"{name}: lost for good in {times} of 8 draws" in lines


def test_groups_have_the_lines_of_a_table_of_their_own():
    squares = [moving_square(name) for name in ("a", "X_b", "X_c")]
    reports = list(drawn_reports(Coin, squares, 6))
    groups = split_names([square.name for square in squares], ["X_"])
    assert groups == {"X_*": ["X_b", "X_c"], "others": ["a"]}
    lines = spread_table(reports, groups).splitlines()
    for title, chosen in (
        ("X_*: 2 of 3 sequences", squares[1:]),
        ("others: 1 of 3 sequences", squares[:1]),
    ):
        alone = spread_table(list(drawn_reports(Coin, chosen, 6))).splitlines()[:2]
        start = lines.index(title)
        assert lines[start + 1 : start + 3] == alone
    assert lines[: lines.index("")] == spread_table(reports).splitlines()


def test_names_belong_to_the_first_prefix_that_fits():
    names = ["A_x", "A_long_y", "B_z"]
    assert split_names(names, ["A_long", "A_", "B_"]) == {
        "A_long*": ["A_long_y"], "A_*": ["A_x"], "B_*": ["B_z"]
    }  # fmt: skip


@pytest.mark.parametrize("prefixes", [["C_"], ["A_", "A_long"]])
def test_a_prefix_without_names_is_refused(prefixes):
    with pytest.raises(InputError, match=f"--split-by {prefixes[-1]}: no .*A_x, A_long_y, B_z"):
        split_names(["A_x", "A_long_y", "B_z"], prefixes)
