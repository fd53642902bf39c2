"""Correlation through the FFT: the plain one's numbers, gradients and second gradients."""

import pytest
import torch

from roam_lite.bench.plain import correlate_plain
from roam_lite.model import correlation
from roam_lite.model.correlation import apply_filters, correlate, transform_filters

# (H, W, K): even and odd maps, kernels from one tap to the whole map.
SHAPES = [(6, 6, 1), (6, 8, 3), (7, 7, 5), (5, 9, 5), (9, 9, 9), (16, 15, 11), (11, 12, 11)]


def draw(height, width, kernel, videos=3, outputs=2):
    features = torch.randn(videos, 2, 3, height, width, dtype=torch.float64)
    kernels = torch.randn(videos, outputs, 3, kernel, kernel, dtype=torch.float64)
    return features.requires_grad_(), kernels.requires_grad_()


@pytest.mark.parametrize("shape", SHAPES)
def test_equal_to_the_plain_one(shape):
    features, kernels = draw(*shape)
    fast, plain = correlate(features, kernels), correlate_plain(features, kernels)
    assert fast.shape == (3, 2, 2, *shape[:2])
    torch.testing.assert_close(fast, plain, rtol=0, atol=1e-11)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_and_second_gradients_equal_the_plain_ones(shape):
    inputs = draw(*shape)
    weight = torch.randn(3, 2, 2, *shape[:2], dtype=torch.float64)
    pulls = [torch.randn_like(tensor) for tensor in inputs]
    results = []
    for function in (correlate, correlate_plain):
        # Cubed, so that the first gradient depends on the inputs in more than one way.
        loss = (weight * function(*inputs) ** 3).sum()
        first = torch.autograd.grad(loss, inputs, create_graph=True)
        inner = sum((gradient * pull).sum() for gradient, pull in zip(first, pulls, strict=True))
        results.append((*first, *torch.autograd.grad(inner, inputs)))
    for fast, plain in zip(*results, strict=True):
        torch.testing.assert_close(fast, plain, rtol=1e-9, atol=1e-8)


def test_gradients_pass_the_numerical_check():
    inputs = draw(4, 5, 3, videos=2, outputs=1)
    assert torch.autograd.gradcheck(correlate, inputs)
    assert torch.autograd.gradgradcheck(correlate, inputs)


def test_single_precision_is_close_to_the_plain_one():
    features, kernels = (tensor.detach().float() for tensor in draw(36, 36, 19))
    fast, plain = correlate(features, kernels), correlate_plain(features, kernels)
    assert (fast - plain).abs().max() <= 1e-5 * plain.abs().max()


def test_every_video_has_its_own_kernel():
    features, kernels = draw(8, 8, 3)
    before = correlate(features, kernels)
    other = kernels.detach().clone()
    other[1] += 1
    after = correlate(features, other)
    torch.testing.assert_close(after[[0, 2]], before[[0, 2]])
    assert (after[1] - before[1]).abs().max() > 0.1


def test_kernels_are_not_flipped_and_zeros_lie_around_the_map():
    features = torch.zeros(1, 1, 1, 5, 5, dtype=torch.float64)
    features[..., 2, 2] = 1
    kernels = torch.arange(9.0, dtype=torch.float64).view(1, 1, 1, 3, 3)
    out = correlate(features, kernels)[0, 0, 0]
    torch.testing.assert_close(out[1:4, 1:4], kernels[0, 0, 0].flip(0, 1))
    ones = correlate(torch.ones_like(features), torch.ones_like(kernels))[0, 0, 0]
    assert ones[0, 0].item() == pytest.approx(4)
    assert ones[0, 2].item() == pytest.approx(6)
    assert ones[2, 2].item() == pytest.approx(9)


def test_products_side_by_side_are_those_of_matrices(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    options = {"generator": generator, "dtype": torch.float64}
    maps = torch.randn(2, 3, 8, 9, 9, **options).requires_grad_()
    groups = [torch.randn(2, outputs, 4, 5, 5, **options).requires_grad_() for outputs in (1, 4)]
    sizes = torch.tensor([[5, 7], [3, 5]])

    def derivatives(fits):
        monkeypatch.setattr(correlation, "FITS", fits)
        found = apply_filters(maps, transform_filters(tuple(groups), sizes, (9, 9)))
        first = torch.autograd.grad(found.square().sum(), [maps, *groups], create_graph=True)
        second = torch.autograd.grad(sum(g.square().sum() for g in first), [maps, *groups])
        return found, *first, *second

    for sides, matrices in zip(derivatives(2**20), derivatives(0), strict=True):
        torch.testing.assert_close(sides, matrices, rtol=1e-10, atol=1e-10)
