"""Algorithm 1, lines 4 to 13: adapt to each clip, and compute the meta loss on its future frames."""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from roam_lite.adaptation import adapt, initialize, meta_loss
from roam_lite.config import MetaGradient
from roam_lite.meta_model import MetaModel
from roam_lite.rules.rescaled import Rescaled
from roam_lite.training.episodes import Episode
from roam_lite.training.recompute import Recomputed


@dataclass(frozen=True)
class Rollout:
    """The record of one mini-batch of N clips over T updates."""

    meta_losses: Tensor  # [N, T], in the graph
    update_losses: Tensor  # [N, T], before each update
    first_rates: Tensor  # [P], lambda0
    updating_rates: Tensor | None  # [N, P], emitted at the last update, if the rule has any

    @property
    def loss(self) -> Tensor:
        """The averaged meta loss that training minimizes (eq. 14)."""
        return self.meta_losses.mean()


def rollout(
    model: MetaModel,
    episode: Episode,
    meta_gradient: MetaGradient,
    scales: Tensor | None = None,
    factors: Tensor | None = None,
    recompute: int = 0,
) -> Rollout:
    """Return the meta losses of T updates, differentiable with respect to the meta model.

    The first update uses lambda0, the others the neural optimizer. `scales` `[N, P]` is epsilon of
    eq. 15 (None: no random filter scaling); `factors` `[N, 1]` are scales unknown to the optimizer
    (`Rescaled`); `recompute` saves memory (`Recomputed`; 0: off). How far gradients reach:

    - `"first_step"`: through the first update only, to second order; from then on theta is
      detached and only the optimizer learns, as in the paper's released program;
    - `"first_order"`: along theta over all updates, with gradients and losses as constants;
    - `"chained"`: through the first update to second order, and after it along theta;
    - `"full"`: through everything.
    """
    config = model.config
    theta = model.theta0.expand(len(episode.first.features), -1)
    first_scales = scales if config.training.scale_first_step else None
    if first_scales is not None:
        theta = theta * first_scales

    def loss_after(update: int, theta: Tensor, scales: Tensor | None) -> Tensor:
        plain = theta if scales is None else theta / scales
        future = episode.meta_samples(update, plain.detach())
        return meta_loss(theta, future, config.model, scales)

    second_order = meta_gradient != "first_order"  # in the first update
    begin = partial(checkpoint, initialize, use_reentrant=False) if recompute else initialize
    step = begin(theta, model.lambda0, episode.first, config.model, first_scales, second_order)
    theta, rates, update_losses = step.theta, step.learning_rates, [step.update_loss]
    meta_losses = [loss_after(1, theta, first_scales)]
    if scales is not None and first_scales is None:
        # The same model and the same step in scaled coordinates.
        theta, rates = theta * scales, rates * scales.square()
    if meta_gradient == "first_step":
        theta, rates = theta.detach(), rates.detach()
    rule = model.rule if factors is None else Rescaled(model.rule, factors)
    if recompute and not getattr(rule, "needs_hessian", False):
        rule = Recomputed(rule, model.rule, recompute)
    state = rule.init(theta, rates)
    for update in range(2, episode.number + 1):
        for index, samples in enumerate(episode.update_samples(update)):
            if meta_gradient == "first_step":
                theta = theta.detach()
            step = adapt(theta, samples, rule, state, config.model, scales, meta_gradient == "full")
            theta, state = step.theta, step.state
            if index == 0:
                update_losses.append(step.update_loss)
        meta_losses.append(loss_after(update, theta, scales))
    return Rollout(
        torch.stack(meta_losses, dim=1),
        torch.stack(update_losses, dim=1).detach(),
        model.lambda0.detach(),
        None if step.learning_rates is None else step.learning_rates.detach(),
    )
