"""ROAM and ROAM++ on a video: initialize, estimate, update every tau frames (section 4)."""

import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from roam_lite.checkpoints import load_checkpoint
from roam_lite.data.sequence import to_rgb_uint8
from roam_lite.devices import choose_device
from roam_lite.errors import InputError
from roam_lite.memory import keep_freed_memory
from roam_lite.meta_model import MetaModel
from roam_lite.model.estimate import (
    Estimate,
    motion_map,
    next_boxes,
    searched_box,
    smoothed_box,
)
from roam_lite.model.filters import filter_size
from roam_lite.model.losses import anchors_at
from roam_lite.model.patches import (
    crop,
    image_to_patch,
    initial_stretches,
    nominal_size,
    patch_to_image,
    roi_around,
)
from roam_lite.model.tracking_model import ThetaLayout, prepare, respond
from roam_lite.rules import FixedRates, UpdateRule
from roam_lite.rules.adapt import Kept, adapt, collect, halves, initialize, make_samples

Variant = Literal["roam++", "roam"]
# Update losses of working models are below 1.
_DIVERGED = 100.0
WEIGHTS = Path(__file__).parent.parent / "weights"


@dataclass(frozen=True)
class Result:
    """What the tracker says of one frame."""

    box: NDArray[np.float64]  # (x, y, w, h) in image pixels
    score: float  # the penalized response at the chosen cell
    lost: bool  # the response is too weak to be trusted, or there was no frame


