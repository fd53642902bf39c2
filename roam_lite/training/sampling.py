"""Patches of a training clip: choice of frames and regions, and augmentation of the clip."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from roam_lite.config import Config, TrainingConfig
from roam_lite.data.pixels import REDUCED
from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.geometry import boxes_to_patch, crop, region_around
from roam_lite.training.degradation import Degradation


@dataclass(frozen=True)
class Augmentation:
    """How all images of a clip are changed, and their boxes with them."""

    mirrored: bool
    gray: bool
    transposed: bool  # x and y swapped
    channels: NDArray[np.int64]  # the order of the color channels
    degradation: Degradation | None

    @staticmethod
    def draw(rng: np.random.Generator, config: TrainingConfig) -> "Augmentation":
        """Return a random augmentation."""
        mirrored = rng.random() < config.mirror_chance
        gray = rng.random() < config.gray_chance
        transposed, recolored = rng.random(2) < config.swap_chance
        channels = rng.permutation(3) if recolored else np.arange(3)
        degrades = max(
            config.soft_chance, config.flat_chance, config.dark_chance, config.jpeg_chance
        )
        # Nothing is drawn if the chance is 0, so that clips are the same as before this option existed.
        degradation = Degradation.draw(rng, config) if degrades > 0 else None
        return Augmentation(mirrored, gray, transposed, channels, degradation)


class PatchSampler:
    """Crops patches of one clip of `length` frames, with a single augmentation for the clip.

    Frames are consecutive or, at random, every second one; sequences that are too
    short (in the extreme, a still image) run back and forth. Frames that hardly show the target are
    skipped, unless `with_hidden`; the first one always shows it. Boxes and regions are those of
    the augmented images, in pixels; a mirrored image ends at x = 0.

    Raises InputError as `usable_frames` does.
    """

    def __init__(
        self,
        sequence: Sequence,
        length: int,
        rng: np.random.Generator,
        config: Config,
        with_hidden: bool = False,
    ) -> None:
        self.sequence, self.rng, self.config = sequence, rng, config
        boxed, visible = usable_frames(sequence, config.training)
        usable = np.flatnonzero(boxed & (visible | with_hidden))
        first = np.flatnonzero(visible[usable])
        pace = int(rng.integers(1, 3))
        # If there are enough, start early enough that the clip need not turn back.
        early = first[first < max(first[0] + 1, usable.size - (length - 1) * pace)]
        start = int(rng.choice(early))
        self.frames = usable[_back_and_forth(start + pace * np.arange(length), usable.size)]
        self.visible = visible[self.frames]
        self.augmentation = Augmentation.draw(rng, config.training)

    def box(self, index: int) -> NDArray[np.float64]:
        """Return the true box of a frame of the clip."""
        x, y, w, h = self.sequence.boxes[self.frames[index]]
        if self.augmentation.transposed:
            x, y, w, h = y, x, h, w
        return np.array([-x - w if self.augmentation.mirrored else x, y, w, h])

    def stretched(
        self, index: int, stretch: tuple[float, float], shift: NDArray[np.float64] | float = 0.0
    ) -> tuple:
        """Return patch and box, cropped around the target or shifted by a share of the patch."""
        box, size = self.box(index), self.config.model.patch_size
        region = region_around(box, self.config.model.region_scale, stretch)
        region[:2] += shift * region[2:]
        return self.cut(index, region, size), boxes_to_patch(box, region, size)

    def jittered(self, index: int) -> tuple:
        """Return patch and box, cropped with random scale, aspect, shift and light."""
        rng, config = self.rng, self.config.training
        scale, aspect = np.exp(rng.uniform(*np.log(config.stretch_jitter), size=2))
        shift = rng.uniform(-1, 1, size=2) * config.shift_jitter
        patch, box = self.stretched(index, (scale * aspect, scale / aspect), shift)
        gain = rng.uniform(*config.light_gain)
        offset = rng.uniform(-config.light_offset, config.light_offset)
        if self.augmentation.degradation:  # otherwise little would be left of dark images
            offset *= self.augmentation.degradation.light
        return cv2.convertScaleAbs(np.maximum(patch * gain + offset, 0)), box

    def cut(self, index: int, region: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
        """Return a region of a frame as a patch `[size, size, 3]`."""
        change = self.augmentation
        region = region * [-1 if change.mirrored else 1, 1, 1, 1]
        image, factor = self._image(index, (region[2:] / size).min())
        region = region / factor
        if change.transposed:  # the patch instead of the image, because it is smaller
            patch = crop(image, region[[1, 0, 3, 2]], size).swapaxes(0, 1)
        else:
            patch = crop(image, region, size)
        patch = patch[..., change.channels]
        if change.degradation:
            patch = change.degradation.apply(patch, self.rng)
        if change.gray:
            patch = cv2.cvtColor(cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        return np.ascontiguousarray(patch[:, ::-1]) if change.mirrored else patch

    def _image(self, index: int, scale: float) -> tuple[NDArray[np.uint8], int]:
        """Return a frame for patches whose pixels are `scale` times as large, and its reduction factor."""
        frames, row = self.sequence.frames, int(self.frames[index])
        factor = max((factor for factor in REDUCED if factor <= scale), default=1)
        if factor > 1 and hasattr(frames, "reduced"):
            return frames.reduced(row, factor)
        return frames[row], 1


def usable_frames(sequence: Sequence, config: TrainingConfig) -> tuple[NDArray[np.bool_], ...]:
    """Return where boxes are large enough and targets visible enough, `[T]` each; InputError if nowhere."""
    boxed = np.isfinite(sequence.boxes).all(axis=1)
    boxed &= np.nan_to_num(sequence.boxes[:, 2:]).min(axis=1) >= config.min_side
    visible = sequence.visibility >= config.min_visibility
    if not (boxed & visible).any():
        raise InputError(
            f"{sequence.name}: its target is never visible enough to train on; remove it"
        )
    return boxed, visible


def _back_and_forth(index: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Fold indices into `0 .. length - 1` by running back and forth."""
    period = max(1, 2 * (length - 1))
    folded = index % period
    return np.where(folded < length, folded, period - folded)
