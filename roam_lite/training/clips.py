"""Training clips: patches of one sequence, arranged as Algorithm 1 consumes them."""

from dataclasses import dataclass, fields
from typing import Self, TypeVar

import numpy as np
import torch
from torch import Tensor

from roam_lite.data.sequence import Sequence
from roam_lite.model.patches import initial_stretches, nominal_size
from roam_lite.profiles import Profile, Stage
from roam_lite.training.cutting import Cutter


class Stackable:
    """A dataclass of tensors whose first axis is the video."""

    def videos(self) -> list[Self]:
        """Return each clip as a mini-batch of its own."""
        parts = zip(*(getattr(self, field.name).split(1) for field in fields(self)), strict=True)
        return [type(self)(*part) for part in parts]

    def to(self, device: torch.device | str) -> Self:
        """Return the same clips on a device."""
        return type(self)(*(getattr(self, field.name).to(device) for field in fields(self)))


AnyClips = TypeVar("AnyClips", bound=Stackable)


def stack_clips(clips: list[AnyClips]) -> AnyClips:
    """Return one mini-batch from clips of one video each."""
    kind = type(clips[0])
    return kind(*(torch.cat([getattr(c, f.name) for c in clips]) for f in fields(kind)))


@dataclass(frozen=True)
class Clips(Stackable):
    """A mini-batch of N clips of T updates; patches are RGB uint8, boxes `(x, y, w, h)` in patch pixels.

    The first update learns from `initial`, update t > 1 from `past[:, t - 2]`, and the meta loss
    after update t is taken on `future[:, t - 1]`.
    """

    initial_patches: Tensor  # [N, n0, 3, S, S]
    initial_boxes: Tensor  # [N, n0, 4]
    past_patches: Tensor  # [N, T-1, tau, 3, S, S]
    past_boxes: Tensor  # [N, T-1, tau, 4]
    future_patches: Tensor  # [N, T, f, 3, S, S]
    future_boxes: Tensor  # [N, T, f, 4]
    target_sizes: Tensor  # [N, T, 2], (w, h) in patch pixels at the time of each update


def draw_clip(
    sequence: Sequence, rng: np.random.Generator, stage: Stage, profile: Profile
) -> Clips:
    """Return a random clip of a sequence as a mini-batch of one.

    All frames but the first are cut with random stretch and shift (section 5). Raises ValueError if
    no frame of the sequence shows its target well enough.
    """
    tau, windows = profile.update_interval, stage.updates - 1
    cutter = Cutter(sequence, 1 + windows * tau + stage.horizon, rng, profile)
    initial = draw_initial(cutter, rng, stage, profile)
    past = [cutter.jittered(i) for i in range(1, 1 + windows * tau)]
    future = []
    for t in range(stage.updates):
        first = 1 + t * tau
        later = rng.choice(stage.horizon, stage.future_frames, replace=False)
        future += [cutter.jittered(first + int(delta)) for delta in later]
    sizes = [nominal_size(cutter.box(t * tau), profile) for t in range(stage.updates)]
    return Clips(
        *stack_cut(initial, (len(initial),)),
        *(stack_cut(past, (windows, tau)) if past else _no_past(tau, profile.patch_size)),
        *stack_cut(future, (stage.updates, stage.future_frames)),
        torch.from_numpy(np.stack(sizes))[None].float(),
    )


def draw_initial(
    cutter: Cutter, rng: np.random.Generator, stage: Stage, profile: Profile
) -> list[tuple]:
    """Return patches and boxes of the first frame: the unstretched one, and others at random."""
    stretches = initial_stretches(profile)
    others = rng.permutation(np.arange(1, len(stretches)))[: stage.initial_samples - 1]
    return [cutter.stretched(0, stretches[i]) for i in (0, *sorted(others))]


def stack_cut(cut: list[tuple], shape: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Return patches `[1, *shape, 3, S, S]` and boxes `[1, *shape, 4]`, one tensor of each kind."""
    patches, *boxes = (torch.from_numpy(np.stack(kind)) for kind in zip(*cut, strict=True))
    patches = patches.permute(0, 3, 1, 2).contiguous().unflatten(0, shape)[None]
    return patches, *(kind.float().unflatten(0, shape)[None] for kind in boxes)


def _no_past(tau: int, size: int) -> tuple[Tensor, ...]:
    """Return what `stack_cut` would of a stage that never updates."""
    return torch.zeros((1, 0, tau, 3, size, size), dtype=torch.uint8), torch.zeros((1, 0, tau, 4))
