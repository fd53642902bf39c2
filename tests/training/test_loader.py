"""Mini-batches: a batch is determined by seed and step, whoever makes it."""

import multiprocessing
import os
import pickle
import signal
import sys
import warnings
from collections import Counter
from dataclasses import fields, replace
from importlib import import_module

import numpy as np
import pytest
import torch

from roam_lite.config import modify
from roam_lite.data import sources
from roam_lite.data.layouts import LAYOUTS
from roam_lite.data.sources import CollageSource, FolderSource, SyntheticSource
from roam_lite.errors import InputError
from roam_lite.evaluation.running.engine import limited_threads
from roam_lite.profiles import get_profile
from roam_lite.training import loader
from roam_lite.training.clips import draw_clip, draw_footage, stack_clips
from roam_lite.training.loader import MOST_SKIPPED, ClipBatches, load_batches
from tests import trees

SMOKE = get_profile("smoke")
STAGES = SMOKE.training.stages
STAGE = STAGES[-1]
# Four steps each; sequences of the second stage are longer than 60 frames.
LONG = (STAGES[0], replace(STAGE, updates=13))

NOTED = """
import os

from roam_lite.data import otb
from roam_lite.data.layouts import LAYOUTS, Layout


def read_sequence(root, name):
    with open(root / "readers", "a") as file:
        file.write(f"{os.getpid()} {name}\\n")
    return otb.read_sequence(root, name)


LAYOUTS["noted"] = Layout(otb.list_sequences, read_sequence, ())
"""


def equal(a, b):
    return all(torch.equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))


@pytest.fixture(scope="module")
def batches():
    return ClipBatches("synthetic", 3, STAGES, SMOKE)


def test_a_batch_is_the_same_whenever_it_is_asked_for(batches):
    again = ClipBatches("synthetic", 3, STAGES, SMOKE)
    later = again[7]
    assert equal(again[5], batches[5])
    assert equal(later, batches[7])


def test_steps_seeds_and_videos_differ(batches):
    other = ClipBatches("synthetic", 4, STAGES, SMOKE)
    assert not equal(batches[5], batches[6])
    assert not equal(batches[5], other[5])
    patches = batches[5].initial_patches
    assert len(patches) == STAGE.batch
    assert not torch.equal(patches[0], patches[1])


def test_a_batch_is_drawn_from_the_generators_of_its_step_at_its_stages_length(tmp_path):
    trees.otb(trees.otb(tmp_path, "A", 30), "B", 70)
    known = [SyntheticSource(3), CollageSource(3, tmp_path), FolderSource("otb", tmp_path)]
    batches = ClipBatches(f"synthetic,collage:{tmp_path},otb:{tmp_path}", 3, LONG, SMOKE)
    drawn = Counter()
    for step in (0, 3, 4, 7):
        stage, draw, length = (
            (LONG[0], draw_clip, 60) if step < 4 else (LONG[1], draw_footage, 1 + 13 * 5)
        )
        clips = []
        for video in range(2):
            rng = np.random.default_rng((3, step, video))
            source = known[rng.integers(3)]
            drawn[source.name.partition(":")[0]] += 1
            sequence = source.draw(rng, length)
            assert len(sequence) == length or source is known[2]
            clips.append(draw(sequence, rng, stage, SMOKE))
        assert equal(batches[step], stack_clips(clips))
    assert drawn.keys() == {"synthetic", "collage", "otb"}


@pytest.mark.parametrize("workers", [0, 1])
def test_batches_come_in_order_from_any_step_and_any_process(batches, workers):
    loaded = list(load_batches(batches, range(4, 7), workers))
    assert len(loaded) == 3
    for step, clips in zip(range(4, 7), loaded, strict=True):
        assert equal(clips, batches[step])


def test_what_a_worker_is_sent_is_small_however_large_the_data_is(tmp_path):
    """Below what a pipe holds: so that the next worker is started before this one has read it."""
    for number in range(20):
        trees.otb(tmp_path, f"{number}", 500)
    batches = ClipBatches(f"otb:{tmp_path}", 0, get_profile("laptop").training.stages, SMOKE)
    assert len(pickle.dumps(batches.sources)) > 2**18
    sent = pickle.dumps(batches)
    assert len(sent) < 2**15
    assert equal(pickle.loads(sent)[0], batches[0])


def break_images(root, name, first):
    for path in sorted((root / name / "img").iterdir())[first:]:
        path.unlink()
        path.write_bytes(b"no image")


def test_a_clip_that_cannot_be_read_is_skipped_and_named(tmp_path, capsys):
    trees.otb(trees.otb(tmp_path, "A", 30), "B", 30)
    break_images(tmp_path, "B", 1)
    batches = ClipBatches(f"otb:{tmp_path}", 0, STAGES, SMOKE)
    drawn = [batches[step] for step in range(4)]
    assert equal(drawn[0], ClipBatches(f"otb:{tmp_path}", 0, STAGES, SMOKE)[0])
    assert batches.skipped > 0
    said = capsys.readouterr().err
    assert f"clip skipped ({batches.skipped} in this process so far): frame" in said
    assert "/B/img/" in said


