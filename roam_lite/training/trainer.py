"""Meta-training: Algorithm 1 over the profile's stages, logged, guarded and resumable."""

import json
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import nn

from roam_lite.checkpoints import load_checkpoint, save_checkpoint
from roam_lite.devices import supported_precision
from roam_lite.errors import InputError
from roam_lite.extras import require
from roam_lite.files import write_atomically
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import Profile, Stage, get_profile
from roam_lite.rules.scaling import draw_scales
from roam_lite.training.loader import ClipBatches, load_batches
from roam_lite.training.log import RunLog, StepRecord
from roam_lite.training.rollout import Lessons, Rollout, extract, rollout
from roam_lite.training.state import load_state, save_state

# The second moment forgets within 100 steps: a step that diverged early on would otherwise hold
# the learning rates' own steps down for 1,000.
_BETAS = (0.9, 0.99)
# Outer gradients longer than this are shortened; Adam makes their scale irrelevant otherwise.
_MAX_GRADIENT_NORM = 1.0


@dataclass(frozen=True)
class TrainConfig:
    """What to train, on what, and where to put it."""

    profile: str
    data: str
    out: str
    steps: int | None = None  # over all selected stages; None: the profile's own numbers
    seed: int = 0
    device: str = "cpu"
    workers: int = 1
    rule: str = "lstm"
    rfs: bool = True
    init: str | None = None  # a checkpoint to start from
    backbone_weights: str | None = None  # VGG-16 as a safetensors file; None: torchvision's own
    stages: tuple[str, ...] | None = None  # names; None: all of the profile's
    save_interval: int = 50

    def identity(self) -> dict:
        """Return what must be equal for a run to be the same run: all but place and speed."""
        keep = asdict(self)
        for name in ("out", "workers", "save_interval"):
            del keep[name]
        return keep


