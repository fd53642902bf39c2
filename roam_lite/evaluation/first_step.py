"""What learned rates are worth in the first frame, compared with other optimizers from the same theta0.

Each optimizer builds the first model from the same nine samples, and it is never updated. A
hand-designed optimizer has one rate for all coordinates of theta, the best of five for its number of
steps; the table says so if that is the lowest or highest one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from roam_lite.adaptation import Samples, make_samples, take_steps, update_loss
from roam_lite.checkpoints import load_checkpoint
from roam_lite.data.sequence import Sequence
from roam_lite.errors import InputError
from roam_lite.evaluation.benchmarks import get_benchmark, score_results
from roam_lite.evaluation.compare import paired_bootstrap
from roam_lite.evaluation.conditions import Mapped
from roam_lite.evaluation.report import Report
from roam_lite.evaluation.running.engine import run_benchmark
from roam_lite.geometry import boxes_to_patch
from roam_lite.rules import SGD, build_rule
from roam_lite.toy.descent import Task
from roam_lite.tracking import Tracker

# The middle one of the rates tried for each number of steps, from a first look at training sequences.
MIDDLE_RATES = {
    "sgd": {2: 3e-3, 20: 1e-3, 100: 3e-4},
    "momentum": {2: 3e-3, 20: 1e-4, 100: 3e-5},
    "adam": {2: 3e-4, 20: 3e-4, 100: 3e-4},
}
FACTORS = (0.1, 0.3, 1.0, 3.0, 10.0)  # of the middle rate


@dataclass(frozen=True)
class Setting:
    """The steps from theta0 to the first model, and the optimizer."""

    steps: int
    rule: str | None = None  # in `rules.RULES`, with `lr`; None: gradient steps with lambda0
    lr: float | None = None
    twin: bool = False  # from a theta0 that was trained for exactly these steps

    def __str__(self) -> str:
        if self.steps == 0:
            return "no steps"
        rates = "the learned rates" if self.rule is None else f"{self.rule} {self.lr:g}"
        twin = ", its own theta0" if self.twin else ""
        return f"{self.steps} step{'s' if self.steps > 1 else ''} of {rates}{twin}"


class FirstStepTracker(Tracker):
    """A tracker whose first model is made by a setting and never updated."""

    def __init__(self, tracker: Tracker, setting: Setting) -> None:
        title = {"tracker": f"{tracker.variant}, {setting}", "rule": None}
        description = {**tracker.description, **title}
        super().__init__(tracker.model, None, tracker.variant, tracker.config, description)
        self.setting = setting

    def first_steps(self, samples: Samples) -> tuple[Tensor, list[float]]:
        """Return theta `[1, P]` after the setting's steps, and the loss before them if there are steps."""
        theta0, lambda0 = self.model.theta0.detach()[None], self.model.lambda0
        if self.setting.steps == 0:
            return theta0, []
        rule = SGD(lambda0)
        if self.setting.rule is not None:
            rule = build_rule(self.setting.rule, lr=self.setting.lr)
        state, steps = rule.init(theta0, lambda0[None]), self.setting.steps
        last = take_steps(theta0, samples, rule, state, steps, self.config.model)
        return last.theta, [float(last.update_loss)]


class _Recording(FirstStepTracker):
    """A tracker that takes no steps and stores the samples of its first frame."""

    def first_steps(self, samples: Samples) -> tuple[Tensor, list[float]]:
        self.samples = samples
        return super().first_steps(samples)


def first_frame_task(tracker: Tracker, sequences: Iterable[Sequence], later: int = 10) -> Task:
    """Return the tracking loss on the first frames of N sequences, from theta0.

    It is the model's loss on the true box `later` frames ahead, or in the last frame of
    a shorter sequence (eq. 13).
    """
    recorder, config = _Recording(tracker, Setting(0)), tracker.config.model
    seen, future = [], []
    for sequence in sequences:
        recorder.init(sequence.frames[0], sequence.boxes[0])
        seen.append(recorder.samples)
        frame = min(later, len(sequence) - 1)
        box = sequence.boxes[frame]
        with torch.no_grad():
            _, _, features, region = recorder.regress(sequence.frames[frame], box, 0.0)
        inside = torch.as_tensor(boxes_to_patch(box, region, config.patch_size)).float()
        future.append(
            make_samples(
                features,
                inside.to(features.device)[None, None],
                recorder.sizes,
                tracker.cells,
                config,
            )
        )

    def mean_loss(samples: list[Samples], theta: Tensor) -> Tensor:
        # One at a time, because all together need N times the memory and give the same patches.
        losses = [update_loss(theta[n : n + 1], one, config) for n, one in enumerate(samples)]
        return torch.cat(losses)

    theta0 = tracker.model.theta0.detach().expand(len(seen), -1)
    return Task(
        partial(mean_loss, seen), partial(mean_loss, future), theta0, tracker.model.lambda0.detach()
    )


