"""A training run as a process of its own, to be killed."""

from pathlib import Path

import torch

from roam_lite.training import TrainConfig, Trainer


def drive(config: TrainConfig) -> None:
    """Begin or resume the run, until it is done."""
    torch.set_num_threads(1)
    for _ in Trainer(config, resume=Path(config.out, "config.json").exists()).run():
        pass