class Tracker:
    """Tracks one target at a time with a meta-trained model: `init` once, then `update` per frame.

    `variant` is `"roam++"` (box regression) or `"roam"` (multi-scale search); `rule` is what updates
    theta after the first frame, or None for no updating. After each call `timings` holds the
    seconds of its parts, `last_response` `[H, W]` the response map, `update_losses` every update
    loss so far.
    """

    def __init__(
        self,
        model: MetaModel,
        rule: UpdateRule | None,
        variant: Variant = "roam++",
        description: dict[str, Any] | None = None,
    ) -> None:
        keep_freed_memory()
        self.model, self.profile, self.rule, self.variant = model, model.profile, rule, variant
        self.backbone = model.backbone.folded()
        self.description = description or {}
        self.layout = ThetaLayout.of(self.profile)
        self.cells = model.cells
        self.timings: dict[str, float] = {}
        self.update_losses: list[float] = []
        self.last_response: NDArray[np.float32] | None = None
        self.theta: Tensor | None = None

    @torch.no_grad()
    def init(self, image: NDArray[np.uint8], box: ArrayLike) -> None:
        """Build the initial model from the first frame: nine stretched samples, the steps with lambda0.

        `image` is RGB uint8 `[H, W, 3]`, `box` `(x, y, w, h)` in its pixels, 0-based. Raises
        InputError if the box is not finite, has no area or lies outside the image.
        """
        self.timings = dict.fromkeys(("crop", "backbone", "localize", "update"), 0.0)
        image = to_rgb_uint8(image)
        self.box = checked_box(box, image.shape)
        self.min_side = np.minimum(self.profile.min_size, self.box[2:])
        self.update_losses, self.frame = [], 0
        self.trusted = True
        self.queue: deque[Kept] = deque(maxlen=2 * self.profile.update_interval)
        rois = [
            roi_around(self.box, self.profile.roi_scale, stretch)
            for stretch in initial_stretches(self.profile)
        ]
        features = self._features(image, rois)
        boxes = torch.stack([self._in_patch(self.box, roi) for roi in rois])
        with self._timed("update"):
            self._resize_filters()
            samples = make_samples(features, boxes[None], self.sizes, self.cells, self.profile)
            theta0 = self.model.theta0.detach()[None]
            lambda0 = self.model.lambda0
            first = initialize(theta0, lambda0, samples, self.profile)
            self.theta = first.theta
            self.update_losses.append(float(first.update_loss))
            if self.rule is not None:
                self.state = self.rule.init(self.theta, lambda0[None])
                self.first_model = self.theta, self.state
            self._prepare()
        with self._timed("localize"):
            response, _ = respond(self.ready, features[:, :1])
            self.last_response = response[0, 0].cpu().numpy()
            self.first_peak = max(float(response.max()), 1e-6)

    @torch.no_grad()
    def update(self, image: NDArray[np.uint8], oracle_box: ArrayLike | None = None) -> Result:
        """Return the target's box in the next frame; every tau frames, update the model.

        With `oracle_box` the sample kept for updating is built from it and not from the estimate
        (the Oracle variants of section 6.2); the estimate itself does not see it. Raises InputError
        for an image that is none, or if `init` has not been called.
        """
        if self.theta is None:
            raise InputError("the tracker has no target yet: call init(image, box) first")
        self.timings = dict.fromkeys(("crop", "backbone", "localize", "update"), 0.0)
        image = to_rgb_uint8(image)
        self.frame += 1
        estimate, found, features, roi = self._localize(image)
        self._trust(float(estimate.response))
        self._move(found, roi, image.shape)
        if self.rule is not None:
            if oracle_box is not None:
                truth = np.asarray(oracle_box, dtype=np.float64)
                if np.isfinite(truth).all() and truth[2:].min() > 0:
                    roi = roi_around(truth, self.profile.roi_scale)
                    self._keep(self._features(image, [roi]), truth, roi)
            elif self.trusted:
                self._keep(features, self.box, roi)
            if self.frame % self.profile.update_interval == 0:
                self._update_model()
        return Result(self.box.copy(), float(estimate.score), not self.trusted)

    def skip(self) -> Result:
        """Return the last box for a frame that cannot be read; the next `update` goes on from it."""
        if self.theta is None:
            raise InputError("the tracker has no target yet: call init(image, box) first")
        return Result(self.box.copy(), 0.0, True)

    @property
    def _size(self) -> int:
        return self.profile.patch_size

    def _features(self, image: NDArray[np.uint8], rois: list[NDArray[np.float64]]) -> Tensor:
        """Return features `[1, n, C, H, W]` of the regions' patches."""
        with self._timed("crop"):
            patches = np.stack([crop(image, roi, self._size) for roi in rois])
            tensor = torch.from_numpy(patches).to(self.cells.device).permute(0, 3, 1, 2)
        with self._timed("backbone"):
            return self.backbone(tensor[None])

    def _in_patch(self, box: NDArray[np.float64], roi: NDArray[np.float64]) -> Tensor:
        box = image_to_patch(box, roi, self._size)
        return torch.as_tensor(box, dtype=torch.float32, device=self.cells.device)

    def _localize(
        self, image: NDArray[np.uint8]
    ) -> tuple[Estimate, Tensor, Tensor, NDArray[np.float64]]:
        """Return estimate and new box `[4]`, features `[1, 1, C, H, W]` and region of its patch."""
        profile = self.profile
        roi = roi_around(self.box, profile.roi_scale)
        sharpness = profile.motion if self.trusted else profile.wide_motion
        if self.variant == "roam++":
            features = self._features(image, [roi])
            with self._timed("localize"):
                response, deltas = (maps[0, 0] for maps in respond(self.ready, features))
                previous = self._in_patch(self.box, roi)
                estimate, found = next_boxes(
                    response, deltas, self.anchors, previous, sharpness, self.cells, profile
                )
                self.last_response = response.cpu().numpy()
            return estimate, found, features, roi
        scales = np.array(profile.search_scales)
        rois = [roi * [1, 1, scale, scale] for scale in scales]
        features = self._features(image, rois)
        with self._timed("localize"):
            response = respond(self.ready, features)[0][0]
            previous = self._in_patch(self.box, roi)
            motion = motion_map(self.cells, previous, sharpness)
            factors = torch.as_tensor(scales, dtype=torch.float32, device=self.cells.device)
            estimate, best = searched_box(
                response, factors, self.cells, previous, motion, profile.penalty
            )
            self.last_response = response[best].cpu().numpy()
            # The box is in the pixels of the chosen patch, where the last one has another size.
            previous = self._in_patch(self.box, rois[best])
            found = smoothed_box(estimate, previous, profile.size_rate)
        return estimate, found, features[:, best : best + 1], rois[best]

    def _trust(self, response: float) -> None:
        """Distrust a weak response until a strong one comes back."""
        share = response / self.first_peak
        self.trusted = share >= (
            self.profile.weak_response if self.trusted else self.profile.strong_response
        )

    def _move(self, box: Tensor, roi: NDArray[np.float64], shape: tuple[int, ...]) -> None:
        """Take a box found in the patch at `roi` as the new one, within the image's limits."""
        if not box.isfinite().all():
            return
        found = patch_to_image(box.cpu().numpy(), roi, self._size)
        limits = np.array([shape[1], shape[0]], dtype=np.float64)
        size = np.clip(found[2:], self.min_side, np.maximum(2 * limits, self.min_side))
        center = np.clip(found[:2] + found[2:] / 2, 0, limits)
        self.box = np.concatenate([center - size / 2, size])

    def _keep(self, features: Tensor, box: NDArray[np.float64], roi: NDArray[np.float64]) -> None:
        self.queue.append((features, self._in_patch(box, roi)[None]))

    def _resize_filters(self) -> None:
        """Give filters and anchor the target's present shape (eq. 4-6)."""
        size = torch.as_tensor(nominal_size(self.box, self.profile), dtype=torch.float32)
        profile = self.profile
        sizes = filter_size(size, profile.filter_scale, profile.stride, len(self.cells))
        self.sizes = sizes[None].to(self.cells.device)

    def _update_model(self) -> None:
        """Adapt theta to the queue, in two steps: its older half, then its newer half (section 4)."""
        if not self.queue:
            return
        with self._timed("update"):
            self._resize_filters()
            queue = collect(list(self.queue), self.sizes, self.cells, self.profile)
            windows = halves(queue, self.profile.update_interval)
            for step in range(self.profile.update_steps):
                batch = queue if self.profile.update_batches == "all" else windows[step % 2]
                step_ = adapt(self.theta, batch, self.rule, self.state, self.profile)
                if not float(step_.update_loss) < _DIVERGED or not step_.theta.isfinite().all():
                    # Such a model finds nothing again: go back to the first frame's.
                    self.theta, self.state = self.first_model
                    break
                self.theta, self.state = step_.theta, step_.state
                self.update_losses.append(float(step_.update_loss))
            self._prepare()

    def _prepare(self) -> None:
        """Make ready what only changes with the model: the warped filters and their anchors."""
        self.ready = prepare(self.layout, self.theta, self.sizes, len(self.cells))
        self.anchors = anchors_at(self.cells, self.cells, self.sizes, self.profile)[0]

    @contextmanager
    def _timed(self, part: str):
        began = time.perf_counter()
        yield
        self.timings[part] += time.perf_counter() - began


