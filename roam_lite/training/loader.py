"""Mini-batches of clips from worker processes, each determined by the seed and the step alone."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from roam_lite.config import Config, Stage
from roam_lite.data.sources import parse_sources
from roam_lite.training.clips import Clips, Footage, clip_sampler_for, stack_clips
from roam_lite.training.sampling import usable_frames

# Batches made ahead by each worker.
_PREFETCH = 3


class ClipBatches(Dataset):
    """Batch `step` of a stage: the same clips whenever, and in whichever process, it is asked for."""

    def __init__(self, data: str, seed: int, stage: Stage, config: Config) -> None:
        self.data, self.seed, self.stage, self.config = data, seed, stage, config
        length = max(60, 1 + stage.updates * config.online.update_interval)
        self.sources = parse_sources(data, seed, length)
        for sequence in (s for source in self.sources for s in getattr(source, "sequences", ())):
            usable_frames(sequence, config.training)  # or it would stop the run hours later
        self.draw = clip_sampler_for(stage, config)

    def __getitem__(self, step: int) -> Clips | Footage:
        """Return the clips of one step."""
        clips = []
        for video in range(self.stage.batch):
            rng = np.random.default_rng((self.seed, step, video))
            source = self.sources[int(rng.integers(len(self.sources)))]
            clips.append(self.draw(source.draw(rng), rng, self.stage, self.config))
        return stack_clips(clips)


def load_batches(batches: ClipBatches, steps: range, workers: int) -> Iterator[Clips | Footage]:
    """Return the batches of the given steps in order, made ahead by `workers` processes (0: here)."""
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        prefetch_factor=_PREFETCH if workers else None,
        worker_init_fn=_prepare_worker,
        multiprocessing_context="spawn" if workers else None,
    )
    with _interrupts_held():
        return iter(loader)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Deliver no SIGINT to this thread inside, nor ever to the processes that it starts.

    Ctrl-C reaches the whole process group; the trainer decides when to stop. A worker that is still
    importing could not say that it ignores the signal. What arrives in between is delivered after.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows: workers ignore it once they are up
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare_worker(worker: int) -> None:
    """Keep a worker from competing with the training step for cores, and Ctrl-C from killing it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
