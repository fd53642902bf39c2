"""Does a rule follow the scale of theta, as random filter scaling should teach it (section 3.3)?

Let the model be epsilon theta, with the loss L(epsilon theta / epsilon). Its gradient is that of theta,
divided by epsilon, and a step of rate r moves epsilon theta / epsilon by r / epsilon^2 times the
gradient of theta. So rates should grow with epsilon squared: the slope of the emitted log rate over
log epsilon should be 2.
"""

from dataclasses import dataclass

import numpy as np
import torch

from roam_lite.analysis.recording import SEED, Recording
from roam_lite.rules import UpdateRule
from roam_lite.rules.rescaled import Rescaled
from roam_lite.rules.scaling import draw_scales
from roam_lite.tracking import Tracker

SCALED, HALVED, DOUBLED = "theta scaled", "features x 0.5", "features x 2"


@dataclass(frozen=True)
class ScaleResponse:
    """How emitted log rates depend on the logarithm of epsilon, which is uniform in [-kappa, kappa]."""

    kappa: tuple[float, float]  # of the response branch, and of the regression branch
    slope: float  # 2: the model moves as if it were not scaled; 0: the rule ignores the scale
    deviation: float  # standard deviation of the log rates around that line


def draw_epsilon(tracker: Tracker) -> torch.Tensor:
    """Return epsilon `[1, P]` over the range that the checkpoint was trained for."""
    model, training = tracker.model, tracker.model.config.training
    kappas = training.kappa_response, training.kappa_regression
    generator = torch.Generator().manual_seed(SEED)
    return draw_scales(model.regression_coordinates, *kappas, 1, generator)


def scaled_rule(tracker: Tracker) -> dict[str, UpdateRule]:
    """Return the tracker's rule on the scaled model, by name, for `record` to run in parallel."""
    return {SCALED: Rescaled(tracker.rule, draw_epsilon(tracker), told=True)}


def rescaled_rules(tracker: Tracker) -> dict[str, UpdateRule]:
    """Return the tracker's rule for features multiplied by 0.5 and by 2.

    theta is divided by the factor and lambda0 by its square, as derived above.
    """
    factors = {HALVED: 2.0, DOUBLED: 0.5}
    like = tracker.model.lambda0.detach()
    return {
        name: Rescaled(tracker.rule, torch.full_like(like, factor)[None, :1], told=True)
        for name, factor in factors.items()
    }


def measure_scale(tracker: Tracker, recording: Recording) -> ScaleResponse:
    """Return the response to scaling from a recording in which `scaled_rule` ran in parallel."""
    log_epsilon = (
        draw_epsilon(tracker)[0].log().cpu().numpy().astype(np.float64)[recording.coordinates]
    )
    acting = recording.others[SCALED].astype(np.float64)  # on theta
    change = acting + 2 * log_epsilon - recording.log_rates
    slope = (change * log_epsilon).mean() / np.square(log_epsilon).mean()
    training = tracker.model.config.training
    rest = change - slope * log_epsilon
    kappas = training.kappa_response, training.kappa_regression
    return ScaleResponse(kappas, float(slope), float(rest.std()))
