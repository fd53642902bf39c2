"""A frame that cannot be read is a miss in every benchmark, and is told; invalid answers have rules."""

import numpy as np
import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.benchmarks import BENCHMARKS, score_results
from roam_lite.evaluation.chance import mean_report
from roam_lite.evaluation.metrics import got10k, lasot, otb, trackingnet
from roam_lite.evaluation.report import metrics_of
from roam_lite.evaluation.running.engine import run_benchmark
from roam_lite.evaluation.running.runner import evaluate
from tests import trees
from tests.fakes import Follower, Statue, moving_square

LENGTH = 12
TREES = {
    "otb": (trees.otb, "A/img/{:04d}.jpg", {}),
    "lasot": (trees.lasot, "airplane/airplane-1/img/{:08d}.jpg", {}),
    "got10k": (trees.got10k, "val/GOT-10k_Val_000001/{:08d}.jpg", {"split": "val"}),
    "trackingnet": (trees.trackingnet, "TRAIN_0/frames/abc_0/{:d}.jpg", {"split": "train"}),
    "vot2016": (trees.vot, "ball/color/{:08d}.jpg", {}),
}


def broken_tree(name, root, frames):
    grow, pattern, options = TREES[name]
    grow(root, length=LENGTH, **({"part": "TRAIN_0"} if name == "trackingnet" else {}))
    for frame in frames:
        path = root / pattern.format(frame + (name != "trackingnet"))
        path.unlink()
        path.write_bytes(b"torn")
    return options


def report(name, root, results, options, tracker=Follower):
    benchmark = BENCHMARKS[name]
    if name in ("got10k", "vot2016"):
        benchmark = benchmark.repeated(1)
    names = benchmark.names(root, options.get("split"))
    folder = run_benchmark(
        benchmark, root, names, tracker, {"tracker": "x"}, results, workers=1, progress=False
    )
    return score_results(benchmark, root, names, folder)


@pytest.mark.parametrize("tracker", [Follower, Statue])
@pytest.mark.parametrize("name", [name for name in TREES if name != "vot2016"])
def test_with_all_frames_unreadable_but_the_first_every_tracker_has_the_same_low_score(
    name, tracker, tmp_path
):
    options = broken_tree(name, tmp_path / "data", range(1, LENGTH))
    found = report(name, tmp_path / "data", tmp_path / "r", options, tracker)
    first = 0 if name == "got10k" else 1 / LENGTH  # which frames are counted
    expected = {
        "otb": {"auc": first * 20 / 21, "precision_20": first},
        "lasot": {"auc": first * 20 / 21, "precision_20": first, "normalized_precision": first},
        "got10k": {"ao": 0, "sr_50": 0, "sr_75": 0},
        # At the threshold 0 every overlap counts, as in its kit: half a step of the curve.
        "trackingnet": {
            "auc": first + (1 - first) / 40, "precision": first, "normalized_precision": first
        },
    }[name]  # fmt: skip
    mean = found.mean()
    assert {key: mean[key] for key in expected} == pytest.approx(expected)
    for entry in (*found.to_json()["sequences"].values(), found.to_json()["mean"]):
        assert entry["unreadable"] == LENGTH - 1
        assert entry["frames"] == LENGTH
    head, row, _ = found.table().splitlines()
    assert head.endswith("unreadable")
    assert row.endswith(" 11")


def test_an_unreadable_frame_is_a_failure_in_vot_and_is_told(tmp_path):
    broken_tree("vot2016", tmp_path / "data", (3,))
    found = report("vot2016", tmp_path / "data", tmp_path / "r", {})
    assert found.mean()["failures"] == 1
    assert found.to_json()["mean"]["unreadable"] == 1


@pytest.mark.parametrize("name", TREES)
def test_what_is_taken_over_is_scored_as_it_was(name, tmp_path):
    options = broken_tree(name, tmp_path / "data", (2, 4))
    first, again = (
        report(name, tmp_path / "data", tmp_path / "r", options).to_json() for _ in range(2)
    )
    assert again == first


