"""Who optimizes: update rules, what they see, and the one step that all of them take."""

import torch
from torch import Tensor, nn

from roam_lite.errors import InputError
from roam_lite.profiles import Profile
from roam_lite.rules.fixed import FixedRates, LearnedRates
from roam_lite.rules.neural import FeedForwardRule, RecurrentRule
from roam_lite.rules.update_rule import UpdateRule

LEARNED_RULES = ("lstm", "gru", "fc", "const")


def build_learned_rule(
    name: str, profile: Profile, parts: Tensor, log_gains: Tensor | None = None
) -> nn.Module:
    """Return an untrained optimizer for theta: lstm, gru, fc or const.

    `parts` `[P]` says for each coordinate of theta which part it belongs to (`ThetaLayout.parts`);
    where rates are emitted relative to lambda0, those of part i start multiplied by
    exp(`log_gains[i]`) (None: by 1).

    Raises InputError for any other name.
    """
    kind, hidden, rate = profile.rule_input, profile.hidden, profile.initial_updating_rate
    share = profile.initial_updating_share
    if log_gains is None:
        log_gains = torch.zeros(int(parts.max()) + 1)
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
