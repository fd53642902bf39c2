"""Exercises with many right answers accept them; references without a library function are held to it."""

import numpy as np
import pytest
import torch
from torch.nn import Conv2d, Sequential

from roam_lite.exercises import check
from roam_lite.exercises.ablations import sequences_needed
from roam_lite.exercises.anchors import widths
from roam_lite.exercises.cells import layers_of, sight_of
from roam_lite.exercises.learning_rates import best_for_samples, good_rates
from roam_lite.exercises.patches import padding
from roam_lite.model.filters import filter_size
from roam_lite.rules import SGD
from roam_lite.toy import Problems, unroll


def two_then_four(stride, sight):
    """Halved by kernels of 2 and 4, once more at stride 8, and kernels of 5."""
    stem = [(2, 2, 0), (4, 2, 1)] + [(2, 2, 0)] * (stride == 8)
    return stem + [(5, 1, 2)] * 4


def patches_embedded(stride, sight):
    """Patches that do not overlap, then kernels of 3, as far as needed."""
    return [(stride, stride, 0)] + [(3, 1, 1)] * (sight // (2 * stride) + 1)


def in_equal_steps(targets, count):
    logs = np.log(targets[:, 0] / targets[:, 1])
    step = np.ptp(logs) / count
    ratios = np.exp(logs.min() + step * (np.arange(count) + 0.5))
    return np.sqrt(targets[0].prod()) * np.stack([ratios**0.5, ratios**-0.5], axis=-1)


def fourth_power(response, labels):
    return (response - labels).pow(4).sum() / labels.pow(4).sum()


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("01.5", two_then_four),
        ("01.5", patches_embedded),
        ("02.5", in_equal_steps),
        ("03.3", fourth_power),
    ],
)
def test_another_right_design_passes(number, answer):
    verdict = check(number, answer)
    assert verdict, verdict.text


def test_all_widths_of_an_interval_and_no_others_get_its_filter():
    for columns in (3, 9, 21):
        low, high = widths(columns, 1.5, 4)
        tried = torch.tensor([low, low + 1e-6, high, high + 1e-6], dtype=torch.float64)
        sizes = filter_size(torch.stack([tried, tried], dim=-1), 1.5, 4, 99)[:, 1]
        assert sizes.tolist() == [columns - 2, columns, columns, columns + 2]


def test_share_of_padding_is_that_of_the_pixels_outside():
    region, width, height = np.array([30.0, 70, 80, 60]), 100, 90
    x, y = np.meshgrid(np.arange(-10, 70) + 0.5, np.arange(40, 100) + 0.5)
    outside = (x < 0) | (x > width) | (y < 0) | (y > height)
    assert padding(region, width, height) == pytest.approx(outside.mean())


@pytest.mark.parametrize("sight", [24, 60])
def test_sight_is_what_the_gradient_reaches(sight):
    layers = layers_of(4, sight)
    network = Sequential(*(Conv2d(1, 1, *layer) for layer in layers)).double()
    pixels = torch.rand(1, 1, 120, 120, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(network(pixels)[0, 0, 15, 15], pixels)
    assert int((gradient[0, 0].abs().sum(dim=0) > 0).sum()) == sight_of(layers) >= sight


def test_one_step_of_the_best_rate_for_several_samples_ends_at_the_minimum():
    x, y = torch.randn(2, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    theta = torch.full((5,), 0.3, dtype=torch.float64)

    def gradient(theta):
        return torch.func.grad(lambda t: ((x * t - y) ** 2).mean(dim=0).sum())(theta)

    stepped = theta - best_for_samples(x) * gradient(theta)
    torch.testing.assert_close(gradient(stepped), torch.zeros_like(theta), rtol=0, atol=1e-12)


def test_rates_at_the_ends_leave_exactly_the_share_and_those_inside_less():
    x, steps, left = torch.tensor([0.5, 3.0], dtype=torch.float64), 3, 0.1
    problems = Problems(x[None], torch.ones(1, 2, dtype=torch.float64))
    low, high = good_rates(x, left, steps)
    for rates, share in ((low, left**2), (high, left**2), ((low + high) / 2, 0.0)):
        losses = unroll(SGD(rates), problems, steps).losses
        assert float(losses[-1] / losses[0]) == pytest.approx(share, abs=1e-12)


def test_interval_excludes_zero_from_the_needed_number_of_sequences_on():
    a, b = np.array([0.71, 0.60, 0.82, 0.55]), np.array([0.70, 0.61, 0.79, 0.54])
    needed, gains = sequences_needed(a, b), a - b
    half = 1.96 * gains.std(ddof=1) / np.sqrt([needed - 1, needed])
    assert half[1] < gains.mean() < half[0]
