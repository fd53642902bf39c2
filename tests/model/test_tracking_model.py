"""The tracking model: one theta a video, laid out once, predicted for all videos together."""

import numpy as np
import pytest
import torch

from roam_lite.bench.plain import PlainTrackingModel
from roam_lite.config import modify
from roam_lite.model.backbones import BACKBONES
from roam_lite.model.tracking_model import ThetaLayout, TrackingModel
from roam_lite.profiles import PROFILES, get_profile
from tests.tiny import TINY, draw_batch

LAYOUT = ThetaLayout.of(TINY.model)


def draw(videos=4, dtype=torch.float64, config=TINY.model):
    """theta, features and sizes of videos that all differ, in their filter sizes too."""
    batch = draw_batch(np.random.default_rng(0), videos, samples=2, config=config)
    sizes = torch.tensor([[1, 5], [3, 3], [5, 1], [3, 5]])[:videos]
    theta = torch.randn(videos, ThetaLayout.of(config).size, dtype=dtype)
    return theta, torch.from_numpy(batch.features).to(dtype), sizes


def predict(layout, theta, features, sizes, kind=TrackingModel):
    """Response and deltas of features by a model that is prepared for them."""
    return kind(layout, theta, sizes, features.shape[-1])(features)


def predict_plain(*inputs):
    return predict(*inputs, kind=PlainTrackingModel)


def test_theta_has_206789_coordinates_at_the_papers_size():
    assert ThetaLayout.of(get_profile("paper").model).size == 206_789


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_the_two_branches_cover_every_coordinate_once(name):
    layout = ThetaLayout.of(get_profile(name).model)
    numbers = torch.arange(layout.size).expand(2, -1)
    response, regression = layout.split(numbers)
    for video in range(2):
        parts = [part[video].flatten() for branch in (response, regression) for part in branch]
        assert torch.equal(torch.cat(parts).sort().values, torch.arange(layout.size))
    own = torch.cat([part[0].flatten() for part in regression])
    assert torch.equal(layout.regression_coordinates().nonzero().flatten(), own.sort().values)


def test_parts_have_their_shapes():
    c, r, k = TINY.model.channels, TINY.model.reduced, TINY.model.base_filter
    for branch, outputs in zip(LAYOUT.split(torch.zeros(3, LAYOUT.size)), (1, 4), strict=True):
        assert branch.reduction.shape == (3, r, c)
        assert branch.reduction_bias.shape == (3, r)
        assert branch.kernel.shape == (3, outputs, r, k, k)
        assert branch.bias.shape == (3, outputs)


def test_random_start_is_of_the_generator_alone_with_biases_zero():
    first, again = (LAYOUT.initial(torch.Generator().manual_seed(5), 0.01) for _ in range(2))
    assert torch.equal(first, again)
    for branch in LAYOUT.split(first[None]):
        assert not branch.reduction_bias.any()
        assert not branch.bias.any()
        assert branch.reduction.std() > 0
        assert branch.kernel.std() > 0


def test_kernels_start_at_their_spread_and_reductions_do_not_know_it():
    narrow, wide = (
        LAYOUT.split(LAYOUT.initial(torch.Generator().manual_seed(5), spread)[None])
        for spread in (0.01, 0.5)
    )
    for one, other in zip(narrow, wide, strict=True):
        assert torch.equal(one.reduction, other.reduction)
        torch.testing.assert_close(50 * one.kernel, other.kernel)


def test_a_layout_follows_its_backbone(monkeypatch):
    class Wide(BACKBONES["tiny-2"]):
        channels = 5

    monkeypatch.setitem(BACKBONES, "wide", Wide)
    wide = modify(TINY, model={"backbone": "wide"})
    assert (LAYOUT.channels, ThetaLayout.of(wide.model).channels) == (2, 5)


def test_a_prepared_model_serves_many_features():
    theta, features, sizes = draw()
    model = TrackingModel(LAYOUT, theta, sizes, 6)
    for whole, parts in zip(
        model(features), zip(*(model(f) for f in features.split(1, 1)), strict=True), strict=True
    ):
        torch.testing.assert_close(torch.cat(parts, dim=1), whole, rtol=0, atol=1e-11)


def test_predictions_equal_the_plain_ones_of_videos_with_different_filter_sizes():
    inputs = draw()
    fast, plain = predict(LAYOUT, *inputs), predict_plain(LAYOUT, *inputs)
    assert fast[0].shape == (4, 2, 6, 6)
    assert fast[1].shape == (4, 2, 4, 6, 6)
    for a, b in zip(fast, plain, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-11)


def test_gradients_by_theta_equal_the_plain_ones():
    theta, features, sizes = draw()
    theta.requires_grad_()
    gradients = []
    for function in (predict, predict_plain):
        response, deltas = function(LAYOUT, theta, features, sizes)
        (gradient,) = torch.autograd.grad((response**3).sum() + (deltas**2).sum(), theta)
        gradients.append(gradient)
    torch.testing.assert_close(*gradients, rtol=1e-9, atol=1e-8)


def test_predictions_at_laptop_size_agree_in_single_precision():
    config = get_profile("laptop-small").model
    theta, features, sizes = draw(2, torch.float32, config)
    theta *= 0.1
    sizes = torch.tensor([[11, 35], [15, 7]])
    layout = ThetaLayout.of(config)
    for fast, plain in zip(
        predict(layout, theta, features, sizes),
        predict_plain(layout, theta, features, sizes),
        strict=True,
    ):
        assert (fast - plain).abs().max() <= 1e-4 * plain.abs().max()


def test_a_video_sees_its_own_theta_and_features_only():
    theta, features, sizes = draw()
    before = predict(LAYOUT, theta, features, sizes)
    theta[2] += 1
    features[1] *= 2
    after = predict(LAYOUT, theta, features, sizes)
    for a, b in zip(before, after, strict=True):
        torch.testing.assert_close(a[[0, 3]], b[[0, 3]])
        assert (a[1] - b[1]).abs().max() > 0.1
        assert (a[2] - b[2]).abs().max() > 0.1


def test_a_videos_prediction_does_not_depend_on_its_company():
    theta, features, sizes = draw()
    together = predict(LAYOUT, theta, features, sizes)
    for video in range(4):
        alone = predict(LAYOUT, *(tensor[video : video + 1] for tensor in (theta, features, sizes)))
        for a, b in zip(together, alone, strict=True):
            torch.testing.assert_close(a[video], b[0], rtol=0, atol=1e-11)


def test_biases_are_added_everywhere():
    theta, features, sizes = draw()
    before = predict(LAYOUT, theta, features, sizes)
    for branch, shift in zip(LAYOUT.split(theta), (2, 3), strict=True):
        branch.bias.add_(shift)  # a view: theta changes with it
    after = predict(LAYOUT, theta, features, sizes)
    torch.testing.assert_close(after[0], before[0] + 2)
    torch.testing.assert_close(after[1], before[1] + 3)
