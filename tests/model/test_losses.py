"""The tracking loss: which cells and anchors count, and for how much."""

from math import e

import numpy as np
import pytest
import torch

from roam_lite.config import modify
from roam_lite.geometry import box_iou
from roam_lite.model.losses import (
    anchors_at,
    make_targets,
    regression_loss,
    response_loss,
    tracking_loss,
)
from roam_lite.profiles import get_profile
from tests.tiny import TINY, draw_batch

LAPTOP = get_profile("laptop-small")
MODEL = LAPTOP.model
CELLS = torch.arange(36, dtype=torch.float64) * 4 + 2
NOMINAL = torch.tensor(
    [[[57.6, 57.6, 28.8, 28.8]]], dtype=torch.float64
)  # centered, 5 times in 144
SIZE = torch.tensor([[11, 11]])


def maps(*values):
    return torch.tensor(values, dtype=torch.float64).view(1, 1, 1, -1)


def test_balanced_loss_weighs_hard_cells_by_exp_of_their_label():
    labels, response = maps(1.0, 0.0, 0.0), maps(0.5, 0.09, 0.11)
    # Errors 0.5 and 0.11 count, 0.09 does not; two cells, plus one.
    expected = (e * 0.25 + 0.11**2) / 3
    assert response_loss(response, labels, "balanced", 0.1).item() == pytest.approx(expected)
    assert response_loss(labels, labels, "balanced", 0.1).item() == 0


def test_focused_loss_divides_by_the_cells_of_the_target():
    labels, response = maps(1.0, 0.3, 0.0, 0.0), maps(0.5, 0.25, 0.2, -0.4)
    # Two labels of at least 0.1, plus one, however many errors there are.
    expected = (e * 0.25 + 0.04 + 0.16) / 3
    assert response_loss(response, labels, "focused", 0.1).item() == pytest.approx(expected)


def test_balanced_loss_does_not_follow_easy_cells():
    response = maps(0.5, 0.05, -0.09).requires_grad_()
    response_loss(response, maps(1.0, 0.0, 0.0), "balanced", 0.1).sum().backward()
    assert response.grad[..., 0] != 0
    assert not response.grad[..., 1:].any()


def test_plain_loss_is_the_mean_squared_error():
    loss = response_loss(maps(0.5, 0.05, 0.2), maps(1.0, 0.0, 0.0), "plain", 0.1)
    assert loss.item() == pytest.approx((0.25 + 0.0025 + 0.04) / 3)


def test_easy_cells_are_those_below_the_constant():
    labels, response = maps(1.0, 0.3, 0.0), maps(0.5, 0.3, 0.2)
    loss = response_loss(response, labels, "balanced", 0.25)
    assert loss.item() == pytest.approx(e * 0.25 / 2)
    loss = response_loss(response, labels, "focused", 0.25)
    assert loss.item() == pytest.approx(e * 0.25 / 3)


def test_anchors_lie_at_the_cells():
    anchors = anchors_at(CELLS, CELLS, torch.tensor([[11, 5]]), MODEL)
    assert anchors.shape == (1, 36, 36, 4)
    x, y, w, h = anchors[0, 3, 7].tolist()
    assert (w, h) == pytest.approx((5 * 4 / 1.5, 11 * 4 / 1.5))
    assert (x + w / 2, y + h / 2) == pytest.approx((4 * 7 + 2, 4 * 3 + 2))


def test_regression_counts_the_anchors_of_highest_overlap_in_every_frame():
    boxes = torch.cat([NOMINAL, NOMINAL + torch.tensor([20.0, -30, 10, 5])], dim=1)
    targets = make_targets(boxes, SIZE, CELLS, CELLS, MODEL)
    anchors = anchors_at(CELLS, CELLS, SIZE, MODEL)[0]
    for sample in range(2):
        positive = targets.positive[0, sample].bool()
        assert positive.sum() == MODEL.regression_anchors
        overlap = box_iou(anchors, boxes[0, sample])
        # The distance settles ties at less than a thousandth of overlap.
        assert overlap[positive].min() >= overlap[~positive].max() - 2e-3


def test_a_box_that_no_anchor_overlaps_counts_the_nearest_ones():
    away = torch.tensor([[[-200.0, 60.0, 20.0, 20.0]]], dtype=torch.float64)
    positive = make_targets(away, SIZE, CELLS, CELLS, MODEL).positive[0, 0]
    assert positive.sum() == MODEL.regression_anchors
    assert positive[:, :4].sum() == MODEL.regression_anchors


