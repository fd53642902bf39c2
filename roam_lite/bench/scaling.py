"""What a meta-training step without its backbone and an online update cost, and how that grows.

Features are random, of the profile's shapes: no result depends on what a backbone sees, and costs do
not either. Each cost is measured in a fresh process: memory that one has used before tells nothing.
"""

import datetime
import multiprocessing
import os
import platform
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from roam_lite.adaptation import Samples, make_samples
from roam_lite.config import Config, modify
from roam_lite.meta_model import MetaModel
from roam_lite.model.backbones import BACKBONES, Backbone
from roam_lite.model.filters import filter_size
from roam_lite.model.tracking_model import ThetaLayout
from roam_lite.tracking import Tracker
from roam_lite.training.episodes import GivenEpisode
from roam_lite.training.rollout import rollout
from roam_lite.training.schedule import scales_at, trained_parameters

MB = 2**20
# A C library that gives larger blocks back when they are freed (glibc's name): what stays held is needed.
ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": str(2**18)}
_STATUS = Path("/proc/self/status")
FACTORS = (0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Cost:
    """What one piece of work took."""

    cpu: float  # seconds of all threads
    seconds: float
    added: float | None  # MB at the peak, over what the process held before; None where not told
    peak: float | None  # MB of the whole process, its libraries and features included


def facts(config: Config, device: str) -> dict[str, Any]:
    """Return what a measurement has to say of its circumstances."""
    cuda = device.startswith("cuda")
    name = torch.cuda.get_device_name(device) if cuda else platform.processor()
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "profile": config.name,
        "device": device,
        "device_name": name or platform.machine(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def measure(jobs: list[tuple[str, Config, int]], repeats: int = 2) -> Iterator[Cost]:
    """Yield the cost of each job: `step` or `update`, its configuration, and clips a step."""
    context = multiprocessing.get_context("spawn")
    with (
        patch.dict(os.environ, ENVIRONMENT),
        ProcessPoolExecutor(1, context, max_tasks_per_child=1) as pool,
    ):
        threads = torch.get_num_threads()
        yield from pool.map(_cost, *zip(*((*job, repeats, threads) for job in jobs), strict=True))


def _cost(kind: str, config: Config, clips: int, repeats: int, threads: int) -> Cost:
    torch.set_num_threads(threads)
    work = meta_step(config, clips) if kind == "step" else online_update(config)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here on
    before, _ = memory_held()
    times = []
    for _ in range(repeats):
        began = time.process_time(), time.perf_counter()
        work()
        times.append((time.process_time() - began[0], time.perf_counter() - began[1]))
    _, peak = memory_held()
    cpu, seconds = map(min, zip(*times, strict=True))
    return Cost(cpu, seconds, None if peak is None else peak - before, peak)


def memory_held() -> tuple[float | None, float | None]:
    """Return MB held now and at the peak, where the system tells."""
    try:
        lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    except OSError:
        return None, None
    return tuple(int(lines[key].split()[0]) * 1024 / MB for key in ("VmRSS", "VmHWM"))


@contextmanager
def random_features(config: Config) -> Iterator[None]:
    """Let the profile's backbone give random features of its shapes inside the context."""
    kind = BACKBONES[config.model.backbone]

    class Random(kind):
        def __init__(self) -> None:
            Backbone.__init__(self)

        def pretrained_parameters(self) -> tuple:
            return ()

        def forward(self, patches: Tensor) -> Tensor:
            side = len(self.cells(patches.shape[-1]))
            return torch.randn(*patches.shape[:2], self.channels, side, side)

    with patch.dict(BACKBONES, {config.model.backbone: Random}):
        yield


def meta_step(config: Config, clips: int) -> Callable[[], Tensor]:
    """Return a meta-training step of the last stage on random clips with true boxes, up to its gradients."""
    stage = replace(config.training.stages[-1], batch=clips, backbone_lr=0.0)
    with random_features(config):
        model = MetaModel(config, torch.Generator().manual_seed(0))
    trained_parameters(model, stage)
    scales = scales_at(model, stage, clips, seed=0, step=0, progress=1.0)
    later, interval = stage.updates - 1, config.online.update_interval
    updates = [_samples(model, clips, stage.initial_samples)]
    updates += [_samples(model, clips, interval) for _ in range(later)]
    future = [_samples(model, clips, stage.future_frames) for _ in range(stage.updates)]
    episode = GivenEpisode(updates, future)

    def step() -> Tensor:
        model.zero_grad()
        loss = rollout(model, episode, stage.meta_gradient, scales).loss
        loss.backward()
        return loss.detach()

    return step


def online_update(config: Config) -> Callable[[], int]:
    """Return an online update of a tracker, all its gradient steps, on as many frames as it keeps."""
    # Random features track nothing: the losses may be anything.
    config = modify(config, online={"diverged_loss": 1e30})
    with random_features(config):
        model = MetaModel(config, torch.Generator().manual_seed(0))
    tracker = Tracker(model, model.rule, config=config)
    size = 2 * config.model.patch_size
    middle = size / 2 - 20
    tracker.init(np.zeros((size, size, 3), np.uint8), (middle, middle, 40, 40))
    found = _samples(model, 1, 2 * config.online.update_interval, keep=True)

    def update() -> int:
        for sample in found:
            tracker.memory.add(sample, torch.ones(1))
        tracker._update_model()
        return len(tracker.update_losses)

    return update


def _samples(model: MetaModel, clips: int, count: int, keep: bool = False) -> Samples | list:
    """Return `count` random samples of each clip around targets of the nominal size.

    With `keep` they are the pairs that a tracker keeps of its frames.
    """
    config, cells = model.config.model, model.cells
    generator = torch.Generator().manual_seed(count)
    side = config.patch_size / config.region_scale
    shape = (clips, count, config.channels, len(cells), len(cells))
    features = torch.randn(shape, generator=generator)
    centers = config.patch_size / 2 + side / 8 * torch.randn(clips, count, 2, generator=generator)
    extent = torch.full_like(centers, side)
    boxes = torch.cat([centers - extent / 2, extent], dim=-1)
    if keep:
        return list(zip(features.split(1, dim=1), boxes.unbind(1), strict=True))
    return make_samples(features, boxes, _sizes(config, len(cells)).expand(clips, 2), cells, config)


def _sizes(config: Any, cells: int) -> Tensor:
    side = torch.full((2,), config.patch_size / config.region_scale)
    return filter_size(side, config.filter_scale, config.stride, cells)


def variations(config: Config) -> Iterator[tuple[str, str, float, Config, int]]:
    """Yield (work, against, amount, configuration, clips), each amount varied by `FACTORS`."""
    stage = replace(config.training.stages[-1], updates=4)
    base = modify(config, training={"stages": (stage,)})
    cells = base.model.patch_size // base.model.stride
    target = base.model.patch_size / base.model.region_scale
    usual = int(_sizes(base.model, cells)[0])
    for factor in FACTORS:
        yield "step", "clips", 2 * factor, base, int(2 * factor)
        updates = int(4 * factor)
        stages = (replace(stage, updates=updates),)
        yield "step", "updates", updates, modify(base, training={"stages": stages}), 2
        interval = int(6 * factor)
        frames = modify(base, online={"update_interval": interval})
        yield "update", "frames", 2 * interval, frames, 1
        side = 2 * round((usual * factor**0.5 - 1) / 2) + 1  # odd, as filters are
        wide = modify(base, model={"filter_scale": (side - 0.5) * base.model.stride / target})
        area = int(_sizes(wide.model, cells).prod())
        deep = modify(base, model={"reduced": int(base.model.reduced * factor)})
        coordinates = ThetaLayout.of(deep.model).size
        for kind in ("step", "update"):
            yield kind, "filter area", area, wide, 2
            yield kind, "coordinates", coordinates, deep, 2


@dataclass(frozen=True)
class Growth:
    """How a cost grows: c + b x by least squares, and x to a power."""

    exponent: float  # the slope of log cost over log amount: 1 is proportional, 0 is constant
    r2: float  # of the straight line
    share: float  # of the cost at the largest amount that the line's constant part is


def growth(amounts: list[float], costs: list[float]) -> Growth:
    """Return how costs grow with amounts; both positive, at least three."""
    x, y = np.array(amounts, dtype=float), np.array(costs, dtype=float)
    slope, constant = np.polyfit(x, y, 1)
    spread = float(((y - y.mean()) ** 2).sum())
    r2 = 1 - float(((y - constant - slope * x) ** 2).sum()) / spread if spread else 1.0
    exponent = float(np.polyfit(np.log(x), np.log(y), 1)[0])
    return Growth(exponent, r2, float(constant / (constant + slope * x.max())))


def bench_scaling(config: Config, repeats: int = 2) -> dict[str, Any]:
    """Return costs of step and update against clips, updates, frames, filter area and coordinates."""
    varied = list(variations(config))
    costs = measure([(kind, changed, clips) for kind, _, _, changed, clips in varied], repeats)
    rows: dict[tuple[str, str], list] = {}
    for (kind, against, amount, *_), cost in zip(varied, costs, strict=True):
        rows.setdefault((kind, against), []).append((amount, cost))
    measured = []
    for (kind, against), points in rows.items():
        amounts, found = zip(*points, strict=True)
        row = {"work": kind, "against": against, "amounts": amounts}
        for name in ("cpu", "added"):
            row[name] = values = [getattr(cost, name) for cost in found]
            told = all(value is not None and value > 0 for value in values)
            row[f"{name}_growth"] = asdict(growth(amounts, values)) if told else None
        measured.append(row)
    return {**facts(config, "cpu"), "rows": measured}


def scaling_table(found: dict[str, Any]) -> str:
    """Return the table of what `bench_scaling` found."""
    lines = [f"{'':22}{'CPU ms, MB at the peak':44} exponent  R^2 of a line  constant part"]
    for row in found["rows"]:
        title = f"{row['work']}, {row['against']}"
        lines.append(f"{title:22}" + "".join(f"{amount:11.0f}" for amount in row["amounts"]))
        for name, unit, scale in (("cpu", "CPU ms", 1e3), ("added", "MB", 1.0)):
            if (fit := row[f"{name}_growth"]) is not None:
                values = "".join(f"{value * scale:11.1f}" for value in row[name])
                told = f"{fit['exponent']:9.2f} {fit['r2']:14.3f} {fit['share']:14.2f}"
                lines.append(f"  {unit:20}{values}{told}")
    return "\n".join(lines)


def without_backbone(config: Config, clips: int = 1, repeats: int = 2) -> dict[str, Any]:
    """Return the cost of a meta-training step without its backbone, and of an online update."""
    costs = measure([("step", config, clips), ("update", config, 1)], repeats)
    described = {**facts(config, "cpu"), "clips": clips}
    return described | dict(zip(("step", "update"), map(asdict, costs), strict=True))


def without_backbone_table(found: dict[str, Any]) -> str:
    """Return the table of what `without_backbone` found."""
    lines = [f"{'random features':36} CPU s  seconds   MB of the process at the peak"]
    for name, title in (
        ("step", f"meta-training step, clips: {found['clips']}"),
        ("update", "online update"),
    ):
        cost = found[name]
        peak = "not told" if cost["peak"] is None else f"{cost['peak']:.0f}"
        lines.append(f"{title:36} {cost['cpu']:5.2f} {cost['seconds']:8.2f}   {peak}")
    return "\n".join(lines)
