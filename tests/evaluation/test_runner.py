import json

import numpy as np
import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.results import configuration_name, read_results
from roam_lite.evaluation.runner import evaluate, kept_reports, run_sequence, score_run
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
    assert said.count("tracking goes on") == 1


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
    report, _ = evaluate(Statue, [moving_square()], name="my:statue", progress=False)
    assert report.tracker["tracker"] == "my:statue"


def test_results_are_one_based_files_that_can_be_read_again(tmp_path):
    sequences = [moving_square("a", 8), moving_square("b", 5)]
    report, runs = evaluate(Follower, sequences, results_dir=tmp_path, progress=False)
    (folder,) = tmp_path.iterdir()
    assert folder.name.startswith("roam++-lstm-")
    assert (folder / "a.txt").read_text().splitlines()[1] == "13,21,16,12"
    assert len((folder / "times" / "b_time.txt").read_text().split()) == 5
    description, read = read_results(folder)
    assert description == {"tracker": "roam++", "rule": "lstm", "note": "fake", "oracle": False}
    assert np.array_equal(read["a"].boxes, runs[0].boxes)
    (kept,) = kept_reports(tmp_path, sequences)
    assert kept.mean()["auc"] == report.mean()["auc"]
    assert kept.tracker == report.tracker


def test_kept_results_of_other_sequences_are_left_out(tmp_path):
    evaluate(Follower, [moving_square("a")], results_dir=tmp_path, progress=False)
    (tmp_path / "notes").mkdir()
    assert kept_reports(tmp_path, [moving_square("a"), moving_square("b")]) == []


def test_existing_results_are_refused_before_tracking(tmp_path):
    class Untouched(Follower):
        def init(self, image, box):
            raise AssertionError("must not be tracked")

    evaluate(Follower, [moving_square("a")], results_dir=tmp_path, progress=False)
    with pytest.raises(InputError, match="--overwrite"):
        evaluate(Untouched, [moving_square("a")], results_dir=tmp_path, progress=False)


def test_overwriting_replaces_the_whole_folder(tmp_path):
    evaluate(
        Follower, [moving_square("a"), moving_square("b")], results_dir=tmp_path, progress=False
    )
    evaluate(Follower, [moving_square("a")], results_dir=tmp_path, overwrite=True, progress=False)
    (folder,) = tmp_path.iterdir()
    assert sorted(path.name for path in folder.glob("*.txt")) == ["a.txt"]


def test_a_failure_leaves_old_results_and_no_temporary_files(tmp_path, monkeypatch):
    evaluate(Follower, [moving_square("a")], results_dir=tmp_path, progress=False)

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("roam_lite.evaluation.results.np.savetxt", full)
    with pytest.raises(OSError, match="No space left"):
        evaluate(
            Follower, [moving_square("a")], results_dir=tmp_path, overwrite=True, progress=False
        )
    (folder,) = tmp_path.iterdir()
    assert (folder / "a.txt").is_file()


def test_folders_differ_where_configurations_differ():
    description = {"tracker": "roam++", "rule": "sgd", "sgd_rate": 0.001, "checkpoint": "abc"}
    name = configuration_name(description)
    assert name.startswith("roam++-sgd-0.001-")
    assert configuration_name({**description, "checkpoint": "abd"}) != name
    assert configuration_name(dict(reversed(description.items()))) == name
    assert configuration_name({"tracker": "my.module:make"}).startswith("my.module-make-")


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        ([], {}, "no sequence"),
        (["a", "a"], {}, "named twice"),
        (["a"], {"scoring": "vot"}, "no scoring rule 'vot'"),
    ],
)
def test_what_cannot_be_evaluated_is_said(names, options, message):
    with pytest.raises(InputError, match=message):
        evaluate(Follower, [moving_square(name) for name in names], progress=False, **options)


def test_a_sequence_that_cannot_start_is_found_before_any_is_tracked():
    class Untouched(Follower):
        def init(self, image, box):
            raise AssertionError("must not be tracked")

    with pytest.raises(InputError, match="the first frame has no box"):
        evaluate(Untouched, [moving_square("a"), moving_square("b", absent=(0,))], progress=False)


def test_broken_results_are_refused_with_a_remedy(tmp_path):
    (tmp_path / "tracker.json").write_text("{}")
    (tmp_path / "a.txt").write_text("1,1,5,5\n")
    with pytest.raises(InputError, match="does not hold complete results"):
        read_results(tmp_path)
