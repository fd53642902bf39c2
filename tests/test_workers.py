"""Workers: forked by a server that has imported what they need, or spawned."""

import subprocess
import sys
import textwrap

import pytest

from roam_lite.workers import TO_CLIP, TO_TRACK, start_early, worker_context
from tests.cli.commands import CLEAN, run


def test_workers_are_made_by_a_server_or_spawned_where_there_is_none(monkeypatch):
    assert worker_context(TO_TRACK).get_start_method() == "forkserver"
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: ["spawn"])
    assert worker_context(TO_TRACK).get_start_method() == "spawn"
    start_early(TO_TRACK)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc counts threads")
def test_a_server_started_early_has_one_thread_no_gpu_and_all_that_a_clip_needs(tmp_path):
    """Started before this process knows torch; a fork of it imports nothing to make a batch."""
    script = tmp_path / "early.py"
    script.write_text(
        textwrap.dedent("""
        import os, sys
        from pathlib import Path

        def told(queue):
            before = set(sys.modules)
            from roam_lite.profiles import get_profile
            from roam_lite.training.loader import ClipBatches
            import torch

            config = get_profile("smoke")
            ClipBatches("synthetic", 0, config.training.stages, config)[0]
            status = Path(f"/proc/{os.getppid()}/status").read_text()
            threads = status.partition("Threads:")[2].split()[0]
            masked = int(status.partition("SigBlk:")[2].split()[0], 16) >> 1 & 1
            new = [n for n in set(sys.modules) - before if n.partition(".")[0] in ("torch", "roam_lite")]
            queue.put([threads, masked, torch.cuda.is_initialized(), new])

        if __name__ == "__main__":
            from roam_lite.workers import TO_CLIP, interrupts_held, start_early, worker_context

            with interrupts_held():
                start_early(TO_CLIP)
            assert "torch" not in sys.modules
            context = worker_context(TO_CLIP)
            queue = context.SimpleQueue()
            worker = context.Process(target=told, args=(queue,))
            worker.start()
            print(queue.get())
        """)
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=CLEAN)
    assert done.stdout.strip() == "['1', 1, False, []]", done.stderr


def test_the_command_starts_the_server_before_it_knows_torch(monkeypatch):
    from roam_lite.cli import train

    started = []
    monkeypatch.setattr("roam_lite.workers.start_early", started.append)
    monkeypatch.setattr(train, "train", lambda args: None)
    for options in ((), ("--workers", "0"), ("--workers", "3")):
        assert run("train", "--out", "run", *options) == 0
    assert started == [TO_CLIP, TO_CLIP]
