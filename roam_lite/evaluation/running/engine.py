"""A whole benchmark on all cores and GPUs: one process per worker, one sequence at a time in each.

A worker uses a fixed number of threads, so results do not depend on how many workers there
are. Finished sequences are in files (`results`), where an interrupted run resumes. Under
torchrun every process takes its share of the sequences, on one machine or several with a shared folder:

    torchrun --nnodes 2 --nproc-per-node 8 --no-python roam-lite evaluate --results DIR ...
"""

import datetime
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import torch
from tqdm import tqdm

import roam_lite
from roam_lite.data.sequence import Sequence, with_bits
from roam_lite.errors import InputError, InputWarning
from roam_lite.evaluation import kept, results
from roam_lite.evaluation.benchmarks import Benchmark
from roam_lite.evaluation.running.protocols import Protocol
from roam_lite.evaluation.running.runner import (
    check_names,
    check_sequence,
    report_unreadable,
    say,
)
from roam_lite.workers import TO_TRACK, worker_context

FRAMES_A_WORKER = 500  # fewer do not justify starting a process


def run_benchmark(
    benchmark: Benchmark,
    root: str | Path,
    names: list[str],
    make_tracker: Callable[[], Any],
    description: Mapping[str, Any],
    results_dir: str | Path,
    *,
    oracle: bool = False,
    overwrite: bool = False,
    bits: int | None = None,
    **options: Any,
) -> Path:
    """Track the sequences and return the folder of the results, inside `results_dir`.

    The folder is `RESULTS_DIR/OTB2015/NAME-DIGEST`, named after benchmark, configuration and version of
    the package. Results that are there are reused (`kept`), and stderr says of how many sequences,
    unless `overwrite` asks to track them again. `bits` is how many bits 16-bit images use (`ImageFrames`);
    `options` are those of `track_all`. Raises InputError, before anything is tracked or removed, if there
    are no sequences, two with the same name, one that no tracker can start on, if results there are of other
    video, or if the folder belongs to another configuration.
    """
    own = {"benchmark": benchmark.name, "oracle": oracle, "version": roam_lite.__version__}
    description = {**description, **own} | ({} if bits is None else {"bits": bits})
    folder = Path(results_dir) / benchmark.folder / results.configuration_name(description)
    if overwrite and rank_and_ranks()[1] > 1:
        raise InputError(f"--overwrite does not work under torchrun; remove {folder} by hand")
    read = partial(_read, benchmark.layout.read_sequence, Path(root), bits)
    protocol = benchmark.protocol
    check_names(names)
    frames, differing = {}, {}
    for name in names:
        sequence = read(name)  # one at a time, so that memory does not grow with the benchmark
        frames[name] = len(sequence)
        if overwrite or not protocol.finished(folder, name):
            check_sequence(sequence)  # find now what would stop the run hours later
        if not overwrite and protocol.layout.records(folder, name):
            differing[name] = kept.differences(folder, sequence)
    kept.refuse_differing(folder, {name: words for name, words in differing.items() if words})
    results.claim(folder, description)
    for name in names if overwrite else ():
        protocol.layout.remove(folder, name)
    if rank_and_ranks()[0] == 0:
        _report_taken(folder, sum(protocol.finished(folder, name) for name in names), len(names))
    job = Job(read, make_tracker, protocol, folder, oracle)
    track_all(job, frames, title=results.short_name(description), **options)
    return folder


def _report_taken(folder: Path, taken: int, total: int) -> None:
    """Report to stderr how many sequences of a folder are reused, if users may expect some."""
    if taken:
        say(f"reused {taken} of {total} sequences, tracked before, from {folder}")
    elif any(path != folder for path in folder.parent.glob(f"{folder.name[:-8]}????????/")):
        say(
            f"reused 0 of {total} sequences: this tracker's results in {folder.parent} are from other "
            f"configurations (see their {results.CONFIGURATION}); new results go to {folder}"
        )


def _read(
    read_sequence: Callable[[Path, str], Sequence], root: Path, bits: int | None, name: str
) -> Sequence:
    return with_bits(read_sequence(root, name), bits)


