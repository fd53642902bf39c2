"""The closed loop: in training too, the model tracks, and learns from what it believes to have found."""

from collections import deque
from collections.abc import Callable

import torch
from torch import Tensor

from roam_lite.model.boxes import box_iou
from roam_lite.model.estimate import next_boxes
from roam_lite.model.filters import filter_size
from roam_lite.model.losses import anchors_at
from roam_lite.model.regions import boxes_to_image, boxes_to_patch, recrop, regions_around
from roam_lite.model.tracking_model import Prediction, ThetaLayout
from roam_lite.profiles import Profile
from roam_lite.rules.adapt import Kept, Predictor, Samples, collect, halves, make_samples
from roam_lite.training.footage import Footage

# The overlap under which a target counts as lost, as in the VOT challenges.
_LOST = 0.1


class ClosedLoop:
    """Lessons for a rollout from its own tracking, N videos at once (section 4, online tracking).

    `judge` tracks through the next tau frames and gives them with their true boxes; `learn` gives
    these frames, and the tau before, with the boxes that were found. A frame is cut around the box
    found in the frame before, so errors follow from errors as they do online. A tracker that has
    lost its target is put back on it. While the target is hidden nothing tells it so: it goes on
    and learns from what it takes for the target, but the last frame that showed it judges.

    `backbone` maps patches `[N, n, 3, S, S]` to features `[N, n, C, H, W]`.
    """

    def __init__(
        self,
        footage: Footage,
        backbone: Callable[[Tensor], Tensor],
        cells: Tensor,
        profile: Profile,
    ) -> None:
        self.footage, self.backbone, self.cells, self.profile = footage, backbone, cells, profile
        self.number = footage.views.shape[1] // profile.update_interval
        self.boxes = footage.first_boxes[:, 0]  # [N, 4], where the targets are believed to be
        # Of the last 2 tau frames: features, and the boxes that were found.
        self.kept: deque[Kept] = deque(maxlen=2 * profile.update_interval)
        self.overlaps: list[Tensor] = []  # [N], of these boxes with the true ones
        self._resize_filters()
        maps = backbone(footage.initial_patches)
        self.first = make_samples(maps, footage.initial_boxes, self.sizes, cells, profile)
        self.shown: Kept = (maps[:, :1], footage.initial_boxes[:, 0])  # last, with the true boxes

    def learn(self, update: int) -> tuple[Samples, Samples]:
        """Return what update 2, 3 ... learns from: the older of the last 2 tau frames, the newer."""
        self._resize_filters()
        kept = collect(list(self.kept), self.sizes, self.cells, self.profile)
        return halves(kept, self.profile.update_interval)

    @torch.no_grad()
    def judge(self, update: int, theta: Tensor, predictor: Predictor) -> Samples:
        """Return the tau frames after update 1, 2 ... as theta `[N, P]` follows them, with true boxes."""
        profile, footage, size = self.profile, self.footage, self.profile.patch_size
        look = predictor(ThetaLayout.of(profile), theta, self.sizes, len(self.cells))
        truth = []
        for frame in range(
            (update - 1) * profile.update_interval, update * profile.update_interval
        ):
            regions = regions_around(self.boxes, profile.roi_scale)
            patches = recrop(footage.views[:, frame], footage.regions[:, frame], regions, size)
            maps = self.backbone(patches[:, None])
            found = self.find(look, maps, boxes_to_patch(self.boxes, regions, size))
            self.kept.append((maps, found))
            true = boxes_to_patch(footage.boxes[:, frame], regions, size)
            visible = footage.visible[:, frame, None]
            self.shown = (
                torch.where(visible[..., None, None, None], maps, self.shown[0]),
                torch.where(visible, true, self.shown[1]),
            )
            truth.append(self.shown)
            overlaps = box_iou(found, true)
            self.overlaps.append(overlaps)
            lost = (overlaps < _LOST)[:, None] & visible
            self.boxes = boxes_to_image(torch.where(lost, true, found), regions, size)
        return collect(truth, self.sizes, self.cells, profile)

    def find(self, look: Prediction, maps: Tensor, previous: Tensor) -> Tensor:
        """Return the boxes `[N, 4]` in features `[N, 1, C, H, W]`, the last ones being `previous`."""
        profile, cells, anchors = self.profile, self.cells, self.anchors
        response, deltas = look(maps)
        _, found = next_boxes(
            response[:, 0], deltas[:, 0], anchors, previous, profile.motion, cells, profile
        )
        return found

    def _resize_filters(self) -> None:
        """Give filters and anchors the shapes that their targets are believed to have (eq. 4-6)."""
        profile = self.profile
        regions = regions_around(self.boxes, profile.roi_scale)
        extent = boxes_to_patch(self.boxes, regions, profile.patch_size)[:, 2:]
        self.sizes = filter_size(extent, profile.filter_scale, profile.stride, len(self.cells))
        self.anchors = anchors_at(self.cells, self.cells, self.sizes, profile)
