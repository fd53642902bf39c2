"""One leaderboard for update rules: the loss after T steps, with intervals over seeds.

Each seed is a separate experiment: it draws training tasks, on which rates are searched and rules
are meta-trained, and others, on which they are measured.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from roam_lite.evaluation.compare import Interval, paired_bootstrap
from roam_lite.rules import RULES, SGD, UpdateRule, build_rule
from roam_lite.toy import regression
from roam_lite.toy.descent import Task, descend, train_rule, train_start
from roam_lite.toy.problem import draw_problems, toy_loss, toy_rule

RATES = tuple(float(f"{10 ** (k / 2):.2g}") for k in range(-10, 13))  # tried for rules with a rate
STARTS = {  # learned together with theta's start: a group of coordinates for each rate
    "MAML": torch.zeros(regression.SIZE, dtype=torch.long),
    "ANIL": regression.layers() - 1,
    "Meta-SGD": torch.arange(regression.SIZE),
}
Draw = Callable[[torch.Generator], Task]


@dataclass(frozen=True)
class Entry:
    """A row: a rule's mean losses after T steps, one for each seed or sequence."""

    problem: str
    name: str
    made: str  # origin of its rates: searched, learned, ...
    losses: tuple[float, ...]
    at_border: bool = False  # whether a searched rate is the lowest or highest, for any seed

    def interval(self) -> Interval:
        """Return the mean loss with its 95 % interval."""
        with np.errstate(invalid="ignore"):  # from infinite losses
            return paired_bootstrap(self.losses, [0.0] * len(self.losses))

    def __str__(self) -> str:
        mean, low, high = self.interval()
        border = "  a rate outside the range tried may be better" if self.at_border else ""
        return f"{self.name:14} {self.made:22} {mean:9.3g} [{low:.3g}, {high:.3g}]{border}"

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain JSON types; an infinite loss is None."""
        told = {**asdict(self), **self.interval()._asdict()}
        told["losses"] = [loss if np.isfinite(loss) else None for loss in self.losses]
        return {
            k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in told.items()
        }


def search_rate(name: str, task: Task, steps: int) -> tuple[UpdateRule, bool]:
    """Return a rule with the best of `RATES` for a task, and whether that is the lowest or highest."""
    found = [_final(build_rule(name, lr=rate), task, steps).mean().item() for rate in RATES]
    best = int(np.argmin(np.nan_to_num(found, nan=np.inf)))
    return build_rule(name, lr=RATES[best]), best in (0, len(RATES) - 1)


def toy_board(seeds: int, steps: int = 5) -> Iterator[Entry]:
    """Yield the rules' entries on the toy, x between 1 and 4, from theta = 0."""

    def draw(generator: torch.Generator, count: int = 32) -> Task:
        problems = draw_problems(generator, 1.0, 4.0, (count, 4))
        loss = partial(toy_loss, problems=problems)
        return Task(loss, loss, torch.zeros_like(problems.x))

    parts = torch.zeros(4, dtype=torch.long)
    yield from _entries("toy", lambda generator: draw, seeds, steps, parts)


def regression_board(seeds: int, steps: int = 5) -> Iterator[Entry]:
    """Yield the rules' entries on small regressions, from a random start per seed and from learned ones."""

    def draw_for(generator: torch.Generator) -> Draw:
        return partial(regression.draw_waves, start=regression.initial_network(generator))

    yield from _entries("regression", draw_for, seeds, steps, regression.layers())
    for name, groups in STARTS.items():
        losses = []
        for seed in range(seeds):
            generator = torch.Generator().manual_seed(seed)
            draw = draw_for(generator)
            start, rates = train_start(draw, generator, steps, groups, first_rate=0.03)
            test = draw(generator, count=128)
            test = replace(test, start=start.expand_as(test.start))
            losses.append(_final(SGD(rates), test, steps).mean().item())
        yield Entry("regression", name, "learned, start too", tuple(losses))


def first_frame_board(train: Task, test: Task, steps: int, lambda0: Tensor) -> Iterator[Entry]:
    """Yield the rules' entries on first frames, with rates searched on those of other sequences.

    `lambda0` `[P]` are the rates that were learned with the start. Sequences take the place of seeds.
    """
    for name in _hand_set():
        rule, border = search_rate(name, train, steps)
        losses = tuple(_final(rule, test, steps).tolist())
        yield Entry("first frame", name, "searched", losses, border)
    losses = tuple(_final(SGD(lambda0), test, steps).tolist())
    yield Entry("first frame", "lambda0", "learned, start too", losses)


def board_table(entries: Sequence[Entry], steps: int) -> str:
    """Return a row per entry, the best of each problem first."""
    lines = []
    for problem in dict.fromkeys(entry.problem for entry in entries):
        rows = [entry for entry in entries if entry.problem == problem]
        rows.sort(key=lambda entry: entry.interval().mean)
        lines += ["", f"{problem}: mean loss after {steps} steps, 95 % over {len(rows[0].losses)}"]
        lines += map(str, rows)
    return "\n".join(lines[1:])


def beyond_training(rule: UpdateRule, horizon: int, seed: int = 0) -> dict[str, Tensor]:
    """Return curves of a rule trained on the toy for `horizon` steps: mean loss after each step.

    `"toy"` continues for ten times as many steps; `"regression"` fits small networks for as long, and what
    counts is the loss itself. Losses may be infinite.
    """
    generator = torch.Generator().manual_seed(seed)
    problems = draw_problems(generator, 1.0, 4.0, (64, 4))
    loss = partial(toy_loss, problems=problems)
    toy = Task(loss, loss, torch.zeros_like(problems.x))
    waves = regression.draw_waves(generator, regression.initial_network(generator), count=64)
    tasks = {"toy": toy, "regression": replace(waves, measure=waves.loss)}
    with torch.no_grad():
        return {name: descend(rule, task, 10 * horizon).mean(1) for name, task in tasks.items()}


BOARDS = (toy_board, regression_board)  # those that need no tracker


def _entries(
    problem: str, draw_for: Callable, seeds: int, steps: int, parts: Tensor
) -> Iterator[Entry]:
    """Yield every rule of the registry, with its rate searched if it has one, else meta-trained."""
    for name in RULES:
        searched = name in _hand_set()
        losses, borders = [], []
        for seed in range(seeds):
            generator = torch.Generator().manual_seed(seed)
            draw, border = draw_for(generator), False
            if searched:
                rule, border = search_rate(name, draw(generator, count=128), steps)
            else:
                with torch.random.fork_rng(devices=[]):
                    torch.manual_seed(seed)  # which the layers of torch start from
                    rule = toy_rule(name, parts)
                train_rule(rule, draw, generator, steps)
            losses.append(_final(rule, draw(generator, count=128), steps).mean().item())
            borders.append(border)
        made = "searched" if searched else "learned"
        yield Entry(problem, name, made, tuple(losses), any(borders))


def _hand_set() -> list[str]:
    return [name for name, rule in RULES.items() if rule.with_lr is not None]


def _final(rule: UpdateRule, task: Task, steps: int) -> Tensor:
    with torch.no_grad():
        return descend(rule, task, steps)[-1]
