import os
import signal
import subprocess
import sys
import time
import weakref
from functools import partial

import pytest
import torch

from roam_lite.errors import InputError
from roam_lite.evaluation import results
from roam_lite.evaluation.running.engine import (
    Job,
    limited_threads,
    rank_and_ranks,
    track_all,
    visible_gpus,
)
from roam_lite.evaluation.running.protocols import Protocol, one_pass
from tests.conftest import REPOSITORY
from tests.fakes import Follower, Statue, moving_square

ONCE = Protocol(one_pass, results.OTB)
FRAMES = {"a": 5, "b": 9, "c": 7}


def read(name, broken=()):
    return moving_square(name, FRAMES[name], broken)


class Deadly(Statue):
    """A tracker whose process is killed."""

    def update(self, image):
        os._exit(9)


class Refusing(Statue):
    """A tracker that does not like what it sees."""

    def update(self, image):
        raise InputError("too dark; add light")


class ThreadCounter(Statue):
    """A tracker whose box tells how many threads it may use."""

    def update(self, image):
        return (torch.get_num_threads(), 1, 1, 1)


def track(folder, kind=Follower, protocol=ONCE, reader=read, **options):
    track_all(Job(reader, kind, protocol, folder), FRAMES, progress=False, **options)


def boxes(folder):
    return {path.name: path.read_text() for path in sorted(folder.glob("*.txt"))}


def test_results_do_not_depend_on_the_number_of_workers(tmp_path):
    track(tmp_path / "one", workers=1)
    track(tmp_path / "two", workers=2)
    assert list(boxes(tmp_path / "one")) == ["a.txt", "b.txt", "c.txt"]
    assert boxes(tmp_path / "one") == boxes(tmp_path / "two")


def test_errors_of_workers_come_out_and_finished_sequences_stay(tmp_path):
    track(tmp_path, workers=1)
    (tmp_path / "a.txt").unlink()
    (tmp_path / "b.txt").unlink()
    with pytest.raises(InputError, match="too dark; add light"):
        track(tmp_path, Refusing, workers=2)
    assert list(boxes(tmp_path)) == ["c.txt"]


def test_a_killed_worker_is_said_with_the_remedy(tmp_path):
    with pytest.raises(InputError, match=r"a worker was killed.*finished sequences are kept"):
        track(tmp_path, Deadly, workers=2)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_worker_computes_with_the_threads_it_is_given(tmp_path, threads):
    before = torch.get_num_threads()
    track(tmp_path, ThreadCounter, workers=1, threads=threads)
    first = results.OTB.runs(tmp_path, read("a"))[0]
    assert first.boxes[1, 0] == threads
    assert torch.get_num_threads() == before


def test_a_small_job_stays_in_this_process(tmp_path, monkeypatch):
    monkeypatch.setattr("roam_lite.evaluation.running.engine.worker_context", None)  # would fail
    track(tmp_path)
    assert len(boxes(tmp_path)) == 3


def test_one_sequence_at_a_time_is_in_memory(tmp_path):
    alive = weakref.WeakSet()
    most = []

    def watched(name):
        sequence = read(name)
        alive.add(sequence.frames)
        most.append(len(alive))
        return sequence

    track(tmp_path, reader=watched, workers=1)
    assert len(most) == len(FRAMES)
    assert max(most) <= 2  # the one before may not be collected yet


def test_unreadable_frames_are_said(tmp_path, capsys):
    track(tmp_path, reader=partial(read, broken=(2, 3)), workers=1)
    assert "b: 2 unreadable frame(s) counted as lost" in capsys.readouterr().err


def test_progress_counts_frames_and_what_was_there_before(tmp_path, capsys):
    track(tmp_path, workers=1)
    (tmp_path / "b.txt").unlink()
    track_all(Job(read, Follower, ONCE, tmp_path), FRAMES, workers=1, title="mine")
    last = capsys.readouterr().err.split("\r")[-1]
    assert "mine: 100%" in last
    assert "21/21" in last


PROGRAM = """
import sys, time
from pathlib import Path
from roam_lite.evaluation.running.engine import Job, track_all
from tests.evaluation.running.test_engine import FRAMES, ONCE, read
from tests.fakes import Follower

class Slow(Follower):
    def init(self, image, box):
        super().init(image, box)
        with open({log!r}, "a") as log:
            log.write("start\\n")
    def update(self, image):
        time.sleep({delay})
        return super().update(image)

if __name__ == "__main__":
    track_all(Job(read, Slow, ONCE, Path({folder!r})), FRAMES, workers={workers}, progress=False)
"""


def start_program(tmp_path, delay, workers):
    program = tmp_path / "program.py"
    values = {"log": str(tmp_path / "log"), "folder": str(tmp_path / "results")}
    program.write_text(PROGRAM.format(delay=delay, workers=workers, **values))
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen([sys.executable, str(program)], env=environment)


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.long), 2])
def test_a_killed_run_goes_on_without_repeating_what_is_finished(tmp_path, workers):
    folder = tmp_path / "results"
    process = start_program(tmp_path, 0.3, workers)
    deadline = time.monotonic() + 100
    while not boxes(folder) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finished = boxes(folder)
    assert 0 < len(finished) < len(FRAMES)
    stamps = {name: (folder / name).stat().st_mtime_ns for name in finished}
    time.sleep(0.5)  # workers of the killed process end with it
    (tmp_path / "log").write_text("")
    assert start_program(tmp_path, 0, workers).wait(timeout=100) == 0
    assert (tmp_path / "log").read_text().count("start") == len(FRAMES) - len(finished)
    for name, stamp in stamps.items():
        assert (folder / name).stat().st_mtime_ns == stamp
    track(tmp_path / "whole", workers=1)
    assert boxes(folder) == boxes(tmp_path / "whole")


@pytest.mark.long
def test_processes_of_torchrun_share_the_sequences(tmp_path):
    program = tmp_path / "program.py"
    values = {"log": str(tmp_path / "log"), "folder": str(tmp_path / "results")}
    program.write_text(PROGRAM.format(delay=0, workers=1, **values))
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", str(program)]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    subprocess.run(command, env=environment, check=True, timeout=300)
    assert (tmp_path / "log").read_text().count("start") == len(FRAMES)
    track(tmp_path / "whole", workers=1)
    assert boxes(tmp_path / "results") == boxes(tmp_path / "whole")


def test_torchruns_variables_say_which_process_this_is(monkeypatch):
    assert rank_and_ranks() == (0, 1)
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("WORLD_SIZE", "5")
    assert rank_and_ranks() == (2, 5)


def test_all_gpus_are_used_or_the_one_of_the_process(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 4)
    assert visible_gpus("cpu") == ()
    assert visible_gpus("cuda") == (0, 1, 2, 3)
    monkeypatch.setenv("LOCAL_RANK", "6")
    assert visible_gpus("cuda") == (2,)


def test_limits_on_threads_end_with_their_context():
    before = torch.get_num_threads()
    with limited_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
