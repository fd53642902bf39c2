"""Replaced rules: what they emit, against plain formulas; all of them track, whatever the rule."""

import numpy as np
import pytest
import torch

from roam_lite.analysis.recording import record, with_rule
from roam_lite.analysis.replacing import (
    Formula,
    by_formula,
    changed_rules,
    distill,
    part_constants,
    replaced_rules,
    with_held_input,
    with_part_means,
    without_memory,
)
from roam_lite.evaluation.running.runner import run_sequence
from roam_lite.rules import SteepestDescent
from tests.analysis.made import GAINS, LEARNED, SEQUENCES, Watching, made, untrained


def point(tracker, seed=5):
    """theta, a gradient and a loss to step from."""
    generator = torch.Generator().manual_seed(seed)
    theta = tracker.model.theta0[None]
    gradient = torch.randn(theta.shape, generator=generator)
    return theta, gradient, torch.rand(1, generator=generator)


def begun(rule, tracker):
    return rule.init(tracker.model.theta0[None], tracker.model.lambda0[None])


def test_a_held_input_counts_no_longer_and_the_rule_stays():
    tracker = untrained()
    theta, gradient, loss = point(tracker)
    held = with_held_input(tracker.rule, 4, 0.3)
    states = begun(held, tracker)
    rates = [held.step(theta, gradient, factor * loss, states).rates for factor in (1, 5)]
    torch.testing.assert_close(*rates, rtol=0, atol=0)
    plain = tracker.rule.step(theta, gradient, torch.tensor([0.3]), states).rates
    torch.testing.assert_close(rates[0], plain, rtol=0, atol=0)
    other = tracker.rule.step(theta, gradient, 5 * loss, states).rates
    assert (other - plain).abs().max() > 0


def test_a_wiped_memory_steps_as_at_first_from_the_same_last_rates():
    tracker = untrained()
    wiped = without_memory(tracker.rule)
    first = wiped.step(*point(tracker), begun(wiped, tracker))
    second = wiped.step(*point(tracker, 6), first.state)
    anew = tracker.rule.step(*point(tracker, 6), first.state._replace(memory=()))
    torch.testing.assert_close(second.rates, anew.rates, rtol=0, atol=0)
    own = tracker.rule.step(*point(tracker, 6), first.state)
    assert (own.rates - second.rates).abs().max() > 0


@pytest.mark.parametrize("rule", LEARNED)
def test_part_means_are_the_geometric_means_of_the_rules_shares(rule):
    tracker = untrained(rule, share=None)
    parts, lambda0 = tracker.model.parts, tracker.model.lambda0
    means = with_part_means(tracker.rule, lambda0, parts)
    theta, gradient, loss = point(tracker)
    own = tracker.rule.step(theta, gradient, loss, begun(tracker.rule, tracker))
    taken = means.step(theta, gradient, loss, begun(means, tracker))
    for part in range(8):
        shares = (own.rates / lambda0)[0, parts == part]
        plain = lambda0[parts == part] * shares.log().mean().exp()
        torch.testing.assert_close(taken.rates[0, parts == part], plain, rtol=1e-4, atol=0)
    torch.testing.assert_close(taken.step, taken.rates * gradient, rtol=0, atol=0)


def test_constants_are_geometric_means_over_the_recording():
    recording = made()
    np.testing.assert_allclose(part_constants(recording), np.exp(GAINS), rtol=1e-5)
    doubled = made(recording.log_rates + np.log(16) * (np.arange(40) % 4 == 0)[:, None])
    np.testing.assert_allclose(part_constants(doubled), 2 * np.exp(GAINS), rtol=1e-5)


def test_constants_take_the_place_of_a_rule_that_has_no_more():
    tracker = untrained("const")
    rules = replaced_rules(tracker, record(tracker, SEQUENCES, progress=False))
    theta, gradient, loss = point(tracker)
    own, constant = (
        rules[name].step(theta, gradient, loss, begun(rules[name], tracker))
        for name in ("own", "constants")
    )
    torch.testing.assert_close(constant.rates, own.rates, rtol=1e-4, atol=0)
    torch.testing.assert_close(constant.step, own.step, rtol=1e-4, atol=0)


