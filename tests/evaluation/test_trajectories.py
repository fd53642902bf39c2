import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roam_lite.errors import InputError
from roam_lite.evaluation.results import read_trajectory, write_trajectory
from roam_lite.evaluation.running.run import FAILURE, SKIPPED, START, TRACKED, Trajectory

CODES = [START, TRACKED, FAILURE, SKIPPED, SKIPPED, SKIPPED, SKIPPED, START]


def run_of(codes, seconds=None):
    regions = np.where(np.equal(codes, TRACKED)[:, None], [0.5, 1, 10, 10], np.nan)
    return Trajectory(
        np.array(codes), regions, np.zeros(len(codes)) if seconds is None else seconds
    )


def test_files_have_a_code_or_a_region_a_line(tmp_path):
    write_trajectory(tmp_path / "a" / "a_001.txt", run_of(CODES))
    assert (tmp_path / "a" / "a_001.txt").read_text() == "1\n0.5,1,10,10\n2\n0\n0\n0\n0\n1\n"


@given(st.lists(st.sampled_from([TRACKED, SKIPPED, START, FAILURE]), max_size=9))
def test_what_is_written_is_read_back(tmp_path_factory, codes):
    path = tmp_path_factory.getbasetemp() / "trajectory.txt"
    run = run_of([START, *codes])
    write_trajectory(path, run)
    again = read_trajectory(path)
    np.testing.assert_array_equal(again.codes, run.codes)
    np.testing.assert_array_equal(again.regions, run.regions)
    assert np.isnan(again.seconds).all()


def test_polygons_of_other_trackers_are_read(tmp_path):
    path = tmp_path / "other.txt"
    path.write_text("1.0000\n1,2,3,4,5,6,7,8\n")
    assert read_trajectory(path).regions[1].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(("text", "message"), [
    ("1\n3\n", "line 2: neither 0, 1, 2 nor a region"),
    ("1\n1,2,3\n", "line 2: neither"),
    ("1\n1,2,nan,4\n", "line 2: neither"),
    ("1\nx\n", "line 2: 'x' is not a row of numbers"),
    ("1,2,3,4\n", "the first line must be 1, the start"),
    ("", "the first line must be 1"),
    ("1\n1,2,3,4\n1,2,3,4,5,6,7,8\n", "use only one kind"),
])  # fmt: skip
def test_other_files_are_refused_with_their_line(tmp_path, text, message):
    path = tmp_path / "bad.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_trajectory(path)


@given(st.binary(max_size=120) | st.text("012.,\n na", max_size=60).map(str.encode))
def test_any_bytes_give_a_trajectory_or_an_input_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "fuzzed.txt"
    path.write_bytes(data)
    try:
        run = read_trajectory(path)
    except InputError:
        return
    assert run.codes[0] == START
    assert np.isfinite(run.regions[run.codes == TRACKED]).all()


def test_speed_counts_the_frames_that_took_time():
    assert run_of([START] * 4, np.array([0.1, 0.0, 0.3, 0.0])).fps == pytest.approx(5)
    assert np.isnan(run_of(CODES).fps)
    assert run_of(CODES).failures == 1
