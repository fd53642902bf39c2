"""Logs of a training run: one JSON line per step, and TensorBoard files."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from roam_lite.files import write_atomically
from roam_lite.training.rollout import Rollout

# Steps between two histograms, which are large.
_HISTOGRAM_INTERVAL = 50


@dataclass(frozen=True)
class StepRecord:
    """The report of one step of meta-training; losses are means over the videos, one per update."""

    step: int
    stage: str
    meta_losses: list[float]
    update_losses: list[float]
    skipped: int  # steps so far whose losses or gradients were not finite
    seconds: float
    waited: float  # seconds of these spent waiting for clips
    auc: float | None = None  # of the model after the step, if it was validated

    @property
    def meta_loss(self) -> float:
        """The averaged meta loss (eq. 14)."""
        return sum(self.meta_losses) / len(self.meta_losses)


class RunLog:
    """Appends to `log.jsonl` and `tensorboard/` of a run that continues from `step`."""

    def __init__(self, out: Path, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter  # of the extra `train`

        path = out / "log.jsonl"
        # Steps after the saved state are taken again, and their lines would appear twice.
        lines = path.read_bytes().splitlines() if path.exists() else []
        kept = [line for line in lines[:step] if line.endswith(b"}")]
        write_atomically(path, b"".join(line + b"\n" for line in kept))
        self.file = open(path, "a", encoding="utf-8")  # noqa: SIM115 - closed by close()
        self.board = SummaryWriter(str(out / "tensorboard"), purge_step=step + 1)

    def write(self, record: StepRecord, result: Rollout) -> None:
        """Log one step."""
        known = {name: value for name, value in asdict(record).items() if value is not None}
        self.file.write(json.dumps(known) + "\n")
        self.file.flush()
        self.board.add_scalar("meta_loss", record.meta_loss, record.step)
        self.board.add_scalar("skipped", record.skipped, record.step)
        if record.auc is not None:
            self.board.add_scalar("auc", record.auc, record.step)
        for t, (update, meta) in enumerate(
            zip(record.update_losses, record.meta_losses, strict=True), start=1
        ):
            self.board.add_scalar(f"update_loss/{t}", update, record.step)
            self.board.add_scalar(f"meta_loss/{t}", meta, record.step)
        if record.step % _HISTOGRAM_INTERVAL == 0:
            for name in ("first_rates", "updating_rates"):
                rates = getattr(result, name)
                if rates is not None and bool(torch.isfinite(rates).all()):
                    rates = rates.flatten().clamp(min=1e-12)
                    self.board.add_histogram(f"log10 {name}", rates.log10(), record.step)

    def close(self) -> None:
        """Flush and close both logs."""
        self.file.close()
        self.board.close()
