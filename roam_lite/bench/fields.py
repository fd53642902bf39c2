"""What each of a stage's settings of speed and memory gains, and what it does to loss and gradient."""

import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from itertools import accumulate, pairwise
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from tqdm import tqdm

from roam_lite.bench.scaling import MB
from roam_lite.checkpoints import load_checkpoint
from roam_lite.config import Config, Stage, modify
from roam_lite.devices import multiplies_bfloat16
from roam_lite.memory import keep_freed_memory
from roam_lite.meta_model import MetaModel
from roam_lite.tracking.loading import WEIGHTS
from roam_lite.training.clips import Footage
from roam_lite.training.episodes import ClosedLoop, Episode
from roam_lite.training.loader import ClipBatches
from roam_lite.training.schedule import scales_at, trained_parameters
from roam_lite.training.step import MetaStep, Part, add_gradients, rounded_products

CPU_CLIPS, CPU_UPDATES = 2, 8  # of a timed step on a CPU, at most

Step = Callable[[], tuple[float, Tensor]]  # which returns loss and gradient


@dataclass(frozen=True)
class Gain:
    """A step with one setting, against the same step in float32 with none."""

    setting: str
    time: float  # ratios
    memory: float  # of the tensors that a step holds at its peak
    loss: float  # relative changes: of the meta loss
    gradient: float  # and of the gradient, in norm


def settings(clips: int, device: str) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return the settings to try on a device, and why others are not, both by what tables call them."""
    tried: dict[str, dict[str, Any]] = {
        "parts=2": {"parts": 2},
        "recompute=6": {"recompute": 6},
        "channels_last=false": {"channels_last": False},
        "precision=bfloat16": {"precision": "bfloat16"},
        "tf32=true": {"tf32": True},
        "compile=true": {"compile": True},
    }
    without = {}
    if clips == 1:
        without["parts=2"] = "needs two clips or more"
    if not multiplies_bfloat16(device):
        without["precision=bfloat16"] = "this device has no instructions for it"
    if not device.startswith("cuda"):
        without["tf32=true"] = "CUDA only"
        without["compile=true"] = "tried on CUDA only"
    return {name: tried[name] for name in tried if name not in without}, without


def shortened(config: Config, device: str, updates: int) -> Config:
    """Return the configuration with at most so many updates in its last stage, if for a CPU."""
    *others, last = config.training.stages
    if not device.startswith("cuda"):
        last = replace(last, updates=min(last.updates, updates))
    return modify(config, training={"stages": (*others, last)})


def bench_fields(config: Config, batch: int, repeats: int, device: str) -> dict[str, Any]:
    """Return the `Gain` of each setting in a step of the last stage, and the plain step, as JSON types.

    All settings are timed in turn, in rounds that begin with the plain step, so that other load affects
    all alike. A CPU's steps have at most `CPU_CLIPS` clips, and at most `CPU_UPDATES` updates where they are
    timed; its time is CPU time. Memory is that of a whole step. Where the stage tracks, all steps follow
    the boxes that the first one found.
    """
    keep_freed_memory()  # as training does
    clips = batch if device.startswith("cuda") else min(batch, CPU_CLIPS)
    tried, without = settings(clips, device)
    ways, short = ({}, *tried.values()), shortened(config, device, CPU_UPDATES)
    total = (2 + repeats) * len(ways)
    with tqdm(total=total, desc="settings", unit="step", file=sys.stderr) as bar:
        steps = _steps(short, ways, clips, device, bar)
        (loss, gradient), *others = [step() for step in steps]  # which warms up
        plain, ratios = _times(steps, repeats, device)
        longer = steps if short == config else _steps(config, ways, clips, device, bar)
        added = [_added(step, device) for step in longer]
    gains = []
    for index, (name, (its, turned)) in enumerate(zip(tried, others, strict=True), start=1):
        memory = added[index] / added[0]
        change = float((turned - gradient).norm() / gradient.norm())
        gains.append(asdict(Gain(name, ratios[index], memory, abs(its - loss) / abs(loss), change)))
    whole, timed = (one.training.stages[-1].updates for one in (config, short))
    described = {"clips": clips, "updates": whole, "timed_updates": timed, "added": added[0]}
    return {**described, "seconds": plain, "loss": loss, "gains": gains, "left_out": without}


def fields_table(found: dict[str, Any]) -> str:
    """Return the table of what `bench_fields` found."""
    lines = [
        f"a step of {found['clips']} clips in float32: {found['seconds']:.2f} s and loss "
        f"{found['loss']:.4g} with {found['timed_updates']} updates, "
        f"{found['added']:.0f} MB with all {found['updates']}",
        f"{'a setting, against that':36} {'time':>6} {'memory':>7}  loss, gradient differ",
    ]
    for gain in (Gain(**values) for values in found["gains"]):
        ratios = f"{gain.time:5.2f}x {gain.memory:6.2f}x"
        lines.append(f"{gain.setting:36} {ratios}  {gain.loss:.0e}, {gain.gradient:.0e}")
    return "\n".join((*lines, *(f"{name:36} - {why}" for name, why in found["left_out"].items())))


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


def measured_model(config: Config) -> MetaModel:
    """Return the profile's shipped model, or a random one, whose loss hardly depends on its features."""
    model = MetaModel(config, torch.Generator().manual_seed(0))
    if (shipped := WEIGHTS / f"{config.name}.safetensors").is_file():
        model.load_state_dict(load_checkpoint(shipped)[0].state_dict())
    return model


