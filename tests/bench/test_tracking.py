"""Where the time of a frame goes: parts that add up, and a tracker that does not notice."""

import time

import numpy as np
import pytest

from roam_lite.bench.tracking import Stopwatch, bench_tracking, random_tracker, tracking_table
from roam_lite.profiles import get_profile
from roam_lite.tracking import tracker as module
from tests.fakes import moving_square
from tests.tracking.small import smoke_tracker


def test_the_table_splits_a_frame():
    original = module.crop
    found = bench_tracking(smoke_tracker, [moving_square(length=7), moving_square(length=3)])
    table = tracking_table(found)
    rows = {line.rsplit(maxsplit=2)[0]: line.split()[-2:] for line in table.splitlines()[1:7]}
    assert list(rows) == ["crop", "backbone", "localize", "update", "rest", "all"]
    for column in (0, 1):
        *parts, whole = (float(values[column]) for values in rows.values())
        assert all(part >= 0 for part in parts)
        assert sum(parts) == pytest.approx(whole, abs=0.05 * len(parts))
        assert whole > 0
    assert table.splitlines()[-1].startswith("8 frames at ")
    assert module.crop is original
    counts, means = found["frames"], found["milliseconds"]
    assert (counts["first"], counts["later"]) == (2, 8)
    assert counts["ordinary"] + counts["updating"] == 8
    assert means["ordinary"]["update"] == 0


def test_random_weights_update_themselves_as_often_as_they_should():
    config = get_profile("smoke")
    found = bench_tracking(lambda: random_tracker(config), [moving_square(length=12)], frames=11)
    counts = {"first": 1, "later": 10, "ordinary": 8, "updating": 2}
    assert found["frames"] == counts
    assert found["tracker"]["weights"] == "random"
    last = tracking_table(found).splitlines()[-3:]
    assert [line.split(":")[0] for line in last[:2]] == ["a frame without an update", "an update"]


@pytest.mark.parametrize("variant", ["roam++", "roam"])
def test_a_tracker_that_is_timed_finds_the_same_boxes(variant):
    sequence = moving_square(length=7)
    runs = []
    for timed in (False, True):
        tracker, watch = smoke_tracker(variant=variant), Stopwatch()
        if timed:
            watch.attach(tracker)
        tracker.init(sequence.frames[0], sequence.boxes[0])
        runs.append([tracker.update(sequence.frames[index]).box for index in range(1, 7)])
        assert set(watch.seconds) == ({"update", "localize", "backbone"} if timed else set())
    np.testing.assert_array_equal(*runs)


def test_a_part_counts_without_the_parts_that_it_calls():
    watch = Stopwatch()
    inner = watch.timed("inner", lambda: time.sleep(0.05))

    def work():
        time.sleep(0.01)
        inner()
        time.sleep(0.01)
        return "done"

    assert watch.timed("outer", work)() == "done"
    assert 0.05 <= watch.seconds["inner"] < 0.5
    assert watch.seconds["outer"] >= 0.02
    before = dict(watch.seconds)
    with pytest.raises(ZeroDivisionError):
        watch.timed("outer", lambda: 1 / 0)()
    assert watch.seconds["outer"] > before["outer"]  # and what follows is not counted with it
    assert watch.timed("inner", lambda: None)() is None
    assert watch.seconds["outer"] < before["outer"] + 0.5
