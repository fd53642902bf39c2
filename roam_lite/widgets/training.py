"""Meta-training for a controller: the report of each step, and the rates that it emitted."""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from roam_lite.figures.paper import RATE_EDGES, rate_shares
from roam_lite.training import StepRecord, TrainConfig, Trainer


@dataclass(frozen=True)
class Progress:
    """One step of meta-training, small enough to keep thousands of."""

    record: StepRecord
    of: int  # steps of the whole run
    first_rates: NDArray[np.float64]  # [48], shares of log10(lambda0) in RATE_EDGES
    updating_rates: NDArray[np.float64] | None  # of the optimizer's rates; None if it has none


def training_run(config: TrainConfig) -> Callable[[], Generator[Progress, None, None]]:
    """Return a function, for a `Controller`, that starts the run of `config` at each call.

    An earlier run in the same folder is overwritten. Errors of `Trainer` are raised at the first step.
    """

    def begin() -> Generator[Progress, None, None]:
        trainer = Trainer(config, overwrite=True)
        with closing(trainer.run()) as records:
            for record in records:
                last, updated = trainer.last_rollout, len(record.update_losses) > 1
                later = last.updating_rates if updated else None
                yield Progress(record, trainer.steps, _shares(last.first_rates), _shares(later))

    return begin


def _shares(rates: Tensor | None) -> NDArray[np.float64] | None:
    return None if rates is None else rate_shares(rates.cpu(), RATE_EDGES)
