"""Fast paths of meta-training against plain ones: the correlation, and a whole step."""

import sys
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from roam_lite.bench.fields import bench_fields, fields_table, follow, shortened
from roam_lite.bench.plain import correlate_plain, plain_paths
from roam_lite.bench.scaling import facts
from roam_lite.config import Config
from roam_lite.devices import supported_precision
from roam_lite.geometry import nominal_size
from roam_lite.memory import keep_freed_memory
from roam_lite.meta_model import MetaModel
from roam_lite.model.backbones import find_backbone
from roam_lite.model.correlation import correlate
from roam_lite.model.filters import filter_size
from roam_lite.training.clips import clip_sampler_for, draw_footage
from roam_lite.training.episodes import ClosedLoop, open_episode
from roam_lite.training.loader import ClipBatches
from roam_lite.training.rollout import rollout
from roam_lite.training.schedule import scales_at, trained_parameters

CPU_UPDATES = 4  # of a step that a CPU compares, at most


@dataclass(frozen=True)
class Comparison:
    """The same numbers computed fast and plainly."""

    name: str
    fast: float  # seconds, the best of several
    plain: float
    difference: float  # largest difference of any number, relative to the largest of its tensor

    def __str__(self) -> str:
        times = f"{self.fast * 1e3:8.1f} {self.plain * 1e3:8.1f}  {self.plain / self.fast:5.1f}x"
        return f"{self.name:36} {times}  {self.difference:.0e}"


def bench_training(
    config: Config, *, batch: int = 4, repeats: int = 3, device: str = "cpu"
) -> dict[str, Any]:
    """Return fast against plain, the correlation and a whole meta-training step, the step's rate, and gains.

    Plain is a loop over videos with direct convolutions and torch's own recurrent cells. The backbone's
    weights are random: its work does not depend on them. On a CPU the step has at most `CPU_UPDATES`
    updates. `bench_fields` measures the gains.
    """
    whole, config = config, shortened(config, device, CPU_UPDATES)
    step = meta_step(config, batch, device)
    with tqdm(total=4, desc="fast and plain", unit="part", file=sys.stderr) as bar:
        # Before the C library keeps freed memory: there is no way back within a process.
        unkept, _ = _best(step, lambda: False, repeats, device)
        bar.update()
        kept = keep_freed_memory()
        comparisons = compare_correlation(config, batch, repeats, device)
        bar.update()
        comparisons.append(compare("meta-training step", step, (False, True), repeats, device))
        bar.update()
        flops = backbone_flops(config, batch)
        stage = supported_precision(config.training.stages[-1], device)
        rate = matrix_rate(device, getattr(torch, precision := stage.precision))
        bar.update()
    return {
        **facts(config, device),
        "batch": batch,
        "updates": stage.updates,
        "comparisons": [asdict(comparison) for comparison in comparisons],
        "unkept": unkept if kept else None,  # seconds of the fast step, freed memory given back
        "precision": precision,
        "matrix_rate": rate,  # floating point operations a second
        "backbone_flops": flops,
        "share": flops / comparisons[-1].fast / rate,
        "settings": bench_fields(whole, batch, repeats, device),
    }


def training_table(found: dict[str, Any]) -> str:
    """Return the table of what `bench_training` found."""
    comparisons = [Comparison(**values) for values in found["comparisons"]]
    lines = [
        f"{found['batch']} clips, {found['updates']} updates",
        f"{'ms':36} {'fast':>8} {'plain':>8}   ratio  differ by",
        *map(str, comparisons),
    ]
    if found["unkept"] is not None:
        slower = found["unkept"] / comparisons[-1].fast
        lines.append(f"the fast step without reuse of freed memory: {slower:.1f} times slower")
    lines.append(
        f"the backbone's {found['backbone_flops'] / 1e12:.3g} TFLOP over the whole step: "
        f"{found['share']:.0%} of the {found['matrix_rate'] / 1e12:.3g} TFLOP/s that matrix products "
        f"reach here in {found['precision']}"
    )
    return "\n".join((*lines, fields_table(found["settings"])))


def matrix_rate(device: str, precision: torch.dtype, side: int | None = None) -> float:
    """Return the operations a second of the product of two square matrices, the best of five."""
    side = side or (8192 if device.startswith("cuda") else 1024)
    factors = [torch.randn(side, side, device=device).to(precision) for _ in range(2)]
    seconds, _ = _best(lambda pair: pair[0] @ pair[1], lambda: factors, 5, device)
    return 2 * side**3 / seconds


