"""Footage: clips that a tracker can follow in training, looking where it believes its target to be."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from roam_lite.data.sequence import Sequence
from roam_lite.model.patches import roi_around
from roam_lite.profiles import Profile, Stage
from roam_lite.training.clips import Stackable, draw_initial, stack_cut
from roam_lite.training.cutting import Cutter

# Sides of a view, in sides of a patch around the target: a tracker whose box just touches the
# target still sees nothing but the view.
_VIEW = 2


@dataclass(frozen=True)
class Footage(Stackable):
    """A mini-batch of N clips of F frames after the first; images are RGB uint8.

    A view shows more of its frame than a patch, at the resolution of one; any patch that a tracker
    wants is cut from it.
    """

    initial_patches: Tensor  # [N, n0, 3, S, S]
    initial_boxes: Tensor  # [N, n0, 4], in patch pixels
    first_boxes: Tensor  # [N, 1, 4], in image pixels
    views: Tensor  # [N, F, 3, K, K]
    regions: Tensor  # [N, F, 4], what the views show, (cx, cy, side_w, side_h) in image pixels
    boxes: Tensor  # [N, F, 4], in image pixels
    visible: Tensor  # [N, F], bool: where the target is not hidden


def draw_footage(
    sequence: Sequence, rng: np.random.Generator, stage: Stage, profile: Profile
) -> Footage:
    """Return random footage of a sequence for T updates, F = T tau, as a mini-batch of one.

    Online nobody takes away the frames on which the target is hidden, so they are in it.
    Raises ValueError if no frame of the sequence shows its target well enough.
    """
    frames = stage.updates * profile.update_interval
    cutter = Cutter(sequence, 1 + frames, rng, profile, with_hidden=True)
    initial = draw_initial(cutter, rng, stage, profile)
    seen = []
    for index in range(1, 1 + frames):
        box = cutter.box(index)
        region = roi_around(box, _VIEW * profile.roi_scale)
        seen.append((cutter.cut(index, region, _VIEW * profile.patch_size), region, box))
    first = torch.from_numpy(cutter.box(0)).float()[None, None]
    visible = torch.tensor([[cutter.shows(index) for index in range(1, 1 + frames)]])
    return Footage(
        *stack_cut(initial, (len(initial),)), first, *stack_cut(seen, (frames,)), visible
    )
