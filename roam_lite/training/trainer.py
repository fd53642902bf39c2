"""Meta-training: Algorithm 1 over the stages, logged and resumable; steps that are not finite are skipped."""

import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from functools import partial
from math import log
from pathlib import Path

import torch
from torch import nn

from roam_lite.checkpoints import load_checkpoint, save_checkpoint
from roam_lite.config import Config, Stage, modify
from roam_lite.devices import supported_precision
from roam_lite.errors import InputError
from roam_lite.extras import require
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile
from roam_lite.settings import set_constants
from roam_lite.training.clips import Clips, Footage
from roam_lite.training.episodes import GivenEpisode, open_episode
from roam_lite.training.evolving import estimate_gradients
from roam_lite.training.loader import ClipBatches, load_batches
from roam_lite.training.log import RunLog, StepRecord
from roam_lite.training.rollout import Rollout, rollout
from roam_lite.training.run_folder import (
    CHECKPOINT,
    STATE,
    TrainConfig,
    claim,
    model_card,
    remove_leftovers,
    written_config,
)
from roam_lite.training.schedule import (
    build_optimizer,
    hidden_factors,
    plan_stages,
    scales_at,
    set_rates,
    stage_of,
)
from roam_lite.training.state import load_state, save_state


class Trainer:
    """One training run in a folder: construct it, then consume `run()` step by step.

    The folder holds `config.json`, `log.jsonl`, TensorBoard files, `state.safetensors` (from which a
    run continues bit for bit) and `checkpoint.safetensors` with its model card. `last_rollout` is
    that of the last step, None before it: it holds the rates, which records do not. What clips are
    drawn from is `batches.sources`.

    `model` is as the last step left it. With `training.averaging` above 0 the checkpoint holds an
    exponential moving average of the weights instead, running statistics of batch norms included.
    It goes on from stage to stage; skipped steps do not enter. A step after n others keeps at most
    (1 + n) / (10 + n) of the average, so that it soon forgets where the run began.

    Raises InputError if the folder holds another run, or one and `resume` is false, or none, or one
    without its state, and `resume` is true; and if TensorBoard is not installed.
    """

    def __init__(self, run: TrainConfig, resume: bool = False, overwrite: bool = False) -> None:
        require("tensorboard", "training")
        self.run_config, self.out = run, Path(run.out)
        written = written_config(run) if resume else None
        self.config = written or initial_config(run)
        planned = plan_stages(self.config, run.stages, run.steps, run.batch)
        if run.first_rate is not None:
            planned = tuple(replace(stage, lambda0_lr=0.0) for stage in planned)
        self.stages = tuple(supported_precision(stage, run.device) for stage in planned)
        self.steps = sum(stage.steps for stage in self.stages)
        self.step = self.skipped = 0
        self._mid_step = False
        self.last_rollout: Rollout | None = None
        self.seconds = 0.0
        # Unreadable data is reported before anything is written.
        self.batches = ClipBatches(
            run.data, run.seed, self.stages, self.config, run.allow_pipe, run.repeat
        )
        model, self.parent = initial_model(run, self.config)
        if run.first_rate is not None:
            nn.init.constant_(model.log_lambda0, log(run.first_rate))
            nn.init.zeros_(model.log_gains)
        self.model = model.to(run.device)
        self.average = deepcopy(self.model) if self.config.training.averaging else None
        self.optimizer: torch.optim.Adam | None = None
        if written is None:
            claim(run, self.config, overwrite)
        elif (self.out / STATE).exists():
            self._restore()
        if resume or overwrite:
            remove_leftovers(self.out)
        self.log = RunLog(self.out, self.step)

    def run(self) -> Iterator[StepRecord]:
        """Yield a record after every step until all stages are done; stop consuming to pause.

        Saves its state at intervals, when it ends, and when it is closed or interrupted between two
        steps; an interruption inside a step falls back to the last state saved.
        """
        try:
            drawn = [self.batches.drawn_at(step) for step in range(self.step, self.steps)]
            batches = load_batches(self.batches, dict.fromkeys(drawn), self.run_config.workers)
            for index, stage in enumerate(self.stages):
                first = sum(s.steps for s in self.stages[:index])
                yield from self._run_stage(stage, first, batches)
        finally:
            if not self._mid_step:
                self.save()
            self.log.close()

    def _run_stage(
        self, stage: Stage, first: int, batches: Iterator[Clips | Footage]
    ) -> Iterator[StepRecord]:
        remaining = range(max(self.step, first), first + stage.steps)
        if not remaining:
            return
        if self.optimizer is None or self.step == first:
            self.optimizer = build_optimizer(self.model, stage)
        frozen = None if stage.backbone_lr > 0 else self.model.backbone.folded()
        kept: dict[int, Clips | Footage | GivenEpisode] = {}
        for step in remaining:
            began = time.monotonic()
            drawn = self.batches.drawn_at(step)
            clips = kept.get(drawn) or next(batches).to(self.run_config.device)
            waited = time.monotonic() - began
            self._mid_step = True
            progress = (step - first) / stage.steps
            if self.run_config.repeat and frozen and isinstance(clips, Clips):
                clips = open_episode(
                    self.model, clips, False, getattr(torch, stage.precision), frozen
                )
            if self.run_config.repeat:
                kept[drawn] = clips
            result, finite = self._train_step(clips, stage, step, progress, frozen)
            self.step = step + 1
            self.skipped += not finite
            seconds = time.monotonic() - began
            self.seconds += seconds
            record = StepRecord(
                step=self.step,
                stage=stage.name,
                meta_losses=result.meta_losses.detach().mean(dim=0).tolist(),
                update_losses=result.update_losses.mean(dim=0).tolist(),
                skipped=self.skipped,
                seconds=round(seconds, 4),
                waited=round(waited, 4),
            )
            self.log.write(record, result)
            self.last_rollout = result
            self._mid_step = False
            if self.step % self.run_config.save_interval == 0:
                self.save()
            yield record

    def _train_step(
        self,
        clips: Clips | Footage | GivenEpisode,
        stage: Stage,
        step: int,
        progress: float,
        frozen: nn.Module | None,
    ) -> tuple[Rollout, bool]:
        """Take lines 3 to 14 of Algorithm 1 once; False if the step was skipped: it was not finite."""
        trains = stage.backbone_lr > 0
        buffers = list(self.model.backbone.buffers())
        statistics = [buffer.clone() for buffer in buffers]
        precision = getattr(torch, stage.precision)
        start = partial(open_episode, self.model, clips, trains, precision, frozen)
        if isinstance(clips, GivenEpisode):  # features that were kept

            def start() -> GivenEpisode:
                return clips

        scales, seed = None, self.run_config.seed
        if self.run_config.rfs and stage.updates > 1:
            scales = scales_at(self.model, stage, stage.batch, seed, step, progress)
        set_rates(self.optimizer, stage, progress)
        self.model.zero_grad()
        if stage.meta_gradient == "evolution":
            generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
            result = estimate_gradients(self.model, stage, start, scales, generator)
        else:
            factors = hidden_factors(self.config, stage.batch, seed, step)
            factors = None if factors is None else factors.to(self.run_config.device)
            result = rollout(self.model, start(), stage.meta_gradient, scales, factors)
            result.loss.backward()
        norms = [
            nn.utils.clip_grad_norm_(group["params"], self.config.training.max_gradient_norm)
            for group in self.optimizer.param_groups
        ]
        finite = bool(torch.isfinite(torch.stack([*norms, result.loss.detach()])).all())
        if finite:
            self.optimizer.step()
            self._update_average()
        else:  # batch norms have moved in the forward pass already
            for buffer, kept in zip(buffers, statistics, strict=True):
                buffer.copy_(kept)
        return result, finite

    @torch.no_grad()
    def _update_average(self) -> None:
        if self.average is None:
            return
        taken = self.step - self.skipped
        kept = min(self.config.training.averaging, (1 + taken) / (10 + taken))
        latest = self.model.state_dict()
        for name, mean in self.average.state_dict().items():  # which shares its memory
            if mean.is_floating_point():
                mean.lerp_(latest[name], 1 - kept)
            else:  # counters of batch norms
                mean.copy_(latest[name])

    def _models(self) -> dict[str, MetaModel]:
        average = {} if self.average is None else {"average": self.average}
        return {"model": self.model} | average

    def save(self) -> None:
        """Write the state to resume from and the checkpoint with its card."""
        meta = {"step": self.step, "skipped": self.skipped, "seconds": self.seconds}
        save_state(self.out / STATE, self._models(), self.optimizer, meta)
        card = model_card(self.run_config, self.stages, meta, self.parent)
        save_checkpoint(self.out / CHECKPOINT, self.average or self.model, card)

    def _restore(self) -> None:
        meta, moments = load_state(self.out / STATE, self._models())
        self.step, self.skipped, self.seconds = meta["step"], meta["skipped"], meta["seconds"]
        if moments and self.step < self.steps:
            stage = stage_of(self.stages, self.step - 1)
            self.optimizer = build_optimizer(self.model, stage)
            groups = self.optimizer.state_dict()["param_groups"]
            self.optimizer.load_state_dict({"state": moments, "param_groups": groups})