def _steps(
    config: Config, ways: Iterable[dict[str, Any]], clips: int, device: str, bar: tqdm
) -> list[Step]:
    """Return functions that take the same step in different ways, and return loss and gradient."""
    plain = {"precision": "float32", "parts": 1, "recompute": 0, "tf32": False}
    plain |= {"channels_last": True, "compile": False}
    stage = replace(config.training.stages[-1], batch=clips, **plain)
    footage = ClipBatches("synthetic", 0, (stage,), config)[0].to(device)
    trace: list[Tensor] = []

    def step_of(stage: Stage) -> Step:
        model = measured_model(config).to(device)
        step, parts = _Following(model, stage, trace), footage.parts(stage.parts)
        trained_parameters(model, stage)
        scales = scales_at(model, stage, clips, seed=0, step=0, progress=1.0)

        def work() -> tuple[float, Tensor]:
            step.opened = 0
            model.zero_grad()
            with rounded_products(stage.tf32):
                loss = float(add_gradients(step, parts, stage, scales, None).loss)
            known = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
            bar.update()
            return loss, torch.cat(known).cpu()  # which waits for CUDA

        return work

    return [step_of(replace(stage, **changes)) for changes in ways]


def _times(steps: list[Step], repeats: int, device: str) -> tuple[float, list[float]]:
    """Return the first step's least seconds, and each one's ratio to it, the median over rounds."""
    clock = time.perf_counter if device.startswith("cuda") else time.process_time
    rounds: list[list[float]] = []
    for _ in range(repeats):
        moments = [clock()]
        for step in steps:
            step()
            moments.append(clock())
        rounds.append([after - before for before, after in pairwise(moments)])
    ratios = [
        median(one / taken[0] for one, taken in zip(every, rounds, strict=True))
        for every in zip(*rounds, strict=True)
    ]
    return min(taken[0] for taken in rounds), ratios


def _added(step: Step, device: str) -> float:
    """Return MB of tensors that a step adds at its peak, whatever the C library keeps."""
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        step()
        return (torch.cuda.max_memory_allocated(device) - before) / MB
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # or the profiler prints lines of its own
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        step()
    events = profiled.profiler.kineto_results.events()
    changes = sorted((e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]")
    return max(accumulate(size for _, size in changes), default=0) / MB
