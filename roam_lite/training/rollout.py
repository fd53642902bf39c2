"""Algorithm 1, lines 4 to 13: adapt to each clip, and be judged on its future frames."""

from dataclasses import dataclass

import torch
from torch import Tensor

from roam_lite.model.backbones import Backbone
from roam_lite.model.filters import filter_size
from roam_lite.model.self_labels import Beliefs
from roam_lite.model.tracking_model import predict
from roam_lite.profiles import MetaGradient
from roam_lite.rules.adapt import (
    Adapted,
    Predictor,
    Samples,
    adapt,
    initialise,
    make_samples,
    meta_loss,
)
from roam_lite.training.clips import Clips
from roam_lite.training.meta_model import MetaModel


@dataclass(frozen=True)
class Rollout:
    """What happened in one mini-batch of N clips over T updates."""

    meta_losses: Tensor  # [N, T], in the graph
    update_losses: Tensor  # [N, T], before each update
    first_rates: Tensor  # [P], lambda0
    updating_rates: Tensor  # [N, P], emitted by the optimizer at the last update (T > 1)

    @property
    def loss(self) -> Tensor:
        """The averaged meta loss that training minimises (eq. 14)."""
        return self.meta_losses.mean()


@dataclass(frozen=True)
class ClipFeatures:
    """A batch of clips after the backbone: samples for every update and for every meta loss."""

    updates: list[Samples]  # T
    future: list[Samples]  # T


def extract(
    model: MetaModel,
    clips: Clips,
    train_backbone: bool,
    precision: torch.dtype,
    frozen: Backbone | None = None,
) -> ClipFeatures:
    """Return the samples of all updates and meta losses, from one pass of the backbone.

    Where the backbone does not learn, `frozen` may be its faster copy (`Backbone.folded`).
    """
    profile = model.profile
    parts = (
        clips.initial_patches,
        clips.past_patches.flatten(1, 2),
        clips.future_patches.flatten(1, 2),
    )
    device = clips.initial_patches.device
    backbone = (frozen or model.backbone).train(train_backbone)
    with (
        torch.set_grad_enabled(train_backbone and torch.is_grad_enabled()),
        torch.autocast(device.type, precision, enabled=precision != torch.float32),
    ):
        features = backbone(torch.cat(parts, dim=1)).float()
    first, past, future = features.split([part.shape[1] for part in parts], dim=1)
    past = past.unflatten(1, clips.past_patches.shape[1:3])
    future = future.unflatten(1, clips.future_patches.shape[1:3])
    cells = len(model.cells)
    sizes = filter_size(clips.target_sizes, profile.filter_scale, profile.stride, cells)

    def samples(maps: Tensor, boxes: Tensor, update: int) -> Samples:
        return make_samples(maps, boxes, sizes[:, update], model.cells, profile)

    updates = [samples(first, clips.initial_boxes, 0)]
    for t in range(1, sizes.shape[1]):
        if profile.past_labels == "estimates":
            beliefs = Beliefs(clips.past_priors[:, t - 1], model.cells)
            updates.append(Samples(past[:, t - 1], beliefs, sizes[:, t]))
        else:
            updates.append(samples(past[:, t - 1], clips.past_boxes[:, t - 1], t))
    futures = [samples(future[:, t], clips.future_boxes[:, t], t) for t in range(sizes.shape[1])]
    return ClipFeatures(updates, futures)


def rollout(
    model: MetaModel,
    clips: ClipFeatures,
    meta_gradient: MetaGradient,
    scales: Tensor | None = None,
    predictor: Predictor = predict,
) -> Rollout:
    """Return the meta losses of T updates, differentiable with respect to the meta model.

    The first update uses lambda0, the others the neural optimizer. `scales` `[N, P]` is epsilon of
    eq. 15 (None: no random filter scaling). How far gradients reach:

    - `"first_step"`: through the first update only, to second order; from then on theta is
      detached and the optimizer alone learns, as in the paper's released program;
    - `"first_order"`: along theta over all updates, gradients and losses being constants;
    - `"full"`: through everything.
    """
    profile = model.profile
    videos = clips.updates[0].features.shape[0]
    theta = model.theta0.expand(videos, -1)
    first_scales = scales if profile.scale_first_step else None
    if first_scales is not None:
        theta = theta * first_scales
    second_order = meta_gradient != "first_order"
    step = initialise(
        theta, model.lambda0, clips.updates[0], profile, first_scales, second_order, predictor
    )
    history = [step]
    meta_losses = [meta_loss(step.theta, clips.future[0], profile, first_scales, predictor)]

    theta, rates = step.theta, step.learning_rates
    if scales is not None and first_scales is None:
        # The same model and the same step in scaled coordinates.
        theta, rates = theta * scales, rates * scales.square()
    if meta_gradient == "first_step":
        theta, rates = theta.detach(), rates.detach()
    state = model.rule.init(theta, rates)
    second_order = meta_gradient == "full"
    for samples, future in zip(clips.updates[1:], clips.future[1:], strict=True):
        step = adapt(theta, samples, model.rule, state, profile, scales, second_order, predictor)
        meta_losses.append(meta_loss(step.theta, future, profile, scales, predictor))
        history.append(step)
        theta = step.theta.detach() if meta_gradient == "first_step" else step.theta
        state = step.state
    return _collect(model, history, meta_losses)


def _collect(model: MetaModel, history: list[Adapted], meta_losses: list[Tensor]) -> Rollout:
    return Rollout(
        torch.stack(meta_losses, dim=1),
        torch.stack([step.update_loss for step in history], dim=1).detach(),
        model.lambda0.detach(),
        history[-1].learning_rates.detach(),
    )
