"""Meta-training: Algorithm 1 over the stages, logged and resumable; skips steps that are not finite."""

import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from math import log
from pathlib import Path
from typing import Any

import torch
from torch import nn

from roam_lite.checkpoints import save_checkpoint
from roam_lite.config import Stage
from roam_lite.devices import own_device, supported_precision
from roam_lite.errors import InputError
from roam_lite.extras import require
from roam_lite.meta_model import MetaModel
from roam_lite.training import processes
from roam_lite.training.averaging import update_average
from roam_lite.training.beginning import initial_config, initial_model
from roam_lite.training.clips import Clips, Footage
from roam_lite.training.joined_norms import join_norms
from roam_lite.training.loader import SKIPPED, ClipBatches, load_batches
from roam_lite.training.log import RunLog, StepRecord
from roam_lite.training.rollout import Rollout
from roam_lite.training.run_folder import (
    BEST,
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
    evolution_noise,
    hidden_factors,
    plan_stages,
    scales_at,
    set_rates,
    stage_of,
)
from roam_lite.training.state import load_state, save_state
from roam_lite.training.step import MetaStep, Part, averaging_gradients, check_compiler, take_step


@dataclass(frozen=True)
class Validation:
    """How a run validates its model: by `measure`, every `interval` steps and after the last.

    `measure` returns a score, the higher the better, of the model that a checkpoint would contain; it
    must not change the model. `roam-lite train --validate` uses the AUC on some sequences.
    """

    measure: Callable[[MetaModel], float]
    interval: int

    def is_due(self, step: int, steps: int) -> bool:
        """Return whether the model is validated after step `step` (1-based) of `steps`."""
        return step % self.interval == 0 or step == steps