def test_smooth_l1_is_averaged_over_anchors_coordinates_and_samples():
    positive = torch.zeros(1, 2, 1, 3)
    positive[..., :2] = 1
    targets = torch.zeros(1, 2, 4, 1, 3)
    deltas = targets.clone()
    deltas[0, 0, 0, 0, 0] = 0.5  # 0.125
    deltas[0, 1, 3, 0, 1] = -3.0  # 2.5
    deltas[0, 1, :, 0, 2] = 100.0  # not counted
    assert regression_loss(deltas, targets, positive).item() == pytest.approx((0.125 + 2.5) / 16)


def summed(response, labels, deltas, boxes, positive, weights, kind, easy):
    """(12) of one video with a weight for each sample, cell by cell; weights of 1/n are the paper's."""
    n, rows, columns = labels.shape
    errors, number, regression = 0.0, 1 / n, 0.0
    for sample in range(n):
        anchors = 0.0
        for i, j in np.ndindex(rows, columns):
            label = labels[sample, i, j]
            error = response[sample, i, j] - label
            if kind == "plain":
                errors += weights[sample] * error**2
            elif abs(error) >= easy:
                errors += weights[sample] * np.exp(label) * error**2
            counts = abs(error) >= easy if kind == "balanced" else label >= easy
            number += weights[sample] * counts
            if positive[sample, i, j]:
                away = np.abs(deltas[sample, :, i, j] - boxes[sample, :, i, j])
                anchors += np.where(away < 1, away**2 / 2, away - 0.5).sum()
        regression += weights[sample] * anchors / (4 * positive[sample].sum())
    return errors / (rows * columns if kind == "plain" else number) + regression


@pytest.mark.parametrize("kind", ["balanced", "focused", "plain"])
def test_weights_stand_for_the_share_of_each_sample(kind):
    rng = np.random.default_rng(1)
    batch = draw_batch(rng, videos=2, samples=3)
    cells = CELLS[:6]
    boxes, sizes = torch.from_numpy(batch.boxes), torch.from_numpy(batch.sizes)
    targets = make_targets(boxes, sizes, cells, cells, TINY.model)
    response = targets.labels + 0.3 * torch.randn_like(targets.labels)
    deltas = torch.randn_like(targets.deltas)
    config = modify(TINY, model={"response_loss": kind}).model
    weights = torch.from_numpy(rng.dirichlet(np.ones(3), size=2))
    found = tracking_loss(response, deltas, targets, config, weights)
    for video in range(2):
        known = (response, targets.labels, deltas, targets.deltas, targets.positive, weights)
        expected = summed(*(a[video].numpy() for a in known), kind, config.easy_error)
        assert found[video].item() == pytest.approx(expected, rel=1e-12)
    plain = tracking_loss(response, deltas, targets, config)
    equal = tracking_loss(response, deltas, targets, config, torch.full((2, 3), 1 / 3).double())
    torch.testing.assert_close(equal, plain, rtol=1e-6, atol=0)
    assert (found - plain).abs().min() > 1e-3


def test_small_maps_count_all_of_their_anchors():
    batch = draw_batch(np.random.default_rng(0), videos=1, samples=1)
    cells = CELLS[:2]
    targets = make_targets(
        torch.from_numpy(batch.boxes), torch.from_numpy(batch.sizes), cells, cells, TINY.model
    )
    assert targets.positive.sum() == 4 < TINY.model.regression_anchors


def test_a_perfect_prediction_costs_nothing():
    targets = make_targets(NOMINAL, SIZE, CELLS, CELLS, MODEL)
    for kind in ("balanced", "focused", "plain"):
        config = modify(LAPTOP, model={"response_loss": kind}).model
        assert tracking_loss(targets.labels, targets.deltas, targets, config).item() == 0


def test_every_video_has_its_own_loss():
    boxes = torch.cat([NOMINAL, NOMINAL + 7], dim=0)
    targets = make_targets(boxes, SIZE.expand(2, 2), CELLS, CELLS, MODEL)
    response, deltas = torch.randn_like(targets.labels), torch.randn_like(targets.deltas)
    config = modify(LAPTOP, model={"response_loss": "balanced"}).model
    before = tracking_loss(response, deltas, targets, config)
    response[1] += 1
    deltas[1] += 1
    after = tracking_loss(response, deltas, targets, config)
    assert after[0] == before[0]
    assert after[1] != before[1]
