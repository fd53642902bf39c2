"""Untrained `smoke` models that track: what they do is no good, but it is the same every time."""

import torch

from roam_lite.config import modify
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile
from roam_lite.tracking import Tracker

BOX = (30.0, 20.0, 16.0, 12.0)


def smoke_model(rule: str = "lstm", **constants) -> MetaModel:
    """A model with other online constants.

    An untrained model's responses mean nothing; here they are above 0, so none is too weak to learn
    from.
    """
    constants = {"weak_response": 0.0, **constants}
    config = modify(get_profile("smoke"), rule={"name": rule}, online=constants)
    model = MetaModel(config, torch.Generator().manual_seed(1)).eval().requires_grad_(False)
    response, _ = model.layout.split(model.theta0[None])
    response.bias.fill_(0.5)
    return model


def smoke_tracker(rule: str = "lstm", variant: str = "roam++", **constants) -> Tracker:
    model = smoke_model(rule, **constants)
    return Tracker(model, model.rule, variant)
