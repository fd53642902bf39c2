"""Mini-batches: a batch is determined by seed and step, whoever makes it."""

import multiprocessing
import os
import signal
import sys
from dataclasses import fields

import pytest
import torch

from roam_lite.config import modify
from roam_lite.errors import InputError
from roam_lite.profiles import get_profile
from roam_lite.training.loader import ClipBatches, load_batches
from tests import trees

SMOKE = get_profile("smoke")
STAGE = SMOKE.training.stages[-1]


def equal(a, b):
    return all(torch.equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))


@pytest.fixture(scope="module")
def batches():
    return ClipBatches("synthetic", 3, STAGE, SMOKE)


def test_a_batch_is_the_same_whenever_it_is_asked_for(batches):
    again = ClipBatches("synthetic", 3, STAGE, SMOKE)
    later = again[7]
    assert equal(again[5], batches[5])
    assert equal(later, batches[7])


def test_steps_seeds_and_videos_differ(batches):
    other = ClipBatches("synthetic", 4, STAGE, SMOKE)
    assert not equal(batches[5], batches[6])
    assert not equal(batches[5], other[5])
    patches = batches[5].initial_patches
    assert len(patches) == STAGE.batch
    assert not torch.equal(patches[0], patches[1])


@pytest.mark.parametrize("workers", [0, 1])
def test_batches_come_in_order_from_any_step_and_any_process(batches, workers):
    loaded = list(load_batches(batches, range(4, 7), workers))
    assert len(loaded) == 3
    for step, clips in zip(range(4, 7), loaded, strict=True):
        assert equal(clips, batches[step])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows delivers no SIGINT to a process alone")
def test_an_interrupt_does_not_kill_a_worker_that_is_still_starting(batches):
    others = multiprocessing.active_children()
    loaded = load_batches(batches, range(4, 6), workers=1)
    (worker,) = (child for child in multiprocessing.active_children() if child not in others)
    os.kill(worker.pid, signal.SIGINT)
    assert equal(next(loaded), batches[4])
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())


def test_a_sequence_that_never_shows_its_target_is_refused_before_training(tmp_path):
    for number in (1, 2):
        trees.got10k(tmp_path, number, split="train", covers=[0] * 6 if number == 2 else None)
    (tmp_path / "train" / "list.txt").write_text("GOT-10k_Train_000001\n")
    assert ClipBatches(f"got10k:{tmp_path}", 0, STAGE, SMOKE).sources
    (tmp_path / "train" / "list.txt").unlink()
    with pytest.raises(
        InputError, match=r"GOT-10k_Train_000002: its target is never seen .*; remove it"
    ):
        ClipBatches(f"got10k:{tmp_path}", 0, STAGE, SMOKE)


def test_footage_goes_to_the_stage_that_tracks_alone():
    tracked = ClipBatches("synthetic", 0, STAGE, SMOKE)[0]
    frames = STAGE.updates * SMOKE.online.update_interval
    assert tracked.views.shape[:2] == (STAGE.batch, frames)
    truth = modify(SMOKE, training={"past_labels": "truth"})
    for stage, config in ((SMOKE.training.stages[0], SMOKE), (STAGE, truth)):
        assert not hasattr(ClipBatches("synthetic", 0, stage, config)[0], "views")