def initial_config(run: TrainConfig) -> Config:
    """Return the constants of a new run: its profile's, with its rule and those set by name."""
    config = modify(get_profile(run.profile), rule={"name": run.rule})
    return set_constants(config, dict(constant.split("=", 1) for constant in run.constants))


def initial_model(run: TrainConfig, config: Config) -> tuple[MetaModel, dict | None]:
    """Return the model that a run begins with, and the card of the checkpoint it comes from, if any.

    Raises InputError for weights that the backbone does not take, and for a checkpoint that does not fit.
    """
    model = MetaModel(config, torch.Generator().manual_seed(run.seed))
    weights_file = None if run.backbone_weights is None else Path(run.backbone_weights)
    if weights_file is not None or (model.backbone.pretrained and run.init is None):
        model.backbone.load_pretrained(weights_file)
    if run.init is None:
        return model, None
    trained, card = load_checkpoint(Path(run.init), config.name)
    weights = trained.state_dict()
    if run.fresh_rule or trained.config.rule.name != config.rule.name:
        own = {f"rule.{name}": value for name, value in model.rule.state_dict().items()}
        weights = {k: v for k, v in weights.items() if not k.startswith("rule.")} | own
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise InputError(
            f"{run.init}: does not fit profile {config.name} as it is now ({error})"
        ) from error
    return model, card
