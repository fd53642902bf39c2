"""Whether a rule follows the scale of theta: slopes of rules whose answer is known, and tracking."""

import numpy as np
import pytest
import torch

from roam_lite.adaptation import adapt
from roam_lite.analysis.recording import record, with_rule
from roam_lite.analysis.scaling import (
    SCALED,
    draw_epsilon,
    measure_scale,
    rescaled_rules,
    scaled_rules,
)
from roam_lite.evaluation.running.runner import run_sequence
from roam_lite.rules import SGD
from roam_lite.rules.rescaled import Rescaled
from tests.analysis.made import LEARNED, SEQUENCES, untrained


class Told(SGD):
    """Gradient descent with a power of the initial rates: it follows the scale with that slope times 2."""

    def __init__(self, power):
        self.power = power

    def init(self, theta, learning_rates0):
        return 1e-6 * learning_rates0**self.power

    def step(self, theta, gradient, loss, state):
        self.lr = state
        return super().step(theta, gradient, loss, None)._replace(state=state)


class Measured(SGD):
    """Rates that theta and its gradient determine: they follow the scale with the slope 2, told or not."""

    def __init__(self):
        pass

    def init(self, theta, learning_rates0):
        return None

    def step(self, theta, gradient, loss, state):
        self.lr = 1e-6 * (theta.abs() + 1e-12) / (gradient.abs() + 1e-12)
        return super().step(theta, gradient, loss, None)


def response(tracker):
    recording = record(tracker, SEQUENCES, scaled_rules(tracker), progress=False)
    return measure_scale(tracker, recording)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_the_slope_is_that_with_which_a_rule_follows(power):
    found = response(with_rule(untrained(), Told(power)))
    assert found.slope == pytest.approx(2 * power, abs=1e-3)
    assert found.deviation < 1e-3
    assert found.not_told == pytest.approx(0, abs=1e-3)


def test_a_rule_that_measures_the_scale_follows_without_being_told():
    found = response(with_rule(untrained(), Measured()))
    assert found.slope == pytest.approx(2, abs=0.1)
    assert found.not_told == pytest.approx(2, abs=0.1)


def test_rates_that_are_emitted_relative_to_lambda0_follow_and_a_common_start_does_not():
    """Of networks whose layers emit nothing: the center is all that is left."""
    for share, slope in ((0.3, 2.0), (None, 0.0)):
        tracker = untrained(share=share)
        torch.nn.init.zeros_(tracker.rule.output.weight)
        assert response(tracker).slope == pytest.approx(slope, abs=0.01)


def test_epsilon_spans_the_range_of_training():
    tracker = untrained()
    training, regression = tracker.config.training, tracker.model.regression_coordinates
    logs = draw_epsilon(tracker)[0].log()
    for part, kappa in (
        (~regression, training.kappa_response),
        (regression, training.kappa_regression),
    ):
        assert 0.9 * kappa < logs[part].abs().max() <= kappa * (1 + 1e-6)
    assert torch.equal(draw_epsilon(tracker), draw_epsilon(tracker))


@pytest.mark.parametrize("rule", LEARNED)
def test_a_rule_along_on_the_scaled_model_changes_no_step(rule):
    tracker = untrained(rule)
    alone = record(tracker, SEQUENCES, progress=False)
    along = record(tracker, SEQUENCES, scaled_rules(tracker), progress=False)
    np.testing.assert_array_equal(along.log_rates, alone.log_rates)
    assert np.isfinite(along.others[SCALED]).all()


def test_a_rule_that_follows_tracks_alike_whatever_the_size_of_features():
    tracker = with_rule(untrained(), Told(1.0))
    boxes = [run_sequence(tracker, sequence).boxes for sequence in SEQUENCES]
    for rule in rescaled_rules(tracker).values():
        for sequence, expected in zip(SEQUENCES, boxes, strict=True):
            found = run_sequence(with_rule(tracker, rule), sequence).boxes
            np.testing.assert_allclose(found, expected, rtol=1e-3)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_scaled_theta_and_rates_are_what_scaled_features_ask_for(factor):
    """A step on features times k, with theta / k and rates / k^2, predicts what the plain one does."""
    tracker = untrained()
    sequence = SEQUENCES[0]
    tracker.init(sequence.frames[0], sequence.boxes[0])
    kept = []
    tracker.first_steps = lambda samples: kept.append(samples) or (tracker.theta, [0.0])
    tracker.init(sequence.frames[0], sequence.boxes[0])
    (samples,), config = kept, tracker.config.model
    theta, rates = tracker.theta, torch.full((1, tracker.theta.shape[1]), 1e-4)
    plain = adapt(theta, samples, Told(1.0), Told(1.0).init(theta, rates), config)
    rule = Rescaled(Told(1.0), torch.tensor([[1 / factor]]), told=True)
    scaled = adapt(theta, samples, rule, rule.init(theta, rates), config)
    torch.testing.assert_close(scaled.theta, plain.theta, rtol=1e-5, atol=1e-7)
    assert not torch.equal(plain.theta, theta)
