"""A meta-gradient that includes the effect of updates on tracking: evolution strategies on overlap.

Backpropagation treats the boxes that the model finds as constants. Here the loss of an episode is one
minus the mean overlap of these boxes with the true ones, and only its values are used.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from roam_lite.adaptation import Samples
from roam_lite.config import Stage
from roam_lite.evolution import persistent_gradient
from roam_lite.meta_model import MetaModel
from roam_lite.training.episodes import ClosedLoop
from roam_lite.training.rollout import Rollout, rollout


class PerturbedLoop:
    """A closed loop in which the model has different parameters in each of K segments of its updates."""

    def __init__(self, loop: ClosedLoop, parameters: list[nn.Parameter], values: Tensor) -> None:
        self.loop, self.parameters, self.values = loop, parameters, values  # [K, n]
        self.first, self.number = loop.first, loop.number

    def update_samples(self, update: int) -> Sequence[Samples]:
        """Return the loop's samples, after setting the parameters for this update."""
        write_vector(
            self.values[segment_of(update, self.number, len(self.values))], self.parameters
        )
        return self.loop.update_samples(update)

    def meta_samples(self, update: int, theta: Tensor) -> Samples:
        """Return the loop's samples."""
        return self.loop.meta_samples(update, theta)


def segment_of(update: int, number: int, segments: int) -> int:
    """Return the segment (0-based, of equal lengths) that update 2, 3 ... `number` belongs to."""
    return (update - 2) * segments // (number - 1)


def write_vector(vector: Tensor, parameters: list[nn.Parameter]) -> None:
    """Set the parameters to the values of a vector `[n]`."""
    parts = vector.split([parameter.numel() for parameter in parameters])
    for parameter, part in zip(parameters, parts, strict=True):
        parameter.copy_(part.view_as(parameter))


@torch.no_grad()
def estimate_gradients(
    model: MetaModel,
    stage: Stage,
    open_loop: Callable[[], ClosedLoop],
    scales: Tensor | None,
    generator: torch.Generator,
) -> Rollout:
    """Return the losses of a mini-batch, and write the estimated gradients to the parameters' `.grad`.

    `open_loop` returns a new copy of the episode at each call. All trained parameters are perturbed
    together by normal noise of standard deviation `stage.spread`, `stage.pairs` times with both signs, with
    new noise in each of `stage.segments` segments of the unroll (persistent evolution strategies).
    The losses `[N, T]` are one minus the mean overlap after each update, averaged over all of these.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    center = nn.utils.parameters_to_vector(parameters)
    noise = torch.randn((stage.pairs, stage.segments, len(center)), generator=generator)
    noise = noise.to(center)
    results, differences = [], []
    for directions in noise:
        both = []
        for sign in (1, -1):
            loop = open_loop()
            values = center + sign * stage.spread * directions
            result = rollout(model, PerturbedLoop(loop, parameters, values), "first_order", scales)
            both.append((result, overlap_losses(loop)))
        results += both
        difference = (both[0][1] - both[1][1]).mean(dim=0)  # [T]
        segments = [segment_of(t, loop.number, stage.segments) for t in range(2, loop.number + 1)]
        index = torch.tensor(segments, device=center.device)
        zeros = center.new_zeros(stage.segments)
        differences.append(zeros.index_add(0, index, difference[1:]) / loop.number)
    write_vector(center, parameters)
    gradient = persistent_gradient(torch.stack(differences), noise, stage.spread)
    parts = gradient.split([parameter.numel() for parameter in parameters])
    for parameter, part in zip(parameters, parts, strict=True):
        parameter.grad = part.view_as(parameter).clone()
    first = results[0][0]
    losses = torch.stack([losses for _, losses in results]).mean(dim=0)
    updates = torch.stack([result.update_losses for result, _ in results]).mean(dim=0)
    return Rollout(losses, updates, first.first_rates, first.updating_rates)


def overlap_losses(loop: ClosedLoop) -> Tensor:
    """Return one minus the mean overlap with the true boxes after each update, `[N, T]`.

    Frames in which the target is hidden do not count; an update with no other frames has loss 0.
    """
    overlaps = torch.stack(loop.overlaps, dim=1)  # [N, F]
    seen = loop.footage.visible[:, : overlaps.shape[1]].unflatten(1, (loop.number, -1))
    lost = (1 - overlaps).nan_to_num(1.0).unflatten(1, (loop.number, -1))
    return (lost * seen).sum(dim=2) / seen.sum(dim=2).clamp(min=1)
