"""Training clips: patches of one sequence for Algorithm 1, or footage to track in."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Self, TypeVar

import numpy as np
import torch
from torch import Tensor

from roam_lite.config import Config, Stage
from roam_lite.data.sequence import Sequence
from roam_lite.geometry import initial_stretches, nominal_size, region_around
from roam_lite.training.sampling import PatchSampler


class Stackable:
    """A dataclass of tensors whose first axis is the video."""

    def videos(self) -> list[Self]:
        """Return each clip as a separate mini-batch."""
        parts = zip(*(getattr(self, field.name).split(1) for field in fields(self)), strict=True)
        return [type(self)(*part) for part in parts]

    def parts(self, number: int) -> list[Self]:
        """Return this many mini-batches of nearly equal size, in order."""
        named = (getattr(self, field.name).tensor_split(number) for field in fields(self))
        return [type(self)(*part) for part in zip(*named, strict=True)]

    def to(self, device: torch.device | str) -> Self:
        """Return the same clips on a device."""
        return type(self)(*(getattr(self, field.name).to(device) for field in fields(self)))


AnyClips = TypeVar("AnyClips", bound=Stackable)


def stack_clips(clips: list[AnyClips]) -> AnyClips:
    """Return a mini-batch of clips of one video each."""
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


@dataclass(frozen=True)
class Footage(Stackable):
    """A mini-batch of N clips of F frames after the first, in which the model itself tracks.

    A view shows more of its frame than a patch, at the same resolution; any patch that a tracker
    needs is cropped from it. Images are RGB uint8.
    """

    initial_patches: Tensor  # [N, n0, 3, S, S]
    initial_boxes: Tensor  # [N, n0, 4], in patch pixels
    first_boxes: Tensor  # [N, 1, 4], in image pixels
    views: Tensor  # [N, F, 3, K, K]
    regions: Tensor  # [N, F, 4], of the views, (cx, cy, side_w, side_h) in image pixels
    boxes: Tensor  # [N, F, 4], in image pixels
    visible: Tensor  # [N, F], bool: whether the target is not hidden


def clip_sampler_for(
    stage: Stage, config: Config
) -> Callable[[Sequence, np.random.Generator, Stage, Config], Clips | Footage]:
    """Return the function that draws a stage's clips; footage if the model learns from its own estimates."""
    tracks = config.training.past_labels == "estimates" and stage.updates > 1
    return draw_footage if tracks else draw_clip


def draw_clip(sequence: Sequence, rng: np.random.Generator, stage: Stage, config: Config) -> Clips:
    """Return a random clip of a sequence as a mini-batch of one.

    All frames but the first are cropped with random stretch and shift (section 5). Raises
    InputError if no frame of the sequence shows its target well enough.
    """
    tau, windows = config.online.update_interval, stage.updates - 1
    sampler = PatchSampler(sequence, 1 + windows * tau + stage.horizon, rng, config)
    initial = _draw_initial(sampler, stage)
    past = [sampler.jittered(i) for i in range(1, 1 + windows * tau)]
    future = []
    for t in range(stage.updates):
        later = rng.choice(stage.horizon, stage.future_frames, replace=False)
        future += [sampler.jittered(1 + t * tau + int(delta)) for delta in later]
    sizes = [nominal_size(sampler.box(t * tau), config.model) for t in range(stage.updates)]
    return Clips(
        *_stack(initial, (len(initial),)),
        *(_stack(past, (windows, tau)) if past else _no_past(tau, config.model.patch_size)),
        *_stack(future, (stage.updates, stage.future_frames)),
        torch.from_numpy(np.stack(sizes))[None].float(),
    )


def draw_footage(
    sequence: Sequence, rng: np.random.Generator, stage: Stage, config: Config
) -> Footage:
    """Return random footage of a sequence for T updates, F = T tau, as a mini-batch of one.

    Frames in which the target is hidden are included, because they also occur online.
    Raises InputError if no frame of the sequence shows its target well enough.
    """
    frames = stage.updates * config.online.update_interval
    sampler = PatchSampler(sequence, 1 + frames, rng, config, with_hidden=True)
    initial = _draw_initial(sampler, stage)
    scale = config.training.view_scale
    seen = []
    for index in range(1, 1 + frames):
        box = sampler.box(index)
        region = region_around(box, scale * config.model.region_scale)
        seen.append((sampler.cut(index, region, scale * config.model.patch_size), region, box))
    return Footage(
        *_stack(initial, (len(initial),)),
        torch.from_numpy(sampler.box(0)).float()[None, None],
        *_stack(seen, (frames,)),
        torch.from_numpy(sampler.visible[1:])[None],
    )


def _draw_initial(sampler: PatchSampler, stage: Stage) -> list[tuple]:
    """Return patches and boxes of the first frame: the unstretched one, and a random choice of others."""
    stretches = initial_stretches(sampler.config.model)
    others = sampler.rng.permutation(np.arange(1, len(stretches)))[: stage.initial_samples - 1]
    return [sampler.stretched(0, stretches[i]) for i in (0, *sorted(others))]


def _stack(cut: list[tuple], shape: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Return patches `[1, *shape, 3, S, S]` and boxes `[1, *shape, 4]` as tensors."""
    patches, *boxes = (torch.from_numpy(np.stack(kind)) for kind in zip(*cut, strict=True))
    patches = patches.permute(0, 3, 1, 2).contiguous().unflatten(0, shape)[None]
    return patches, *(kind.float().unflatten(0, shape)[None] for kind in boxes)


def _no_past(tau: int, size: int) -> tuple[Tensor, ...]:
    """Return what `_stack` would return for a stage without updates."""
    return torch.zeros((1, 0, tau, 3, size, size), dtype=torch.uint8), torch.zeros((1, 0, tau, 4))
