"""What can stop a valid run, lack of memory or disk space, and how to continue."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open

from roam_lite.config import Stage
from roam_lite.files import NO_SPACE
from roam_lite.training.run_folder import CHECKPOINT, STATE
from roam_lite.training.schedule import stage_of

if TYPE_CHECKING:
    from roam_lite.training.trainer import Trainer


@contextmanager
def explained(trainer: "Trainer") -> Iterator[None]:
    """Add to errors of memory and space what is saved of a run, and which setting lets it continue.

    A full disk also ends TensorBoard's writing thread, silently. Raises MemoryError instead
    of torch's errors, and the OSError of a full disk with a longer message.
    """
    before = threading.excepthook
    threading.excepthook = lambda told: _full(told.exc_value) or before(told)
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, torch.OutOfMemoryError) and "can't allocate" not in str(error):
            raise  # the second one is torch's error for main memory
        stage, _ = stage_of(trainer.stages, trainer.step)
        ahead = trainer.stages[trainer.stages.index(stage) :]
        on_cuda = trainer.run_config.device.startswith("cuda")
        advice = memory_advice(ahead, trainer.out, *(_gpu_memory() if on_cuda else ()))
        raise MemoryError(f"{advice}; {kept_of(trainer.out)}") from error
    except OSError as error:
        if _full(error):
            error.filename = error.filename or str(trainer.out)
            error.strerror = f"{error.strerror}; free some space; {resumed_from(trainer.out)}"
        raise
    finally:
        threading.excepthook = before


def _full(error: BaseException | None) -> bool:
    return isinstance(error, OSError) and error.errno in NO_SPACE


def memory_advice(
    ahead: tuple[Stage, ...], out: Path, used: float = 0.0, total: float = 0.0
) -> str:
    """What used the memory in the first of the remaining stages, and which setting to lower, by how much.

    `used` of `total` are in GiB; 0: unknown. `out` is the run's folder. A step's memory grows with its
    clips, and with the updates that gradients pass through: half the clips take about half.
    """
    stage = ahead[0]
    updates = "1 update" if stage.updates == 1 else f"{stage.updates} updates"
    clips = "1 clip" if stage.batch == 1 else f"{stage.batch} clips"
    told = f"out of memory in stage {stage.name} with {clips} of {updates}"
    if total:
        told += f", {used:.1f} of {total:.1f} GiB in use by this process"
    if stage.batch == 1:
        return f"{told}; one clip is the minimum: choose a smaller --profile or another --device"
    less = stage.batch // 2
    told += f"; half the clips need about half as much: give --batch {less} and another --out"
    if (out / CHECKPOINT).exists():
        names = ",".join(stage.name for stage in ahead)
        told += f", and, to keep what is trained, --init {out / CHECKPOINT} --stages {names}"
    return told


def kept_of(out: Path) -> str:
    """What the run's folder has to resume from."""
    try:
        with safe_open(out / STATE, framework="pt") as file:
            step = json.loads(file.metadata()["meta"])["step"]
    except (OSError, SafetensorError, ValueError, LookupError, TypeError):
        return f"no state has been saved in {out} yet"
    return f"the state of step {step} is saved in {out}"


def resumed_from(out: Path) -> str:
    """What the run's folder has, and where --resume continues."""
    there = "continues from there" if (out / STATE).exists() else "starts at the first step"
    return f"{kept_of(out)}; --resume {there}"


def _gpu_memory() -> tuple[float, float]:
    """The peak GiB of the current GPU that this process has used, and the GPU's total."""
    total = torch.cuda.mem_get_info()[1] if torch.cuda.is_available() else 0
    return torch.cuda.max_memory_reserved() / 2**30, total / 2**30
