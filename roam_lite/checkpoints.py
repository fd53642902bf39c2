"""Checkpoints: weights as safetensors beside a JSON model card, never a pickle.

A backbone whose weights are public, and were not trained here, is left out: the card has its digest.
The card holds the whole configuration, so that a checkpoint does the same even if the profile
that it began as changes. Cards of version 1 hold a profile's name alone: `version_1.json` keeps
the constants of their time.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from roam_lite.config import Config, modify
from roam_lite.errors import InputError
from roam_lite.files import write_together
from roam_lite.meta_model import MetaModel
from roam_lite.model.backbones import Backbone
from roam_lite.model.tracking_model import ThetaLayout
from roam_lite.rules import build_rule
from roam_lite.text import read_text

WEIGHTS = Path(__file__).parent / "weights"
_VERSION_1 = WEIGHTS / "version_1.json"
_RULE = "rule."  # what names of the update rule's weights begin with


def save_checkpoint(path: Path, model: MetaModel, card: dict[str, Any]) -> None:
    """Write `path` (safetensors) and the model card beside it, `path` with the suffix `.json`.

    The card gains the configuration, what the backbone's training started from, the number of
    parameters and the weights' sha256. Weights of a backbone that are public (`load_public`) and have
    stayed so are left out, and their sha256 is in the card.
    """
    state = model.state_dict()
    card = {**card, "parameters": sum(map(Tensor.numel, state.values()))}
    public = model.backbone.public
    if public is not None and public == digest_weights(model.backbone):
        state = {key: value for key, value in state.items() if not key.startswith("backbone.")}
        card = {**card, "backbone_sha256": public}
    card = {**card, "backbone_from": model.backbone.origin or "random weights"}
    _write(path, state, model.config, card)


def save_rule(path: Path, rule: nn.Module, config: Config, card: dict[str, Any]) -> None:
    """Write an update rule alone, with its card, to be used with another checkpoint.

    The card says that there is nothing else (`"holds": "rule"`), and gains `config`, that of the model
    that the rule belongs to.
    """
    state = {f"{_RULE}{name}": value for name, value in rule.state_dict().items()}
    kept = {key: value for key, value in card.items() if not key.startswith("backbone")}
    kept |= {"parameters": sum(map(Tensor.numel, state.values())), "holds": "rule"}
    _write(path, state, config, kept)


def _write(path: Path, state: dict[str, Tensor], config: Config, card: dict[str, Any]) -> None:
    blob = save({key: value.contiguous() for key, value in state.items()})
    card = {
        **card,
        "config": config.to_dict(),
        "sha256": hashlib.sha256(blob).hexdigest(),
    }
    described = (json.dumps(card, indent=2) + "\n").encode()
    # A disk that is full must not leave the new weights beside the old card.
    write_together({path: blob, path.with_suffix(".json"): described})


def load_checkpoint(
    path: Path, profile: str | None = None, backbone_weights: Path | None = None
) -> tuple[MetaModel, dict[str, Any]]:
    """Return the meta model, in evaluation mode, and its card.

    `backbone_weights` is the file of the public weights of a backbone that the checkpoint leaves out
    (None: where the backbone finds its own).

    Raises InputError if a file is missing, truncated or does not match its card, or if the
    checkpoint is of another profile than the one asked for; and if public weights are not at hand, are
    others, or are given where they are not wanted.
    """
    card, config, blob = _read(path)
    if "holds" in card:
        raise InputError(
            f"{path}: holds an update rule alone; give it as the rule (--rule {path}), and a whole checkpoint"
        )
    if profile is not None and config.name != profile:
        raise InputError(
            f"{path}: a checkpoint of profile {config.name!r}, not {profile!r}; "
            f"give --profile {config.name} or another checkpoint"
        )
    model = MetaModel(config, torch.Generator().manual_seed(0))
    own = _public_weights(model.backbone, card.get("backbone_sha256"), path, backbone_weights)
    try:
        model.load_state_dict(own | load(blob))
    except (SafetensorError, RuntimeError) as error:
        raise InputError(f"{path}: does not fit its configuration ({error})") from error
    return model.eval(), card


def load_rule(path: Path, model: MetaModel) -> tuple[nn.Module, dict[str, Any]]:
    """Return an update rule for `model`, and its card: that of another checkpoint, or one saved alone.

    Raises InputError as `load_checkpoint` does, and if the rule's theta has other parts than the model's.
    """
    card, config, blob = _read(path)
    if ThetaLayout.of(config.model) != model.layout:
        raise InputError(
            f"{path}: a rule of profile {config.name!r}, whose theta has other shapes than that of profile "
            f"{model.config.name!r}; give a rule that was trained for this profile"
        )
    with torch.random.fork_rng(devices=[]):  # the start that a rule draws is replaced at once
        rule = build_rule(config.rule.name, config=config.rule, parts=model.parts.cpu())
    try:
        state = load(blob)
        rule.load_state_dict(
            {key.removeprefix(_RULE): state[key] for key in state if key.startswith(_RULE)}
        )
    except (SafetensorError, RuntimeError) as error:
        raise InputError(f"{path}: does not fit its configuration ({error})") from error
    return rule.to(model.theta0.device).eval(), card


def _read(path: Path) -> tuple[dict[str, Any], Config, bytes]:
    """Return a checkpoint's card, the configuration in it, and the bytes of the weights."""
    card_path = path.with_suffix(".json") if path.name else path  # "." has no name
    for file in (path, card_path):
        if not file.is_file():
            raise InputError(
                f"{file}: no such file; a checkpoint is a .safetensors file with its .json card "
                "beside it, as `roam-lite train` writes them"
            )
    try:
        card = json.loads(read_text(card_path))
        card = card if "config" in card else upgrade_card(card)
        values, digest = card["config"], card["sha256"]
    except InputError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{card_path}: not a model card ({error!r}); copy it again") from error
    config = Config.from_dict(values, str(card_path))
    blob = path.read_bytes()
    if hashlib.sha256(blob).hexdigest() != digest:
        raise InputError(
            f"{path}: its sha256 is not the one in {card_path.name}; the file is truncated or "
            "belongs to another card; copy both again"
        )
    return card, config, blob


