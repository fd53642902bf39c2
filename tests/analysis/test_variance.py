"""Variance: shares that are known by construction, and the same numbers from the normal equations."""

import numpy as np
import pytest

from roam_lite.analysis.variance import agree, explain, explained_share, least_squares, regressors
from tests.analysis.made import made


def shares(recording, field="together"):
    found = explain(recording)
    return dict(zip(found.groups, getattr(found, field), strict=True))


def test_least_squares_agrees_with_the_normal_equations():
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(50, 3)) * [1e-8, 1.0, 1e5]
    target = rng.normal(size=50) + 1e7 * columns[:, 0]
    full = np.column_stack([np.ones(50), columns]) / [1, 1e-8, 1, 1e5]
    plain = np.linalg.solve(full.T @ full, full.T @ target)
    coefficients, rest = least_squares(columns, target)
    np.testing.assert_allclose(coefficients, plain / [1, 1e-8, 1, 1e5], rtol=1e-6)
    np.testing.assert_allclose(rest, target - full @ plain, atol=1e-9)
    share = 1 - ((target - full @ plain) ** 2).sum() / ((target - target.mean()) ** 2).sum()
    assert explained_share(columns, target) == pytest.approx(share)


def test_lambda0_times_gains_explains_rates_that_are_made_so():
    together = shares(made())
    assert together["gains"] == pytest.approx(1, abs=1e-9)
    assert together["part"] == pytest.approx(1, abs=1e-9)
    assert together["lambda0"] < 0.9
    assert shares(made(), "added")["time"] == pytest.approx(0, abs=1e-9)


def test_wrong_gains_explain_less_than_the_parts():
    recording = made()
    recording.log_gains[:] = np.abs(recording.log_gains)
    assert shares(recording)["gains"] < 0.9
    assert shares(recording)["part"] == pytest.approx(1, abs=1e-9)


def test_an_input_has_the_share_that_rates_were_made_of():
    base = made().log_rates[0]
    signs = np.where(np.arange(40) % 2, 1.0, -1.0)[:, None] * np.ones(12)  # orthogonal to the base
    noise = np.where(np.arange(40) % 4 < 2, 1.0, -1.0)[:, None] * np.ones(12)  # to both
    inputs = np.stack([signs, noise], axis=-1).astype(np.float32)
    rates = base + 2 * signs + 0.5 * noise
    recording = made(rates, inputs=inputs, channels=("x", "y"))
    total = base.var() + 4 + 0.25
    alone, added = shares(recording, "alone"), shares(recording, "added")
    assert alone["x"] == pytest.approx(4 / total, abs=1e-6)
    assert added["x"] == pytest.approx(4 / total, abs=1e-6)
    assert added["y"] == pytest.approx(0.25 / total, abs=1e-6)
    assert added["all inputs"] == pytest.approx(4.25 / total, abs=1e-6)
    assert shares(recording)["all inputs"] == pytest.approx(1, abs=1e-6)
    assert shares(recording)["part"] == pytest.approx(base.var() / total, abs=1e-6)
    assert explain(recording).deviation == pytest.approx(np.sqrt(total), abs=1e-5)


def test_time_explains_what_changes_between_powers_of_two_and_nothing_within():
    bins = np.floor(np.log2(np.arange(40) + 1))
    found = explain(made(np.tile(bins[:, None], (1, 12))))
    assert dict(zip(found.groups, found.alone, strict=True))["time"] == pytest.approx(1, abs=1e-9)
    inside = np.zeros((40, 12))
    inside[1], inside[2] = 1, -1  # updates 1 and 2 are of one class
    assert shares(made(inside), "alone")["time"] == pytest.approx(0, abs=1e-9)


def test_groups_that_a_rule_lacks_have_no_row():
    found = explain(made(gains=False))
    assert found.groups == ("lambda0", "part", "time")
    assert found.over == ((), ("lambda0",), ("lambda0", "part"))


def test_rates_that_do_not_vary_have_no_share():
    assert np.isnan(explain(made(np.zeros((40, 12)))).alone).all()


def test_samples_are_drawn_once_each_and_the_same_every_time():
    recording = made()
    (step, at), groups = regressors(recording, samples=100)
    assert len(set(zip(step, at, strict=True))) == 100
    np.testing.assert_array_equal(regressors(recording, samples=100)[0], (step, at))
    np.testing.assert_allclose(groups["lambda0"][:, 0], recording.log_lambda0[at], rtol=1e-6)
    assert (groups["part"].argmax(axis=1) == recording.parts[at]).all()
    assert len(regressors(recording)[0][0]) == 480
    assert explain(recording).samples == 480


def test_agreement_is_the_correlation_and_that_beyond_lambda0_and_part():
    rng = np.random.default_rng(3)
    base, own, other = made().log_rates, *rng.normal(size=(2, 40, 12))
    others = {
        "same": base + 0.1 * own,
        "opposite": base - 0.1 * own,
        "independent": base + 0.1 * other,
        "base": base,
    }
    found = agree(made(base + 0.1 * own, others=others))
    assert found.changes == tuple(others)
    plain = [np.corrcoef((base + 0.1 * own).ravel(), o.ravel())[0, 1] for o in others.values()]
    np.testing.assert_allclose(found.correlation, plain, atol=1e-5)
    assert found.correlation.min() > 0.97
    np.testing.assert_allclose(found.beyond[:2], [1, -1], atol=1e-4)
    assert abs(found.beyond[2]) < 0.2
    assert np.isnan(found.beyond[3])
