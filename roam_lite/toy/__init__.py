"""Small problems on which optimizers are learned and compared in seconds (section 3.3)."""

from roam_lite.toy.problem import (
    Problems,
    Unrolled,
    best_rates,
    draw_problems,
    meta_train,
    toy_loss,
    toy_rule,
    unroll,
)

__all__ = [
    "Problems",
    "Unrolled",
    "best_rates",
    "draw_problems",
    "meta_train",
    "toy_loss",
    "toy_rule",
    "unroll",
]