def load_public(backbone: Backbone, file: Path | None = None) -> None:
    """Load the pretrained weights of a backbone, and note whether they are all that it has.

    Raises InputError as `Backbone.load_pretrained` does.
    """
    backbone.load_pretrained(file)
    pretrained = {id(parameter) for parameter in backbone.pretrained_parameters()}
    if pretrained.issuperset(map(id, backbone.parameters())):
        backbone.public = digest_weights(backbone)


def digest_weights(module: nn.Module) -> str:
    """Return the sha256 of a module's weights, with their names, wherever and however they lie."""
    digest = hashlib.sha256()
    for name, value in module.state_dict().items():
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _public_weights(
    backbone: Backbone, digest: str | None, path: Path, file: Path | None
) -> dict[str, Tensor]:
    """Return what the checkpoint at `path` leaves out, by its names there; nothing without a digest."""
    if digest is None:
        if file is not None:
            raise InputError(
                f"{path}: holds its backbone's weights; omit --backbone-weights {file}"
            )
        return {}
    try:
        load_public(backbone, file)
    except InputError as error:
        raise InputError(
            f"{path}: leaves out its backbone, whose weights are public, and they are not at hand: {error}; "
            "give their file as --backbone-weights"
        ) from error
    if backbone.public != digest:
        raise InputError(
            f"{path}: was trained on a backbone with other weights than "
            f"{file or 'those found here'} (by their sha256); give --backbone-weights FILE with its own"
        )
    return {f"backbone.{name}": value for name, value in backbone.state_dict().items()}


def upgrade_card(card: dict[str, Any]) -> dict[str, Any]:
    """Return a card of version 1 with the configuration that its profile's name and rule meant.

    Raises KeyError if it lacks one of them, and InputError for a profile that had none.
    """
    name, rule = card["profile"], card["rule"]
    constants = json.loads(_VERSION_1.read_text(encoding="utf-8"))
    if name not in constants:
        raise InputError(f"profile {name!r} had no checkpoints of version 1; train it again")
    config = modify(Config.from_dict(constants[name], _VERSION_1.name), rule={"name": rule})
    rest = {key: value for key, value in card.items() if key not in ("profile", "rule")}
    return {**rest, "config": config.to_dict()}
