"""Start and watch several processes that train together, on one or more machines, with torch's agent."""

import builtins
import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import torch
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from roam_lite.devices import choose_device
from roam_lite.errors import InputError
from roam_lite.training.processes import ProcessLost

SECONDS_TO_END = 5  # for the others, after one process is lost
# Older agents end the processes by themselves at Ctrl-C, before they have saved.
_NEEDED = {"shutdown_timeout", "signals_to_handle"}


def has_agent() -> bool:
    """Return whether torch's agent can do what `launch` asks of it: torch 2.13 and newer."""
    return {field.name for field in fields(LaunchConfig)} >= _NEEDED


def launch(
    work: Callable[[Any], None],
    argument: Any,
    *,
    devices: int,
    nodes: int = 1,
    rendezvous: str | None = None,
    device: str = "cpu",
) -> None:
    """Run `work(argument)` in `devices` processes of each of `nodes` machines, until all have ended.

    `rendezvous`, HOST:PORT on one of several machines, is where they all meet. With `device`
    cuda each process has its own GPU. Ctrl-C and SIGTERM are passed on to the processes, once, as SIGTERM;
    a second one ends them.

    Raises what a process raised, InputError and OSError unchanged; ChildProcessError if one was
    killed; and InputError for fewer GPUs than processes, for several machines without a
    rendezvous, and for a torch without such an agent.
    """
    if device.startswith("cuda"):
        choose_device(f"cuda:{devices - 1}")
    if nodes > 1 and not rendezvous:
        raise InputError(f"{nodes} machines: give the same --rendezvous HOST:PORT on each of them")
    if not has_agent():
        raise InputError(
            f"torch {torch.__version__} cannot watch several processes: install torch 2.13 or newer, or "
            "omit --devices and --nodes"
        )
    _silence_agent()
    if not device.startswith("cuda"):  # otherwise each would use all cores
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores // devices)))
    with tempfile.TemporaryDirectory(prefix="roam-lite-") as folder, _signals_passed_on() as asked:
        config = LaunchConfig(
            min_nodes=nodes,
            max_nodes=nodes,
            nproc_per_node=devices,
            run_id="roam-lite",
            rdzv_backend="c10d",
            rdzv_endpoint=rendezvous or "localhost:0",
            local_addr="localhost" if nodes == 1 else None,
            max_restarts=0,
            shutdown_timeout=SECONDS_TO_END,
            logs_specs=DefaultLogsSpecs(log_dir=folder),
            signals_to_handle="SIGHUP,SIGQUIT",
        )
        try:
            elastic_launch(config, _work_until_done)(work, argument)
        except ChildFailedError as error:
            if asked:  # before they could end by themselves
                raise KeyboardInterrupt from None
            number, failure = error.get_first_failure()
            raise _what_happened(number, nodes * devices, failure) from None


def _work_until_done(work: Callable[[Any], None], argument: Any) -> None:
    """Do the work in a process."""
    try:
        work(argument)
    except ProcessLost:
        time.sleep(1)  # the agent should first notice the process that was lost
        raise
    except KeyboardInterrupt:  # which torch would treat as success
        sys.exit(1)


def _what_happened(number: int, processes: int, failure: ProcessFailure) -> Exception:
    """Return the exception of a failed process, to be raised here."""
    if failure.exitcode < 0:
        ended = f"process {number} of {processes} was killed by {failure.signal_name()}"
        return ChildProcessError(ended)
    if not isinstance(failure.message, dict):
        return ChildProcessError(
            f"process {number} of {processes} ended with code {failure.exitcode}"
        )
    name, _, text = failure.message["message"].partition(": ")
    if name == "InputError":
        return InputError(text)
    kind = ProcessLost if name == "ProcessLost" else getattr(builtins, name, RuntimeError)
    if issubclass(kind, MemoryError):
        return MemoryError(text)
    if issubclass(kind, OSError):
        return ProcessLost(text) if kind is ProcessLost else OSError(text)
    error = RuntimeError(f"{name} in process {number}: {text}")
    error.__cause__ = RuntimeError(failure.message["extraInfo"]["py_callstack"])  # for --debug
    return error


def _silence_agent() -> None:
    """Keep the agent's log off the terminal; its content comes back as an exception."""
    for name in ("torch.distributed.elastic", "torch.multiprocessing.spawn"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(logging.NullHandler())


@contextmanager
def _signals_passed_on() -> Iterator[list[int]]:
    """On a signal, ask the processes to stop instead of ending; on a second one, end them.

    Yields a list of the signals received.
    """
    asked: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def pass_on(number: int, _frame: object) -> None:
        asked.append(number)
        children = multiprocessing.active_children()
        for child in children:
            child.terminate() if len(asked) == 1 else child.kill()
        if len(asked) > 1 or not children:
            raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, pass_on) for number in numbers]
    try:
        yield asked
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