class Trainer:
    """One training run in a folder: construct it, then consume `run()` step by step.

    The folder holds `config.json`, `log.jsonl`, TensorBoard files, `state.safetensors` (from which a
    run continues to the same bits) and `checkpoint.safetensors` with its model card. `last_rollout` is
    that of the last step, None before it: it holds the rates, which records do not.
    Raises InputError if the folder holds another run, or one and `resume` is false, or if TensorBoard
    is not installed.
    """

    def __init__(self, config: TrainConfig, resume: bool = False, overwrite: bool = False) -> None:
        require("tensorboard", "training")
        self.config = config
        self.profile = get_profile(config.profile)
        planned = plan_stages(self.profile, config.stages, config.steps)
        self.stages = tuple(supported_precision(stage, config.device) for stage in planned)
        self.steps = sum(stage.steps for stage in self.stages)
        self.out = Path(config.out)
        self.step = self.skipped = 0
        self._mid_step = False
        self.last_rollout: Rollout | None = None
        self.parent: dict | None = None  # the card of the checkpoint that the run starts from
        self.seconds = 0.0
        self._batches(self.stages[0])  # unreadable data is said before anything is written
        self.model = self._initial_model().to(config.device)
        self.optimizer: torch.optim.Adam | None = None
        self._claim_folder(resume, overwrite)
        self.log = RunLog(self.out, self.step)

    def _initial_model(self) -> MetaModel:
        generator = torch.Generator().manual_seed(self.config.seed)
        model = MetaModel(self.profile, self.config.rule, generator)
        weights_file = self.config.backbone_weights
        if weights_file is not None and self.profile.backbone != "vgg16":
            raise InputError(
                f"{weights_file}: profile {self.profile.name} trains its own backbone; "
                "leave the weights away"
            )
        if self.config.init is None and self.profile.backbone == "vgg16":
            model.backbone.load_pretrained(Path(weights_file) if weights_file else None)
        if self.config.init is not None:
            trained, self.parent = load_checkpoint(Path(self.config.init), self.config.profile)
            weights = trained.state_dict()
            if trained.rule_name != self.config.rule:
                weights = {k: v for k, v in weights.items() if not k.startswith("rule.")}
            model.load_state_dict(weights, strict=False)
        return model

    def _claim_folder(self, resume: bool, overwrite: bool) -> None:
        state_path = self.out / "state.safetensors"
        config_path = self.out / "config.json"
        if resume or overwrite:
            for leftover in self.out.glob(".*.tmp*"):  # half-written by a run that was killed
                leftover.unlink()
        if resume and config_path.exists():
            written = json.loads(config_path.read_text(encoding="utf-8"))
            wanted = json.loads(json.dumps(self.config.identity()))
            differing = sorted(k for k in wanted if written.get(k) != wanted[k])
            if differing:
                raise InputError(
                    f"{self.out}: holds a run with other {', '.join(differing)}; "
                    "resume with the options in its config.json, or choose another --out"
                )
            if state_path.exists():
                self._restore(state_path)
            return
        # A killed run may leave hidden, half-written files behind: they are nobody's results.
        if self.out.exists() and any(not p.name.startswith(".") for p in self.out.iterdir()):
            if not overwrite:
                raise InputError(
                    f"{self.out}: exists; add --resume to continue it, --overwrite to begin anew, "
                    "or choose another --out"
                )
            for name in ("state.safetensors", "log.jsonl"):
                (self.out / name).unlink(missing_ok=True)
        self.out.mkdir(parents=True, exist_ok=True)
        write_atomically(config_path, json.dumps(self.config.identity(), indent=2).encode())

    def run(self) -> Iterator[StepRecord]:
        """Yield a record after every step until all stages are done; stop consuming to pause.

        Saves its state at intervals, when it ends, and when it is closed or interrupted between two
        steps; an interruption inside a step falls back to the last state saved.
        """
        try:
            for index, stage in enumerate(self.stages):
                first = sum(s.steps for s in self.stages[:index])
                yield from self._run_stage(stage, first)
        finally:
            if not self._mid_step:
                self.save()
            self.log.close()

    def _run_stage(self, stage: Stage, first: int) -> Iterator[StepRecord]:
        remaining = range(max(self.step, first), first + stage.steps)
        if not remaining:
            return
        if self.optimizer is None or self.step == first:
            self.optimizer = self._build_optimizer(stage)
        batches = load_batches(self._batches(stage), remaining, self.config.workers)
        frozen = None if stage.backbone_lr > 0 else self.model.backbone.folded()
        for step in remaining:
            began = time.monotonic()
            clips = next(batches).to(self.config.device)
            waited = time.monotonic() - began
            self._mid_step = True
            precision = getattr(torch, stage.precision)
            statistics = [buffer.clone() for buffer in self.model.backbone.buffers()]
            lessons = extract(self.model, clips, stage.backbone_lr > 0, precision, frozen)
            result, finite = self._train_step(lessons, stage, step, (step - first) / stage.steps)
            if not finite:  # batch norms have moved in the forward pass already
                for buffer, kept in zip(self.model.backbone.buffers(), statistics, strict=True):
                    buffer.copy_(kept)
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
            if self.step % self.config.save_interval == 0:
                self.save()
            yield record

    def _batches(self, stage: Stage) -> ClipBatches:
        return ClipBatches(self.config.data, self.config.seed, stage, self.profile)

    def _build_optimizer(self, stage: Stage) -> torch.optim.Adam:
        groups = [
            {"params": parameters, "lr": rate, "initial_lr": rate}
            for parameters, rate in trained_parameters(self.model, stage)
        ]
        return torch.optim.Adam(groups, betas=_BETAS)

    def _train_step(
        self, lessons: Lessons, stage: Stage, step: int, progress: float
    ) -> tuple[Rollout, bool]:
        """Take lines 3 to 14 of Algorithm 1 once; False if the guard kept the parameters."""
        videos = len(lessons.first.features)
        scales = self._scales(videos, step, min(1.0, progress / max(stage.kappa_ramp, 1e-9)))
        result = rollout(
            self.model, lessons, stage.meta_gradient, scales if stage.updates > 1 else None
        )
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"] * 0.5 ** int(progress * (stage.halvings + 1))
        self.model.zero_grad()
        result.loss.backward()
        norms = [
            nn.utils.clip_grad_norm_(group["params"], _MAX_GRADIENT_NORM)
            for group in self.optimizer.param_groups
        ]
        finite = bool(torch.isfinite(torch.stack([*norms, result.loss.detach()])).all())
        if finite:
            self.optimizer.step()
        return result, finite

    def _scales(self, videos: int, step: int, ramp: float) -> torch.Tensor | None:
        if not self.config.rfs:
            return None
        return draw_scales(
            self.model.regression_coordinates,
            self.profile.kappa_response * ramp,
            self.profile.kappa_regression * ramp,
            videos,
            torch.Generator().manual_seed(self.config.seed * 1_000_003 + step),
        )

    def save(self) -> None:
        """Write the state to resume from and the checkpoint with its card."""
        meta = {"step": self.step, "skipped": self.skipped, "seconds": self.seconds}
        save_state(self.out / "state.safetensors", self.model, self.optimizer, meta)
        save_checkpoint(self.out / "checkpoint.safetensors", self.model, self._card())

    def _restore(self, path: Path) -> None:
        meta, build = load_state(path, self.model)
        self.step, self.skipped = meta["step"], meta["skipped"]
        self.seconds = meta["seconds"]
        if build is not None and self.step < self.steps:
            self.optimizer = build(self._build_optimizer(self._stage_of(self.step - 1)))

    def _stage_of(self, step: int) -> Stage:
        """Return the stage that trains step `step` (0-based)."""
        for stage in self.stages:
            if step < stage.steps:
                return stage
            step -= stage.steps
        return self.stages[-1]

    def _card(self) -> dict:
        return {
            "steps": self.step,
            "of": self.steps,
            "stages": [asdict(stage) for stage in self.stages],
            "data": self.config.data,
            "seed": self.config.seed,
            "rfs": self.config.rfs,
            "init": self.parent,
            "hours": round(self.seconds / 3600, 3),
            "skipped_steps": self.skipped,
            "machine": f"{self.config.device}, {torch.get_num_threads()} threads, {platform.machine()}",
            "torch": torch.__version__,
            "license": "MIT",
        }