def checked_box(box: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return a box as float64 `[4]`, if a target in an image of this shape can have it.

    Raises InputError saying what is wrong with it otherwise.
    """
    try:
        box = np.asarray(box, dtype=np.float64).reshape(4)
    except (ValueError, TypeError) as error:
        raise InputError(f"box {box!r}: give four numbers x, y, w, h") from error
    if not np.isfinite(box).all():
        raise InputError(f"box {box.tolist()}: give finite numbers x, y, w, h")
    if box[2:].min() <= 0:
        raise InputError(f"box {box.tolist()}: has no area; width and height must be above 0")
    low = np.maximum(box[:2], 0)
    high = np.minimum(box[:2] + box[2:], [shape[1], shape[0]])
    if (high - low).min() <= 0:
        raise InputError(
            f"box {box.tolist()}: lies outside the image of {shape[1]} x {shape[0]} pixels; "
            "x and y are the left and top edge, 0-based"
        )
    return box


def load_tracker(
    profile: str = "laptop",
    *,
    checkpoint: str | Path | None = None,
    variant: Variant = "roam++",
    rule: str | None = None,
    sgd_rate: float | None = None,
    device: str = "cpu",
) -> Tracker:
    """Return a tracker with the profile's shipped checkpoint, or the one given.

    `rule` is what updates the model: None for the optimizer of the checkpoint, its name (`"lstm"`,
    `"gru"`, `"fc"`, `"const"`) to insist on it, `"sgd"` with `sgd_rate`, or `"none"`. `device` is
    `"cpu"`, `"cuda"` or `"auto"`. Raises InputError for a missing or damaged checkpoint and for
    combinations that make no sense.
    """
    path = Path(checkpoint) if checkpoint is not None else WEIGHTS / f"{profile}.safetensors"
    if checkpoint is None and not path.is_file():
        raise InputError(
            f"no checkpoint ships for profile {profile!r} ({path.name} is missing); meta-train one "
            f"with `roam-lite train --profile {profile} --data otb:DIR --out RUN` and give "
            "RUN/checkpoint.safetensors as the checkpoint"
        )
    if variant not in ("roam++", "roam"):
        raise InputError(f"there is no variant {variant!r}; choose roam++ or roam")
    model, card = load_checkpoint(path, profile)
    device = choose_device(device)
    model = model.to(device).requires_grad_(False)
    chosen = _choose_rule(model, rule or model.rule_name, sgd_rate)
    description = {
        "tracker": variant,
        "profile": profile,
        "rule": rule or model.rule_name,
        "sgd_rate": sgd_rate,
        "device": device,
        "weights_sha256": card["sha256"],
    }
    return Tracker(model, chosen, variant, description)


def _choose_rule(model: MetaModel, rule: str, sgd_rate: float | None) -> UpdateRule | None:
    if (rule == "sgd") != (sgd_rate is not None):
        raise InputError("rule sgd and a rate go together: give --rule sgd --sgd-rate R")
    if rule == "none":
        return None
    if rule == "sgd":
        return FixedRates(sgd_rate)
    if rule != model.rule_name:
        raise InputError(
            f"the checkpoint's optimizer is {model.rule_name!r}, not {rule!r}; "
            f"train one with --rule {rule}, or choose {model.rule_name}, sgd or none"
        )
    return model.rule
