"""The smallest tracking problem that has all parts: for float64 gradients and reference loops."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from roam_lite.meta_model import MetaModel
from roam_lite.model.filters import filter_size
from roam_lite.profiles import Profile, get_profile
from roam_lite.rules.adapt import Samples, make_samples
from roam_lite.training.rollout import ClipFeatures

# 6 x 6 cells, 107 coordinates in theta. The rates are large, so that one step changes much.
TINY = replace(
    get_profile("smoke"),
    name="tiny",
    patch_size=24,
    channels=2,
    reduced=2,
    base_filter=3,
    hidden=3,
    regression_anchors=5,
    response_loss="balanced",
    delta_spread=(1.0, 1.0),
    initial_steps=1,
    past_labels="truth",
    rule_input="log_sign",
    initial_rate_response=0.1,
    initial_rate_regression=0.1,
    initial_updating_rate=0.1,
    initial_updating_share=None,
)


@dataclass(frozen=True)
class Batch:
    """n samples of N videos as plain arrays, for the library and for the reference alike."""

    features: np.ndarray  # [N, n, C, H, W]
    boxes: np.ndarray  # [N, n, 4]
    sizes: np.ndarray  # [N, 2]

    def samples(self, profile: Profile, dtype: torch.dtype = torch.float64) -> Samples:
        cells = torch.arange(profile.patch_size // 4, dtype=dtype) * 4 + 2
        features, boxes = (torch.from_numpy(a).to(dtype) for a in (self.features, self.boxes))
        return make_samples(features, boxes, torch.from_numpy(self.sizes), cells, profile)

    def video(self, index: int) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
        return self.features[index], self.boxes[index], tuple(int(s) for s in self.sizes[index])


def draw_batch(rng, videos=2, samples=2, profile=TINY, sizes=None) -> Batch:
    """Random features and boxes; with `sizes` None also random filter sizes, one a video."""
    cells = profile.patch_size // 4
    extent = rng.uniform(0.1, 0.5, (videos, samples, 2)) * profile.patch_size
    corner = rng.uniform(0, 0.6, (videos, samples, 2)) * profile.patch_size
    if sizes is None:
        sizes = draw_sizes(rng, videos, profile)
    return Batch(
        rng.normal(size=(videos, samples, profile.channels, cells, cells)),
        np.concatenate([corner, extent], axis=-1),
        sizes,
    )


def draw_sizes(rng, videos, profile=TINY) -> np.ndarray:
    """Filter sizes `[N, 2]` of random targets."""
    targets = torch.from_numpy(rng.uniform(1, 0.5 * profile.patch_size, (videos, 2)))
    limit = profile.patch_size // 4
    return filter_size(targets, profile.filter_scale, profile.stride, limit).numpy()


def draw_clips(rng, videos=2, updates=3, profile=TINY) -> list[tuple[Batch, Batch]]:
    """(update, future) samples of each of T updates; both share the update's filter sizes."""
    pairs = []
    for _ in range(updates):
        sizes = draw_sizes(rng, videos, profile)
        pairs.append(
            (draw_batch(rng, videos, 2, profile, sizes), draw_batch(rng, videos, 1, profile, sizes))
        )
    return pairs


def clip_features(pairs: list[tuple[Batch, Batch]], profile: Profile = TINY) -> ClipFeatures:
    """The same clips as the rollout takes them."""
    return ClipFeatures(
        [update.samples(profile) for update, _ in pairs],
        [future.samples(profile) for _, future in pairs],
    )


def tiny_model(profile: Profile = TINY, rule: str = "lstm", seed: int = 0) -> MetaModel:
    """A meta model in float64 whose neural optimizer tells coordinates apart."""
    model = MetaModel(profile, rule, torch.Generator().manual_seed(seed)).double()
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for parameter in model.rule.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
        for parameter in (model.log_lambda0, model.log_gains):
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
    return model