def backbone_flops(config: Config, batch: int) -> int:
    """Return the operations of a last-stage step's backbone, derivatives included where it learns.

    Counted by torch on tensors without values, products of convolutions and matrices alone.
    """
    from torch.utils.flop_counter import FlopCounterMode  # 70 MB that other measurements do without

    stage = config.training.stages[-1]
    backbone = find_backbone(config.model.backbone)().to("meta")
    side, interval = config.model.patch_size, config.online.update_interval
    later = (stage.updates - 1) * interval + stage.updates * stage.future_frames
    if clip_sampler_for(stage, config) is draw_footage:
        later = stage.updates * interval
    patch = torch.empty((1, 1, 3, side, side), device="meta", dtype=torch.uint8)
    learns = stage.backbone_lr > 0
    with torch.set_grad_enabled(learns), FlopCounterMode(display=False) as counter:
        maps = backbone(patch)
        if learns:
            maps.sum().backward()
    return counter.get_total_flops() * batch * (stage.initial_samples + later)


def compare_correlation(config: Config, batch: int, repeats: int, device: str) -> list[Comparison]:
    """Return the comparisons of the correlation: backward, and the backward of that.

    The sizes are those of the first update of both branches, for square targets.
    """
    model = config.model
    cells = model.patch_size // model.stride
    square = torch.as_tensor(nominal_size(np.ones(4), model))
    side = int(filter_size(square, model.filter_scale, model.stride, cells)[0])
    samples = len(model.initial_scales) ** 2
    generator = torch.Generator().manual_seed(0)
    shapes = [(batch, samples, model.reduced, cells, cells)]
    shapes += [(batch, outputs, model.reduced, side, side) for outputs in (1, 4)]
    tensors = [torch.randn(shape, generator=generator).to(device) for shape in shapes]
    features, *kernels = inputs = [tensor.requires_grad_() for tensor in tensors]

    def backward(correlation: Callable[[Tensor, Tensor], Tensor]) -> tuple[Tensor, ...]:
        loss = sum(correlation(features, kernel).square().mean() for kernel in kernels)
        return torch.autograd.grad(loss, inputs, create_graph=True)

    def double_backward(gradients: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return torch.autograd.grad(sum(g.square().sum() for g in gradients), inputs)

    ways, runs = (correlate, correlate_plain), (repeats, device)
    return [
        compare("correlation: forward and backward", backward, ways, *runs),
        compare("correlation: double backward", double_backward, ways, *runs, prepare=backward),
    ]


def meta_step(config: Config, batch: int, device: str) -> Callable[[bool], list[Tensor]]:
    """Return a function that takes a meta-training step up to its gradients, on one fixed batch.

    The function's argument says whether it is computed plainly, one video after the other. The step
    is one of the profile's last stage, where the neural optimizer learns: backbone, all updates,
    all meta losses and their gradients. It returns the losses and the gradients. Where the stage
    tracks, every step finds its own boxes and then follows the first one's.
    """
    stage = supported_precision(replace(config.training.stages[-1], batch=batch), device)
    model = MetaModel(config, torch.Generator().manual_seed(0)).to(device)
    clips = ClipBatches("synthetic", 0, (stage,), config)[0].to(device)
    scales = scales_at(model, stage, batch, seed=0, step=0, progress=1.0)
    trained_parameters(model, stage)
    precision, trains = getattr(torch, stage.precision), stage.backbone_lr > 0
    frozen = None if trains else model.backbone.folded()
    trace: list[Tensor] = []

    def step(plain: bool) -> list[Tensor]:
        model.zero_grad()
        parts = [(clips, scales, slice(None))]
        if plain:
            videos = [slice(i, i + 1) for i in range(batch)]
            parts = list(zip(clips.videos(), scales.split(1), videos, strict=True))
        losses = []
        with plain_paths() if plain else nullcontext():
            for part, epsilon, videos in parts:
                episode = open_episode(model, part, trains, precision, frozen)
                if isinstance(episode, ClosedLoop):
                    follow(episode, trace, videos)
                result = rollout(model, episode, stage.meta_gradient, epsilon)
                (result.loss / len(parts)).backward()
                losses.append(result.meta_losses.detach())
        return [torch.cat(losses), *(p.grad for p in model.parameters() if p.grad is not None)]

    return step


def compare(
    name: str,
    work: Callable[[Any], Iterable[Tensor]],
    ways: tuple[Any, Any],
    repeats: int,
    device: str,
    prepare: Callable[[Any], Any] = lambda way: way,
) -> Comparison:
    """Return the comparison of `work(prepare(way))` between the fast and the plain of two ways."""
    (fast, found), (plain, expected) = (
        _best(work, partial(prepare, way), repeats, device) for way in ways
    )
    differences = [
        float(((a - b).abs().max() / b.abs().max().clamp(min=1e-30)).detach())
        for a, b in zip(found, expected, strict=True)
    ]
    return Comparison(name, fast, plain, max(differences))


def _best(
    work: Callable[[Any], Any], prepare: Callable[[], Any], repeats: int, device: str
) -> tuple[float, Any]:
    """Return the least seconds of `work(prepare())`, preparation left out, and its result."""
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    seconds = []
    for _ in range(1 + repeats):  # the first warms up
        prepared = prepare()
        wait()
        began = time.perf_counter()
        result = work(prepared)
        wait()
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:]), result