def test_the_formula_of_linear_log_rates_is_found_again():
    rng = np.random.default_rng(4)
    inputs = rng.normal(size=(40, 12, 2)).astype(np.float32)
    base, parts = made().log_lambda0, made().parts
    rates = 0.7 * base + np.array([-3.0, -4.0, -5.0])[parts] + inputs @ np.array([0.5, -0.25])
    formula = distill(made(rates, inputs=inputs, channels=("x", "y")))
    assert formula.slope == pytest.approx(0.7, abs=1e-5)
    np.testing.assert_allclose(formula.offsets, [-3, -4, -5], atol=1e-5)
    np.testing.assert_allclose(formula.weights, [0.5, -0.25], atol=1e-5)
    assert formula.channels == ("x", "y")


def test_a_formula_emits_what_it_says_and_sees_its_own_last_rates():
    tracker = untrained()
    lambda0, parts = tracker.model.lambda0, tracker.model.parts
    weights = np.array([0.1, 0.2, -0.3, 0.4, -0.5])
    formula = Formula(0.9, np.linspace(-4, -3, 8), weights, tuple("abcde"))
    rule = by_formula(tracker.rule, formula, lambda0, parts)
    state = begun(rule, tracker)
    last = lambda0
    for seed in (5, 6):
        theta, gradient, loss = point(tracker, seed)
        taken = rule.step(theta, gradient, loss, state)
        size = gradient.abs().log().clamp(min=-10) / 10
        logs = 0.9 * lambda0.log() + torch.linspace(-4, -3, 8)[parts]
        logs = logs + 0.1 * last.log() / 10 + 0.2 * size - 0.3 * gradient.sign()
        logs = logs + 0.4 * theta - 0.5 * loss
        torch.testing.assert_close(taken.rates, logs.clamp(max=0).exp(), rtol=1e-4, atol=0)
        last, state = taken.rates, taken.state


def test_no_rate_of_a_formula_is_above_one():
    tracker = untrained()
    formula = Formula(0.0, np.linspace(-3.5, 3.5, 8), np.zeros(5), tuple("abcde"))
    rule = by_formula(tracker.rule, formula, tracker.model.lambda0, tracker.model.parts)
    rates = rule.step(*point(tracker), begun(rule, tracker)).rates
    plain = torch.linspace(-3.5, 3.5, 8).exp()[tracker.model.parts].clamp(max=1)
    torch.testing.assert_close(rates[0], plain)


@pytest.mark.parametrize("rule", LEARNED)
@pytest.mark.parametrize("share", [0.3, None])
def test_whatever_the_rule_all_that_replaces_it_tracks(rule, share):
    tracker = untrained(rule, share)
    recording = record(tracker, SEQUENCES, progress=False)
    rules = replaced_rules(tracker, recording)
    assert list(rules)[:4] == ["own", "constants", "part means", "formula"]
    assert list(rules)[-1] == "none"
    assert ("memory wiped" in rules) == (rule != "const")
    for replaced in rules.values():
        watching = replaced and Watching(replaced)
        run = run_sequence(with_rule(tracker, watching), SEQUENCES[0])
        assert np.isfinite(run.boxes).all()
        if watching is not None:
            assert len(watching.seen) == 4
            assert all(((r > 0) & (r <= 1)).all() for *_, r in watching.seen)


def test_a_rule_with_a_hessian_is_replaced():
    tracker = untrained()
    tracker.rule = SteepestDescent()
    rules = replaced_rules(tracker, record(tracker, SEQUENCES, progress=False))
    run = run_sequence(with_rule(tracker, rules["part means"]), SEQUENCES[0])
    assert np.isfinite(run.boxes).all()


def test_each_input_is_held_at_its_mean_in_turn():
    tracker = untrained()
    recording = record(tracker, SEQUENCES, progress=False)
    changed = changed_rules(tracker.rule, recording)
    assert list(changed) == [*(f"{name} held" for name in recording.channels), "memory wiped"]
    theta, gradient, _ = point(tracker)
    mean = torch.tensor([float(recording.inputs[..., 4].mean(dtype=np.float64))])
    state = begun(tracker.rule, tracker)
    held = changed["loss held"].step(theta, gradient, torch.tensor([9.0]), state)
    plain = tracker.rule.step(theta, gradient, mean, state)
    torch.testing.assert_close(held.rates, plain.rates, rtol=1e-5, atol=0)
    assert changed_rules(untrained("const").rule, recording) == {}
