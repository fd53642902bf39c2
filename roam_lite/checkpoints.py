"""Checkpoints: weights as safetensors beside a JSON model card, never a pickle."""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from roam_lite.errors import InputError
from roam_lite.files import write_atomically
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile


def save_checkpoint(path: Path, model: MetaModel, card: dict[str, Any]) -> None:
    """Write `path` (safetensors) and the model card beside it, `path` with the suffix `.json`.

    The card gains the profile's name, the rule, the number of parameters and the weights' sha256.
    """
    blob = save({key: value.contiguous() for key, value in model.state_dict().items()})
    card = {
        **card,
        "profile": model.profile.name,
        "rule": model.rule_name,
        "parameters": sum(value.numel() for value in model.state_dict().values()),
        "sha256": hashlib.sha256(blob).hexdigest(),
    }
    write_atomically(path, blob)
    write_atomically(path.with_suffix(".json"), (json.dumps(card, indent=2) + "\n").encode())


def load_checkpoint(path: Path, profile: str | None = None) -> tuple[MetaModel, dict[str, Any]]:
    """Return the meta model, in evaluation mode, and its card.

    Raises InputError if a file is missing, truncated or does not match its card, or if the
    checkpoint is of another profile than the one asked for.
    """
    card_path = path.with_suffix(".json")
    for file in (path, card_path):
        if not file.is_file():
            raise InputError(
                f"{file}: no such file; a checkpoint is a .safetensors file with its .json card "
                "beside it, as `roam-lite train` writes them"
            )
    try:
        card = json.loads(card_path.read_text(encoding="utf-8"))
        name, rule, digest = card["profile"], card["rule"], card["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{card_path}: not a model card ({error!r}); copy it again") from error
    if profile is not None and name != profile:
        raise InputError(
            f"{path}: a checkpoint of profile {name!r}, not {profile!r}; "
            f"give --profile {name} or another checkpoint"
        )
    blob = path.read_bytes()
    if hashlib.sha256(blob).hexdigest() != digest:
        raise InputError(
            f"{path}: its sha256 is not the one in {card_path.name}; the file is truncated or "
            "belongs to another card; copy both again"
        )
    model = MetaModel(get_profile(name), rule, torch.Generator().manual_seed(0))
    try:
        model.load_state_dict(load(blob))
    except (SafetensorError, RuntimeError) as error:
        raise InputError(f"{path}: does not fit profile {name!r} ({error})") from error
    return model.eval(), card
