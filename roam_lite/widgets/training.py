"""Meta-training as a controller consumes it: what each step reports, and the rates it emitted."""

from collections.abc import Callable, Generator
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
    updating_rates: NDArray[np.float64] | None  # of the optimizer's; None where it has none


def training_run(config: TrainConfig) -> Callable[[], Generator[Progress, None, None]]:
    """Return what begins the run of `config`, anew at each call: for a `Controller`.

    An earlier run in the same folder is overwritten. Errors of `Trainer` arise at the first step.
    """

    def begin() -> Generator[Progress, None, None]:
        trainer = Trainer(config, overwrite=True)
        records = trainer.run()
        try:
            for record in records:
                updated = len(record.update_losses) > 1
                rates = trainer.last_rollout.updating_rates
                yield Progress(
                    record,
                    trainer.steps,
                    _shares(trainer.last_rollout.first_rates),
                    _shares(rates) if updated and rates is not None else None,
                )
        finally:
            records.close()

    return begin


def _shares(rates: Tensor) -> NDArray[np.float64]:
    return rate_shares(rates.double().cpu(), RATE_EDGES)
