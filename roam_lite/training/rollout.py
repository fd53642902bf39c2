"""Algorithm 1, lines 4 to 13: adapt to each clip, and be judged on its future frames."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from roam_lite.meta_model import MetaModel
from roam_lite.model.backbones import Backbone
from roam_lite.model.filters import filter_size
from roam_lite.model.tracking_model import bind
from roam_lite.profiles import MetaGradient, Profile
from roam_lite.rules.adapt import (
    Predictor,
    Samples,
    adapt,
    initialize,
    make_samples,
    meta_loss,
)
from roam_lite.training.clips import Clips
from roam_lite.training.closed_loop import ClosedLoop
from roam_lite.training.footage import Footage


@dataclass(frozen=True)
class Rollout:
    """What happened in one mini-batch of N clips over T updates."""

    meta_losses: Tensor  # [N, T], in the graph
    update_losses: Tensor  # [N, T], before each update
    first_rates: Tensor  # [P], lambda0
    updating_rates: Tensor  # [N, P], emitted by the optimizer at the last update (T > 1)

    @property
    def loss(self) -> Tensor:
        """The averaged meta loss that training minimizes (eq. 14)."""
        return self.meta_losses.mean()


class Lessons(Protocol):
    """What a rollout learns from and is judged on, after the backbone."""

    first: Samples  # of the first frame, for the steps with lambda0
    number: int  # T, updates, the first steps included

    def learn(self, update: int) -> Sequence[Samples]:
        """Return what update 2, 3 ... T learns from, one for each of its gradient steps."""

    def judge(self, update: int, theta: Tensor, predictor: Predictor) -> Samples:
        """Return what theta `[N, P]` is judged on after update 1, 2 ... T."""


@dataclass(frozen=True)
class ClipFeatures:
    """Lessons that are known beforehand: samples for every update and for every meta loss."""

    updates: list[Samples]  # T
    future: list[Samples]  # T

    @property
    def number(self) -> int:
        """T, the number of updates."""
        return len(self.updates)

    @property
    def first(self) -> Samples:
        """The samples of the first frame."""
        return self.updates[0]

    def learn(self, update: int) -> list[Samples]:
        """Return the samples of one update: it takes one gradient step."""
        return [self.updates[update - 1]]

    def judge(self, update: int, theta: Tensor, predictor: Predictor) -> Samples:
        """Return the samples of one meta loss, which do not depend on theta."""
        return self.future[update - 1]


def extract(
    model: MetaModel,
    clips: Clips | Footage,
    train_backbone: bool,
    precision: torch.dtype,
    frozen: Backbone | None = None,
) -> Lessons:
    """Return the lessons of a mini-batch: of clips all features at once, of footage as it is tracked.

    Where the backbone does not learn, `frozen` may be its faster copy (`Backbone.folded`).
    """
    backbone = (frozen or model.backbone).train(train_backbone)
    learns = train_backbone and torch.is_grad_enabled()

    def features(patches: Tensor) -> Tensor:
        device = patches.device.type
        with (
            torch.set_grad_enabled(learns),
            torch.autocast(device, precision, enabled=precision != torch.float32),
        ):
            return backbone(patches).float()

    if isinstance(clips, Footage):
        return ClosedLoop(clips, features, model.cells, model.profile)
    return _read(clips, features, model.cells, model.profile)


def _read(
    clips: Clips, backbone: Callable[[Tensor], Tensor], cells: Tensor, profile: Profile
) -> ClipFeatures:
    parts = (
        clips.initial_patches,
        clips.past_patches.flatten(1, 2),
        clips.future_patches.flatten(1, 2),
    )
    features = backbone(torch.cat(parts, dim=1))
    first, past, future = features.split([part.shape[1] for part in parts], dim=1)
    past = past.unflatten(1, clips.past_patches.shape[1:3])
    future = future.unflatten(1, clips.future_patches.shape[1:3])
    sizes = filter_size(clips.target_sizes, profile.filter_scale, profile.stride, len(cells))

    def samples(maps: Tensor, boxes: Tensor, update: int) -> Samples:
        return make_samples(maps, boxes, sizes[:, update], cells, profile)

    updates = [samples(first, clips.initial_boxes, 0)]
    for t in range(1, sizes.shape[1]):
        updates.append(samples(past[:, t - 1], clips.past_boxes[:, t - 1], t))
    futures = [samples(future[:, t], clips.future_boxes[:, t], t) for t in range(sizes.shape[1])]
    return ClipFeatures(updates, futures)


def rollout(
    model: MetaModel,
    lessons: Lessons,
    meta_gradient: MetaGradient,
    scales: Tensor | None = None,
    predictor: Predictor = bind,
) -> Rollout:
    """Return the meta losses of T updates, differentiable with respect to the meta model.

    The first update uses lambda0, the others the neural optimizer. `scales` `[N, P]` is epsilon of
    eq. 15 (None: no random filter scaling). How far gradients reach:

    - `"first_step"`: through the first update only, to second order; from then on theta is
      detached and the optimizer alone learns, as in the paper's released program;
    - `"first_order"`: along theta over all updates, gradients and losses being constants;
    - `"chained"`: through the first update to second order, and from there on along theta;
    - `"full"`: through everything.
    """
    profile = model.profile
    videos = lessons.first.features.shape[0]
    theta = model.theta0.expand(videos, -1)
    first_scales = scales if profile.scale_first_step else None
    if first_scales is not None:
        theta = theta * first_scales

    def judged(update: int, theta: Tensor, scales: Tensor | None) -> Tensor:
        plain = theta if scales is None else theta / scales
        future = lessons.judge(update, plain.detach(), predictor)
        return meta_loss(theta, future, profile, scales, predictor)

    second_order = meta_gradient != "first_order"  # in the first update
    step = initialize(
        theta, model.lambda0, lessons.first, profile, first_scales, second_order, predictor
    )
    update_losses = [step.update_loss]
    meta_losses = [judged(1, step.theta, first_scales)]

    theta, rates = step.theta, step.learning_rates
    if scales is not None and first_scales is None:
        # The same model and the same step in scaled coordinates.
        theta, rates = theta * scales, rates * scales.square()
    if meta_gradient == "first_step":
        theta, rates = theta.detach(), rates.detach()
    state = model.rule.init(theta, rates)
    second_order = meta_gradient == "full"
    for update in range(2, lessons.number + 1):
        for index, samples in enumerate(lessons.learn(update)):
            if meta_gradient == "first_step":
                theta = theta.detach()
            step = adapt(
                theta, samples, model.rule, state, profile, scales, second_order, predictor
            )
            theta, state = step.theta, step.state
            if index == 0:
                update_losses.append(step.update_loss)
        meta_losses.append(judged(update, theta, scales))
    return Rollout(
        torch.stack(meta_losses, dim=1),
        torch.stack(update_losses, dim=1).detach(),
        model.lambda0.detach(),
        step.learning_rates.detach(),
    )
