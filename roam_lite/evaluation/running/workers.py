"""Worker processes that start at once: a server imports what they need, once, and forks them.

A process of its own forks, before it has threads or a GPU that a fork would break; no torch here.
"""

import multiprocessing
from multiprocessing import forkserver
from multiprocessing.context import BaseContext

PRELOADED = ["roam_lite.evaluation.running.engine", "roam_lite.tracking"]


def worker_context() -> BaseContext:
    """Return how workers are made: by the server, or spawned where the system has none (Windows)."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def start_early() -> None:
    """Let the server import while this process does so too, which takes seconds in both."""
    if worker_context().get_start_method() == "forkserver":
        forkserver.ensure_running()
