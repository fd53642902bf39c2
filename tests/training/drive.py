"""A training run as a process of its own: `python drive.py '{"config": {...}, "resume": true}'`."""

import json
import sys

import torch

from roam_lite.training import TrainConfig, Trainer

if __name__ == "__main__":
    arguments = json.loads(sys.argv[1])
    torch.set_num_threads(1)
    trainer = Trainer(TrainConfig(**arguments["config"]), resume=arguments["resume"])
    for _ in trainer.run():
        pass
