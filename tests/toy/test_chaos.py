"""The meta loss along a line: its values, derivatives and estimates are those of the unroll itself."""

import pytest
import torch

from roam_lite.errors import InputError
from roam_lite.evolution import evolution_gradient
from roam_lite.toy import Problems, draw_problems, toy_rule, unroll
from roam_lite.toy.chaos import (
    count_minima,
    losses_along,
    minima_by_horizon,
    random_direction,
    scan_line,
)
from roam_lite.toy.unrolls import flat_parameters

UPDATES = 4


@pytest.fixture
def problems():
    drawn = draw_problems(torch.Generator().manual_seed(0), 1.0, 4.0, (3, 4))
    return Problems(drawn.x.double(), drawn.y.double())


@pytest.fixture(params=["lstm", "fc"])
def rule(request):
    torch.manual_seed(0)
    return toy_rule(request.param).double()


def moved_losses(rule, problems, direction, share):
    """The losses of a rule whose parameters were moved in place."""
    omega = flat_parameters(rule)
    torch.nn.utils.vector_to_parameters(omega + share * direction, rule.parameters())
    with torch.no_grad():
        losses = unroll(rule, problems, UPDATES).losses.mean(1)
    torch.nn.utils.vector_to_parameters(omega, rule.parameters())
    return losses


def test_losses_are_those_of_the_moved_rule(rule, problems):
    direction = random_direction(rule, torch.Generator().manual_seed(1))
    shares = torch.linspace(-1, 1, 5, dtype=torch.float64)
    losses = losses_along(rule, problems, direction, shares, UPDATES)
    expected = [moved_losses(rule, problems, direction, share) for share in shares]
    torch.testing.assert_close(losses, torch.stack(expected), rtol=1e-9, atol=0)


def test_slopes_and_estimates_are_those_of_the_loss(rule, problems):
    direction = random_direction(rule, torch.Generator().manual_seed(1))
    shares = torch.linspace(-0.1, 0.1, 21, dtype=torch.float64)  # 0.01 apart
    noise = torch.tensor([0.4, -1.2, 2.0], dtype=torch.float64)  # whole spacings at this spread
    line = scan_line(rule, problems, direction, shares, UPDATES, noise, 0.05)
    torch.testing.assert_close(
        line.losses, losses_along(rule, problems, direction, shares, UPDATES)
    )
    for index in (0, 13):
        share = shares[index]
        ends = [moved_losses(rule, problems, direction, share + side * 1e-6) for side in (1, -1)]
        torch.testing.assert_close(
            line.slopes[index], (ends[0] - ends[1]) / 2e-6, rtol=1e-4, atol=1e-6
        )
        for horizon in (2, UPDATES):
            estimate = evolution_gradient(
                lambda s, t=horizon: moved_losses(rule, problems, direction, s)[t],
                share[None],
                noise[:, None],
                0.05,
            )
            torch.testing.assert_close(
                line.smoothed[index, horizon], estimate[0], rtol=1e-7, atol=0
            )


def test_a_spread_that_rounding_would_spoil_is_refused(rule, problems):
    direction = random_direction(rule, torch.Generator())
    with pytest.raises(InputError, match=r"spread 0.1: give at least 0.2"):
        scan_line(rule, problems, direction, torch.arange(5) / 10, 2, torch.ones(1), spread=0.1)


def test_minima_are_counted_inside_and_not_where_rounding_digs_them():
    s = torch.linspace(0, 1, 1001, dtype=torch.float64)
    waves = torch.cos(2 * torch.pi * 7 * s) + 2  # it begins and ends at the top
    flat = torch.ones(1001, dtype=torch.float64)
    flat[::2] -= 1e-15
    assert count_minima(torch.stack([waves, -waves, s, flat], dim=1)).tolist() == [7, 6, 0, 0]


def test_seeds_draw_other_lines_and_the_same_again():
    counts = minima_by_horizon("fc", seeds=3, updates=8, points=60)
    assert counts.shape == (3, 9)
    assert (counts[:, 0] == 0).all()  # nothing was learned yet
    assert len(counts[:, 3:].unique(dim=0)) > 1
    assert torch.equal(counts[:2], minima_by_horizon("fc", seeds=2, updates=8, points=60))