class Trainer:
    """One training run in a folder: construct it, then consume `run()` step by step.

    The folder contains `config.json`, `log.jsonl`, TensorBoard files, `state.safetensors` (from which a
    run continues bit for bit) and `checkpoint.safetensors` with its model card. `last_rollout` is
    that of the last step, or None; unlike records, it has the rates. Clips are
    drawn from `batches.sources`; `drawn` counts them by the names of these, in all processes, and under
    `SKIPPED` the unusable ones.

    With `validation`, `best.safetensors` is the checkpoint with the highest score so far.

    `model` has the last step's weights; the checkpoint may contain an average instead (`averaging`).

    If several processes train together, each has a trainer and takes its part of every mini-batch; only
    number 0 writes. Records cover all of them, `last_rollout` only this one.

    Raises InputError if the folder has another run, or one and `resume` is false, or none, or one
    without its state, and `resume` is true; if TensorBoard is not installed; and if processes do not
    see the same folder, or outnumber a stage's clips.
    """

    def __init__(
        self,
        run: TrainConfig,
        resume: bool = False,
        overwrite: bool = False,
        validation: Validation | None = None,
    ) -> None:
        require("tensorboard", "training")
        self.run_config, self.out, self.validation = run, Path(run.out), validation
        written = written_config(run) if resume else None
        self.config = written or initial_config(run)
        planned = plan_stages(self.config, run.stages, run.steps, run.batch)
        if run.first_rate is not None:
            planned = tuple(replace(stage, lambda0_lr=0.0) for stage in planned)
        self.stages = tuple(supported_precision(stage, run.device) for stage in planned)
        if any(stage.compile for stage in self.stages):
            check_compiler()
        self.steps = sum(stage.steps for stage in self.stages)
        self.step = self.skipped = 0
        self._mid_step = False
        self.last_rollout: Rollout | None = None
        self.seconds = 0.0
        self.best: float | None = None  # AUC, if the run is validated
        # Unreadable data is reported before anything is written.
        part = processes.rank(), processes.world()
        self.batches = ClipBatches(
            run.data, run.seed, self.stages, self.config, run.allow_pipe, run.repeat, part
        )
        names = dict.fromkeys(source.name for source in self.batches.sources)
        self.drawn = dict.fromkeys((*names, SKIPPED), 0)
        model, self.parent = initial_model(run, self.config)
        if run.first_rate is not None:
            nn.init.constant_(model.log_lambda0, log(run.first_rate))
            nn.init.zeros_(model.log_gains)
        self.device = own_device(run.device)
        self.model = model.to(self.device)
        if processes.world() > 1:
            join_norms(self.model.backbone)
        self.average = deepcopy(self.model) if self.config.training.averaging else None
        self.optimizer: torch.optim.Adam | None = None
        self.writes = processes.rank() == 0
        if written is not None and (self.out / STATE).exists():
            self._restore()
        self.log = self._open_folder(written is not None, overwrite) if self.writes else None
        if processes.differ(self.step):
            raise InputError(
                f"{self.out}: the processes do not all find the same run here; give an --out that "
                "all machines share"
            )

    def _open_folder(self, resume: bool, overwrite: bool) -> RunLog:
        if not resume:
            claim(self.run_config, self.config, overwrite)
        if resume or overwrite:
            remove_leftovers(self.out)
        return RunLog(self.out, self.step)

    def run(self) -> Iterator[StepRecord]:
        """Yield a record after every step until all stages are done; stop consuming to pause.

        Saves its state at intervals, when it ends, and when it is closed or interrupted between two
        steps; an interruption inside a step falls back to the last state saved.
        """
        try:
            drawn = [self.batches.drawn_at(step) for step in range(self.step, self.steps)]
            batches = load_batches(self.batches, dict.fromkeys(drawn), self.run_config.workers)
            while self.step < self.steps:
                yield from self._run_stage(*stage_of(self.stages, self.step), batches)
        finally:
            if not self._mid_step:
                self.save()
            if self.log:
                self.log.close()

    def _run_stage(
        self, stage: Stage, first: int, batches: Iterator[Clips | Footage]
    ) -> Iterator[StepRecord]:
        if self.optimizer is None or self.step == first:
            self.optimizer = build_optimizer(self.model, stage)
        forward = MetaStep(self.model, stage)
        module = averaging_gradients(forward)
        kept: dict[int, list[Part]] = {}
        for step in range(self.step, first + stage.steps):
            began = time.monotonic()
            drawn = self.batches.drawn_at(step)
            parts = kept.get(drawn) or next(batches).to(self.device).parts(stage.parts)
            self._count_clips()
            waited = time.monotonic() - began
            self._mid_step = True
            progress = (step - first) / stage.steps
            if self.run_config.repeat:
                if not stage.backbone_lr and isinstance(parts[0], Clips):
                    parts = [forward.open(part, stage) for part in parts]  # with their features
                kept[drawn] = parts
            result = self._train_step(module, parts, stage, progress)
            seconds = time.monotonic() - began
            self.seconds += seconds
            losses = torch.cat([result.meta_losses.detach(), result.update_losses], dim=1)
            means = processes.mean_of_all(losses).tolist()
            record = StepRecord(
                step=self.step,
                stage=stage.name,
                meta_losses=means[: stage.updates],
                update_losses=means[stage.updates :],
                skipped=self.skipped,
                seconds=round(seconds, 4),
                waited=round(waited, 4),
                auc=self._validate(),
            )
            if self.log:
                self.log.write(record, result)
            self.last_rollout = result
            self._mid_step = False
            if self.step % self.run_config.save_interval == 0:
                self.save()
            yield record

    def _train_step(
        self,
        module: nn.Module,
        parts: list[Part],
        stage: Stage,
        progress: float,
    ) -> Rollout:
        """Take the next step, or skip it if it is not finite."""
        seed, step = self.run_config.seed, self.step
        rank, world = part = processes.rank(), processes.world()
        scales = None
        if self.run_config.rfs and stage.updates > 1:
            scales = scales_at(self.model, stage, stage.batch, seed, step, progress, part)
        factors = hidden_factors(self.config, stage.batch, seed, step)
        factors = None if factors is None else factors[rank::world].to(self.device)
        set_rates(self.optimizer, stage, progress)
        noise = evolution_noise(seed, step)
        result, finite = take_step(module, self.optimizer, parts, stage, scales, factors, noise)
        if finite and self.average is not None:
            decay, taken = self.config.training.averaging, self.step - self.skipped
            update_average(self.average, self.model, decay, taken)
        self.step += 1
        self.skipped += not finite
        return result

    def _count_clips(self) -> None:
        """Count the clips received, in all processes."""
        come = torch.tensor([self.batches.come[name] for name in self.drawn])
        self.batches.come.clear()
        for name, number in zip(self.drawn, processes.sum_of_all(come).tolist(), strict=True):
            self.drawn[name] += number

    def _models(self) -> dict[str, MetaModel]:
        average = {} if self.average is None else {"average": self.average}
        return {"model": self.model} | average

    def save(self) -> None:
        """Write the state to resume from and the checkpoint with its card, in only one process."""
        if not self.writes:
            return
        state = self._done() | {"best": self.best}
        save_state(self.out / STATE, self._models(), self.optimizer, state)
        self._save_checkpoint(CHECKPOINT)

    def _done(self) -> dict[str, Any]:
        numbers = {"step": self.step, "skipped": self.skipped, "seconds": self.seconds}
        return numbers | {"drawn": list(self.drawn.values())}  # by order: folders may move

    def _save_checkpoint(self, name: str, **more: float) -> None:
        card = model_card(self.run_config, self.stages, self._done(), self.parent) | more
        save_checkpoint(self.out / name, self._judged(), card)

    def _judged(self) -> MetaModel:
        """Return the model that checkpoints hold: the average, where one is kept."""
        return self.model if self.average is None else self.average

    def _validate(self) -> float | None:
        """Return the model's score if validation is due, and save the model if it is the best so far."""
        check = self.validation
        if not (self.writes and check and check.is_due(self.step, self.steps)):
            return None
        auc = check.measure(self._judged())
        if self.best is None or auc > self.best:
            self.best = auc
            self._save_checkpoint(BEST, auc=auc)
        return auc

    def _restore(self) -> None:
        meta, moments = load_state(self.out / STATE, self._models())
        self.step, self.skipped, self.seconds = meta["step"], meta["skipped"], meta["seconds"]
        self.best = meta.get("best")  # older states have none, and no counts
        self.drawn = dict(zip(self.drawn, meta.get("drawn", self.drawn.values()), strict=True))
        if moments and self.step < self.steps:
            stage, _ = stage_of(self.stages, self.step - 1)
            self.optimizer = build_optimizer(self.model, stage)
            groups = self.optimizer.state_dict()["param_groups"]
            self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
