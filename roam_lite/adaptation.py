"""One update of theta: loss, gradient, step (eq. 9). Meta-training and tracking both call it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from roam_lite.config import ModelConfig
from roam_lite.model.losses import Targets, make_targets, tracking_loss
from roam_lite.model.tracking_model import ThetaLayout, TrackingModel
from roam_lite.rules import SGD, UpdateRule


@dataclass(frozen=True)
class Samples:
    """n samples of N videos with their labels, for one filter size per video."""

    features: Tensor  # [N, n, C, H, W]
    targets: Targets
    sizes: Tensor  # [N, 2], (f_r, f_c) in cells
    # [N, n], weights in the loss; they add up to 1, or 0 for a video that is not updated; None: equal
    weights: Tensor | None = None


def make_samples(
    features: Tensor, boxes: Tensor, sizes: Tensor, cells: Tensor, config: ModelConfig
) -> Samples:
    """Return samples from features `[N, n, C, H, W]` and boxes `[N, n, 4]` in patch pixels."""
    return Samples(features, make_targets(boxes, sizes, cells, cells, config), sizes)


# What updates keep of a frame: features [N, 1, C, H, W], boxes [N, 4] in patch pixels.
Kept = tuple[Tensor, Tensor]


def collect(frames: Sequence[Kept], sizes: Tensor, cells: Tensor, config: ModelConfig) -> Samples:
    """Return samples of the stored frames, for filter sizes `[N, 2]`."""
    features, boxes = zip(*frames, strict=True)
    return make_samples(torch.cat(features, 1), torch.stack(boxes, 1), sizes, cells, config)


def update_loss(
    theta: Tensor, samples: Samples, config: ModelConfig, scales: Tensor | None = None
) -> Tensor:
    """Return the tracking loss of each video on its samples, `[N]` (eq. 12).

    `theta` is `[N, P]`. With `scales` (epsilon of eq. 15), theta is multiplied by epsilon and divided by it
    again before predicting: g_eps(theta) = g(theta / epsilon).
    """
    layout = ThetaLayout.of(config)
    model = theta if scales is None else theta / scales
    predict = TrackingModel(layout, model, samples.sizes, samples.features.shape[-1])
    return tracking_loss(*predict(samples.features), samples.targets, config, samples.weights)


def meta_loss(
    theta: Tensor, future: Samples, config: ModelConfig, scales: Tensor | None = None
) -> Tensor:
    """Return the tracking loss of the updated model on future frames, `[N]` (eq. 13).

    The same function as the update loss, on other frames; the filter sizes of
    `future` are those of the previous update, phi^(t-1). If the features do not learn, the gradient is
    computed immediately and the graph is freed, so the loss can be differentiated only once.
    """
    if not (torch.is_grad_enabled() and theta.requires_grad) or future.features.requires_grad:
        return update_loss(theta, future, config, scales)
    point = theta.detach().requires_grad_()
    loss = update_loss(point, future, config, scales)
    (gradient,) = torch.autograd.grad(loss.sum(), point)
    return loss.detach() + ((theta - point.detach()) * gradient).sum(dim=1)


@dataclass(frozen=True)
class Adapted:
    """The result of one update."""

    theta: Tensor  # [N, P]
    state: Any  # of the rule
    update_loss: Tensor  # [N], before the step
    learning_rates: Tensor | None  # [N, P], if the rule has any


def adapt(
    theta: Tensor,
    samples: Samples,
    rule: UpdateRule,
    state: Any,
    config: ModelConfig,
    scales: Tensor | None = None,
    second_order: bool = False,
) -> Adapted:
    """Return theta after one step of the rule on the loss of the samples (eq. 9).

    `second_order` keeps the graph of the gradient; otherwise gradient and loss are constants
    when the result is differentiated. It also works without grad mode; the result then has no graph.
    A video whose samples all have weight 0 keeps its theta, whatever the rule's state.
    """
    second_order = second_order and torch.is_grad_enabled()
    needs_hessian = getattr(rule, "needs_hessian", False)
    with torch.enable_grad():
        point = theta if theta.requires_grad and second_order else theta.detach().requires_grad_()
        loss = update_loss(point, samples, config, scales)
        (gradient,) = torch.autograd.grad(
            loss.sum(), point, create_graph=second_order or needs_hessian
        )
    extra = {}
    if needs_hessian:
        graph, options = gradient, {"retain_graph": True, "create_graph": second_order}
        extra["hessian"] = lambda v: torch.autograd.grad(graph, point, v, **options)[0]
    if not second_order:
        loss, gradient = loss.detach(), gradient.detach()
    step, state, rates = rule.step(theta, gradient, loss, state, **extra)
    if samples.weights is not None:
        step = step.where(samples.weights.sum(dim=1, keepdim=True) > 0, 0)
    return Adapted(theta - step, state, loss, rates)


def initialize(
    theta0: Tensor,
    lambda0: Tensor,
    samples: Samples,
    config: ModelConfig,
    scales: Tensor | None = None,
    second_order: bool = False,
) -> Adapted:
    """Return the initial model: theta0 `[N, P]` after its number of steps with lambda0 `[P]`.

    Line 5 of Algorithm 1, and the model initialization of section 4. Returned is the last
    step, with the update loss of the first step, which is that of theta0 itself.
    """
    rule, steps = SGD(lambda0), config.initial_steps
    first = take_steps(theta0, samples, rule, None, steps, config, scales, second_order)
    return first if steps else replace(first, learning_rates=lambda0.expand_as(theta0))


def take_steps(
    theta: Tensor,
    samples: Samples,
    rule: UpdateRule,
    state: Any,
    steps: int,
    config: ModelConfig,
    scales: Tensor | None = None,
    second_order: bool = False,
) -> Adapted:
    """Return the last of `steps` steps on the same samples, with the update loss of the first.

    After 0 steps it is theta itself, with its loss and no rates.
    """
    if steps == 0:
        return Adapted(theta, state, update_loss(theta, samples, config, scales).detach(), None)
    losses = []
    for _ in range(steps):
        step = adapt(theta, samples, rule, state, config, scales, second_order)
        theta, state = step.theta, step.state
        losses.append(step.update_loss)
    return replace(step, update_loss=losses[0])
