"""Meta losses (eq. 14) of trained models on the same clips, on which none of them was trained."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from roam_lite.checkpoints import load_checkpoint
from roam_lite.config import Config, Stage
from roam_lite.errors import InputError
from roam_lite.evaluation.compare import paired_bootstrap
from roam_lite.training.loader import ClipBatches
from roam_lite.training.schedule import hidden_factors, plan_stages
from roam_lite.training.step import MetaStep


def held_out_losses(
    paths: list[Path], data: str, batches: int, seed: int, stage: str | None = None
) -> dict[str, NDArray[np.float64]]:
    """Return each checkpoint's losses `[clips, T]` after every update, on the clips of a seed.

    Clips, and factors unknown to the optimizer (`hidden_kappa`), are those of a stage of the first
    checkpoint's configuration (None: its last one). Raises InputError for files that cannot be read, a
    stage that does not exist, and checkpoints whose clips differ.
    """
    models = {str(path): load_checkpoint(path)[0].requires_grad_(False) for path in paths}
    config = next(iter(models.values())).config
    # A backbone that trains would normalize by each batch, and remember it.
    chosen = replace(_stage(config, stage), backbone_lr=0.0)
    for path, model in models.items():
        if _cut(model.config, stage) != _cut(config, stage):
            raise InputError(
                f"{path}: trained on other kinds of clips than {paths[0]}; compare checkpoints with the "
                "same profile and training constants"
            )
    clips = ClipBatches(data, seed, (chosen,), config)
    steps = {path: MetaStep(model, chosen) for path, model in models.items()}
    losses: dict[str, list[NDArray]] = {path: [] for path in models}
    for index in tqdm(range(batches), unit="batch", file=sys.stderr):
        batch, factors = clips[index], hidden_factors(config, chosen.batch, seed, index)
        for path, step in steps.items():
            losses[path].append(step(batch, chosen, None, factors).meta_losses.detach().numpy())
    return {path: np.concatenate(found).astype(float) for path, found in losses.items()}


def _stage(config: Config, name: str | None) -> Stage:
    return plan_stages(config, None if name is None else (name,), None)[-1]


def _cut(config: Config, stage: str | None) -> tuple:
    """Return the settings that determine a checkpoint's clips and factors."""
    chosen, training = _stage(config, stage), config.training
    kind = (
        chosen.updates,
        chosen.batch,
        chosen.initial_samples,
        chosen.future_frames,
        chosen.horizon,
    )
    size = config.model.patch_size, config.model.region_scale, config.online.update_interval
    return *kind, *size, training.past_labels, training.hidden_kappa


def losses_table(losses: Mapping[str, NDArray[np.float64]], most: float) -> str:
    """Return a table of mean losses after some updates, and differences of the last from the first row's.

    Losses above `most`, and those that are not finite, count as `most`: a single divergence would
    dominate the mean. Intervals are 95 %, from a paired bootstrap over clips.
    """
    clipped = {
        path: np.nan_to_num(np.minimum(values, most), nan=most) for path, values in losses.items()
    }
    base, updates = next(iter(clipped.values()))[:, -1], next(iter(clipped.values())).shape[1]
    shown = sorted({1, 2, (updates + 1) // 2, updates} & set(range(1, updates + 1)))
    width = max(map(len, losses))
    head = "".join(f"{f'update {update}':>11}" for update in shown)
    lines = [
        f"{len(base)} clips; mean meta loss after an update, clipped at {most:g}; difference of the last "
        "one from the first row, with 95 % intervals\n",
        f"{'':{width}}{head}  above {most:g}  difference",
    ]
    for row, (path, values) in enumerate(clipped.items()):
        means = "".join(f"{values[:, update - 1].mean():11.3f}" for update in shown)
        above = f"{np.mean(values[:, -1] >= most):{len(f'  above {most:g}')}.2f}"
        gain = "{:+.3f} [{:+.3f}, {:+.3f}]".format(*paired_bootstrap(values[:, -1], base))
        lines.append(f"{path:{width}}{means}{above}  {gain if row else ''}")
    return "\n".join(line.rstrip() for line in lines)
