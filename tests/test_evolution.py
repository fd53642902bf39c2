"""Gradients from evaluations: right where the answer is known, and unbiased where truncation is not."""

import pytest
import torch

from roam_lite.evolution import evolution_gradient, persistent_gradient
from roam_lite.rules.update_rule import RuleStep
from roam_lite.toy import Problems, draw_problems, toy_rule
from roam_lite.toy.unrolls import (
    flat_parameters,
    segment_differences,
    segment_gradient,
    toy_losses,
    toy_segment,
)

SEGMENTS, PAIRS = 4, 4000


class OneRate(torch.nn.Module):
    """exp(omega) times the gradient: the least rule with something to learn."""

    def __init__(self, rate):
        super().__init__()
        self.log_rate = torch.nn.Parameter(torch.tensor([rate], dtype=torch.float64).log())

    def init(self, theta, learning_rates0):
        return None

    def step(self, theta, gradient, loss, state):
        return RuleStep(self.log_rate.exp() * gradient, None)


def linear_system(seed=0):
    """A segment with a linear state and a quadratic loss: the total is quadratic in omega."""
    generator = torch.Generator().manual_seed(seed)
    keep, move, goal = (
        torch.randn(shape, generator=generator, dtype=torch.float64) / 2
        for shape in ((3, 3), (3, 2), (3,))
    )

    def segment(omega, state):
        state = keep @ (torch.zeros_like(goal) if state is None else state) + move @ omega
        return (state - goal).square().sum(), state

    return segment


def normal(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def toy_problems(low=1.0, high=2.0, shape=(4, 3)):
    drawn = draw_problems(torch.Generator().manual_seed(0), low, high, shape)
    return Problems(drawn.x.double(), drawn.y.double())


def each_pair(differences, noise, spread):
    """The estimate of each pair, `[pairs, n]`, to tell how far their mean may be off."""
    pairs = zip(differences[:, None], noise[:, None], strict=True)
    return torch.stack([persistent_gradient(d, e, spread) for d, e in pairs])


def errors_of(estimates, truth):
    """How many standard errors the mean of the estimates is from the truth, for each coordinate."""
    return (estimates.mean(0) - truth) / (estimates.std(0) / len(estimates) ** 0.5)


def test_a_quadratics_gradient_is_exact_with_all_of_an_orthonormal_set_of_noise():
    root, center = normal(3, 3), normal(3, seed=2)
    noise = 3**0.5 * torch.linalg.qr(normal(3, 3, seed=3)).Q
    for spread in (1e-3, 1.0, 10.0):
        found = evolution_gradient(lambda w: (root @ w).square().sum(), center, noise, spread)
        torch.testing.assert_close(found, 2 * root.T @ root @ center)


def test_the_smoothed_objective_of_a_cubic_has_its_own_gradient():
    """E of (x + sigma e)^3 is x^3 + 3 sigma^2 x, whose derivative is 3 x^2 + 3 sigma^2."""
    noise = normal(10_000, 1)
    found = [
        evolution_gradient(lambda x: x.pow(3).sum(), torch.tensor([0.5]).double(), part, 0.8)
        for part in noise.split(100)
    ]
    assert errors_of(torch.stack(found), 3 * 0.5**2 + 3 * 0.8**2).abs().max() < 4


def test_one_segment_is_plain_evolution_strategies():
    segment, center, noise = linear_system(), normal(2), normal(50, 1, 2, seed=2)
    differences = segment_differences(segment, center, noise, 0.3)
    expected = evolution_gradient(lambda w: segment(w, None)[0], center, noise[:, 0], 0.3)
    torch.testing.assert_close(persistent_gradient(differences, noise, 0.3), expected)


def test_each_pair_and_sign_carries_a_state_of_its_own():
    segment, center, noise = linear_system(), normal(2), normal(3, SEGMENTS, 2, seed=2)
    found = segment_differences(segment, center, noise, 0.3)
    for pair in range(3):
        ahead = behind = None
        for k in range(SEGMENTS):
            plus, ahead = segment(center + 0.3 * noise[pair, k], ahead)
            minus, behind = segment(center - 0.3 * noise[pair, k], behind)
            torch.testing.assert_close(found[pair, k], plus - minus)


def test_persistent_estimates_are_unbiased_on_a_quadratic_and_truncation_is_not():
    segment, center = linear_system(), normal(2)
    full = segment_gradient(segment, center, SEGMENTS)
    truncated = segment_gradient(segment, center, SEGMENTS, truncated=True)
    noise = normal(PAIRS, SEGMENTS, 2)
    differences = segment_differences(segment, center, noise, 0.5)
    estimates = each_pair(differences, noise, 0.5)
    assert errors_of(estimates, full).abs().max() < 4
    assert errors_of(estimates, truncated).abs().max() > 8
    torch.testing.assert_close(persistent_gradient(differences, noise, 0.5), estimates.mean(0))


def test_full_segment_gradient_is_that_of_the_whole_unroll_and_agrees_with_differences():
    rule, problems = toy_rule("lstm", torch.zeros(3, dtype=torch.long)).double(), toy_problems()
    omega = flat_parameters(rule)
    whole = toy_losses(rule, problems, 6)
    total = segment_gradient(toy_segment(rule, problems, 2), omega, 3)
    omega = omega.requires_grad_()
    # A segment's loss is the mean of two.
    (expected,) = torch.autograd.grad(whole(omega)[1:].sum() / 2, omega)
    torch.testing.assert_close(total, expected)
    direction = normal(len(omega), seed=5)
    with torch.no_grad():
        ends = [whole(omega + side * 1e-6 * direction)[1:].sum() / 2 for side in (1, -1)]
    assert (ends[0] - ends[1]).item() / 2e-6 == pytest.approx(float(total @ direction), rel=1e-5)


def test_on_the_toy_truncation_is_biased_and_persistent_evolution_strategies_are_not():
    rule, problems, spread = OneRate(0.04), toy_problems(), 0.05
    segment, omega = toy_segment(rule, problems, 2), flat_parameters(rule)
    full = segment_gradient(segment, omega, SEGMENTS)
    truncated = segment_gradient(segment, omega, SEGMENTS, truncated=True)
    assert (truncated / full).item() < 0.6  # it sees less than there is

    whole = toy_losses(rule, problems, 2 * SEGMENTS)
    noise = normal(200, 1, seed=7)
    plain = torch.stack(
        [
            evolution_gradient(lambda w: whole(w)[1:].sum() / 2, omega, e[None], spread)
            for e in noise
        ]
    )
    noise = normal(PAIRS, SEGMENTS, 1)
    differences = segment_differences(segment, omega, noise, spread)
    persistent = each_pair(differences, noise, spread)
    errors = [estimates.std(0) / len(estimates) ** 0.5 for estimates in (plain, persistent)]
    apart = (plain.mean(0) - persistent.mean(0)).abs()
    assert (apart < 4 * torch.stack(errors).norm(dim=0)).all()
    assert errors_of(persistent, full).abs() < 4
    assert errors_of(persistent, truncated).abs() > 8
