import numpy as np
import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.results import (
    GOT10K,
    LASOT,
    OTB,
    TRACKINGNET,
    VOT,
    claim,
    configuration_name,
    read_configuration,
)
from roam_lite.evaluation.running.run import Run
from roam_lite.evaluation.running.runner import run_sequence
from tests.fakes import Follower, moving_square

SQUARE = moving_square("a", 4)


def kept(folder, layout, repetitions=1):
    run = run_sequence(Follower(), SQUARE)
    for repetition in range(1, repetitions + 1):
        layout.keep(folder, "a", repetition, run)
    return run


def test_one_pass_results_are_one_based_files_with_times_beside_them(tmp_path):
    run = kept(tmp_path, OTB)
    assert (tmp_path / "a.txt").read_text().splitlines()[1] == "13,21,16,12"
    assert len((tmp_path / "times" / "a_time.txt").read_text().split()) == 4
    (again,) = OTB.runs(tmp_path, SQUARE)
    np.testing.assert_array_equal(again.boxes, run.boxes)
    np.testing.assert_allclose(again.seconds, run.seconds, atol=1e-6)


def test_trackingnets_files_count_from_zero(tmp_path):
    kept(tmp_path, TRACKINGNET)
    assert (tmp_path / "a.txt").read_text().splitlines()[1] == "12,20,16,12"


def test_repetitions_have_a_file_each_and_a_column_of_times(tmp_path):
    kept(tmp_path, GOT10K, repetitions=3)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "a_001.txt", "a_002.txt", "a_003.txt", "a_time.txt"
    ]  # fmt: skip
    assert np.loadtxt(tmp_path / "a" / "a_time.txt", delimiter=",").shape == (4, 3)
    assert len(GOT10K.records(tmp_path, "a")) == len(GOT10K.runs(tmp_path, SQUARE)) == 3


def test_times_of_a_repetition_that_was_not_finished_are_replaced(tmp_path):
    run = kept(tmp_path, GOT10K, repetitions=2)
    (tmp_path / "a" / "a_002.txt").unlink()  # killed between the two files
    GOT10K.keep(tmp_path, "a", 2, run)
    assert np.loadtxt(tmp_path / "a" / "a_time.txt", delimiter=",").shape == (4, 2)


@pytest.mark.parametrize("times", [None, "fast\n", "0.1\n0.2\n"])
def test_results_of_others_need_no_times(tmp_path, times):
    kept(tmp_path, OTB)
    path = tmp_path / "times" / "a_time.txt"
    path.unlink() if times is None else path.write_text(times)
    (run,) = OTB.runs(tmp_path, SQUARE)
    assert np.isnan(run.fps)


def test_files_of_another_length_are_refused_but_lasots_may_be_longer(tmp_path):
    kept(tmp_path, OTB)
    path = tmp_path / "a.txt"
    whole = path.read_text()
    path.write_text(whole + whole)
    with pytest.raises(InputError, match=r"a\.txt: 8 lines for the 4 frames of a"):
        OTB.runs(tmp_path, SQUARE)
    assert len(LASOT.runs(tmp_path, SQUARE)[0]) == 8
    path.write_text("1,1,5,5\n")
    for layout in (OTB, LASOT):
        with pytest.raises(InputError, match=r"1 lines for the 4 frames .* track the sequence"):
            layout.runs(tmp_path, SQUARE)


@pytest.mark.parametrize("layout", [OTB, GOT10K, VOT])
def test_a_missing_file_is_named_with_the_remedy(tmp_path, layout):
    with pytest.raises(InputError, match=r"a.*\.txt: no such file; run the tracker on a, or give"):
        layout.runs(tmp_path, SQUARE)


def test_a_file_under_another_spelling_is_hinted_at(tmp_path):
    (tmp_path / "jogging-1.txt").write_text("1,1,5,5\n")
    with pytest.raises(InputError, match=r"Jogging\.1\.txt: no such file \(it may be jogging-1\.t"):
        OTB.runs(tmp_path, moving_square("Jogging.1", 1))
    with pytest.raises(InputError, match=r"Jogging\.2\.txt: no such file; run"):
        OTB.runs(tmp_path, moving_square("Jogging.2", 1))


def test_times_that_got_lost_stay_unknown_and_the_others_in_their_columns(tmp_path):
    run = kept(tmp_path, GOT10K)
    (tmp_path / "a" / "a_time.txt").unlink()
    GOT10K.keep(tmp_path, "a", 2, run)
    first, second = GOT10K.runs(tmp_path, SQUARE)
    assert np.isnan(first.fps)
    np.testing.assert_allclose(second.seconds, run.seconds, atol=1e-8)


def test_the_boxes_are_written_last_because_they_say_that_the_sequence_is_done(
    tmp_path, monkeypatch
):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("roam_lite.evaluation.results.write_boxes", full)
    with pytest.raises(OSError, match="No space left"):
        kept(tmp_path, OTB)
    assert OTB.records(tmp_path, "a") == []
    assert [path.name for path in tmp_path.rglob("*.tmp*")] == []


def test_a_folder_belongs_to_one_configuration(tmp_path):
    folder = tmp_path / "x"
    claim(folder, {"tracker": "kcf", "rate": 0.1})
    claim(folder, {"rate": 0.1, "tracker": "kcf"})
    assert read_configuration(folder) == {"tracker": "kcf", "rate": 0.1}
    with pytest.raises(InputError, match="results of another configuration"):
        claim(folder, {"tracker": "kcf", "rate": 0.2})


def test_a_folder_of_other_files_is_not_claimed(tmp_path):
    (tmp_path / "a.txt").write_text("1,1,5,5\n")
    with pytest.raises(InputError, match=r"has files but no tracker\.json"):
        claim(tmp_path, {"tracker": "kcf"})


def test_a_folder_of_others_is_named_by_its_folder(tmp_path):
    (tmp_path / "ECO").mkdir()
    assert read_configuration(tmp_path / "ECO") == {"tracker": "ECO"}


@pytest.mark.parametrize("text", ["no json", "[1]"])
def test_a_broken_configuration_is_refused(tmp_path, text):
    (tmp_path / "tracker.json").write_text(text)
    with pytest.raises(InputError, match=r"tracker\.json: not .*if you remove it"):
        read_configuration(tmp_path)


def test_folders_differ_where_configurations_differ():
    description = {"tracker": "roam++", "rule": "sgd", "sgd_rate": 0.001, "checkpoint": "abc"}
    name = configuration_name(description)
    assert name.startswith("roam++-sgd-0.001-")
    assert configuration_name({**description, "checkpoint": "abd"}) != name
    assert configuration_name(dict(reversed(description.items()))) == name
    assert configuration_name({"tracker": "my.module:make"}).startswith("my.module-make-")


def test_the_speed_of_a_run_without_times_is_not_known():
    assert np.isnan(Run(np.zeros((2, 4)), np.full(2, np.nan), np.zeros(2)).fps)
