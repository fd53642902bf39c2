"""Patches of a training clip: its frames, its look, and the regions that are cut from them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from roam_lite.data.sequence import Sequence
from roam_lite.model.patches import crop, image_to_patch, roi_around
from roam_lite.profiles import Profile

# Frames on which less of the target is seen than this teach the background, not the target.
_MIN_VISIBILITY = 0.3
# Smaller targets have no texture left, and their boxes are uncertain by a third of their size.
_MIN_SIDE = 4.0


class Cutter:
    """Cuts patches of one clip of `length` frames, with that clip's own look.

    Frames follow each other, at random every frame or every second one; sequences that are too
    short (a still image is the extreme) run forth and back. Frames that hardly show the target are
    left out, unless `with_hidden`; the first one always shows it. The look: mirrored, gray, colors
    exchanged, x and y exchanged. Boxes and regions are those of images that look so, in pixels; a
    mirrored image ends at x = 0.

    Raises ValueError if no frame shows the target well enough.
    """

    def __init__(
        self,
        sequence: Sequence,
        length: int,
        rng: np.random.Generator,
        profile: Profile,
        with_hidden: bool = False,
    ) -> None:
        visible = sequence.visibility >= _MIN_VISIBILITY
        usable = np.flatnonzero(
            np.isfinite(sequence.boxes).all(axis=1)
            & (np.nan_to_num(sequence.boxes[:, 2:]).min(axis=1) >= _MIN_SIDE)
            & (visible | with_hidden)
        )
        first = np.flatnonzero(visible[usable])
        if first.size == 0:
            raise ValueError(f"{sequence.name}: no frame shows its target well enough to train on")
        pace = int(rng.integers(1, 3))
        # Where there are enough, early enough that the clip need not turn back.
        early = first[first < max(first[0] + 1, usable.size - (length - 1) * pace)]
        start = int(rng.choice(early))
        self.frames = usable[_forth_and_back(start + pace * np.arange(length), usable.size)]
        self.sequence, self.rng, self.profile = sequence, rng, profile
        self.mirrored = rng.random() < 0.5
        self.gray = rng.random() < 0.1
        self.transposed, recolored = rng.random(2) < profile.look_jitter
        self.colors = rng.permutation(3) if recolored else np.arange(3)

    def box(self, index: int) -> NDArray[np.float64]:
        """Return the true box of a frame of the clip."""
        x, y, w, h = self.sequence.boxes[self.frames[index]]
        if self.transposed:
            x, y, w, h = y, x, h, w
        return np.array([-x - w if self.mirrored else x, y, w, h])

    def shows(self, index: int) -> bool:
        """Whether the target can be seen in a frame of the clip."""
        return bool(self.sequence.visibility[self.frames[index]] >= _MIN_VISIBILITY)

    def stretched(self, index: int, stretch: tuple[float, float]) -> tuple:
        """Return patch and box, cut around the target itself, as the first frame's samples are."""
        roi = roi_around(self.box(index), self.profile.roi_scale, stretch)
        return self._labeled(index, roi)

    def jittered(self, index: int) -> tuple:
        """Return patch and box, cut with random scale, aspect and shift, in another light."""
        rng, profile = self.rng, self.profile
        scale, aspect = np.exp(rng.uniform(*np.log(profile.stretch_jitter), size=2))
        roi = roi_around(self.box(index), profile.roi_scale, (scale * aspect, scale / aspect))
        roi[:2] += rng.uniform(-1, 1, size=2) * profile.shift_jitter * roi[2:]
        patch, box = self._labeled(index, roi)
        gain, offset = rng.uniform(0.8, 1.25), rng.uniform(-20, 20)
        return cv2.convertScaleAbs(np.maximum(patch * gain + offset, 0)), box

    def cut(self, index: int, roi: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
        """Return a region of a frame as a patch `[size, size, 3]`."""
        cx, cy, side_w, side_h = roi
        if self.mirrored:
            cx = -cx
        image = self.sequence.frames[int(self.frames[index])]
        if self.transposed:  # the patch instead of the image: it is smaller
            patch = crop(image, (cy, cx, side_h, side_w), size).swapaxes(0, 1)
        else:
            patch = crop(image, (cx, cy, side_w, side_h), size)
        patch = patch[..., self.colors]
        if self.gray:
            patch = cv2.cvtColor(cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        return np.ascontiguousarray(patch[:, ::-1]) if self.mirrored else patch

    def _labeled(self, index: int, roi: NDArray[np.float64]) -> tuple:
        size = self.profile.patch_size
        return self.cut(index, roi, size), image_to_patch(self.box(index), roi, size)


def _forth_and_back(index: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Fold indices into `0 .. length - 1` like a ball between two walls."""
    period = max(1, 2 * (length - 1))
    folded = index % period
    return np.where(folded < length, folded, period - folded)
