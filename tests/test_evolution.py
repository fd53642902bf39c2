"""Evolution strategies against gradients that are known."""

import torch

from roam_lite.evolution import evolution_gradient

CENTER = torch.tensor([0.3, -1.2, 2.0], dtype=torch.float64)
CURVATURE = torch.tensor([[2.0, 0.5, 0.0], [0.5, 1.0, -0.3], [0.0, -0.3, 3.0]], dtype=torch.float64)
SLOPE = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)


def quadratic(omega):
    return 0.5 * omega @ CURVATURE @ omega + SLOPE @ omega + 7


def test_estimate_of_a_quadratic_is_its_gradient_along_the_noise():
    noise = torch.randn(40, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    true = CURVATURE @ CENTER + SLOPE
    expected = ((noise @ true)[:, None] * noise).mean(dim=0)
    for spread in (1e-2, 3.0):
        found = evolution_gradient(quadratic, CENTER, noise, spread)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


def test_directions_that_span_the_space_give_the_gradient_itself():
    noise = 3**0.5 * torch.eye(
        3, dtype=torch.float64
    )  # rows whose mean outer product is the identity
    found = evolution_gradient(quadratic, CENTER, noise, 0.7)
    torch.testing.assert_close(found, CURVATURE @ CENTER + SLOPE, rtol=1e-12, atol=1e-12)


def test_gradient_is_that_of_the_smoothed_objective():
    """E[sin(x + s z)] = sin(x) exp(-s^2 / 2): smoothing shrinks the slope by that factor."""
    noise = torch.randn(5000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    center, spread = torch.tensor([0.4], dtype=torch.float64), 1.0
    plus, minus = torch.sin(center + spread * noise), torch.sin(center - spread * noise)
    values = iter(torch.stack([plus, minus], dim=1).flatten())
    found = evolution_gradient(lambda omega: next(values), center, noise, spread)
    expected = torch.cos(center) * torch.exp(torch.tensor(-0.5))
    torch.testing.assert_close(found, expected, rtol=0.05, atol=0)
