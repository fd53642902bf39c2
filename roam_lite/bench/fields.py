"""What each of a stage's settings of speed and memory gains, and what it does to loss and gradient."""

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from roam_lite.bench.scaling import ENVIRONMENT, MB, memory_held
from roam_lite.config import Config, Stage
from roam_lite.devices import multiplies_bfloat16
from roam_lite.meta_model import MetaModel
from roam_lite.training.clips import Footage
from roam_lite.training.episodes import ClosedLoop, Episode
from roam_lite.training.loader import ClipBatches
from roam_lite.training.schedule import scales_at, trained_parameters
from roam_lite.training.step import MetaStep, Part, add_gradients, rounded_products


@dataclass(frozen=True)
class Gain:
    """A step with one setting, against the same step in float32 with none."""

    setting: str
    time: float  # ratios
    memory: float | None  # of what a step adds at its peak; None where the system does not tell
    loss: float  # relative changes: of the meta loss
    gradient: float  # and of the gradient, in norm


def settings(batch: int, device: str) -> dict[str, dict[str, Any]]:
    """Return the settings to try on a device, by what tables call them."""
    known: dict[str, dict[str, Any]] = {"parts=2": {"parts": 2}} if batch > 1 else {}
    known |= {"recompute=6": {"recompute": 6}, "channels_last=false": {"channels_last": False}}
    if multiplies_bfloat16(device):
        known["precision=bfloat16"] = {"precision": "bfloat16"}
    if device.startswith("cuda"):
        known |= {"tf32=true": {"tf32": True}, "compile=true": {"compile": True}}
    return known


def bench_fields(config: Config, batch: int, repeats: int, device: str) -> list[dict[str, Any]]:
    """Return the `Gain` of each setting, as JSON types, in a step of the last stage; in a fresh process.

    Where the stage tracks, all steps follow the boxes that the first one found.
    """
    context, threads = multiprocessing.get_context("spawn"), torch.get_num_threads()
    with patch.dict(os.environ, ENVIRONMENT), ProcessPoolExecutor(1, context) as pool:
        return pool.submit(_gains, config, batch, repeats, device, threads).result()


def fields_table(gains: list[dict[str, Any]]) -> str:
    """Return the table of what `bench_fields` found."""
    lines = [
        f"{'a setting, against float32 without':36} {'time':>6} {'memory':>7}  loss, gradient differ"
    ]
    for gain in (Gain(**values) for values in gains):
        memory = "-" if gain.memory is None else f"{gain.memory:.2f}x"
        ratios = f"{gain.time:5.2f}x {memory:>7}"
        lines.append(f"{gain.setting:36} {ratios}  {gain.loss:.0e}, {gain.gradient:.0e}")
    return "\n".join(lines)


class _Following(MetaStep):
    """A step whose loops, where they track, go on with the boxes that were found first."""

    def __init__(self, model: MetaModel, stage: Stage, trace: list[Tensor]) -> None:
        super().__init__(model, stage)
        self.trace, self.opened = trace, 0

    def open(self, clips: Part, stage: Stage) -> Episode:
        """Return the episode of a part, which follows the trace."""
        episode = super().open(clips, stage)
        if isinstance(episode, ClosedLoop) and isinstance(clips, Footage):
            end = self.opened + len(clips.views)
            follow(episode, self.trace, slice(self.opened, end))
            self.opened = end
        return episode


def follow(loop: ClosedLoop, trace: list[Tensor], videos: slice) -> None:
    """Let a loop that has found its boxes go on with those of the first run, which is recorded.

    In a closed loop a rounding error changes the next box, and soon all numbers differ.
    """
    find, followed = loop.find, iter(tuple(trace))

    def found(*arguments: Any) -> tuple:
        *seen, boxes = find(*arguments)
        first = next(followed, None)
        if first is None:
            trace.append(boxes)
            return *seen, boxes
        return *seen, first[videos]

    loop.find = found


def _gains(
    config: Config, batch: int, repeats: int, device: str, threads: int
) -> list[dict[str, Any]]:
    torch.set_num_threads(threads)
    plain = {"precision": "float32", "parts": 1, "recompute": 0, "tf32": False}
    plain |= {"channels_last": True, "compile": False}
    stage = replace(config.training.stages[-1], batch=batch, **plain)
    clips = ClipBatches("synthetic", 0, (stage,), config)[0].to(device)
    trace: list[Tensor] = []

    def measured(changes: dict[str, Any]) -> tuple[float, float | None, float, Tensor]:
        changed = replace(stage, **changes)
        model = MetaModel(config, torch.Generator().manual_seed(0)).to(device)
        step, parts = _Following(model, changed, trace), clips.parts(changed.parts)
        trained_parameters(model, changed)
        scales = scales_at(model, changed, batch, seed=0, step=0, progress=1.0)

        def work() -> float:
            step.opened = 0
            model.zero_grad()
            with rounded_products(changed.tf32):
                return float(add_gradients(step, parts, changed, scales, None).loss)

        seconds, added, loss = _cost(work, repeats, device)
        known = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
        return seconds, added, loss, torch.cat(known).cpu()

    seconds, added, loss, gradient = measured({})
    gains = []
    for name, changes in settings(batch, device).items():
        its = measured(changes)
        ratio = its[1] / added if added and its[1] is not None else None
        turned = float((its[3] - gradient).norm() / gradient.norm())
        gains.append(Gain(name, its[0] / seconds, ratio, abs(its[2] - loss) / abs(loss), turned))
    return [asdict(gain) for gain in gains]


def _cost(
    work: Callable[[], float], repeats: int, device: str
) -> tuple[float, float | None, float]:
    """Return the least seconds of a piece of work, MB that it adds at the peak, and what it returns."""
    cuda = device.startswith("cuda")
    result, times = work(), []  # the first warms up
    if cuda:
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device) / MB
    else:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here on
        before, _ = memory_held()
    for _ in range(repeats):
        began = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - began)
    peak = torch.cuda.max_memory_allocated(device) / MB if cuda else memory_held()[1]
    return min(times), None if peak is None else peak - before, result
