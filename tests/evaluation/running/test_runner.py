import json

import numpy as np
import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.metrics.otb import score_run
from roam_lite.evaluation.running.runner import describe, evaluate, run_sequence, track_steps
from tests.fakes import Follower, Statue, moving_square


def test_a_run_has_a_box_a_time_and_a_score_for_every_frame():
    sequence = moving_square(length=8)
    run = run_sequence(Follower(), sequence)
    assert np.array_equal(run.boxes, sequence.boxes)
    assert run.scores.tolist() == [1.0] + [0.7] * 7
    assert (run.seconds > 0).all()
    assert run.lost == run.unreadable == ()


def test_plain_boxes_are_taken_too():
    run = run_sequence(Statue(), moving_square(length=4))
    assert run.boxes.tolist() == [[10, 20, 16, 12]] * 4


def test_an_unreadable_frame_is_said_once_and_counts_as_lost(capsys):
    tracker = Follower()
    run = run_sequence(tracker, moving_square("clip", length=8, broken=(3, 5)))
    assert run.lost == run.unreadable == (3, 5)
    assert tracker.skipped == 2
    assert len(tracker.seen) == 5
    assert np.array_equal(run.boxes[3], run.boxes[2])
    assert run.boxes[7].tolist() == [24, 20, 16, 12]
    assert run.seconds[3] == 0
    said = capsys.readouterr().err
    assert "clip: frame 3 (folder/0003.jpg): cut off" in said
    assert said.count("tracking continues") == 1


def test_a_tracker_without_skip_survives_an_unreadable_frame():
    run = run_sequence(Statue(), moving_square(length=5, broken=(2,)))
    assert run.lost == (2,)
    assert len(run.boxes) == 5


def test_an_unreadable_first_frame_is_an_error():
    with pytest.raises(InputError, match=r"frame 0 .*restore the file"):
        run_sequence(Statue(), moving_square(broken=(0,)))


def test_a_missing_first_box_is_an_error():
    with pytest.raises(InputError, match="square: the first frame has no box"):
        run_sequence(Statue(), moving_square(absent=(0,)))


def test_a_run_may_start_later():
    steps = list(track_steps(Follower(), moving_square(length=6), start=3))
    assert [step.index for step in steps] == [3, 4, 5]
    assert steps[0].box.tolist() == [16, 20, 16, 12]


def test_time_in_the_decoder_does_not_count():
    import time

    sequence = moving_square(length=4)

    class SlowFrames:
        def __len__(self):
            return 4

        def __getitem__(self, index):
            time.sleep(0.05)
            return np.zeros((60, 80, 3), np.uint8)

    object.__setattr__(sequence, "frames", SlowFrames())
    assert run_sequence(Statue(), sequence).fps > 1000


def test_the_oracle_gets_the_ground_truth_where_there_is_one():
    class Listener:
        def init(self, image, box):
            self.heard = []

        def update(self, image, oracle_box=None):
            self.heard.append(None if oracle_box is None else oracle_box.tolist())
            return (0, 0, 1, 1)

    tracker = Listener()
    run_sequence(tracker, moving_square(length=4, absent=(2,)), oracle=True)
    assert tracker.heard == [[12, 20, 16, 12], None, [16, 20, 16, 12]]


def test_scores_of_a_run():
    sequence = moving_square(length=6)
    assert score_run(sequence, run_sequence(Follower(), sequence)).auc == pytest.approx(20 / 21)
    score = score_run(sequence, run_sequence(Statue(), sequence))
    assert 0.3 < score.auc < 0.9
    assert score.precision_20 == 1.0
    assert score.frames == 6
    assert score.success.mean() == score.auc


def test_every_sequence_gets_its_own_tracker():
    made = []

    def make():
        made.append(Follower())
        return made[-1]

    report, runs = evaluate(make, [moving_square("a"), moving_square("b")], progress=False)
    assert [len(tracker.seen) for tracker in made] == [0, 7, 7]  # the first only describes itself
    assert [score.name for score in report.scores] == ["a", "b"]
    assert np.array_equal(runs[0].boxes, runs[1].boxes)


def test_the_report_has_the_conventional_shape():
    report, _ = evaluate(Follower, [moving_square("a", 8), moving_square("b", 5)], progress=False)
    content = json.loads(json.dumps(report.to_json()))
    assert list(content) == ["sequences", "mean", "tracker"]
    assert set(content["sequences"]) == {"a", "b"}
    for entry in (*content["sequences"].values(), content["mean"]):
        assert list(entry) == ["auc", "precision_20", "fps", "frames"]
    assert content["sequences"]["b"]["frames"] == 5
    assert content["mean"]["frames"] == 13
    assert content["mean"]["auc"] == pytest.approx(20 / 21)
    assert content["tracker"] == {
        "tracker": "roam++",
        "rule": "lstm",
        "note": "fake",
        "oracle": False,
        "scoring": "official",
    }


def test_a_tracker_without_description_is_named():
    assert describe(Statue(), "my:statue") == {"tracker": "my:statue"}
    report, _ = evaluate(Statue, [moving_square()], progress=False)
    assert report.tracker["tracker"] == "tests.fakes:Statue"


@pytest.mark.parametrize(("names", "message"), [([], "no sequence"), (["a", "a"], "named twice")])
def test_what_cannot_be_evaluated_is_said(names, message):
    with pytest.raises(InputError, match=message):
        evaluate(Follower, [moving_square(name) for name in names], progress=False)


def test_a_sequence_that_cannot_start_is_found_before_any_is_tracked():
    class Untouched(Follower):
        def init(self, image, box):
            raise AssertionError("must not be tracked")

    with pytest.raises(InputError, match="the first frame has no box"):
        evaluate(Untouched, [moving_square("a"), moving_square("b", absent=(0,))], progress=False)
