"""Where the time goes: the parts of a tracked frame, and fast against plain in meta-training."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from roam_lite.data.sequence import Sequence
from roam_lite.devices import supported_precision
from roam_lite.evaluation.running.runner import track_steps
from roam_lite.memory import keep_freed_memory
from roam_lite.meta_model import MetaModel
from roam_lite.model.correlation import correlate, correlate_plain
from roam_lite.model.filters import filter_size
from roam_lite.model.patches import nominal_size
from roam_lite.model.tracking_model import bind, bind_plain
from roam_lite.profiles import Profile
from roam_lite.rules.adapt import Predictor
from roam_lite.rules.cells import Cell, Memory, advance, advance_plain
from roam_lite.rules.scaling import draw_scales
from roam_lite.training.closed_loop import ClosedLoop
from roam_lite.training.loader import ClipBatches
from roam_lite.training.rollout import extract, rollout
from roam_lite.training.trainer import trained_parameters

Correlation = Callable[[Tensor, Tensor], Tensor]


def bench_tracking(make_tracker: Callable[[], Any], sequences: Iterable[Sequence]) -> str:
    """Return a table of milliseconds for each part of a tracked frame, updates included.

    The first frames, where the model is initialized, have a column of their own.
    """
    first: list[dict[str, float]] = []
    later: list[dict[str, float]] = []
    for sequence in sequences:
        tracker = make_tracker()
        for step in track_steps(tracker, sequence):
            if step.image is not None:
                parts = {**tracker.timings, "all": step.seconds}
                parts["rest"] = step.seconds - sum(tracker.timings.values())
                (later if step.index else first).append(parts)
    lines = [f"{'ms a frame':24}  later   first"]
    for part in ("crop", "backbone", "localize", "update", "rest", "all"):
        lines.append(f"{part:24}{_mean(later, part):7.2f} {_mean(first, part):7.1f}")
    apart = _mean(later, "all") - _mean(later, "backbone")
    lines.append(f"{'all but the backbone':24}{apart:7.2f}")
    lines.append(f"{len(later)} frames at {1000 / _mean(later, 'all'):.1f} fps")
    return "\n".join(lines)


@dataclass(frozen=True)
class Way:
    """How a meta-training step is computed: same numbers, other speed."""

    predictor: Predictor
    advance: Callable[[Cell, Tensor, Memory | None], Memory]
    together: bool  # all videos in one batch, or one after the other


FAST = Way(bind, advance, together=True)
PLAIN = Way(bind_plain, advance_plain, together=False)


@dataclass(frozen=True)
class Race:
    """The same numbers computed fast and plainly."""

    name: str
    fast: float  # seconds, the best of several
    plain: float
    difference: float  # largest difference of any number, relative to the largest of its tensor

    @property
    def ratio(self) -> float:
        """How many times faster the fast way is."""
        return self.plain / self.fast

    def __str__(self) -> str:
        return (
            f"{self.name:36} {self.fast * 1e3:8.1f} {self.plain * 1e3:8.1f}  {self.ratio:5.1f}x"
            f"  {self.difference:.0e}"
        )


def bench_training(
    profile: Profile, *, batch: int = 4, repeats: int = 3, device: str = "cpu"
) -> str:
    """Return a table of fast against plain: the correlation, and a whole meta-training step.

    Plain is a loop over videos with direct convolutions and torch's own recurrent cells.
    """
    step = meta_step(profile, batch, device)
    # Before memory is told to be reused: there is no way back within a process.
    unkept, _ = _best(step, lambda: FAST, repeats, device)
    kept = keep_freed_memory()
    races = race_correlation(profile, batch, repeats, device)
    races.append(race_meta_step(step, repeats, device))
    lines = [f"{'ms':36} {'fast':>8} {'plain':>8}   ratio  differ by", *map(str, races)]
    if kept:
        slower = unkept / races[-1].fast
        lines.append(f"the fast step without reuse of freed memory: {slower:.1f} times slower")
    return "\n".join(lines)


def race_correlation(profile: Profile, batch: int, repeats: int, device: str) -> list[Race]:
    """Return the races of the correlation: backward, and the backward of that.

    The sizes are those of the first update of both branches, for square targets.
    """
    cells = profile.patch_size // profile.stride
    square = torch.as_tensor(nominal_size(np.ones(4), profile))
    side = int(filter_size(square, profile.filter_scale, profile.stride, cells)[0])
    samples = len(profile.initial_scales) ** 2
    generator = torch.Generator().manual_seed(0)
    shapes = [(batch, samples, profile.reduced, cells, cells)]
    shapes += [(batch, outputs, profile.reduced, side, side) for outputs in (1, 4)]
    tensors = [torch.randn(shape, generator=generator).to(device) for shape in shapes]
    features, *kernels = inputs = [tensor.requires_grad_() for tensor in tensors]

    def backward(correlation: Correlation) -> tuple[Tensor, ...]:
        loss = sum(correlation(features, kernel).square().mean() for kernel in kernels)
        return torch.autograd.grad(loss, inputs, create_graph=True)

    def double_backward(gradients: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return torch.autograd.grad(sum(g.square().sum() for g in gradients), inputs)

    def race(name: str, work: Callable, prepare: Callable[[Correlation], Any]) -> Race:
        fast, expected = _best(work, lambda: prepare(correlate), repeats, device)
        plain, numbers = _best(work, lambda: prepare(correlate_plain), repeats, device)
        return Race(f"correlation: {name}", fast, plain, _difference(expected, numbers))

    return [
        race("forward and backward", backward, lambda correlation: correlation),
        race("double backward", double_backward, backward),
    ]


def meta_step(profile: Profile, batch: int, device: str) -> Callable[[Way], list[Tensor]]:
    """Return a function that takes a meta-training step up to its gradients, on one fixed batch.

    How it is computed, fast or plainly, is the function's argument.

    The step is one of the profile's last stage, where the neural optimizer learns: backbone, all
    updates, all meta losses and their gradients. It returns the losses and the gradients. Where the
    stage tracks, every step finds its own boxes and then follows the first one's.
    """
    stage = supported_precision(replace(profile.stages[-1], batch=batch), device)
    model = MetaModel(profile, "lstm", torch.Generator().manual_seed(0)).to(device)
    clips = ClipBatches("synthetic", 0, stage, profile)[0].to(device)
    scales = draw_scales(
        model.regression_coordinates,
        profile.kappa_response,
        profile.kappa_regression,
        batch,
        torch.Generator().manual_seed(0),
    )
    trained_parameters(model, stage)
    precision, trains = getattr(torch, stage.precision), stage.backbone_lr > 0
    frozen = None if trains else model.backbone.folded()
    trace: list[Tensor] = []

    def step(way: Way) -> list[Tensor]:
        model.rule.advance = way.advance
        model.zero_grad()
        parts = [(clips, scales, slice(None))]
        if not way.together:
            videos = [slice(i, i + 1) for i in range(batch)]
            parts = list(zip(clips.videos(), scales.split(1), videos, strict=True))
        losses = []
        for part, epsilon, videos in parts:
            lessons = extract(model, part, trains, precision, frozen)
            if isinstance(lessons, ClosedLoop):
                _follow(lessons, trace, videos)
            result = rollout(model, lessons, stage.meta_gradient, epsilon, way.predictor)
            (result.loss / len(parts)).backward()
            losses.append(result.meta_losses.detach())
        return [torch.cat(losses), *(p.grad for p in model.parameters() if p.grad is not None)]

    return step


def _follow(loop: ClosedLoop, trace: list[Tensor], videos: slice) -> None:
    """Let a loop that has found its boxes go on with those of the first run, which is recorded.

    A closed loop answers a rounding error with another box, and soon with other numbers altogether.
    """
    find, followed = loop.find, iter(tuple(trace))

    def found(*arguments: Any) -> Tensor:
        boxes = find(*arguments)
        first = next(followed, None)
        if first is None:
            trace.append(boxes)
            return boxes
        return first[videos]

    loop.find = found


def race_meta_step(step: Callable[[Way], list[Tensor]], repeats: int, device: str) -> Race:
    """Return the race of a whole meta-training step (`meta_step`)."""
    fast, expected = _best(step, lambda: FAST, repeats, device)
    plain, numbers = _best(step, lambda: PLAIN, repeats, device)
    return Race("meta-training step", fast, plain, _difference(expected, numbers))


def _best(
    work: Callable[[Any], Any], prepare: Callable[[], Any], repeats: int, device: str
) -> tuple[float, Any]:
    """Return the least seconds of `work(prepare())`, preparation left out, and its result."""
    seconds = []
    for _ in range(1 + repeats):  # the first warms up
        prepared = prepare()
        _wait(device)
        began = time.perf_counter()
        result = work(prepared)
        _wait(device)
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:]), result


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def _difference(found: Iterable[Tensor], expected: Iterable[Tensor]) -> float:
    """Return the largest difference, each tensor's relative to its largest number."""
    pairs = zip(found, expected, strict=True)
    return max(
        float(((a - b).abs().max() / b.abs().max().clamp(min=1e-30)).detach()) for a, b in pairs
    )


def _mean(parts: list[dict[str, float]], part: str) -> float:
    return 1e3 * float(np.mean([seconds[part] for seconds in parts]))
