"""The smallest tracking problem that has all parts: for float64 gradients and reference loops."""

from dataclasses import dataclass

import numpy as np
import torch

from roam_lite.adaptation import Samples, make_samples
from roam_lite.config import Config, ModelConfig, modify
from roam_lite.meta_model import MetaModel
from roam_lite.model.backbones import BACKBONES, SmallBackbone
from roam_lite.model.filters import filter_size
from roam_lite.profiles import get_profile
from roam_lite.training.episodes import GivenEpisode

# Backbones of 1, 2 and 3 channels.
for count in (1, 2, 3):
    BACKBONES[f"tiny-{count}"] = type(f"Tiny{count}", (SmallBackbone,), {"channels": count})

# 6 x 6 cells, 107 coordinates in theta. The rates are large, so that one step changes much.
TINY = modify(
    get_profile("smoke"),
    name="tiny",
    model={
        "patch_size": 24,
        "backbone": "tiny-2",
        "reduced": 2,
        "base_filter": 3,
        "regression_anchors": 5,
        "response_loss": "balanced",
        "delta_spread": (1.0, 1.0),
        "initial_steps": 1,
    },
    rule={
        "hidden": 3,
        "input": "log_sign",
        "lambda0_response": 0.1,
        "lambda0_regression": 0.1,
        "initial_rate": 0.1,
        "initial_share": None,
    },
    training={"past_labels": "truth"},
)


@dataclass(frozen=True)
class Batch:
    """n samples of N videos as plain arrays, for the library and for the reference alike."""

    features: np.ndarray  # [N, n, C, H, W]
    boxes: np.ndarray  # [N, n, 4]
    sizes: np.ndarray  # [N, 2]

    def samples(self, config: ModelConfig, dtype: torch.dtype = torch.float64) -> Samples:
        cells = torch.arange(config.patch_size // 4, dtype=dtype) * 4 + 2
        features, boxes = (torch.from_numpy(a).to(dtype) for a in (self.features, self.boxes))
        return make_samples(features, boxes, torch.from_numpy(self.sizes), cells, config)

    def video(self, index: int) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
        return self.features[index], self.boxes[index], tuple(int(s) for s in self.sizes[index])


def draw_batch(rng, videos=2, samples=2, config=TINY.model, sizes=None) -> Batch:
    """Random features and boxes; with `sizes` None also random filter sizes, one a video."""
    cells = config.patch_size // 4
    extent = rng.uniform(0.1, 0.5, (videos, samples, 2)) * config.patch_size
    corner = rng.uniform(0, 0.6, (videos, samples, 2)) * config.patch_size
    if sizes is None:
        sizes = draw_sizes(rng, videos, config)
    return Batch(
        rng.normal(size=(videos, samples, config.channels, cells, cells)),
        np.concatenate([corner, extent], axis=-1),
        sizes,
    )


def draw_sizes(rng, videos, config=TINY.model) -> np.ndarray:
    """Filter sizes `[N, 2]` of random targets."""
    targets = torch.from_numpy(rng.uniform(1, 0.5 * config.patch_size, (videos, 2)))
    limit = config.patch_size // 4
    return filter_size(targets, config.filter_scale, config.stride, limit).numpy()


def draw_clips(rng, videos=2, updates=3, config=TINY.model) -> list[tuple[Batch, Batch]]:
    """(update, future) samples of each of T updates; both share the update's filter sizes."""
    pairs = []
    for _ in range(updates):
        sizes = draw_sizes(rng, videos, config)
        pairs.append(
            (draw_batch(rng, videos, 2, config, sizes), draw_batch(rng, videos, 1, config, sizes))
        )
    return pairs


def given_episode(
    pairs: list[tuple[Batch, Batch]], config: ModelConfig = TINY.model
) -> GivenEpisode:
    """The same clips as the rollout takes them."""
    return GivenEpisode(
        [update.samples(config) for update, _ in pairs],
        [future.samples(config) for _, future in pairs],
    )


def tiny_model(config: Config = TINY, rule: str = "lstm", seed: int = 0) -> MetaModel:
    """A meta model in float64 whose neural optimizer tells coordinates apart."""
    config = modify(config, rule={"name": rule})
    model = MetaModel(config, torch.Generator().manual_seed(seed)).double()
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for parameter in model.rule.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
        for parameter in (model.log_lambda0, model.log_gains):
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
    return model
