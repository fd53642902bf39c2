"""Does a rule follow the scale of theta, as random filter scaling should teach it (section 3.3)?

Let the model be epsilon theta, with the loss L(epsilon theta / epsilon). Its gradient is that of theta,
divided by epsilon, and a step of rate r moves epsilon theta / epsilon by r / epsilon^2 times the
gradient of theta. So rates should grow with epsilon squared: the slope of the emitted log rate over
log epsilon should be 2. In training lambda0 is scaled as well, by epsilon squared, and a rule that
emits shares of lambda0 has the slope 2 without learning it. So the slope is also measured with lambda0
left as it is: then only theta and its gradient show the scale.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from roam_lite.analysis.recording import SEED, Recording
from roam_lite.rules import UpdateRule
from roam_lite.rules.rescaled import Rescaled
from roam_lite.rules.scaling import draw_scales
from roam_lite.tracking import Tracker

SCALED, NOT_TOLD = "theta and lambda0 scaled", "theta scaled"
HALVED, DOUBLED = "features x 0.5", "features x 2"


@dataclass(frozen=True)
class ScaleResponse:
    """How emitted log rates depend on the logarithm of epsilon, which is uniform in [-kappa, kappa]."""

    kappa: tuple[float, float]  # of the response branch, and of the regression branch
    slope: float  # 2: the model moves as if it were not scaled; 0: the rule ignores the scale
    deviation: float  # standard deviation of the log rates around that line
    not_told: float  # the slope if lambda0 is left as it is


def draw_epsilon(tracker: Tracker) -> torch.Tensor:
    """Return epsilon `[1, P]` over the range that the checkpoint was trained for."""
    model, training = tracker.model, tracker.model.config.training
    kappas = training.kappa_response, training.kappa_regression
    generator = torch.Generator().manual_seed(SEED)
    return draw_scales(model.regression_coordinates, *kappas, 1, generator)


def scaled_rules(tracker: Tracker) -> dict[str, UpdateRule]:
    """Return the tracker's rule on the scaled model, by name, for `record` to run in parallel."""
    epsilon = draw_epsilon(tracker)
    return {
        SCALED: Rescaled(tracker.rule, epsilon, told=True),
        NOT_TOLD: Rescaled(tracker.rule, epsilon),
    }


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
    """Return the response to scaling from a recording in which `scaled_rules` ran in parallel."""
    drawn = draw_epsilon(tracker)[0].log().cpu().numpy().astype(np.float64)
    log_epsilon = drawn[recording.coordinates]
    training = tracker.model.config.training
    kappas = training.kappa_response, training.kappa_regression
    slope, deviation = _line(recording, SCALED, log_epsilon)
    return ScaleResponse(kappas, slope, deviation, _line(recording, NOT_TOLD, log_epsilon)[0])


def _line(recording: Recording, name: str, log_epsilon: NDArray[np.float64]) -> tuple[float, float]:
    """Return slope and deviation of the change of log rates over log epsilon, a line through the origin."""
    acting = recording.others[name].astype(np.float64)  # on theta
    change = acting + 2 * log_epsilon - recording.log_rates
    slope = (change * log_epsilon).mean() / np.square(log_epsilon).mean()
    return float(slope), float((change - slope * log_epsilon).std())
