"""Worker processes that start quickly: a server imports what they need, once, and forks them.

The server is a separate process that forks before it has threads or a GPU, which forks break; no torch here.
"""

import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import BaseContext

# What the server imports.
TO_TRACK = ("roam_lite.evaluation.running.engine", "roam_lite.tracking")
TO_CLIP = ("roam_lite.training.loader", "roam_lite.data.shards")


def worker_context(preloaded: tuple[str, ...]) -> BaseContext:
    """Return how workers are started: by the server, or spawned where there is none (Windows)."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preloaded))
    return context


def start_early(preloaded: tuple[str, ...]) -> None:
    """Let the server start its imports, which take seconds, while this process does its own."""
    if worker_context(preloaded).get_start_method() == "forkserver":
        forkserver.ensure_running()


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Block SIGINT for this thread inside the context, and for the processes that it starts.

    Ctrl-C goes to the whole process group, but the trainer decides when to stop. A worker that is still
    importing could not ignore the signal itself. Signals in between are delivered afterwards.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows: workers ignore it once running
        yield
        return
    resource_tracker.ensure_running()  # which would unblock signals when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
