"""Targets that the model gives itself, as it has to online (section 4)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from roam_lite.model.estimate import motion_map, regressed_box, smoothed_box
from roam_lite.model.losses import Targets, anchors_at, make_targets
from roam_lite.profiles import Profile


@dataclass(frozen=True)
class Beliefs:
    """Where the tracker believed its targets to be, one frame before: samples without true boxes.

    `priors` `[N, n, 4]` in patch pixels; `cells` `[W]`, the positions of the map's cells.
    """

    priors: Tensor
    cells: Tensor


@torch.no_grad()
def own_targets(
    response: Tensor, deltas: Tensor, sizes: Tensor, beliefs: Beliefs, profile: Profile
) -> Targets:
    """Return the targets of the boxes that ROAM++ finds in its own response and deltas.

    `response` `[N, n, H, W]`, `deltas` `[N, n, 4, H, W]`, `sizes` `[N, 2]` of the filters. Motion map,
    penalty and smoothed size refer to the beliefs. A tracker that learns from its own estimates has
    their errors in its update loss; an optimizer that was meta-trained on true boxes does not expect
    them.
    """
    cells, priors = beliefs.cells, beliefs.priors
    estimate = regressed_box(
        response,
        deltas,
        anchors_at(cells, cells, sizes, profile)[:, None],
        priors,
        motion_map(cells, priors, profile.motion),
        profile.penalty,
        profile.delta_spread,
    )
    boxes = smoothed_box(estimate, priors, profile.size_rate)
    return make_targets(boxes, sizes, cells, cells, profile)
