"""One step of Algorithm 1, lines 3 to 14: forward, backward, and a guard against nan and infinity."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from roam_lite.config import Stage
from roam_lite.errors import InputError
from roam_lite.meta_model import MetaModel
from roam_lite.training.clips import Clips, Footage
from roam_lite.training.episodes import Episode, GivenEpisode, open_episode
from roam_lite.training.evolving import estimate_gradients
from roam_lite.training.processes import any_says, sum_of_all, world
from roam_lite.training.rollout import Rollout, rollout

Part = (
    Clips | Footage | GivenEpisode
)  # of a mini-batch; an episode is already open, with its features


class MetaStep(nn.Module):
    """Mini-batch in, rollout out: the forward pass of a stage as one module.

    It belongs to one stage: if the backbone does not learn, it has a faster copy of it. The backbone has
    the memory format that the stage asks for.
    """

    def __init__(self, model: MetaModel, stage: Stage) -> None:
        super().__init__()
        self.model = model
        model.backbone.lay_out(
            torch.channels_last if stage.channels_last else torch.contiguous_format
        )
        self.frozen = None if stage.backbone_lr > 0 else model.backbone.folded()
        if stage.compile:
            check_compiler()
            self.frozen = torch.compile(model.backbone if self.frozen is None else self.frozen)

    def open(self, clips: Part, stage: Stage) -> Episode:
        """Return the episode of a part of a mini-batch, or the part itself if it is an episode."""
        if isinstance(clips, GivenEpisode):
            return clips
        trains, precision = stage.backbone_lr > 0, getattr(torch, stage.precision)
        return open_episode(self.model, clips, trains, precision, self.frozen)

    def forward(
        self, clips: Part, stage: Stage, scales: Tensor | None, factors: Tensor | None
    ) -> Rollout:
        """Return the rollout of a part; `scales` and `factors` are those of `rollout`."""
        episode, kind = self.open(clips, stage), stage.meta_gradient
        return rollout(self.model, episode, kind, scales, factors, stage.recompute)


def check_compiler() -> None:
    """Raise InputError if there is no C++ compiler, which torch.compile needs."""
    named = os.environ.get("CXX")
    if not any(map(shutil.which, [named] if named else ["g++", "clang++", "cl"])):
        raise InputError(
            f"compile: no C++ compiler ({named or 'g++ or clang++'}) found; install one, name it in the "
            "environment variable CXX, or leave compile false"
        )


@contextmanager
def rounded_products(tf32: bool | None) -> Iterator[None]:
    """Turn TF32 for products and convolutions on CUDA on or off inside; None: torch's own setting."""
    backends = torch.backends.cuda.matmul, torch.backends.cudnn
    before = [backend.allow_tf32 for backend in backends]
    try:
        for backend, setting in zip(backends, before, strict=True):
            backend.allow_tf32 = setting if tf32 is None else tf32
        yield
    finally:
        for backend, setting in zip(backends, before, strict=True):
            backend.allow_tf32 = setting


def averaging_gradients(step: MetaStep) -> nn.Module:
    """Return a module whose backward pass averages gradients over processes; for one process, the step."""
    return DistributedDataParallel(step) if world() > 1 else step


def add_gradients(
    module: nn.Module,
    parts: Sequence[Part],
    stage: Stage,
    scales: Tensor | None,
    factors: Tensor | None,
) -> Rollout:
    """Return the detached rollout of a mini-batch in parts, and add its gradients to the model's.

    The loss is the mean over the videos of all processes, however they are divided. `scales` and `factors`
    are those of the whole mini-batch; its videos are divided as `tensor_split` does.
    """
    given = [
        [None] * len(parts) if values is None else values.tensor_split(len(parts))
        for values in (scales, factors)
    ]
    results = []
    for index, part in enumerate(zip(parts, *given, strict=True), start=1):
        waits = index < len(parts) and isinstance(module, DistributedDataParallel)
        with module.no_sync() if waits else nullcontext():
            clips, *varied = part
            result = module(clips, stage, *varied)
            # All processes have equal weight in the average of gradients, but videos should.
            (result.loss * (world() * len(result.meta_losses) / stage.batch)).backward()
        results.append(result)
    rates = [r.updating_rates for r in results]
    return Rollout(
        torch.cat([r.meta_losses.detach() for r in results]),
        torch.cat([r.update_losses for r in results]),
        results[0].first_rates,
        None if rates[0] is None else torch.cat(rates),
    )


def take_step(
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    parts: Sequence[Part],
    stage: Stage,
    scales: Tensor | None,
    factors: Tensor | None,
    noise: torch.Generator,
) -> tuple[Rollout, bool]:
    """Return the rollout of this process's share of the mini-batch, and whether the step was taken.

    No process takes it if a loss or gradient in any of them is not finite. The share is split into as many
    parts as the stage has. `noise` perturbs the parameters if evolution strategies estimate the gradient,
    the same in all processes.
    """
    step = module.module if isinstance(module, DistributedDataParallel) else module
    model = step.model
    buffers = list(model.backbone.buffers())
    statistics = [buffer.clone() for buffer in buffers]
    model.zero_grad()
    with rounded_products(stage.tf32):
        if stage.meta_gradient == "evolution":
            again = partial(step.open, parts[0], stage)
            result = estimate_gradients(model, stage, again, scales, noise)
            if world() > 1:
                share = len(result.meta_losses) / stage.batch
                for parameter in model.parameters():
                    if parameter.grad is not None:
                        parameter.grad = sum_of_all(parameter.grad * share)
        else:
            result = add_gradients(module, parts, stage, scales, factors)
    norms = [
        nn.utils.clip_grad_norm_(group["params"], model.config.training.max_gradient_norm)
        for group in optimizer.param_groups
    ]
    finite = bool(torch.isfinite(torch.stack([*norms, result.loss.detach()])).all())
    if any_says(not finite):
        for buffer, kept in zip(buffers, statistics, strict=True):
            buffer.copy_(kept)  # batch norms have already changed in the forward pass
        return result, False
    optimizer.step()
    return result, True
