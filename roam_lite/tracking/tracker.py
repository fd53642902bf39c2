"""ROAM and ROAM++ on a video: initialize, estimate, update every tau frames (section 4)."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from roam_lite.adaptation import Kept, Samples, adapt, initialize, make_samples
from roam_lite.config import Config
from roam_lite.data.pixels import to_rgb_uint8, used_bits
from roam_lite.errors import InputError
from roam_lite.geometry import (
    boxes_to_image,
    boxes_to_patch,
    check_box,
    crop,
    initial_stretches,
    nominal_size,
    region_around,
)
from roam_lite.memory import keep_freed_memory
from roam_lite.meta_model import MetaModel
from roam_lite.model.filters import filter_size
from roam_lite.model.localization import (
    Estimate,
    ScoreMaps,
    localize,
    motion_map,
    searched_box,
    second_peak,
    smoothed_box,
)
from roam_lite.model.losses import anchors_at
from roam_lite.model.tracking_model import TrackingModel
from roam_lite.rules import UpdateRule
from roam_lite.updating import SampleMemory

Variant = Literal["roam++", "roam"]


@dataclass(frozen=True)
class Result:
    """The tracker's result for one frame."""

    box: NDArray[np.float64]  # (x, y, w, h) in image pixels
    score: float  # the penalized response at the chosen cell
    lost: bool  # the response is too weak to be trusted, or the frame was unreadable


