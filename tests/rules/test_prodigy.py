"""Prodigy, held to its algorithm written out for one video, and to its authors' numbers."""

from math import sqrt

import numpy as np
import pytest
import torch

from roam_lite.rules import Prodigy, build_rule

CURVATURE = torch.tensor([[1.0, 4.0, 9.0], [2.0, 0.5, 30.0]], dtype=torch.float64)
CENTER = torch.tensor([[3.0, -2.0, 0.5], [0.02, 0.01, -0.03]], dtype=torch.float64)
START = torch.tensor([[0.5, 0.5, -1.0], [0.0, 0.1, 0.2]], dtype=torch.float64)

# Of prodigyopt 1.1.2 in float64, one parameter tensor a video: after 1, 6 and 12 steps.
RECORDED = [
    [
        [0.5000031622774602, 0.49999683772238984, -0.9999968377223769],
        [3.1622651602177874e-06, 0.0999968377334509, 0.1999968377224123],
    ],
    [
        [0.5002525483153776, 0.49974745165650514, -0.9997474509386132],
        [0.0002526772822829539, 0.09974742721620285, 0.19974744330851676],
    ],
    [
        [0.5731510529213106, 0.4268489387866256, -0.9267880896728168],
        [0.01818157549970953, 0.023845817971442085, 0.12593703944040235],
    ],
]


def run(rule, steps):
    """theta after each step, on the quadratics of two videos."""
    theta = START
    state, thetas = rule.init(theta, theta), []
    for _ in range(steps):
        gradient = 2 * CURVATURE * (theta - CENTER)
        taken = rule.step(theta, gradient, theta.sum(1), state)
        theta, state = theta - taken.step, taken.state
        thetas.append(theta)
    return torch.stack(thetas), state


def written_out(video, lr, beta1, beta2, steps, d=1e-6):
    """Algorithm 4 of the paper for one video, its weights of steps being `lr`."""
    start = theta = START[video].numpy()
    m, v, s, r, thetas = np.zeros(3), np.zeros(3), np.zeros(3), 0.0, []
    for _ in range(steps):
        g = 2 * CURVATURE[video].numpy() * (theta - CENTER[video].numpy())
        m = beta1 * m + (1 - beta1) * d * g
        v = beta2 * v + (1 - beta2) * d**2 * g**2
        r = sqrt(beta2) * r + (1 - sqrt(beta2)) * lr * d**2 * (g @ (start - theta))
        s = sqrt(beta2) * s + (1 - sqrt(beta2)) * lr * d**2 * g
        following = max(d, r / np.abs(s).sum())
        theta = theta - lr * d * m / (np.sqrt(v) + following * 1e-8)
        d = following
        thetas.append(theta)
    return np.stack(thetas)


def test_equal_to_what_its_authors_program_gives():
    thetas, _ = run(Prodigy(), 12)
    expected = torch.tensor(RECORDED, dtype=torch.float64)
    torch.testing.assert_close(thetas[[0, 5, 11]], expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("lr", [1.0, 0.3])
@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.7)])
def test_equal_to_its_algorithm_written_out(lr, betas):
    thetas, _ = run(Prodigy(lr, betas), 25)
    for video in range(2):
        np.testing.assert_allclose(
            thetas[:, video], written_out(video, lr, *betas, 25), rtol=1e-9, atol=1e-12
        )


def test_the_distance_never_shrinks_and_never_exceeds_the_true_one():
    """By the norm that its bound is for: the largest difference of a coordinate."""
    seen = torch.stack([run(Prodigy(), steps)[1].distance for steps in range(1, 60)])
    assert (seen.diff(dim=0) >= 0).all()
    assert (seen[-1, :, 0] <= (START - CENTER).abs().amax(dim=1)).all()
    assert (seen[-1] > 1e4 * seen[0]).all()


def test_it_finds_the_minimum_of_both_videos_without_a_rate():
    thetas, _ = run(build_rule("prodigy", lr=1.0), 600)
    torch.testing.assert_close(thetas[-1], CENTER, rtol=0, atol=1e-2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_gradient_of_zero_gives_no_step_and_no_nan(dtype):
    theta = torch.randn(2, 3, dtype=dtype)
    rule = Prodigy()
    state = rule.init(theta, theta)
    for _ in range(3):
        gradient = torch.tensor([[0.0, 0.0, 0.0], [1e-20, 0.0, 1.0]], dtype=dtype)
        taken = rule.step(theta, gradient, torch.ones(2, dtype=dtype), state)
        state = taken.state
        assert not taken.step[0].any()
        assert torch.isfinite(taken.step).all()
        assert torch.isfinite(taken.rates).all()
        assert taken.step.dtype == dtype
