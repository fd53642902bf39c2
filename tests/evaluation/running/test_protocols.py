import pytest

from roam_lite.evaluation import results
from roam_lite.evaluation.running.protocols import Protocol, one_pass
from tests.fakes import Follower, Wanderer, moving_square

ONCE = Protocol(one_pass, results.OTB)
THRICE = Protocol(one_pass, results.GOT10K, repetitions=3)
UNLESS_AGREED = Protocol(one_pass, results.GOT10K, repetitions=6, agreeing=3)
SQUARE = moving_square("a", 4)


class Counting:
    def __init__(self, kind):
        self.kind, self.made = kind, 0

    def __call__(self):
        self.made += 1
        return self.kind()


@pytest.mark.parametrize(("protocol", "kind", "times"), [
    (ONCE, Wanderer, 1),
    (THRICE, Follower, 3),
    (UNLESS_AGREED, Follower, 3),
    (UNLESS_AGREED, Wanderer, 6),
])  # fmt: skip
def test_a_sequence_is_repeated_as_often_as_the_benchmark_asks(tmp_path, protocol, kind, times):
    make = Counting(kind)
    assert not protocol.finished(tmp_path, "a")
    assert protocol.track(make, SQUARE, tmp_path) == ()
    assert protocol.finished(tmp_path, "a")
    assert make.made == times
    assert len(protocol.layout.runs(tmp_path, SQUARE)) == times


def test_what_is_finished_is_not_tracked_again(tmp_path):
    THRICE.track(Follower, SQUARE, tmp_path)
    (tmp_path / "a" / "a_003.txt").unlink()
    make = Counting(Follower)
    THRICE.track(make, SQUARE, tmp_path)
    THRICE.track(make, SQUARE, tmp_path)
    assert make.made == 1


def test_unreadable_frames_are_reported_once(tmp_path):
    sequence = moving_square("a", 6, broken=(2, 4))
    assert THRICE.track(Follower, sequence, tmp_path) == (2, 4)