def twin_setting(checkpoint: str | Path) -> Setting:
    """Return the steps that the checkpoint's theta0 was trained for, by `train --first-rate`.

    Raises InputError if it was trained for learned rates, and as `load_checkpoint` does.
    """
    model, card = load_checkpoint(Path(checkpoint))
    if "first_rate" not in card:
        raise InputError(
            f"{checkpoint}: trained for learned rates; train a twin with `roam-lite train --first-rate`"
        )
    return Setting(model.config.model.initial_steps, "sgd", card["first_rate"], twin=True)


def searched_settings() -> list[Setting]:
    """Return all hand-designed optimizers with all numbers of steps and rates."""
    return [
        Setting(steps, rule, middle * factor)
        for rule, middles in MIDDLE_RATES.items()
        for steps, middle in middles.items()
        for factor in FACTORS
    ]


@dataclass(frozen=True)
class Trial:
    """How well the models of a setting track."""

    setting: Setting
    report: Report
    milliseconds: float  # of the first frame, all steps included; median over the sequences

    @property
    def aucs(self) -> list[float]:
        """One score for each sequence."""
        return [score.auc for score in self.report.scores]

    def __str__(self) -> str:
        mean = self.report.mean()
        scores = f"{mean['auc']:6.3f} {mean['precision_20']:8.3f}"
        return f"{self.setting!s:36} {scores} {self.milliseconds:9.1f}"

    def to_json(self) -> dict[str, Any]:
        """Return setting, time and scores as plain JSON types."""
        time = self.milliseconds if np.isfinite(self.milliseconds) else None
        return {**asdict(self.setting), "first_ms": time, **self.report.to_json()}


HEAD = f"{'first model':36}    AUC  prec@20  first ms"  # heading of rows made by `str(trial)`


def trials(
    tracker: Tracker,
    settings: Iterable[Setting],
    root: str | Path,
    names: list[str],
    frames: int,
    results: str | Path,
) -> Iterator[Trial]:
    """Yield the trial of each setting on the first `frames` of sequences in OTB layout.

    Boxes and times are saved in the folder `results`, where an interrupted search resumes. Uses one process
    with one thread, so that times are comparable. Raises InputError as `run_benchmark` does.
    """
    otb = get_benchmark("otb")
    layout = replace(
        otb.layout, read_sequence=lambda *place: beginning(otb.layout.read_sequence(*place), frames)
    )
    benchmark = replace(otb, layout=layout)
    for setting in settings:
        make_tracker = partial(FirstStepTracker, tracker, setting)
        description = {**make_tracker().description, "frames": frames}
        folder = run_benchmark(
            benchmark, root, names, make_tracker, description, results, workers=1
        )
        sequences = (layout.read_sequence(Path(root), name) for name in names)
        runs = [benchmark.protocol.layout.runs(folder, sequence)[0] for sequence in sequences]
        milliseconds = 1e3 * float(np.median([run.seconds[0] for run in runs]))
        yield Trial(setting, score_results(benchmark, root, names, folder), milliseconds)


def beginning(sequence: Sequence, frames: int) -> Sequence:
    """Return the first frames of a sequence, or all if there are fewer."""
    kept = np.arange(min(frames, len(sequence)))
    mapped = Mapped(sequence.frames, lambda image, _: image, kept)
    return Sequence(sequence.name, mapped, sequence.boxes[kept], sequence.visibility[kept])


def best_rates(searched: Iterable[Trial]) -> dict[Setting, bool]:
    """Return the setting with the highest mean AUC for each optimizer and number of steps.

    True means that its rate is the lowest or highest one tried, so others may be better.
    """
    groups: dict[tuple[str | None, int], list[Trial]] = {}
    for trial in searched:
        groups.setdefault((trial.setting.rule, trial.setting.steps), []).append(trial)
    best = {}
    for group in groups.values():
        setting = max(group, key=lambda trial: np.mean(trial.aucs)).setting
        rates = [trial.setting.lr for trial in group]
        best[setting] = setting.lr in (min(rates), max(rates))
    return best


def first_step_table(compared: list[Trial], at_border: Mapping[Setting, bool]) -> str:
    """Return a row per trial: scores, time, and the difference of its AUC from the first one's (95 %)."""
    base = compared[0]
    lines = [f"{HEAD}  AUC against {base.setting}"]
    for trial in compared:
        gain = paired_bootstrap(trial.aucs, base.aucs)
        told = f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]" if trial is not base else ""
        border = "the best rate is the lowest or highest tried"
        lines.append(
            f"{trial}  {told:23}  {border if at_border.get(trial.setting) else ''}".rstrip()
        )
    return "\n".join(lines)


def first_step_json(
    searched: list[Trial], compared: list[Trial], at_border: Mapping[Setting, bool]
) -> dict[str, Any]:
    """Return both lists of trials as plain JSON types, with differences of AUC to the first compared."""
    base = compared[0].aucs
    entries = [
        {
            **trial.to_json(),
            "difference": paired_bootstrap(trial.aucs, base)._asdict(),
            "at_border": at_border.get(trial.setting, False),
        }
        for trial in compared
    ]
    return {"search": [trial.to_json() for trial in searched], "compared": entries}