def test_a_sequence_of_a_large_folder_that_cannot_be_used_is_skipped_and_named(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(sources, "SMALL", 3)
    monkeypatch.setattr(sources, "FEW", 2)
    for name in "ABCD":
        trees.otb(tmp_path, name, 30)
    whole = [ClipBatches(f"otb:{tmp_path}", 0, STAGES, SMOKE)[step] for step in range(8)]
    (tmp_path / "B" / "groundtruth_rect.txt").write_text("1,1,one,1\n")
    (tmp_path / "C" / "groundtruth_rect.txt").write_text("nan,nan,nan,nan\n" * 30)
    batches = ClipBatches(f"otb:{tmp_path}", 0, STAGES, SMOKE)
    drawn = [batches[step] for step in range(8)]
    said = capsys.readouterr().err
    assert batches.skipped == said.count("clip skipped") > 0
    assert "/B/groundtruth_rect.txt, line 1" in said
    assert "C: its target is never visible enough" in said
    same = sum(equal(a, b) for a, b in zip(whole, drawn, strict=True))
    assert 0 < same < 8  # what none of it concerns is what it was
    for name in "AD":
        (tmp_path / name / "groundtruth_rect.txt").write_text("nan,nan,nan,nan\n" * 30)
    with pytest.raises(InputError, match="D: its target is never visible"):
        ClipBatches(f"otb:{tmp_path}", 0, STAGES, SMOKE)


@pytest.mark.parametrize("workers", [0, 1])
def test_training_ends_with_one_line_where_no_clip_can_be_read(tmp_path, workers):
    break_images(trees.otb(tmp_path, "A", 30), "A", 1)
    batches = ClipBatches(f"otb:{tmp_path}", 0, STAGES, SMOKE)
    with pytest.raises(
        InputError, match=rf"^{MOST_SKIPPED} clips in a row .* not an image"
    ) as error:
        list(load_batches(batches, range(4), workers))
    assert "Traceback" not in str(error.value)


@pytest.fixture
def noted(tmp_path, monkeypatch):
    """Two sequences in a layout of one's own, which notes the process that reads a sequence."""
    (tmp_path / "noted_layout.py").write_text(NOTED)
    monkeypatch.syspath_prepend(tmp_path)
    import_module("noted_layout")
    yield trees.otb(trees.otb(tmp_path / "data", "A"), "B")
    del LAYOUTS["noted"], sys.modules["noted_layout"]


def test_every_worker_reads_what_it_draws_once_for_all_stages(noted):
    batches = ClipBatches(f"noted:{noted}", 0, STAGES, SMOKE)
    loaded = list(load_batches(batches, range(2, 6), workers=2))
    for step, clips in zip(range(2, 6), loaded, strict=True):
        assert equal(clips, batches[step])
    readers = Counter((noted / "readers").read_text().splitlines())
    processes = {line.split()[0] for line in readers}
    assert str(os.getpid()) in processes
    assert len(processes) == 3
    assert {line for line in readers if line.startswith(f"{os.getpid()} ")} == {
        f"{os.getpid()} {name}" for name in "AB"
    }
    assert set(readers.values()) == {1}


def test_without_steps_no_worker_is_started(batches):
    others = multiprocessing.active_children()
    loaded = load_batches(batches, range(8, 8), workers=3)
    assert multiprocessing.active_children() == others
    assert list(loaded) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows delivers no SIGINT to a process alone")
def test_an_interrupt_does_not_kill_a_worker_that_is_still_starting(batches):
    others = multiprocessing.active_children()
    loaded = load_batches(batches, range(4, 5), workers=2)  # for one batch, one is started
    (worker,) = (child for child in multiprocessing.active_children() if child not in others)
    os.kill(worker.pid, signal.SIGINT)
    assert equal(next(loaded), batches[4])
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())


def test_a_sequence_that_never_shows_its_target_is_refused_before_training(tmp_path):
    for number in (1, 2):
        trees.got10k(tmp_path, number, split="train", covers=[0] * 6 if number == 2 else None)
    (tmp_path / "train" / "list.txt").write_text("GOT-10k_Train_000001\n")
    assert ClipBatches(f"got10k:{tmp_path}", 0, STAGES, SMOKE).sources
    (tmp_path / "train" / "list.txt").unlink()
    with pytest.raises(
        InputError, match=r"GOT-10k_Train_000002: its target is never visible .*; remove it"
    ):
        ClipBatches(f"got10k:{tmp_path}", 0, STAGES, SMOKE)


def test_footage_goes_to_the_stage_that_tracks_alone():
    tracked = ClipBatches("synthetic", 0, STAGES, SMOKE)[4]
    frames = STAGE.updates * SMOKE.online.update_interval
    assert tracked.views.shape[:2] == (STAGE.batch, frames)
    truth = modify(SMOKE, training={"past_labels": "truth"})
    for step, config in ((3, SMOKE), (4, truth)):
        assert not hasattr(ClipBatches("synthetic", 0, STAGES, config)[step], "views")


def test_workers_keep_the_memory_that_frames_are_decoded_into(monkeypatch):
    asked = []
    monkeypatch.setattr(loader, "keep_freed_memory", lambda: asked.append(True))
    monkeypatch.setattr(signal, "signal", lambda *arguments: None)
    with limited_threads(1), warnings.catch_warnings():
        loader._prepare_worker(0)
    assert asked == [True]


# Clips that come again


def test_clips_come_again_within_their_stage():
    stages = tuple(replace(stage, steps=steps) for stage, steps in zip(STAGES, (5, 4), strict=True))
    batches = ClipBatches("synthetic", 0, stages, SMOKE, repeat=2)
    assert [batches.drawn_at(step) for step in range(9)] == [0, 1, 0, 1, 0, 5, 6, 5, 6]
    always = ClipBatches("synthetic", 0, stages, SMOKE)
    assert [always.drawn_at(step) for step in range(9)] == list(range(9))
