"""Who optimizes: one registry of update rules for training, tracking, command line and notebooks.

Another rule is one file and one line here: with a learning rate, `RULES["mine"] = Rule(Mine)`; one
that meta-training fits, `RULES["mine"] = Rule(learned=Mine)`, an `nn.Module` as in `neural`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from numbers import Real

import torch
from torch import Tensor, nn

from roam_lite.config import RuleConfig
from roam_lite.errors import InputError
from roam_lite.rules.adam import Adam
from roam_lite.rules.const import ConstantRates
from roam_lite.rules.feedforward import FeedForwardRule
from roam_lite.rules.hypergradient import HypergradientDescent
from roam_lite.rules.momentum import Momentum
from roam_lite.rules.prodigy import Prodigy
from roam_lite.rules.recurrent import RecurrentRule
from roam_lite.rules.sgd import SGD
from roam_lite.rules.steepest import SteepestDescent
from roam_lite.rules.update_rule import RuleStep as RuleStep
from roam_lite.rules.update_rule import UpdateRule


@dataclass(frozen=True)
class Rule:
    """How a rule is made: by hand with a learning rate, for meta-training, or either."""

    with_lr: Callable[[float], UpdateRule] | None = None
    # Of the configuration, the part [P] of each coordinate of theta, and a log gain for each part.
    learned: Callable[[RuleConfig, Tensor, Tensor], nn.Module] | None = None


RULES: dict[str, Rule] = {
    "lstm": Rule(learned=partial(RecurrentRule, nn.LSTMCell)),
    "gru": Rule(learned=partial(RecurrentRule, nn.GRUCell)),
    "fc": Rule(learned=FeedForwardRule),
    "const": Rule(learned=ConstantRates),
    "sgd": Rule(SGD),
    "momentum": Rule(Momentum),
    "adam": Rule(Adam),
    "hypergradient": Rule(HypergradientDescent),
    # Its "learning rate" is the factor on the distance that it estimates.
    "prodigy": Rule(Prodigy),
    # Its "learning rate" is the factor on the closed-form step length.
    "steepest": Rule(SteepestDescent, learned=lambda config, parts, log_gains: SteepestDescent()),
}


def build_rule(
    name: str,
    *,
    lr: float | None = None,
    config: RuleConfig | None = None,
    parts: Tensor | None = None,
    log_gains: Tensor | None = None,
) -> UpdateRule:
    """Return a new update rule: `build_rule("sgd", lr=1e-4)`, or an untrained one from a `config`.

    `parts` `[P]` says for each coordinate of theta which part it belongs to (`ThetaLayout.parts`);
    where rates are emitted relative to lambda0, those of part i start multiplied by
    exp(`log_gains[i]`) (None: by 1). Raises InputError for unknown names, and if the rule is made
    from something else than what is given.
    """
    rule = find_rule(name)
    if lr is not None:
        if rule.with_lr is None:
            raise InputError(f"rule {name!r} emits its own rates: omit the learning rate")
        if isinstance(lr, bool) or not isinstance(lr, Real) or not 0 < lr < float("inf"):
            raise InputError(f"learning rate {lr!r}: give a number above zero")
        return rule.with_lr(lr)
    if config is None or parts is None:
        raise InputError(f"rule {name!r} needs " + ("lr=R" if rule.with_lr else "config and parts"))
    if rule.learned is None:
        raise InputError(
            f"rule {name!r} is not learned; choose one of: {', '.join(learned_rules())}"
        )
    if log_gains is None:
        log_gains = torch.zeros(int(parts.max()) + 1)
    return rule.learned(config, parts, log_gains)


def find_rule(name: str, others: Iterable[str] = ()) -> Rule:
    """Return the registry's entry. Raises InputError naming these and `others` if there is none."""
    if name not in RULES:
        known = ", ".join(dict.fromkeys([*RULES, *others]))
        raise InputError(f"there is no rule {name!r}; choose one of: {known}")
    return RULES[name]


def learned_rules() -> list[str]:
    """Return the names of the rules that meta-training fits."""
    return [name for name, rule in RULES.items() if rule.learned is not None]
