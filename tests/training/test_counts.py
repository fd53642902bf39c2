"""What clips were drawn from, and how many could not be used: counted in workers, told by the trainer."""

from collections import Counter

import numpy as np
import pytest

from roam_lite.profiles import get_profile
from roam_lite.training import Trainer
from roam_lite.training.loader import SKIPPED, ClipBatches, load_batches
from tests import trees

SMOKE = get_profile("smoke")


@pytest.fixture
def data(tmp_path):
    """Sources of unlike weight, and the name of the folder's."""
    trees.otb(tmp_path / "data", "A", 40)
    return f"synthetic,otb:{tmp_path / 'data'}*2", f"otb:{tmp_path / 'data'}"


@pytest.mark.parametrize("workers", [0, 2])
def test_clips_are_counted_by_source_as_their_batches_come(data, workers):
    batches = ClipBatches(data[0], 3, SMOKE.training.stages, SMOKE)
    expected = Counter()
    loaded = load_batches(batches, range(4), workers)
    for step in range(4):
        next(loaded)
        for video in range(2):
            folder = np.random.default_rng((3, step, video)).integers(3) > 0
            expected[data[1] if folder else "synthetic"] += 1
        assert batches.come == expected
    assert len(expected) == 2


@pytest.mark.parametrize("workers", [0, 1])
def test_clips_that_could_not_be_used_are_counted_in_all_workers(data, workers, tmp_path, capfd):
    trees.otb(tmp_path / "data", "B", 40)
    batches = ClipBatches(data[1], 3, SMOKE.training.stages, SMOKE)
    for path in sorted((tmp_path / "data/B/img").iterdir())[1:]:
        path.unlink()  # a link to the others' file
        path.write_bytes(b"no image")
    list(load_batches(batches, range(4), workers))
    assert batches.come[SKIPPED] > 0
    if not workers:  # what a worker's process prints, it prints to the terminal's own stream
        assert batches.come[SKIPPED] == capfd.readouterr().err.count("clip skipped")
    assert batches.come[data[1]] == 8


def test_a_run_that_is_resumed_counts_what_it_would_have_at_once(config, data, tmp_path):
    whole, *parts = (config(data=data[0], steps=4, out=str(tmp_path / n)) for n in ("a", "b", "b"))
    once = Trainer(whole)
    assert set(once.drawn.values()) == {0}
    list(once.run())
    begun = Trainer(parts[0])
    steps = begun.run()
    next(steps)
    steps.close()
    resumed = Trainer(parts[1], resume=True)
    assert resumed.drawn == begun.drawn
    list(resumed.run())
    assert resumed.drawn == once.drawn
    assert sum(once.drawn.values()) == 8
