"""Worker processes that start quickly: a server imports what they need, once, and forks them.

The server is a separate process that forks before it has threads or a GPU, which forks break; no torch here.
"""

import multiprocessing
from multiprocessing import forkserver
from multiprocessing.context import BaseContext

PRELOADED = ["roam_lite.evaluation.running.engine", "roam_lite.tracking"]


def worker_context() -> BaseContext:
    """Return how workers are started: by the server, or spawned where there is none (Windows)."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def start_early() -> None:
    """Let the server start its imports, which take seconds, while this process does its own."""
    if worker_context().get_start_method() == "forkserver":
        forkserver.ensure_running()
