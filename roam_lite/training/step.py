"""One step of Algorithm 1, lines 3 to 14: forward, backward, and a guard against what is not finite."""

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from roam_lite.config import Stage
from roam_lite.meta_model import MetaModel
from roam_lite.training.clips import Clips, Footage
from roam_lite.training.episodes import open_episode
from roam_lite.training.processes import any_says, world
from roam_lite.training.rollout import Rollout, rollout


class MetaStep(nn.Module):
    """Mini-batch in, rollout out: the forward pass as one module, whose gradients can be averaged."""

    def __init__(self, model: MetaModel, stage: Stage) -> None:
        super().__init__()
        self.model = model
        self.frozen = None if stage.backbone_lr > 0 else model.backbone.folded()

    def forward(self, clips: Clips | Footage, stage: Stage, scales: Tensor | None) -> Rollout:
        """Return the rollout of a mini-batch; `scales` `[N, P]` is epsilon of eq. 15 or None."""
        trains, precision = stage.backbone_lr > 0, getattr(torch, stage.precision)
        episode = open_episode(self.model, clips, trains, precision, self.frozen)
        return rollout(self.model, episode, stage.meta_gradient, scales)


def module_of(model: MetaModel, stage: Stage) -> nn.Module:
    """Return the module that takes a stage's steps; it averages the gradients of all processes.

    It belongs to one stage: what needs a gradient is fixed when it is made.
    """
    step = MetaStep(model, stage)
    return DistributedDataParallel(step) if world() > 1 else step


def take_step(
    module: nn.Module,
    model: MetaModel,
    optimizer: torch.optim.Optimizer,
    clips: Clips | Footage,
    stage: Stage,
    scales: Tensor | None,
) -> tuple[Rollout, bool]:
    """Return the rollout of this process's part of the mini-batch, and whether the step was taken.

    It is not, in any process, if a loss or a gradient of one is not finite. The gradient is that of
    the mean loss over the videos of all processes, however they are divided among them.
    """
    buffers = list(model.backbone.buffers())
    statistics = [buffer.clone() for buffer in buffers]
    result = module(clips, stage, scales)
    model.zero_grad()
    # Processes count alike in the average of their gradients, videos should.
    share = world() * len(result.meta_losses) / stage.batch
    (result.loss * share).backward()
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
