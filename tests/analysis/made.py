"""Recordings whose log rates are made by hand, trackers of untrained rules, and a rule that only watches."""

import numpy as np
import torch

from roam_lite.analysis.recording import Recording
from roam_lite.config import modify
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile
from roam_lite.tracking import Tracker
from tests.fakes import moving_square

LEARNED = ("lstm", "gru", "fc", "const")
SEQUENCES = [moving_square("a", length=12), moving_square("b", length=7)]
STEPS = 4 + 2  # of the two sequences: two in frames 5 and 10
GAINS = np.array([0.5, -1.0, 2.0], dtype=np.float32)


def made(log_rates=None, *, inputs=None, channels=(), others=None, gains=True, steps=40):
    """A recording of 12 coordinates in three parts; log_rates is made of log lambda0 and gains if None."""
    rng = np.random.default_rng(0)
    parts = np.arange(12) % 3
    log_lambda0 = rng.normal(size=12).astype(np.float32)
    own = np.tile(log_lambda0 + GAINS[parts], (steps, 1)) if log_rates is None else log_rates
    return Recording(
        updates=np.arange(steps),
        coordinates=np.arange(12),
        log_rates=own.astype(np.float32),
        inputs=np.empty((steps, 12, 0), np.float32) if inputs is None else inputs,
        channels=channels,
        part_means=np.stack([(own - log_lambda0)[:, parts == p].mean(1) for p in range(3)], 1),
        log_lambda0=log_lambda0,
        parts=parts,
        log_gains=GAINS[parts] if gains else None,
        others=others or {},
    )


def untrained(rule="lstm", share=0.3, kind="log_sign"):
    """A tracker of the smallest profile whose responses are above 0, so that it updates, in eval mode."""
    config = modify(
        get_profile("smoke"),
        rule={"name": rule, "initial_share": share, "input": kind},
        online={"weak_response": 0.0},
    )
    model = MetaModel(config, torch.Generator().manual_seed(1)).eval().requires_grad_(False)
    model.log_lambda0.add_(
        torch.randn(model.layout.size, generator=torch.Generator().manual_seed(2))
    )
    if hasattr(model.rule, "output"):
        torch.nn.init.normal_(model.rule.output.weight, generator=torch.Generator().manual_seed(3))
    response, _ = model.layout.split(model.theta0[None])
    response.bias.fill_(0.5)
    return Tracker(model, model.rule, description={"rule": rule, "weights_sha256": 64 * "0"})


class Watching:
    """A rule that keeps the arguments and the rates of every step of another."""

    def __init__(self, rule):
        self.rule, self.seen = rule, []
        self.needs_hessian = getattr(rule, "needs_hessian", False)

    def init(self, theta, learning_rates0):
        return self.rule.init(theta, learning_rates0)

    def step(self, theta, gradient, loss, state, **extra):
        taken = self.rule.step(theta, gradient, loss, state, **extra)
        self.seen.append((theta.clone(), gradient, loss, state, taken.rates))
        return taken