@dataclass(frozen=True)
class Job:
    """Everything that a worker needs to track a sequence given its name; it can be pickled."""

    read: Callable[[str], Sequence]
    make_tracker: Callable[[], Any]
    protocol: Protocol
    folder: Path
    oracle: bool = False

    def track(self, name: str) -> tuple[int, ...]:
        """Track one sequence, write its results and return its unreadable frames."""
        return self.protocol.track(self.make_tracker, self.read(name), self.folder, self.oracle)


def track_all(
    job: Job,
    frames: Mapping[str, int],
    *,
    workers: int | None = None,
    threads: int = 1,
    gpus: tuple[int, ...] = (),
    title: str = "tracking",
    progress: bool = True,
) -> None:
    """Track the sequences in `frames`, which gives their numbers of frames; longest first.

    Sequences that have results are not tracked again. `workers` is by default one per GPU or core,
    and fewer for small jobs (`FRAMES_A_WORKER`); a single one runs in this process.
    Under torchrun this returns when all processes are done. Raises what a worker raised, and
    InputError if one was killed.
    """
    with _ranks() as (rank, ranks):
        names = sorted(frames, key=lambda name: (-frames[name], name))[rank::ranks]
        waiting = [name for name in names if not job.protocol.finished(job.folder, name)]
        work = sum(frames[name] for name in waiting)
        if workers is None:
            workers = len(gpus) or max(1, _cores() // threads // ranks)
            workers = min(workers, 1 + work // FRAMES_A_WORKER)
        workers = max(1, min(workers, len(waiting)))
        with tqdm(
            total=sum(frames[name] for name in names),
            initial=sum(frames[name] for name in names) - work,
            desc=title,
            unit="frame",
            file=sys.stderr,
            disable=not progress or rank > 0,
        ) as bar:
            for name, unreadable in _results(job, waiting, workers, threads, gpus):
                bar.update(frames[name])
                report_unreadable(name, unreadable)


def rank_and_ranks() -> tuple[int, int]:
    """Return (rank, number of processes) under torchrun; (0, 1) without it."""
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


def visible_gpus(device: str) -> tuple[int, ...]:
    """Return the GPUs to use on a device: all of them, or under torchrun the one of this process."""
    if device != "cuda":
        return ()
    count = torch.cuda.device_count()
    if "LOCAL_RANK" in os.environ:
        return (int(os.environ["LOCAL_RANK"]) % count,)
    return tuple(range(count))


@contextmanager
def limited_threads(threads: int) -> Iterator[None]:
    """Make torch and OpenCV use this many threads inside the context."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])


def _results(
    job: Job, names: list[str], workers: int, threads: int, gpus: tuple[int, ...]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield each name, with its unreadable frames, when its sequence is done."""
    if workers == 1:
        with limited_threads(threads):
            if gpus:
                torch.cuda.set_device(gpus[0])
            for name in names:
                yield name, job.track(name)
        return
    context = worker_context(TO_TRACK)
    places = context.SimpleQueue()
    for worker in range(workers):
        places.put(gpus[worker % len(gpus)] if gpus else None)
    pool = ProcessPoolExecutor(workers, context, initializer=_settle, initargs=(places, threads))
    try:
        futures = {pool.submit(job.track, name): name for name in names}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenProcessPool as error:
        raise InputError(
            "a worker was killed, perhaps because memory ran out; run the same command again with fewer "
            "--workers: finished sequences are kept"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _settle(places: Any, threads: int) -> None:
    """Prepare a worker: its GPU, its threads, and its end with its parent or at Ctrl-C."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(1))
    warnings.simplefilter("ignore", InputWarning)  # the parent has reported it
    parent = multiprocessing.parent_process()

    def follow() -> None:
        parent.join()  # returns even if the parent is killed, of which nothing else tells the worker
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    gpu = places.get()
    if gpu is not None:
        torch.cuda.set_device(gpu)


def _cores() -> int:
    """Return the number of cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # only on Linux
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@contextmanager
def _ranks() -> Iterator[tuple[int, int]]:
    """Yield (rank, ranks); under torchrun, leave the context together with all processes."""
    rank, ranks = rank_and_ranks()
    if ranks == 1:
        yield rank, ranks
        return
    from torch import distributed

    distributed.init_process_group("gloo", timeout=datetime.timedelta(days=30))
    try:
        yield rank, ranks
        distributed.barrier()
    finally:
        distributed.destroy_process_group()