def trained_parameters(model: MetaModel, stage: Stage) -> list[tuple[list[nn.Parameter], float]]:
    """Return the parameters that a stage trains, with their rates; no others need a gradient then."""
    named = dict(model.rule.named_parameters())
    gains = [named.pop("log_gains")] if "log_gains" in named else []
    rule = list(named.values())
    groups = [
        ([model.theta0], stage.theta0_lr),
        ([model.log_lambda0, model.log_gains], stage.lambda0_lr),
        (rule, stage.rule_lr if stage.updates > 1 else 0.0),
        (gains, stage.gains_lr if stage.updates > 1 else 0.0),
        (list(model.backbone.parameters()), stage.backbone_lr),
    ]
    for parameters, rate in groups:
        for parameter in parameters:
            parameter.requires_grad_(rate > 0)
    return [(parameters, rate) for parameters, rate in groups if parameters and rate > 0]


def plan_stages(
    profile: Profile, names: tuple[str, ...] | None, steps: int | None
) -> tuple[Stage, ...]:
    """Return the chosen stages of a profile, their steps scaled to `steps` in all.

    Raises InputError for unknown names and for fewer steps than stages.
    """
    known = [stage.name for stage in profile.stages]
    for name in names or ():
        if name not in known:
            raise InputError(
                f"profile {profile.name} has no stage {name!r}; its stages: {', '.join(known)}"
            )
    chosen = [stage for stage in profile.stages if names is None or stage.name in names]
    if steps is None:
        return tuple(chosen)
    if steps < len(chosen):
        raise InputError(f"{steps} steps are too few: give at least {len(chosen)}, one a stage")
    total = sum(stage.steps for stage in chosen)
    ends, seen = [0], 0
    for later, stage in zip(reversed(range(len(chosen))), chosen, strict=True):
        seen += stage.steps
        # A step for this stage, and one left for each of the later ones.
        ends.append(min(max(ends[-1] + 1, round(steps * seen / total)), steps - later))
    return tuple(
        replace(stage, steps=end - begin)
        for stage, begin, end in zip(chosen, ends, ends[1:], strict=False)
    )