class Tracker:
    """Tracks one target at a time with a meta-trained model: `init` once, then `update` per frame.

    `variant` is `"roam++"` (box regression) or `"roam"` (multi-scale search); `rule` updates
    theta after the first frame, or is None for no updating; `config` can have other online constants than
    the model's own. After each call `last_response` `[H, W]` is the response map, `last_maps` the
    score maps of ROAM++, `update_losses` every update loss so far.
    """

    def __init__(
        self,
        model: MetaModel,
        rule: UpdateRule | None,
        variant: Variant = "roam++",
        config: Config | None = None,
        description: dict[str, Any] | None = None,
    ) -> None:
        keep_freed_memory()
        self.model, self.rule, self.variant = model, rule, variant
        self.config = config or model.config
        self.backbone = model.backbone.folded()
        self.cells = model.cells
        self.description = description or {}
        self.update_losses: list[float] = []
        self.last_response: NDArray[np.float32] | None = None
        self.last_maps: ScoreMaps | None = None
        self.theta: Tensor | None = None

    @torch.no_grad()
    def init(self, image: NDArray[np.uint8], box: ArrayLike) -> None:
        """Build the initial model from the first frame: nine stretched samples, the steps with lambda0.

        `image` is RGB uint8 `[H, W, 3]`, `box` `(x, y, w, h)` in its pixels, 0-based; other images are
        converted by `to_rgb_uint8`, 16-bit ones with as many bits as this one uses in all frames. Raises
        InputError for other images and for boxes as `check_box` does.
        """
        config, online = self.config.model, self.config.online
        self.bits = used_bits(image)
        image = to_rgb_uint8(image, self.bits)
        self.box, self.shape = check_box(box, image.shape), image.shape
        self.min_side = np.minimum(online.min_size, self.box[2:])
        self.frame, self.trusted, self.last_maps = 0, True, None
        regions = [
            region_around(self.box, config.region_scale, stretch)
            for stretch in initial_stretches(config)
        ]
        features = self._features(image, regions)
        boxes = torch.stack([self._in_patch(self.box, region) for region in regions])[None]
        self.memory = SampleMemory(features, boxes, online)
        self.queue = self.memory.frames  # features and box of each stored frame
        self._resize_filters()
        samples = make_samples(features, boxes, self.sizes, self.cells, config)
        self.theta, self.update_losses = self.first_steps(samples)
        if self.rule is not None:
            self.state = self.rule.init(self.theta, self.model.lambda0[None])
            self.first_model = self.theta, self.state
        self._prepare()
        response, _ = self.tracking_model(features[:, :1])
        self.last_response = response[0, 0].cpu().numpy()
        self.first_peak = max(float(response.max()), 1e-6)

    @torch.no_grad()
    def update(self, image: NDArray[np.uint8], oracle_box: ArrayLike | None = None) -> Result:
        """Return the target's box in the next frame; every tau frames, update the model.

        With `oracle_box` the sample stored for updating is built from it and not from the estimate
        (the Oracle variants of section 6.2); the estimate itself does not see it. Raises InputError
        for anything but a valid image of the first one's size, or if `init` has not been called.
        """
        if self.theta is None:
            raise InputError("the tracker has no target yet: call init(image, box) first")
        image = to_rgb_uint8(image, self.bits)
        if image.shape != self.shape:
            raise InputError(
                f"an image of shape {list(image.shape)} after a first one of {list(self.shape)}; resize "
                "it, or start over with init"
            )
        self.frame += 1
        online = self.config.online
        search = self.regress if self.variant == "roam++" else self._search
        sharpness = online.motion if self.trusted else online.wide_motion
        estimate, found, features, region = search(image, self.box, sharpness)
        # After a weak response, none is trusted until a strong one.
        least = online.weak_response if self.trusted else online.strong_response
        relative = float(estimate.response) / self.first_peak
        self.trusted = relative >= least
        self._move(found, region, image.shape)
        if self.rule is not None:
            inside, sample = self._in_patch(self.box, region)[None], None
            if oracle_box is not None:
                sample = self._true_sample(image, np.asarray(oracle_box, dtype=np.float64))
            elif self.trusted:
                sample = features, inside
            self.memory.add(sample, self.cells.new_tensor([relative]))
            if online.hard_negative and sample is not None:
                response = torch.as_tensor(self.last_response, device=self.cells.device)[None]
                if second_peak(response, inside, self.cells) >= online.hard_negative:
                    self._update_model(newest=True)
            due = self.frame % online.update_interval == 0 and self.queue
            if due and (not online.update_response or self.memory.learns()):
                self._update_model()
        return Result(self.box.copy(), float(estimate.score), not self.trusted)

    def skip(self) -> Result:
        """Return the last box for an unreadable frame; the next `update` starts from it."""
        if self.theta is None:
            raise InputError("the tracker has no target yet: call init(image, box) first")
        return Result(self.box.copy(), 0.0, True)

    def first_steps(self, samples: Samples) -> tuple[Tensor, list[float]]:
        """Return theta `[1, P]` after the steps with lambda0 from theta0, and the loss before them."""
        theta0 = self.model.theta0.detach()[None]
        first = initialize(theta0, self.model.lambda0, samples, self.config.model)
        return first.theta, [float(first.update_loss)]

    def regress(
        self, image: NDArray[np.uint8], box: NDArray[np.float64], sharpness: float
    ) -> tuple[Estimate, Tensor, Tensor, NDArray[np.float64]]:
        """Return estimate, new box `[4]`, features `[1, 1, C, H, W]` and region of the patch (ROAM++).

        The patch is cropped around `box`, in image pixels; estimate and new box are in pixels of the
        patch. Needs `init` before; does not change the tracker.
        """
        config = self.config
        region = region_around(box, config.model.region_scale)
        features = self._features(image, [region])
        previous = self._in_patch(box, region)[None]
        self.last_maps, estimate, found = localize(
            self.tracking_model, features, self.anchors, self.cells, previous, sharpness, config
        )
        self.last_response = self.last_maps.response[0].cpu().numpy()
        return estimate, found[0], features, region

    def _features(self, image: NDArray[np.uint8], regions: list[NDArray[np.float64]]) -> Tensor:
        """Return features `[1, n, C, H, W]` of the regions' patches."""
        size = self.config.model.patch_size
        patches = np.stack([crop(image, region, size) for region in regions])
        tensor = torch.from_numpy(patches).to(self.cells.device).permute(0, 3, 1, 2)
        return self.backbone(tensor[None])

    def _in_patch(self, box: NDArray[np.float64], region: NDArray[np.float64]) -> Tensor:
        box = boxes_to_patch(box, region, self.config.model.patch_size)
        return torch.as_tensor(box, dtype=torch.float32, device=self.cells.device)

    def _search(
        self, image: NDArray[np.uint8], box: NDArray[np.float64], sharpness: float
    ) -> tuple[Estimate, Tensor, Tensor, NDArray[np.float64]]:
        """Return the same as `regress`, for the best of several scales (ROAM)."""
        online = self.config.online
        region = region_around(box, self.config.model.region_scale)
        regions = [region * [1, 1, scale, scale] for scale in np.array(online.search_scales)]
        features = self._features(image, regions)
        response = self.tracking_model(features)[0][0]
        previous = self._in_patch(box, region)
        motion = motion_map(self.cells, previous, sharpness)
        scales = self.cells.new_tensor(online.search_scales)
        estimate, best = searched_box(
            response, scales, self.cells, previous, motion, online.penalty
        )
        self.last_response = response[best].cpu().numpy()
        # The box is in the pixels of the chosen patch, in which the last box has another size.
        previous = self._in_patch(box, regions[best])
        found = smoothed_box(estimate, previous, online.size_rate)
        return estimate, found, features[:, best : best + 1], regions[best]

    def _move(self, box: Tensor, region: NDArray[np.float64], shape: tuple[int, ...]) -> None:
        """Make a box found in the patch at `region` the new box, within the limits of the image."""
        if not box.isfinite().all():
            return
        found = boxes_to_image(box.cpu().numpy(), region, self.config.model.patch_size)
        limits = np.array([shape[1], shape[0]], dtype=np.float64)
        size = np.clip(found[2:], self.min_side, np.maximum(2 * limits, self.min_side))
        center = np.clip(found[:2] + found[2:] / 2, 0, limits)
        self.box = np.concatenate([center - size / 2, size])

    def _true_sample(self, image: NDArray[np.uint8], box: NDArray[np.float64]) -> Kept | None:
        """Return a sample of the true box, if there is one."""
        if not (np.isfinite(box).all() and box[2:].min() > 0):
            return None
        region = region_around(box, self.config.model.region_scale)
        return self._features(image, [region]), self._in_patch(box, region)[None]

    def _resize_filters(self) -> None:
        """Give filters and anchor the target's current shape (eq. 4-6)."""
        config = self.config.model
        size = torch.as_tensor(nominal_size(self.box, config), dtype=torch.float32)
        sizes = filter_size(size, config.filter_scale, config.stride, len(self.cells))
        self.sizes = sizes[None].to(self.cells.device)

    def _update_model(self, newest: bool = False) -> None:
        """Update theta on samples of the memory (section 4), or take one step on its newest frame."""
        config, online = self.config.model, self.config.online
        self._resize_filters()
        place = self.sizes, self.cells, config
        memory = self.memory
        for batch in [memory.samples([-1], *place)] if newest else memory.batches(*place):
            step = adapt(self.theta, batch, self.rule, self.state, config)
            loss = float(step.update_loss)
            if not loss < online.diverged_loss or not step.theta.isfinite().all():
                # Such a model never recovers: reset it to the first frame's.
                self.theta, self.state = self.first_model
                break
            self.theta, self.state = step.theta, step.state
            self.update_losses.append(loss)
        self._prepare()

    def _prepare(self) -> None:
        """Prepare what changes only with the model: the warped filters and their anchors."""
        self.tracking_model = TrackingModel(
            self.model.layout, self.theta, self.sizes, len(self.cells)
        )
        self.anchors = anchors_at(self.cells, self.cells, self.sizes, self.config.model)
