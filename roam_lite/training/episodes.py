"""Episodes: the samples that a rollout updates and is judged on, given in advance or found by tracking.

An episode has `first`, the samples of the first frame, and `number`, the T updates. After update
1, 2 ... T a rollout asks for `meta_samples(update, theta)`, and for update 2, 3 ... T for
`update_samples(update)`, one batch for each gradient step.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from roam_lite.adaptation import Kept, Samples, collect, make_samples
from roam_lite.config import Config
from roam_lite.geometry import box_iou, boxes_to_image, boxes_to_patch, recrop, region_around
from roam_lite.meta_model import MetaModel
from roam_lite.model.filters import filter_size
from roam_lite.model.localization import Estimate, ScoreMaps, localize, second_peak
from roam_lite.model.losses import anchors_at
from roam_lite.model.tracking_model import ThetaLayout, TrackingModel
from roam_lite.training.clips import Clips, Footage
from roam_lite.updating import SampleMemory

Features = Callable[[Tensor], Tensor]  # of patches [N, n, 3, S, S]: [N, n, C, H, W]


class Episode(Protocol):
    """The samples that a rollout updates and is judged on, as features of the backbone."""

    first: Samples  # of the first frame, for the steps with lambda0
    number: int  # T updates, including the first steps

    def update_samples(self, update: int) -> Sequence[Samples]:
        """Return the samples of update 2, 3 ... T, one batch for each of its gradient steps."""

    def meta_samples(self, update: int, theta: Tensor) -> Samples:
        """Return the samples of the meta loss of theta `[N, P]` after update 1, 2 ... T."""


def open_episode(
    model: MetaModel,
    clips: Clips | Footage,
    train_backbone: bool,
    precision: torch.dtype,
    frozen: nn.Module | None = None,
) -> Episode:
    """Return the episode of a mini-batch: all features at once for clips, or tracking in footage.

    If the backbone does not learn, `frozen` may be its faster copy (`Backbone.folded`), or in any case the
    same backbone compiled.
    """
    backbone = (model.backbone if frozen is None else frozen).train(train_backbone)
    learns = train_backbone and torch.is_grad_enabled()

    def features(patches: Tensor) -> Tensor:
        reduced = precision != torch.float32
        autocast = torch.autocast(patches.device.type, precision, enabled=reduced)
        with torch.set_grad_enabled(learns), autocast:
            return backbone(patches).float()

    start = ClosedLoop if isinstance(clips, Footage) else read_clips
    return start(clips, features, model.cells, model.config)


class GivenEpisode:
    """An episode known in advance: samples for every update and for every meta loss."""

    def __init__(self, updates: list[Samples], future: list[Samples]) -> None:
        self.updates, self.future = updates, future
        self.first, self.number = updates[0], len(updates)

    def update_samples(self, update: int) -> list[Samples]:
        """Return the samples of one update, which takes one gradient step."""
        return [self.updates[update - 1]]

    def meta_samples(self, update: int, theta: Tensor) -> Samples:
        """Return the samples of one meta loss, which do not depend on theta."""
        return self.future[update - 1]


def read_clips(clips: Clips, features: Features, cells: Tensor, config: Config) -> GivenEpisode:
    """Return the episode of clips with true boxes, all features computed at once."""
    model = config.model
    parts = (clips.initial_patches[:, None], clips.past_patches, clips.future_patches)
    flat = [part.flatten(1, 2) for part in parts]
    maps = features(torch.cat(flat, dim=1)).split([part.shape[1] for part in flat], dim=1)
    first, past, future = (
        part.unflatten(1, patches.shape[1:3]).unbind(1)
        for part, patches in zip(maps, parts, strict=True)
    )
    boxes = (clips.initial_boxes, *clips.past_boxes.unbind(1))
    sizes = filter_size(clips.target_sizes, model.filter_scale, model.stride, len(cells)).unbind(1)
    updates = zip(first + past, boxes, sizes, strict=True)
    futures = zip(future, clips.future_boxes.unbind(1), sizes, strict=True)
    return GivenEpisode(
        [make_samples(*seen, cells, model) for seen in updates],
        [make_samples(*seen, cells, model) for seen in futures],
    )


class ClosedLoop:
    """An episode of a model's own tracking, N videos at once (section 4, online tracking).

    The meta samples are the next tau frames, in which the model tracks, with their true boxes; the
    update samples are those of the memory, with the boxes that were found. A frame is
    cropped around the box found in the previous frame, so errors cause further errors as they do online. A
    tracker that has lost its target is reset to it. While the target is hidden the model keeps
    tracking and learns from what it finds, but the meta loss uses the last frame that showed the
    target instead.
    """

    def __init__(self, footage: Footage, features: Features, cells: Tensor, config: Config) -> None:
        self.footage, self.features, self.cells, self.config = footage, features, cells, config
        interval = config.online.update_interval
        self.number = footage.views.shape[1] // interval
        self.boxes = footage.first_boxes[:, 0]  # [N, 4], the current estimates
        self.overlaps: list[Tensor] = []  # [N], of these boxes with the true ones
        self._resize_filters()
        maps = features(footage.initial_patches)
        self.memory = SampleMemory(maps, footage.initial_boxes, config.online)
        self.first_peak: Tensor | float = 1.0  # [N], measured if responses are used
        self.hard: list[Tensor] = []  # [N], per recent frame: which videos take a step
        self.first = make_samples(maps, footage.initial_boxes, self.sizes, cells, config.model)
        self.shown: Kept = (maps[:, :1], footage.initial_boxes[:, 0])  # last, with true boxes

    def update_samples(self, update: int) -> tuple[Samples, ...]:
        """Return the samples of the memory, then each frame with a hard negative since the last update.

        The tracker takes these steps immediately; here, where theta is fixed for tau frames, they wait.
        """
        self._resize_filters()
        place = self.sizes, self.cells, self.config.model
        due = [(index, hard) for index, hard in enumerate(self.hard, -len(self.hard)) if hard.any()]
        steps = [self.memory.samples([index], *place, hard) for index, hard in due]
        return *self.memory.batches(*place), *steps

    @torch.no_grad()
    def meta_samples(self, update: int, theta: Tensor) -> Samples:
        """Return the tau frames after an update, tracked by theta `[N, P]`, with true boxes."""
        config, interval = self.config, self.config.online.update_interval
        layout, size = ThetaLayout.of(config.model), config.model.patch_size
        model = TrackingModel(layout, theta, self.sizes, len(self.cells))
        online, truth = config.online, []
        self.hard = []
        if update == 1 and (online.certainty or online.update_response):
            response, _ = model(self.first.features[:, :1])
            self.first_peak = response.amax(dim=(1, 2, 3)).clamp(min=1e-6)
        for frame in range((update - 1) * interval, update * interval):
            regions = region_around(self.boxes, config.model.region_scale)
            views, seen = self.footage.views[:, frame], self.footage.regions[:, frame]
            maps = self.features(recrop(views, seen, regions, size)[:, None])
            scores, estimate, found = self.find(model, maps, self._in_patch(self.boxes, regions))
            self.memory.add((maps, found), estimate.response / self.first_peak)
            if online.hard_negative:
                second = second_peak(scores.response, found, self.cells)
                self.hard.append(second >= online.hard_negative)
            true = self._in_patch(self.footage.boxes[:, frame], regions)
            visible = self.footage.visible[:, frame, None]
            self.shown = (
                torch.where(visible[..., None, None, None], maps, self.shown[0]),
                torch.where(visible, true, self.shown[1]),
            )
            truth.append(self.shown)
            overlaps = box_iou(found, true)
            self.overlaps.append(overlaps)
            lost = (overlaps < config.training.lost_overlap)[:, None] & visible
            found = torch.where(lost, true, found)
            self.boxes = boxes_to_image(found, regions, size)
        return collect(truth, self.sizes, self.cells, config.model)

    def find(
        self, model: TrackingModel, maps: Tensor, previous: Tensor
    ) -> tuple[ScoreMaps, Estimate, Tensor]:
        """Return the result of `localize` in features `[N, 1, C, H, W]` for the last boxes `previous`."""
        config, sharpness = self.config, self.config.online.motion
        return localize(model, maps, self.anchors, self.cells, previous, sharpness, config)

    def _in_patch(self, boxes: Tensor, regions: Tensor) -> Tensor:
        return boxes_to_patch(boxes, regions, self.config.model.patch_size)

    def _resize_filters(self) -> None:
        """Give filters and anchors the estimated shapes of their targets (eq. 4-6)."""
        config = self.config.model
        regions = region_around(self.boxes, config.region_scale)
        extent = self._in_patch(self.boxes, regions)[:, 2:]
        self.sizes = filter_size(extent, config.filter_scale, config.stride, len(self.cells))
        self.anchors = anchors_at(self.cells, self.cells, self.sizes, config)
