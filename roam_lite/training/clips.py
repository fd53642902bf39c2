"""Training clips: patches of one sequence, arranged as Algorithm 1 consumes them."""

from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from roam_lite.data.sequence import Sequence
from roam_lite.model.patches import (
    crop,
    image_to_patch,
    initial_stretches,
    nominal_size,
    roi_around,
)
from roam_lite.profiles import Profile, Stage

# Frames on which less of the target is seen than this teach the background, not the target.
_MIN_VISIBILITY = 0.3
# Smaller targets have no texture left, and their boxes are uncertain by a third of their size.
_MIN_SIDE = 4.0
# How much of a tracker's error is still there in the next frame.
_MEMORY = 0.97


@dataclass(frozen=True)
class Clips:
    """A mini-batch of N clips of T updates; patches are RGB uint8, boxes `(x, y, w, h)` in patch pixels.

    The first update learns from `initial`, update t > 1 from `past[:, t - 2]`, and the meta loss
    after update t is taken on `future[:, t - 1]`.
    """

    initial_patches: Tensor  # [N, n0, 3, S, S]
    initial_boxes: Tensor  # [N, n0, 4]
    past_patches: Tensor  # [N, T-1, tau, 3, S, S]
    past_boxes: Tensor  # [N, T-1, tau, 4]
    past_priors: Tensor  # [N, T-1, tau, 4], where the tracker believed the target one frame before
    future_patches: Tensor  # [N, T, f, 3, S, S]
    future_boxes: Tensor  # [N, T, f, 4]
    target_sizes: Tensor  # [N, T, 2], (w, h) in patch pixels at the time of each update

    def videos(self) -> list["Clips"]:
        """Return each clip as a mini-batch of its own."""
        parts = zip(*(getattr(self, field.name).split(1) for field in fields(self)), strict=True)
        return [Clips(*part) for part in parts]

    def to(self, device: torch.device | str) -> "Clips":
        """Return the same clips on a device."""
        return Clips(*(getattr(self, field.name).to(device) for field in fields(self)))


def stack_clips(clips: list[Clips]) -> Clips:
    """Return one mini-batch from clips of one video each."""
    return Clips(*(torch.cat([getattr(c, f.name) for c in clips]) for f in fields(Clips)))


def draw_clip(
    sequence: Sequence, rng: np.random.Generator, stage: Stage, profile: Profile
) -> Clips:
    """Return a random clip of a sequence as a mini-batch of one.

    Frames follow each other, at random every frame or every second one; sequences that are too
    short (a still image is the extreme) run forth and back. All frames but the first are cut with
    random stretch and shift (section 5); the whole clip is mirrored at random, and its look changes
    with `look_jitter`: few objects then serve as many.
    """
    tau, windows = profile.update_interval, stage.updates - 1
    usable = np.flatnonzero(
        np.isfinite(sequence.boxes).all(axis=1)
        & (np.nan_to_num(sequence.boxes[:, 2:]).min(axis=1) >= _MIN_SIDE)
        & (sequence.visibility >= _MIN_VISIBILITY)
    )
    if usable.size == 0:
        raise ValueError(f"{sequence.name}: no frame shows its target well enough to train on")
    length = 1 + windows * tau + stage.horizon
    pace = int(rng.integers(1, 3))
    start = int(rng.integers(0, max(1, usable.size - (length - 1) * pace)))
    frames = _forth_and_back(start + pace * np.arange(length), usable.size)
    cutter = _Cutter(sequence, usable[frames], rng, profile)

    stretches = initial_stretches(profile)
    others = rng.permutation(np.arange(1, len(stretches)))[: stage.initial_samples - 1]
    initial = [cutter.stretched(0, stretches[i]) for i in (0, *sorted(others))]
    frames_learned = range(1, 1 + windows * tau)
    if profile.past_labels == "estimates":
        errors = _wander(rng, len(frames_learned)) * profile.belief_noise
        past = [cutter.believed(i, error) for i, error in zip(frames_learned, errors, strict=True)]
    else:
        past = [(patch, box, box) for patch, box in map(cutter.jittered, frames_learned)]
    future = []
    for t in range(stage.updates):
        first = 1 + t * tau
        later = rng.choice(stage.horizon, stage.future_frames, replace=False)
        future += [cutter.jittered(first + int(delta)) for delta in later]
    sizes = [nominal_size(cutter.box(t * tau), profile) for t in range(stage.updates)]
    return Clips(
        *_stack(initial, (len(initial),)),
        *(_stack(past, (windows, tau)) if past else _no_past(tau, profile.patch_size)),
        *_stack(future, (stage.updates, stage.future_frames)),
        torch.from_numpy(np.stack(sizes))[None].float(),
    )


