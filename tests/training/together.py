"""Training in several gloo processes on loopback, each with one thread."""

import os
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file

from roam_lite.config import modify
from roam_lite.profiles import PROFILES, get_profile
from roam_lite.training import TrainConfig, Trainer, processes


def uneven():
    """Profile smoke with three clips a step, in float32, its gradients as they are."""
    smoke = get_profile("smoke")
    stages = tuple(replace(stage, batch=3, precision="float32") for stage in smoke.training.stages)
    return modify(smoke, training={"stages": stages, "max_gradient_norm": 1e9, "averaging": 0.9})


def join(rank, world, port):
    """Let this process be one of several."""
    torch.set_num_threads(1)
    if world > 1:
        names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_PORT")
        os.environ |= dict(zip(names, map(str, (rank, rank, world, port)), strict=True))
        os.environ["MASTER_ADDR"] = "127.0.0.1"


def train(rank, world, port, out, stage, until, **options):
    """Begin or resume a run of one stage; number 0 writes what the last step's gradients were."""
    join(rank, world, port)
    PROFILES["smoke"] = uneven()
    with processes.process_group("cpu"):
        config = TrainConfig(
            "smoke",
            "synthetic",
            str(out),
            steps=4,
            workers=0,
            stages=(stage,),
            save_interval=9,
            **options,
        )
        trainer = Trainer(config, resume=Path(out, "config.json").exists())
        steps = trainer.run()
        while trainer.step < until:
            record = next(steps)
        steps.close()
        if rank == 0:
            named = trainer.model.named_parameters()
            found = {name: value.grad for name, value in named if value.grad is not None}
            losses = torch.tensor(record.meta_losses + record.update_losses)
            statistics = dict(trainer.model.backbone.named_buffers())
            means = {name: value for name, value in statistics.items() if "running" in name}
            counts = torch.tensor(list(trainer.drawn.values()))
            found |= means | {"losses": losses, "drawn": counts}
            whole = {name: value.contiguous() for name, value in found.items()}
            save_file(whole, Path(out, "found.safetensors"))
