"""Recordings: what a rule saw and emitted, against a rule that only watches; tracking stays as it is."""

import numpy as np
import pytest
import torch

from roam_lite.analysis.recording import Recorder, mean_by_part, record, watched_step, with_rule
from roam_lite.errors import InputError
from roam_lite.evaluation.running.runner import run_sequence
from roam_lite.rules import SteepestDescent
from roam_lite.rules.preprocessing import stack_input
from tests.analysis.made import LEARNED, SEQUENCES, STEPS, Watching, untrained
from tests.fakes import LearnedMomentum, moving_square


def watched(tracker):
    """(boxes, all arguments and rates) of the sequences, tracked without recording."""
    boxes, seen = [], []
    for sequence in SEQUENCES:
        rule = Watching(tracker.rule)
        boxes.append(run_sequence(with_rule(tracker, rule), sequence).boxes)
        seen += rule.seen
    return boxes, seen


def coordinates(tracker, recording):
    """Those that were recorded; the smallest model has fewer than are drawn, so all are."""
    assert recording.log_rates.shape[1] == tracker.model.layout.size
    return np.arange(tracker.model.layout.size)


@pytest.mark.parametrize("rule", LEARNED)
@pytest.mark.parametrize("share", [0.3, None])
def test_recorded_rates_are_those_of_the_rule(rule, share):
    tracker = untrained(rule, share)
    recording, (_, seen) = record(tracker, SEQUENCES, progress=False), watched(tracker)
    assert len(seen) == STEPS
    rates = np.stack([rates[0].log().numpy() for *_, rates in seen])
    np.testing.assert_allclose(recording.log_rates, rates[:, coordinates(tracker, recording)])
    np.testing.assert_array_equal(recording.updates, [0, 1, 2, 3, 0, 1])
    shares = rates - tracker.model.lambda0.log().numpy()
    parts = tracker.model.parts.numpy()
    plain = [[row[parts == part].mean() for part in range(8)] for row in shares]
    np.testing.assert_allclose(recording.part_means, plain, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(recording.log_lambda0, tracker.model.lambda0.log().numpy())
    assert (recording.log_gains is None) == (share is None or rule == "const")
    if recording.log_gains is not None:
        np.testing.assert_array_equal(recording.log_gains, tracker.rule.log_gains[parts].numpy())


@pytest.mark.parametrize("kind", ["raw", "log_sign"])
def test_recorded_inputs_are_those_of_equation_10(kind):
    tracker = untrained(kind=kind)
    recording, (_, seen) = record(tracker, SEQUENCES, progress=False), watched(tracker)
    for inputs, (theta, gradient, loss, state, _) in zip(recording.inputs, seen, strict=True):
        plain = stack_input(kind, 10.0, state.learning_rates, gradient, theta, loss)
        np.testing.assert_array_equal(inputs, plain[0].numpy())
    assert len(recording.channels) == recording.inputs.shape[-1] == (4 if kind == "raw" else 5)


def test_a_rule_that_sees_no_input_has_no_channels():
    recording = record(untrained("const"), SEQUENCES, progress=False)
    assert recording.channels == ()
    assert recording.inputs.shape == (*recording.log_rates.shape, 0)


def test_recording_changes_no_box_and_others_take_no_step():
    tracker = untrained()
    boxes, _ = watched(tracker)
    at = torch.arange(5)
    for sequence, plain in zip(SEQUENCES, boxes, strict=True):
        recorder = Recorder(tracker, at, {"fc": untrained("fc").rule})
        run = run_sequence(with_rule(tracker, recorder), sequence)
        np.testing.assert_array_equal(run.boxes, plain)


def test_others_step_along_with_memories_of_their_own():
    tracker, fc = untrained(), untrained("fc").rule
    recording = record(tracker, SEQUENCES, {"own": tracker.rule, "fc": fc}, progress=False)
    np.testing.assert_array_equal(recording.others["own"], recording.log_rates)
    assert np.abs(recording.others["fc"] - recording.log_rates).max() > 1e-3


def test_coordinates_are_drawn_with_at_least_one_of_each_part(monkeypatch):
    monkeypatch.setattr("roam_lite.analysis.recording.COORDINATES", 3)
    tracker = untrained()
    recording = record(tracker, SEQUENCES, progress=False)
    assert set(recording.parts) == set(range(8))
    assert 8 <= len(recording.parts) <= 11
    again = record(tracker, SEQUENCES, progress=False)
    np.testing.assert_array_equal(recording.log_lambda0, again.log_lambda0)


def test_steps_that_are_not_finite_are_left_out():
    tracker = untrained()
    recorder = Recorder(tracker, torch.arange(3), {})
    theta = tracker.model.theta0[None]
    state = recorder.init(theta, tracker.model.lambda0[None])
    recorder.step(theta, torch.full_like(theta, torch.nan), torch.ones(1), state)
    assert recorder.steps == []
    recorder.step(theta, torch.ones_like(theta), torch.ones(1), state)
    assert len(recorder.steps) == 1


def test_a_rule_with_a_hessian_is_recorded():
    tracker = untrained()
    tracker.rule = SteepestDescent()
    assert np.isfinite(record(tracker, SEQUENCES, progress=False).log_rates).all()


def test_what_cannot_be_recorded_is_refused():
    tracker = untrained()
    with pytest.raises(InputError, match=r"no model was updated .*5 trusted frames; give longer"):
        record(tracker, [moving_square("short", length=4)], progress=False)
    tracker.rule = LearnedMomentum(None, None, None)
    with pytest.raises(InputError, match="LearnedMomentum emits no learning rates"):
        record(tracker, SEQUENCES, progress=False)


def test_watching_a_step_leaves_the_rule_as_it_is():
    tracker = untrained()
    before = dict(vars(tracker.rule))
    theta = tracker.model.theta0[None]
    state = tracker.rule.init(theta, tracker.model.lambda0[None])
    taken, stack = watched_step(tracker.rule, theta, theta, torch.ones(1), state)
    assert stack.shape == (*theta.shape, 5)
    plain = tracker.rule.step(theta, theta, torch.ones(1), state)
    torch.testing.assert_close(taken.rates, plain.rates, rtol=0, atol=0)
    assert dict(vars(tracker.rule)) == before


def test_means_by_part_are_those_of_a_loop():
    values, parts = torch.randn(2, 9), torch.tensor([0, 2, 1, 1, 2, 0, 2, 2, 1])
    plain = torch.stack([values[:, parts == part].mean(dim=1) for part in range(3)], dim=1)
    torch.testing.assert_close(mean_by_part(values, parts), plain)
