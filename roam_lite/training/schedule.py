"""What is trained when: stages, the parameters that each one trains, and their rates."""

from dataclasses import replace
from itertools import accumulate

import numpy as np
import torch
from torch import nn

from roam_lite.config import Config, Stage
from roam_lite.errors import InputError
from roam_lite.meta_model import MetaModel
from roam_lite.rules.scaling import draw_scales
from roam_lite.training.clips import clip_sampler_for, draw_footage


def plan_stages(
    config: Config, names: tuple[str, ...] | None, steps: int | None, batch: int | None = None
) -> tuple[Stage, ...]:
    """Return the chosen stages of a configuration, with their steps scaled to a total of `steps`.

    `batch` is the largest number of clips per step.

    Raises InputError for unknown names, for fewer steps than stages, and for evolution in a stage that
    does not track.
    """
    known = [stage.name for stage in config.training.stages]
    for name in names or ():
        if name not in known:
            raise InputError(
                f"profile {config.name} has no stage {name!r}; its stages: {', '.join(known)}"
            )
    chosen = [stage for stage in config.training.stages if names is None or stage.name in names]
    for stage in chosen:
        tracks = clip_sampler_for(stage, config) is draw_footage
        if stage.meta_gradient == "evolution" and not tracks:
            raise InputError(
                f"stage {stage.name}: meta_gradient=evolution measures the boxes that the model finds; it "
                "needs training.past_labels=estimates and updates of 2 or more"
            )
    chosen = [replace(stage, batch=min(stage.batch, batch or stage.batch)) for stage in chosen]
    if steps is None:
        return tuple(chosen)
    if steps < len(chosen):
        raise InputError(f"too few steps, {steps}: give at least {len(chosen)}, one per stage")
    total = sum(stage.steps for stage in chosen)
    planned, seen, taken = [], 0, 0
    for later, stage in zip(reversed(range(len(chosen))), chosen, strict=True):
        seen += stage.steps
        # A step for this stage, and one left for each of the later ones.
        share = min(max(1, round(steps * seen / total) - taken), steps - later - taken)
        planned.append(replace(stage, steps=share))
        taken += share
    return tuple(planned)


def stage_of(stages: tuple[Stage, ...], step: int) -> tuple[Stage, int]:
    """Return the stage that trains step `step` (0-based; after the end: the last), and its first step."""
    firsts = accumulate((stage.steps for stage in stages), initial=0)
    begun = [(s, first) for s, first in zip(stages, firsts, strict=False) if first <= step]
    return begun[-1]


def trained_parameters(model: MetaModel, stage: Stage) -> list[tuple[list[nn.Parameter], float]]:
    """Return the parameters that a stage trains, with their rates; no others require gradients afterwards."""
    named = dict(model.rule.named_parameters())
    gains = [named.pop("log_gains")] if "log_gains" in named else []
    last = {name: p for name, p in named.items() if name.startswith("output.")}
    layers = last if stage.rule_layers == "last" else named
    backbone = list(model.backbone.parameters())
    known = {id(parameter) for parameter in model.backbone.pretrained_parameters()}
    groups = [
        ([model.theta0], stage.theta0_lr),
        ([model.log_lambda0, model.log_gains], stage.lambda0_lr),
        (list(layers.values()), stage.rule_lr if stage.updates > 1 else 0.0),
        (gains, stage.gains_lr if stage.updates > 1 else 0.0),
        ([p for p in backbone if id(p) not in known], stage.backbone_lr),
        ([p for p in backbone if id(p) in known], stage.backbone_lr * stage.pretrained_share),
    ]
    model.rule.requires_grad_(False)  # for layers that are in no group
    for parameters, lr in groups:
        for parameter in parameters:
            parameter.requires_grad_(lr > 0)
    return [(parameters, lr) for parameters, lr in groups if parameters and lr > 0]


def build_optimizer(model: MetaModel, stage: Stage) -> torch.optim.Adam:
    """Return the outer optimizer of a stage."""
    groups = [
        {"params": parameters, "lr": lr, "initial_lr": lr}
        for parameters, lr in trained_parameters(model, stage)
    ]
    return torch.optim.Adam(groups, betas=model.config.training.betas)


def set_rates(optimizer: torch.optim.Adam, stage: Stage, progress: float) -> None:
    """Halve the outer rates as often as due after a share `progress` of the stage."""
    for group in optimizer.param_groups:
        group["lr"] = group["initial_lr"] * 0.5 ** int(progress * (stage.halvings + 1))


def scales_at(
    model: MetaModel,
    stage: Stage,
    videos: int,
    seed: int,
    step: int,
    progress: float,
    part: tuple[int, int] = (0, 1),
) -> torch.Tensor:
    """Return epsilon `[N, P]` of one step (eq. 15), kappa growing at the beginning of the stage.

    Each video has its own seed. `part` (r, W) gives the scales of videos r, r + W, r + 2W ... of all.
    """
    ramp = min(1.0, progress / max(stage.kappa_ramp, 1e-9))
    config, drawn = model.config.training, []
    for video in range(videos)[part[0] :: part[1]]:
        generator = _generator(seed, step, video)
        kappas = config.kappa_response * ramp, config.kappa_regression * ramp
        drawn.append(draw_scales(model.regression_coordinates, *kappas, 1, generator))
    return torch.cat(drawn)


def hidden_factors(config: Config, videos: int, seed: int, step: int) -> torch.Tensor | None:
    """Return the factors `[N, 1]` of one step, unknown to the optimizer; None without any."""
    kappa = config.training.hidden_kappa
    if not kappa:
        return None
    generator = _generator(seed, step, stream=1)
    return torch.exp((torch.rand((videos, 1), generator=generator) * 2 - 1) * kappa)


def evolution_noise(seed: int, step: int) -> torch.Generator:
    """Return the generator of one step's perturbations (evolution strategies)."""
    return _generator(seed, step, stream=2)


def _generator(*numbers: int, stream: int | None = None) -> torch.Generator:
    """Return a generator that depends on all of the numbers, and on what the stream is for."""
    key = () if stream is None else (stream,)
    words = np.random.SeedSequence(numbers, spawn_key=key).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(words[0]))
