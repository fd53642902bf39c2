"""What an update learns from: which frames are stored, their weights, and whether to update.

Tracker and closed-loop training update from the same memory. With the defaults of
`OnlineConfig` it is the paper's: the last 2 tau frames, the older half of them
first, with equal weights (section 4). The alternatives are those of DiMP (Bhat et al. 2019) and ATOM
(Danelljan et al. 2019).
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from roam_lite.adaptation import Kept, Samples, collect
from roam_lite.config import ModelConfig, OnlineConfig

_LEAST = 1e-6  # lower bound of relative responses, whose logarithm is taken


class SampleMemory:
    """The samples of N videos that updates learn from: the first frame's, and those stored since."""

    def __init__(self, features: Tensor, boxes: Tensor, online: OnlineConfig) -> None:
        """Start with the first frame: features `[N, n, C, H, W]`, boxes `[N, n, 4]` in patch pixels."""
        self.online, self.time = online, 0
        shares = online.first_share > 0
        first = zip(features.split(1, dim=1), boxes.unbind(1), strict=True)
        self.first: list[Kept] = list(first) if shares else []
        self.weighted = shares or online.certainty > 0 or online.age > 0
        most = online.memory or 2 * online.update_interval
        self.frames: deque[Kept] = deque(maxlen=most)
        # For these: when they were stored, and their responses [N].
        self.marks: deque[tuple[int, Tensor]] = deque(maxlen=most)
        self.responses: deque[Tensor] = deque(maxlen=online.update_interval)  # of all frames

    def add(self, sample: Kept | None, response: Tensor) -> None:
        """Add a frame: its response `[N]`, relative to the first one's, and its stored features and box."""
        self.time += 1
        self.responses.append(response)
        if sample is not None:
            self.frames.append(sample)
            self.marks.append((self.time, response))

    def learns(self) -> Tensor:
        """Return for which videos, `[N]`, the last tau frames' responses are high enough for an update."""
        return torch.stack(list(self.responses)).mean(dim=0) >= self.online.update_response

    def batches(self, sizes: Tensor, cells: Tensor, config: ModelConfig) -> list[Samples]:
        """Return the samples of each step of an update, for filter sizes `[N, 2]`.

        The newest tau frames and, evenly spaced, some of those before: all of them at every step,
        or alternately one group and the other.
        """
        online, indices = self.online, range(len(self.frames))
        older, newer = list(indices[: -online.update_interval]), indices[-online.update_interval :]
        most = online.replayed or online.update_interval
        if len(older) > most:
            older = [older[i] for i in np.linspace(0, len(older) - 1, most).round().astype(int)]
        together = online.update_batches == "all" or not older
        windows = [[*older, *newer]] if together else [older, newer]
        learns = self.learns() if online.update_response else None
        made = [self.samples(window, sizes, cells, config, learns) for window in windows]
        return [made[step % len(made)] for step in range(online.update_steps)]

    def samples(
        self,
        window: Sequence[int],
        sizes: Tensor,
        cells: Tensor,
        config: ModelConfig,
        learns: Tensor | None = None,
    ) -> Samples:
        """Return the first frame's samples and those of stored frames, given by index, with weights.

        Videos for which `learns` `[N]` is false have weight 0.
        """
        online, count = self.online, len(self.first)
        frames = [*self.first, *(self.frames[index] for index in window)]
        samples = collect(frames, sizes, cells, config)
        if not self.weighted and learns is None:
            return samples
        logarithms = [
            online.certainty * response.clamp(_LEAST, 1).log() - online.age * (self.time - time)
            for time, response in (self.marks[index] for index in window)
        ]
        weights = (1 - online.first_share) * torch.stack(logarithms, dim=1).softmax(dim=1)
        weights = F.pad(weights, (count, 0), value=online.first_share / max(count, 1))
        if learns is not None:
            weights = weights * learns[:, None]
        return replace(samples, weights=weights)
