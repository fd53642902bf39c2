"""How the optimizer learns: clips, Algorithm 1, and the trainer around it."""

from roam_lite.training.log import StepRecord
from roam_lite.training.run_folder import TrainConfig
from roam_lite.training.trainer import Trainer, Validation

__all__ = ["StepRecord", "TrainConfig", "Trainer", "Validation"]
