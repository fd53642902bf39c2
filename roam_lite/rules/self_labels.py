"""Samples that the model labels itself, as it has to do online (section 4)."""

from dataclasses import replace

import torch
from torch import Tensor

from roam_lite.model.estimate import motion_map, regressed_box, smoothed_box
from roam_lite.model.losses import anchors_at, make_targets
from roam_lite.model.tracking_model import ThetaLayout, predict
from roam_lite.profiles import Profile
from roam_lite.rules.adapt import Predictor, Samples


@torch.no_grad()
def label_by_itself(
    theta: Tensor,
    samples: Samples,
    priors: Tensor,
    cells: Tensor,
    profile: Profile,
    scales: Tensor | None = None,
    predictor: Predictor = predict,
) -> Samples:
    """Return the samples with the boxes that ROAM++ with this `theta` `[N, P]` finds in them.

    `priors` `[N, n, 4]` are the boxes that the tracker had one frame before, in patch pixels: what
    motion map, penalty and smoothed size refer to. A tracker that learns from its own estimates has
    their errors in its update loss; an optimizer that was meta-trained on true boxes does not expect
    them. `scales` is epsilon of eq. 15.
    """
    model = theta if scales is None else theta / scales
    layout = ThetaLayout.of(profile)
    response, deltas = predictor(layout, model, samples.features, samples.sizes)
    estimate = regressed_box(
        response,
        deltas,
        anchors_at(cells, cells, samples.sizes, profile)[:, None],
        priors,
        motion_map(cells, priors, profile.motion),
        profile.penalty,
        profile.delta_spread,
    )
    boxes = smoothed_box(estimate, priors, profile.size_rate)
    return replace(samples, targets=make_targets(boxes, samples.sizes, cells, cells, profile))
