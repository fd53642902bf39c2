"""Plain references of the fast paths: the same numbers by the shortest code, one video at a time."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from roam_lite.model.tracking_model import ThetaLayout
from roam_lite.rules.recurrent import Cell, Memory


def warp_filter_plain(kernel: Tensor, size: tuple[int, int]) -> Tensor:
    """Return one filter `[O, C, k, k]` resized to `[O, C, f_r, f_c]`, corners on corners (eq. 2, 3)."""
    return F.interpolate(kernel, size=size, mode="bilinear", align_corners=True)


def correlate_plain(features: Tensor, kernels: Tensor) -> Tensor:
    """Return what `correlate` returns, one video at a time with a direct convolution."""
    maps = [
        F.conv2d(video, kernel, padding=kernel.shape[-1] // 2)
        for video, kernel in zip(features, kernels, strict=True)
    ]
    return torch.stack(maps)


class PlainTrackingModel:
    """What `TrackingModel` computes, as a loop over videos with direct convolutions."""

    def __init__(self, layout: ThetaLayout, theta: Tensor, sizes: Tensor, cells: int) -> None:
        self.layout, self.theta, self.sizes = layout, theta, sizes

    def __call__(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return response `[N, n, H, W]` and box deltas `[N, n, 4, H, W]`."""
        videos = []
        for video, size in enumerate(self.sizes.tolist()):
            maps = []
            for branch in self.layout.split(self.theta[video : video + 1]):
                kernel = warp_filter_plain(branch.kernel[0], tuple(size))
                weight = branch.reduction[0][..., None, None]
                reduced = F.conv2d(features[video], weight, branch.reduction_bias[0])
                padding = (kernel.shape[-2] // 2, kernel.shape[-1] // 2)
                maps.append(F.conv2d(reduced, kernel, branch.bias[0], padding=padding))
            videos.append(maps)
        response, deltas = (torch.stack(maps) for maps in zip(*videos, strict=True))
        return response[:, :, 0], deltas


def advance_plain(cell: Cell, x: Tensor, memory: Memory | None) -> Memory:
    """Return what `advance` returns, computed by torch's own cell."""
    state = None if memory is None else tuple(part.T for part in memory)
    state = cell(x.T, state if isinstance(cell, nn.LSTMCell) or state is None else state[0])
    return tuple(part.T for part in (state if isinstance(state, tuple) else (state,)))


@contextmanager
def plain_paths() -> Iterator[None]:
    """Let meta-training compute plainly inside the context."""
    with ExitStack() as stack:
        for module in ("adaptation", "training.episodes"):
            stack.enter_context(patch(f"roam_lite.{module}.TrackingModel", PlainTrackingModel))
        stack.enter_context(patch("roam_lite.rules.recurrent.advance", advance_plain))
        yield