def _forth_and_back(index: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Fold indices into `0 .. length - 1` like a ball between two walls."""
    period = max(1, 2 * (length - 1))
    folded = index % period
    return np.where(folded < length, folded, period - folded)


def _wander(rng: np.random.Generator, length: int) -> NDArray[np.float64]:
    """Return errors `[length, 2, 2]` of spread 1, of centre and size, each like the one before it."""
    errors = rng.normal(size=(length, 2, 2))
    for index in range(1, length):
        errors[index] = _MEMORY * errors[index - 1] + np.sqrt(1 - _MEMORY**2) * errors[index]
    return errors


class _Cutter:
    """Cuts patches of one clip with that clip's own look and random jitter.

    The look: mirrored, grey, colours exchanged, x and y exchanged.
    """

    def __init__(
        self,
        sequence: Sequence,
        frames: NDArray[np.int64],
        rng: np.random.Generator,
        profile: Profile,
    ) -> None:
        self.sequence, self.frames, self.rng, self.profile = sequence, frames, rng, profile
        self.mirrored = rng.random() < 0.5
        self.grey = rng.random() < 0.1
        self.transposed, recoloured = rng.random(2) < profile.look_jitter
        self.colours = rng.permutation(3) if recoloured else np.arange(3)

    def box(self, index: int) -> NDArray[np.float64]:
        box = self.sequence.boxes[self.frames[index]]
        return box[[1, 0, 3, 2]] if self.transposed else box

    def stretched(self, index: int, stretch: tuple[float, float]) -> tuple:
        """Cut around the target itself, as the first frame's samples are."""
        return self._cut(index, roi_around(self.box(index), self.profile.roi_scale, stretch))

    def jittered(self, index: int) -> tuple:
        """Cut with random scale, aspect and shift, and a change of light."""
        rng, profile = self.rng, self.profile
        scale, aspect = np.exp(rng.uniform(*np.log(profile.stretch_jitter), size=2))
        roi = roi_around(self.box(index), profile.roi_scale, (scale * aspect, scale / aspect))
        roi[:2] += rng.uniform(-1, 1, size=2) * profile.shift_jitter * roi[2:]
        patch, box = self._cut(index, roi)
        gain, offset = rng.uniform(0.8, 1.25), rng.uniform(-20, 20)
        return cv2.convertScaleAbs(np.maximum(patch * gain + offset, 0)), box

    def believed(self, index: int, error: NDArray[np.float64]) -> tuple:
        """Cut as a tracker does: around the box it has of the frame before, `error` included.

        `error` `[2, 2]` is that of the centre and of the logarithm of the size, in sizes. Besides
        patch and true box, that belief comes back, in patch pixels.
        """
        box = self.box(index - 1)
        size = box[2:] * np.exp(error[1])
        belief = np.concatenate([box[:2] + box[2:] / 2 + error[0] * box[2:] - size / 2, size])
        roi = roi_around(belief, self.profile.roi_scale)
        patch, box = self._cut(index, roi)
        # In its own patch the belief lies in the middle, which mirroring does not move.
        return patch, box, image_to_patch(belief, roi, self.profile.patch_size)

    def _cut(self, index: int, roi: NDArray[np.float64]) -> tuple:
        size = self.profile.patch_size
        image = self.sequence.frames[int(self.frames[index])]
        patch = crop(image.swapaxes(0, 1).copy() if self.transposed else image, roi, size)
        patch = patch[..., self.colours]
        box = image_to_patch(self.box(index), roi, size)
        if self.grey:
            patch = cv2.cvtColor(cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        if self.mirrored:
            patch = np.ascontiguousarray(patch[:, ::-1])
            box[0] = size - box[0] - box[2]
        return patch, box


def _stack(cut: list[tuple], shape: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Return patches `[1, *shape, 3, S, S]` and boxes `[1, *shape, 4]`, one tensor of each kind."""
    patches, *boxes = (torch.from_numpy(np.stack(kind)) for kind in zip(*cut, strict=True))
    patches = patches.permute(0, 3, 1, 2).contiguous().unflatten(0, shape)[None]
    return patches, *(kind.float().unflatten(0, shape)[None] for kind in boxes)


def _no_past(tau: int, size: int) -> tuple[Tensor, ...]:
    """Return what `_stack` would of a stage that never updates."""
    patches = torch.zeros((1, 0, tau, 3, size, size), dtype=torch.uint8)
    return patches, torch.zeros((1, 0, tau, 4)), torch.zeros((1, 0, tau, 4))
