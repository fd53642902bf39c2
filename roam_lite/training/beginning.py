"""What a run starts with: its constants and its weights."""

from pathlib import Path

import torch

from roam_lite.checkpoints import load_checkpoint, load_public
from roam_lite.config import Config, modify
from roam_lite.errors import InputError
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile
from roam_lite.settings import set_constants
from roam_lite.training.run_folder import TrainConfig


def initial_config(run: TrainConfig) -> Config:
    """Return the constants of a new run: its profile's, with the chosen rule and constants set by name."""
    config = modify(get_profile(run.profile), rule={"name": run.rule})
    return set_constants(config, dict(constant.split("=", 1) for constant in run.constants))


def initial_model(run: TrainConfig, config: Config) -> tuple[MetaModel, dict | None]:
    """Return the model that a run starts with, and the card of the checkpoint it comes from, if any.

    Raises InputError for weights that do not fit the backbone, and for a checkpoint that does not fit.
    """
    model = MetaModel(config, torch.Generator().manual_seed(run.seed))
    weights_file = None if run.backbone_weights is None else Path(run.backbone_weights)
    if run.init is None:
        if weights_file is not None or model.backbone.pretrained:
            load_public(model.backbone, weights_file)
        return model, None
    trained, card = load_checkpoint(Path(run.init), config.name, weights_file)
    model.backbone.public = trained.backbone.public
    weights = trained.state_dict()
    if run.fresh_rule or trained.config.rule.name != config.rule.name:
        own = {f"rule.{name}": value for name, value in model.rule.state_dict().items()}
        weights = {k: v for k, v in weights.items() if not k.startswith("rule.")} | own
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise InputError(
            f"{run.init}: does not fit profile {config.name} as it is now ({error})"
        ) from error
    return model, card


def changed_constants(card: dict, config: Config) -> list[str]:
    """Return which constants of model and rule differ from those in the card of the run's `init`."""
    before, now = Config.from_dict(card["config"], "card").to_dict(), config.to_dict()
    return [
        f"{section}.{name}={value} (there {before[section][name]})"
        for section in ("model", "rule")
        for name, value in now[section].items()
        if value != before[section][name]
    ]
