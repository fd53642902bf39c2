"""Who optimises: update rules, what they see, and the one step that all of them take."""

from math import log

import torch
from torch import nn

from roam_lite.errors import InputError
from roam_lite.model.tracking_model import ThetaLayout
from roam_lite.profiles import Profile
from roam_lite.rules.fixed import FixedRates, LearnedRates
from roam_lite.rules.neural import FeedForwardRule, RecurrentRule
from roam_lite.rules.update_rule import UpdateRule

LEARNED_RULES = ("lstm", "gru", "fc", "const")


def build_learned_rule(name: str, profile: Profile, layout: ThetaLayout) -> nn.Module:
    """Return an untrained optimizer for theta of this layout: lstm, gru, fc or const.

    Raises InputError for any other name.
    """
    kind, hidden, rate = profile.rule_input, profile.hidden, profile.initial_updating_rate
    share, parts = profile.initial_updating_share, layout.parts()
    regression = layout.regression_coordinates()
    log_gains = torch.zeros(len(layout.shapes))
    log_gains[parts[regression]] = log(profile.initial_regression_gain)
    if name == "lstm":
        return RecurrentRule(nn.LSTMCell, kind, hidden, rate, share, parts, log_gains)
    if name == "gru":
        return RecurrentRule(nn.GRUCell, kind, hidden, rate, share, parts, log_gains)
    if name == "fc":
        return FeedForwardRule(kind, hidden, rate, share, parts, log_gains)
    if name == "const":
        return LearnedRates(len(parts), rate, share, log_gains[parts])
    raise InputError(
        f"there is no learned rule {name!r}; choose one of: {', '.join(LEARNED_RULES)}"
    )


__all__ = [
    "LEARNED_RULES",
    "FeedForwardRule",
    "FixedRates",
    "LearnedRates",
    "RecurrentRule",
    "UpdateRule",
    "build_learned_rule",
]
