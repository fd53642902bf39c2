"""One step of Algorithm 1, lines 3 to 14: forward, backward, and a guard against what is not finite."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from roam_lite.config import Stage
from roam_lite.meta_model import MetaModel
from roam_lite.training.clips import Clips, Footage
from roam_lite.training.episodes import Episode, GivenEpisode, open_episode
from roam_lite.training.evolving import estimate_gradients
from roam_lite.training.processes import any_says, sum_of_all, world
from roam_lite.training.rollout import Rollout, rollout


class MetaStep(nn.Module):
    """Mini-batch in, rollout out: the forward pass of a stage as one module.

    It belongs to one stage: where the backbone does not learn, it has a faster copy of it.
    """

    def __init__(self, model: MetaModel, stage: Stage) -> None:
        super().__init__()
        self.model = model
        self.frozen = None if stage.backbone_lr > 0 else model.backbone.folded()

    def open(self, clips: Clips | Footage | GivenEpisode, stage: Stage) -> Episode:
        """Return the episode of a mini-batch; one that has been opened, its features kept, is that."""
        if isinstance(clips, GivenEpisode):
            return clips
        trains, precision = stage.backbone_lr > 0, getattr(torch, stage.precision)
        return open_episode(self.model, clips, trains, precision, self.frozen)

    def forward(
        self,
        clips: Clips | Footage | GivenEpisode,
        stage: Stage,
        scales: Tensor | None,
        factors: Tensor | None,
    ) -> Rollout:
        """Return the rollout of a mini-batch; `scales` and `factors` are those of `rollout`."""
        episode = self.open(clips, stage)
        return rollout(self.model, episode, stage.meta_gradient, scales, factors)


def averaging_gradients(step: MetaStep) -> nn.Module:
    """Return a module whose backward pass averages the gradients of all processes; alone, the step."""
    return DistributedDataParallel(step) if world() > 1 else step


def take_step(
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    clips: Clips | Footage | GivenEpisode,
    stage: Stage,
    scales: Tensor | None,
    factors: Tensor | None,
    noise: torch.Generator,
) -> tuple[Rollout, bool]:
    """Return the rollout of this process's part of the mini-batch, and whether the step was taken.

    It is not, in any process, if a loss or a gradient of one is not finite. The gradient is that of
    the mean loss over the videos of all processes, however they are divided among them. `noise` moves
    the parameters where evolution strategies estimate it, the same in all processes.
    """
    step = module.module if isinstance(module, DistributedDataParallel) else module
    model = step.model
    buffers = list(model.backbone.buffers())
    statistics = [buffer.clone() for buffer in buffers]
    model.zero_grad()
    if stage.meta_gradient == "evolution":
        again = partial(step.open, clips, stage)
        result = estimate_gradients(model, stage, again, scales, noise)
        if world() > 1:
            share = len(result.meta_losses) / stage.batch
            for parameter in model.parameters():
                if parameter.grad is not None:
                    parameter.grad = sum_of_all(parameter.grad * share)
    else:
        result = module(clips, stage, scales, factors)
        # Processes count alike in the average of their gradients, videos should.
        (result.loss * (world() * len(result.meta_losses) / stage.batch)).backward()
    norms = [
        nn.utils.clip_grad_norm_(group["params"], model.config.training.max_gradient_norm)
        for group in optimizer.param_groups
    ]
    finite = bool(torch.isfinite(torch.stack([*norms, result.loss.detach()])).all())
    if any_says(not finite):
        for buffer, kept in zip(buffers, statistics, strict=True):
            buffer.copy_(kept)  # batch norms have moved in the forward pass already
        return result, False
    optimizer.step()
    return result, True
