"""`load_tracker`: a tracker from a checkpoint, with another rule or other constants if asked for."""

import hashlib
import json
from pathlib import Path
from typing import Any, get_args

import torch

from roam_lite.checkpoints import WEIGHTS, load_checkpoint, load_rule
from roam_lite.config import modify
from roam_lite.devices import choose_device
from roam_lite.errors import InputError
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile
from roam_lite.rules import RULES, UpdateRule, build_rule, find_rule
from roam_lite.settings import set_online
from roam_lite.tracking.tracker import Tracker, Variant


def load_tracker(
    profile: str | None = None,
    *,
    checkpoint: str | Path | None = None,
    variant: Variant = "roam++",
    rule: str | Path | None = None,
    lr: float | None = None,
    sgd_rate: float | None = None,
    device: str | torch.device = "cpu",
    backbone_weights: str | Path | None = None,
    **online: Any,
) -> Tracker:
    """Return a tracker with the profile's shipped checkpoint (None: laptop), or the one given.

    What the tracker does is in the checkpoint; a `profile` beside one only insists on where it
    comes from. `rule` is what updates the model: None for the checkpoint's choice, `"own"` for the
    optimizer that it was trained with, `"none"`; a rule with a learning rate (`"sgd"`, `"momentum"`,
    `"adam"`, `"hypergradient"`, `"prodigy"`, `"steepest"`) and `lr`, whose older name is `sgd_rate`; a
    learned rule, by the name of its file in the folder beside the checkpoint that is called like it
    (`"const"` for `laptop/const.safetensors`); or the path of another checkpoint. A learned rule brings the
    number of first steps (`initial_steps`) that it was trained with. `device` is `"cpu"`, `"cuda"` or
    `"auto"`. `backbone_weights` is the file of a public backbone that the checkpoint leaves out. Other
    arguments set online constants, or `initial_steps`, by name, as in `load_tracker(motion=1.6)`.

    Raises InputError for a missing or damaged checkpoint, for combinations that make no sense, and
    for constants that do not exist or have no such value.
    """
    if checkpoint is None:
        checkpoint = _shipped(profile or "laptop")
    if not isinstance(checkpoint, str | Path):
        raise InputError(f"checkpoint {checkpoint!r}: give the path of a .safetensors file")
    if variant not in get_args(Variant):
        raise InputError(f"there is no variant {variant!r}; choose roam++ or roam")
    if lr is not None and sgd_rate is not None:
        raise InputError("lr and sgd_rate are two names of one number: give lr alone")
    weights = None if backbone_weights is None else Path(backbone_weights)
    model, card = load_checkpoint(Path(checkpoint), profile, weights)
    model = model.to(choose_device(device)).requires_grad_(False)
    chosen, which = _choose_rule(model, Path(checkpoint), rule, sgd_rate if lr is None else lr)
    steps = which.get("initial_steps", model.config.model.initial_steps)
    config = set_online(modify(model.config, model={"initial_steps": steps}), online)
    constants = json.dumps(card["config"], sort_keys=True)
    description = {
        "tracker": variant,
        "profile": config.name,
        **which,
        "device": model.cells.device.type,
        "weights_sha256": card["sha256"],
        "config_sha256": hashlib.sha256(constants.encode()).hexdigest(),
    }
    if online:
        used = vars(config.model) | vars(config.online)
        description["online"] = {name: used[name] for name in sorted(online)}
    return Tracker(model, chosen, variant, config, description)


def _shipped(profile: str) -> Path:
    """Return the checkpoint that ships for a profile."""
    checkpoint = WEIGHTS / f"{profile}.safetensors"
    if not checkpoint.is_file():
        get_profile(profile)  # there is none of a mistyped name, nor can it be trained
        raise InputError(
            f"no checkpoint ships for profile {profile!r} ({checkpoint.name} is missing); "
            f"meta-train one with `roam-lite train --profile {profile} --data otb:DIR --out RUN` "
            "and give RUN/checkpoint.safetensors as the checkpoint"
        )
    return checkpoint


def _choose_rule(
    model: MetaModel, checkpoint: Path, rule: str | Path | None, lr: float | None
) -> tuple[UpdateRule | None, dict[str, Any]]:
    """Return the rule of that name, or in that file, and what the description says of it."""
    config = model.config.rule
    if rule is None and config.online is not None:
        rule, lr = config.online, config.online_lr if lr is None else lr
    rule = config.name if rule in (None, "own") else rule
    if not isinstance(rule, str | Path):
        raise InputError(f"rule {rule!r}: give a rule's name or the path of a checkpoint")
    path = Path(rule)
    if path.suffix != ".safetensors":
        path = checkpoint.with_suffix("") / f"{rule}.safetensors"
        if rule == "none":
            if lr is not None:
                raise InputError(f"learning rate {lr!r}: rule none takes no steps; omit it")
            return None, {"rule": rule, "lr": None}
        if rule == config.name and lr is None:
            return model.rule, {"rule": rule, "lr": None}
        by_hand = rule in RULES and RULES[rule].with_lr is not None
        if lr is not None and (by_hand or not path.is_file()):
            return build_rule(rule, lr=lr), {"rule": rule, "lr": lr}
        if not path.is_file():
            beside = sorted(file.stem for file in path.parent.glob("*.safetensors"))
            find_rule(rule, beside)  # refuses a mistyped name
            if by_hand:
                raise InputError(f"rule {rule} needs a learning rate: give --lr R")
            raise InputError(
                f"the checkpoint's optimizer is {config.name!r}, and {path} does not exist; train one "
                f"with `roam-lite train --rule {rule}`, or choose {', '.join([config.name, *beside])}, a "
                "rule with a learning rate, or none"
            )
    if lr is not None:
        raise InputError(f"{path}: a learned rule emits its own rates; omit the learning rate")
    loaded, card = load_rule(path, model)
    name, digest = card["config"]["rule"]["name"], card["sha256"]
    which = {"rule": name, "lr": None, "rule_sha256": digest}
    steps = card["config"]["model"]["initial_steps"]
    if steps != model.config.model.initial_steps:  # a rule goes on from the model it was trained on
        which["initial_steps"] = steps
    return loaded, which