def test_scores_without_unreadable_frames_have_the_conventional_shape(tmp_path):
    found, _ = evaluate(Follower, [moving_square()], progress=False)
    assert "unreadable" not in found.table()
    assert all("unreadable" not in entry for entry in found.to_json()["sequences"].values())


def test_evaluations_in_memory_and_means_over_draws_tell_too():
    found, _ = evaluate(
        Follower, [moving_square(broken=(2, 3)), moving_square("b")], progress=False
    )
    assert [score.unreadable for score in found.scores] == [2, 0]
    assert found.mean()["unreadable"] == 2
    assert found.scores[0].auc == pytest.approx(6 / 8 * 20 / 21)
    assert found.scores[0].precision_20 == 6 / 8
    assert mean_report([found, found]).scores[0].unreadable == 2
    assert metrics_of(found.to_json()) == ["auc", "precision_20", "fps"]


def test_a_target_is_lost_for_good_where_the_last_quarter_cannot_be_read():
    truth = np.tile([[10.0, 10, 5, 5]], (8, 1))
    assert not otb.lost_for_good(truth, truth, unreadable=(7,))
    assert otb.lost_for_good(truth, truth, unreadable=(6, 7))


def test_unlabeled_frames_do_not_count_whether_they_can_be_read_or_not():
    truth = np.tile([[10.0, 10, 5, 5]], (4, 1))
    truth[2] = np.nan
    boxes, visible = np.nan_to_num(truth), np.isfinite(truth[:, 0])
    full = otb.success_curve(boxes, truth)
    np.testing.assert_array_equal(otb.success_curve(boxes, truth, unreadable=(2,)), full)
    overlaps = got10k.frame_overlaps(boxes, truth, visible, (50, 50), unreadable=(2, 3))
    np.testing.assert_array_equal(overlaps, [1, 0])
    for (success, *_), counted in (
        (lasot.curves(boxes, truth, visible, unreadable=(2, 3)), 3),
        (trackingnet.curves(boxes, truth, unreadable=(2, 3)), 3),
    ):
        assert success[10] == pytest.approx(2 / counted)


NAN, NEGATIVE = [np.nan] * 4, [30.0, 30, -8, -8]


@pytest.mark.parametrize(("rule", "bad", "overlap", "hit"), [
    ("official", NAN, 1, True), ("official", NEGATIVE, 1, True),
    ("got10k", NAN, None, False), ("pysot", NAN, None, False),
    ("got10k", NEGATIVE, 0, True), ("pysot", NEGATIVE, 0, True),
])  # fmt: skip
def test_invalid_answers_follow_otbs_rules(rule, bad, overlap, hit):
    truth = np.tile([[20.0, 20, 8, 8]], (3, 1))
    boxes = truth.copy()
    boxes[1] = bad
    success, error = otb.frame_scores(boxes, truth, rule)
    assert np.isnan(success[1]) if overlap is None else success[1] == overlap
    assert (error[1] <= 20) == hit
    if rule in lasot.RULES:
        _, precision, _ = lasot.curves(boxes, truth, np.ones(3, bool), rule)
        assert precision[20] == (1 if hit else pytest.approx(2 / 3))


def test_invalid_answers_follow_got10ks_and_trackingnets_rules():
    truth = np.tile([[20.0, 20, 8, 8]], (3, 1))
    boxes = truth.copy()
    boxes[1] = NEGATIVE
    assert got10k.frame_overlaps(boxes, truth, np.ones(3), (50, 50)).tolist() == [0, 1]
    assert trackingnet.curves(boxes, truth)[0][10] == pytest.approx(2 / 3)
    boxes[1] = NAN
    with pytest.raises(InputError, match="frame 1 is not finite, which GOT-10k cannot score"):
        got10k.frame_overlaps(boxes, truth, np.ones(3), (50, 50))
    with pytest.raises(InputError, match="not finite, which TrackingNet cannot score"):
        trackingnet.curves(boxes, truth)
