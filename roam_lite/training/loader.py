"""Mini-batches of clips from worker processes, each determined only by the seed and the step."""

import signal
import sys
import warnings
from collections import Counter
from collections.abc import Collection, Iterator
from functools import cached_property, partial
from typing import Any

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from roam_lite.config import Config, Stage
from roam_lite.data.layouts import LAYOUTS
from roam_lite.data.sources import Source, parse_sources
from roam_lite.errors import InputError, InputWarning
from roam_lite.memory import keep_freed_memory
from roam_lite.training.clips import Clips, Footage, clip_sampler_for, stack_clips
from roam_lite.training.sampling import usable_frames
from roam_lite.training.schedule import stage_of
from roam_lite.workers import TO_CLIP, interrupts_held, worker_context

# Batches made in advance by each worker.
_PREFETCH = 3
SKIPPED = "skipped"  # their key in `come`
MOST_SKIPPED = 20  # unusable clips in a row before training ends


class ClipBatches(Dataset):
    """Batch `step` of a run: the same clips at any time and in any process.

    If several processes train together, each draws its `part` (r, W): videos r, r + W, r + 2W ...

    A pickle contains a description of the sources, not their sequences: a process that gets one opens
    them itself and reads what it draws. Raises InputError if data cannot be read or trained on, as
    far as a first look shows (`Source.look`), and for more processes than clips per step.
    """

    def __init__(
        self,
        data: str,
        seed: int,
        stages: tuple[Stage, ...],
        config: Config,
        pipe: bool = False,
        repeat: int | None = None,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        self.data, self.seed, self.stages, self.config = data, seed, stages, config
        self.repeat = repeat  # steps of a stage after which its clips repeat; None: never
        self.part, world = part, part[1]
        least = min(stages, key=lambda stage: stage.batch // stage.parts)
        if least.batch < world * least.parts:
            parts = f"{least.parts} parts each in " if least.parts > 1 else ""
            fewer = ", and fewer parts" if parts else ""
            raise InputError(
                f"stage {least.name} takes {least.batch} clips per step, too few for {parts}{world} "
                f"processes; give --devices and --nodes for at most {least.batch} in total{fewer}"
            )
        self.pipe = pipe  # whether data may come from shell commands
        self.made: Counter[str] = Counter()  # clips by source, and skipped ones, in this process
        # Those of the batches that `load_batches` has yielded here.
        self.come: Counter[str] = Counter()
        # Unpickling a layout imports its module, which a worker may not have done.
        self.layouts = {kind: layout for kind, layout in LAYOUTS.items() if f"{kind}:" in data}
        for source in dict.fromkeys(self.sources):  # otherwise they would stop the run hours later
            source.look(partial(usable_frames, config=config.training))

    @cached_property
    def sources(self) -> list[Source]:
        """The sources from which sequences are drawn."""
        LAYOUTS.update(self.layouts)
        return parse_sources(self.data, self.seed, self.pipe)

    @property
    def skipped(self) -> int:
        """The number of unusable clips in this process."""
        return self.made[SKIPPED]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "sources"}

    def drawn_at(self, step: int) -> int:
        """Return the step at which the clips of a step are drawn: the same one, unless clips repeat."""
        _, first = stage_of(self.stages, step)
        return step if self.repeat is None else first + (step - first) % self.repeat

    def __getitem__(self, step: int) -> Clips | Footage:
        """Return the clips drawn at a step, 0-based over all stages.

        A clip with an unusable sequence or frame is skipped with a message, and another is drawn. Raises
        InputError after `MOST_SKIPPED` in a row.
        """
        stage, _ = stage_of(self.stages, step)
        draw = clip_sampler_for(stage, self.config)
        length = max(60, 1 + stage.updates * self.config.online.update_interval)
        clips = []
        rank, world = self.part
        for video in range(stage.batch)[rank::world]:
            for attempt in range(MOST_SKIPPED):
                rng = np.random.default_rng((self.seed, step, video, attempt)[: 3 + (attempt > 0)])
                source = self.sources[int(rng.integers(len(self.sources)))]
                try:
                    clips.append(draw(source.draw(rng, length), rng, stage, self.config))
                    self.made[source.name] += 1
                    break
                except InputError as error:
                    self.made[SKIPPED] += 1
                    count = f"{self.skipped} in this process so far"
                    print(f"clip skipped ({count}): {error}", file=sys.stderr)
                    last = error
            else:
                raise InputError(
                    f"{MOST_SKIPPED} clips in a row were unusable, the last one because of {last}"
                )
        return stack_clips(clips)


class _Told(Dataset):
    """Batches with the counts of their clips; errors are passed on instead of being raised in a worker."""

    def __init__(self, batches: ClipBatches) -> None:
        self.batches = batches

    def __getitem__(self, step: int) -> tuple[Clips | Footage | InputError, dict[str, int]]:
        before = self.batches.made.copy()
        try:
            batch = self.batches[step]
        except InputError as error:
            batch = error
        # Not a Counter: the conversion of tensors on the way would add one to itself.
        return batch, dict(self.batches.made - before)


def _checked(
    batches: ClipBatches, told: tuple[Clips | Footage | InputError, dict[str, int]]
) -> Clips | Footage:
    batch, counts = told
    batches.come.update(counts)
    if isinstance(batch, InputError):
        raise batch
    return batch


def load_batches(
    batches: ClipBatches, steps: Collection[int], workers: int
) -> Iterator[Clips | Footage]:
    """Return the batches of the given steps in order, made in advance by `workers` processes (0: here).

    The processes live as long as the iterator, which raises the InputErrors of batches and counts clips in
    `batches.come`.
    """
    workers = min(workers, len(steps))
    loader = DataLoader(
        _Told(batches),
        batch_size=None,
        sampler=list(steps),
        num_workers=workers,
        prefetch_factor=_PREFETCH if workers else None,
        worker_init_fn=_prepare_worker,
        multiprocessing_context=worker_context(TO_CLIP) if workers else None,
    )
    with interrupts_held():
        return map(partial(_checked, batches), iter(loader))


def _prepare_worker(worker: int) -> None:
    """Keep a worker from competing with the training step for cores, and from being killed by Ctrl-C.

    Frames reuse memory that the process already has: fresh pages can take longer than decoding.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore", InputWarning)  # the parent reports them
    keep_freed_memory()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
