"""The state of a run, from which it resumes bit for bit: weights, Adam's moments, counters."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from roam_lite.errors import InputError
from roam_lite.files import write_atomically
from roam_lite.meta_model import MetaModel

# The moments of each parameter, by Adam's names for them.
Moments = dict[int, dict[str, torch.Tensor]]


def save_state(
    path: Path,
    models: dict[str, MetaModel],
    optimizer: torch.optim.Optimizer | None,
    meta: dict[str, Any],
) -> None:
    """Write named models, optimizer moments and counters to one safetensors file, atomically."""
    tensors = {
        f"{name}.{key}": value
        for name, model in models.items()
        for key, value in model.state_dict().items()
    }
    if optimizer is not None:
        for index, moments in optimizer.state_dict()["state"].items():
            for key, value in moments.items():
                tensors[f"adam.{index}.{key}"] = value
    blob = save(
        {key: value.detach().cpu().contiguous() for key, value in tensors.items()},
        {"meta": json.dumps(meta)},
    )
    write_atomically(path, blob)


def load_state(path: Path, models: dict[str, MetaModel]) -> tuple[dict[str, Any], Moments]:
    """Load the weights into the models, by name; return the counters and Adam's moments.

    There are no moments if no step had been taken. Raises InputError if the file is damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            meta = json.loads((file.metadata() or {})["meta"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        for name, model in models.items():
            start = f"{name}."
            model.load_state_dict(
                {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}
            )
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise InputError(
            f"{path}: not a readable training state ({error}); "
            "start over with --overwrite, or from a checkpoint with --init"
        ) from error
    moments: Moments = {}
    for key, value in tensors.items():
        if key.startswith("adam."):
            _, index, name = key.split(".")
            moments.setdefault(int(index), {})[name] = value
    return meta, moments
