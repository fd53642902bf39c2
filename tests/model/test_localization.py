"""Where the target is: the score maps, the best cell, and the box there."""

import numpy as np
import pytest
import torch

from roam_lite.config import modify
from roam_lite.geometry import decode_boxes
from roam_lite.meta_model import MetaModel
from roam_lite.model.localization import (
    Estimate,
    best_box,
    change_penalty,
    localize,
    motion_map,
    peak_position,
    score_maps,
    searched_box,
    second_peak,
    smoothed_box,
)
from roam_lite.model.losses import anchors_at
from roam_lite.model.tracking_model import TrackingModel
from roam_lite.profiles import get_profile

CELLS = torch.arange(16) * 4.0 + 2
PREVIOUS = torch.tensor([26.0, 28.0, 12.0, 8.0])
CONFIG = modify(get_profile("smoke"), model={"delta_spread": (1.0, 1.0)}, online={"penalty": 0.05})


def regress(response, deltas, anchors, sharpness=0.0):
    """Score maps and estimate of one patch; a sharpness of 0 leaves motion out of it."""
    maps = score_maps(response, deltas, anchors, CELLS, PREVIOUS, sharpness, CONFIG)
    return maps, best_box(maps)


def test_motion_map_is_one_at_the_last_center_and_follows_the_formula():
    map_ = motion_map(CELLS, PREVIOUS, 0.8)
    size = np.sqrt(12 * 8)
    row, column = 3, 9
    x, y = float(CELLS[column]), float(CELLS[row])
    expected = np.exp(-0.8 * ((x - 32) ** 2 + (y - 32) ** 2) / size**2)
    assert float(map_[row, column]) == pytest.approx(expected, rel=1e-5)
    assert float(map_.max()) <= 1


def test_penalty_is_one_without_change_and_symmetric_in_growth():
    grown, shrunk = PREVIOUS * 1.3, PREVIOUS / 1.3
    turned = PREVIOUS[[0, 1, 3, 2]]
    penalties = change_penalty(torch.stack([PREVIOUS, grown, shrunk, turned]), PREVIOUS, 0.5)
    assert float(penalties[0]) == pytest.approx(1)
    assert float(penalties[1]) == pytest.approx(float(penalties[2]), rel=1e-5)
    assert float(penalties[1]) == pytest.approx(np.exp(-0.5 * 0.3), rel=1e-5)
    assert float(penalties[3]) == pytest.approx(np.exp(-0.5 * 1.25), rel=1e-5)


def test_regressed_box_decodes_the_anchor_of_the_highest_score():
    response = torch.zeros(16, 16)
    response[5, 7] = 0.9
    anchors = torch.zeros(16, 16, 4)
    anchors[5, 7] = torch.tensor([24.0, 18.0, 12.0, 8.0])
    anchors[..., 2:] = torch.tensor([12.0, 8.0])
    deltas = torch.zeros(4, 16, 16)
    deltas[0, 5, 7] = 0.25
    _, estimate = regress(response, deltas, anchors)
    np.testing.assert_allclose(estimate.box, [27, 18, 12, 8], rtol=1e-5)
    assert estimate.score == pytest.approx(0.9)


def test_a_negative_response_never_wins_by_being_penalized():
    response = torch.full((16, 16), -1.0)
    response[2, 2] = -5.0
    response[8, 8] = 0.01
    anchors = torch.zeros(16, 16, 4)
    anchors[..., 2:] = torch.tensor([12.0, 8.0])
    _, estimate = regress(response, torch.zeros(4, 16, 16), anchors)
    assert estimate.response == pytest.approx(0.01)


def test_score_is_the_product_of_its_maps_and_the_best_box_is_where_it_is_largest():
    response, deltas = torch.randn(3, 16, 16), 0.2 * torch.randn(3, 4, 16, 16)
    anchors = torch.rand(3, 16, 16, 4) * 20 + 10
    previous = PREVIOUS + torch.rand(3, 4)
    maps = score_maps(response, deltas, anchors, CELLS, previous, 0.3, CONFIG)
    estimate = best_box(maps)
    for video in range(3):
        motion = motion_map(CELLS, previous[video], 0.3)
        boxes = decode_boxes(deltas[video].movedim(0, -1), anchors[video])
        penalty = change_penalty(boxes, previous[video], CONFIG.online.penalty)
        torch.testing.assert_close(maps.boxes[video], boxes)
        torch.testing.assert_close(
            maps.score[video], response[video].clamp(min=0) * penalty * motion
        )
        row, column = divmod(int(maps.score[video].argmax()), 16)
        assert torch.equal(estimate.box[video], maps.boxes[video, row, column])
        for name in ("response", "penalty", "score"):
            chosen = getattr(maps, name)[video, row, column]
            assert getattr(estimate, name)[video] == chosen


def test_a_score_that_is_no_number_never_wins():
    response = torch.full((16, 16), torch.nan)
    response[3, 4] = 0.2
    anchors = torch.cat([torch.zeros(16, 16, 2), torch.tensor([12.0, 8.0]).expand(16, 16, 2)], -1)
    _, estimate = regress(response, torch.zeros(4, 16, 16), anchors)
    assert estimate.response == pytest.approx(0.2)


def test_a_new_size_counts_as_much_as_it_is_trusted():
    found = torch.tensor([20.0, 20.0, 24.0, 16.0])
    for response, weight in ((0.5, 0.6 * 0.9 * 0.5), (0.0, 0.0), (-1.0, 0.0), (9.0, 1.0)):
        values = (torch.tensor(response), torch.tensor(0.9), torch.tensor(0.3))
        box = smoothed_box(Estimate(found, *values), PREVIOUS, 0.6)
        torch.testing.assert_close(box[2:], PREVIOUS[2:] + weight * (found - PREVIOUS)[2:])
        torch.testing.assert_close(box[:2] + box[2:] / 2, torch.tensor([32.0, 28.0]))


def test_searched_box_finds_scale_and_position_between_cells():
    x0, y0 = 33.3, 29.1
    y, x = torch.meshgrid(CELLS, CELLS, indexing="ij")
    bump = torch.exp(-((x - x0) ** 2 + (y - y0) ** 2) / (2 * 6.0**2))
    scales = torch.tensor([0.96, 1.0, 1.04])
    responses = torch.stack([0.5 * bump, 0.6 * bump, 0.9 * bump])
    estimate, index = searched_box(
        responses, scales, CELLS, PREVIOUS, torch.ones(16, 16), strength=0.05
    )
    assert index == 2
    center = estimate.box[:2] + estimate.box[2:] / 2
    np.testing.assert_allclose(center, [x0, y0], atol=0.25)
    np.testing.assert_allclose(estimate.box[2:], PREVIOUS[2:])


def test_the_peak_lies_between_cells_and_at_the_border_on_its_cell():
    y, x = torch.meshgrid(CELLS, CELLS, indexing="ij")
    score = torch.stack(
        [
            torch.exp(-((x - 33.3) ** 2 + (y - 29.1) ** 2) / (2 * 6.0**2)),
            torch.exp(-((x + 9) ** 2 + (y - 30.5) ** 2) / (2 * 6.0**2)),
        ]
    )
    found = peak_position(score, CELLS)
    np.testing.assert_allclose(found[0], [33.3, 29.1], atol=0.25)
    np.testing.assert_allclose(found[1], [CELLS[0], 30.5], atol=0.25)
    alone = torch.stack([peak_position(one, CELLS) for one in score])
    torch.testing.assert_close(found, alone)


def test_the_center_is_the_boxs_or_the_peaks():
    config = modify(get_profile("smoke"), online={"position": "peak"})
    model = MetaModel(config, torch.Generator().manual_seed(0))
    sizes = torch.tensor([[5, 5]])
    tracking_model = TrackingModel(model.layout, model.theta0.detach()[None], sizes, 16)
    features = torch.randn(1, 1, 8, 16, 16, generator=torch.Generator().manual_seed(1))
    anchors = anchors_at(model.cells, model.cells, sizes, config.model)
    arguments = (tracking_model, features, anchors, model.cells, PREVIOUS[None], 0.8)
    maps, estimate, found = localize(*arguments, config)
    center = found[..., :2] + found[..., 2:] / 2
    torch.testing.assert_close(center, peak_position(maps.score, model.cells))
    _, _, boxed = localize(*arguments, modify(config, online={"position": "box"}))
    torch.testing.assert_close(boxed[..., 2:], found[..., 2:])
    torch.testing.assert_close(
        boxed[..., :2] + boxed[..., 2:] / 2, estimate.box[..., :2] + estimate.box[..., 2:] / 2
    )


def test_the_second_peak_is_the_highest_one_farther_off_than_half_the_targets_size():
    boxes = PREVIOUS.expand(5, 4)  # around (32, 32), of size 9.8
    response = torch.zeros(5, 16, 16)
    response[:, 7, 7] = 0.8  # the target, at (30, 30)
    response[:, 8, 7] = 0.7
    response[1, 2, 12], response[1, 2, 13] = 0.4, 0.2  # a peak, and its slope
    response[2, 7, 9] = 0.6  # 6.3 from the center, beyond 4.9
    response[3, 2, 12] = 1.6  # higher than the target itself
    response[4] = float("nan")
    found = second_peak(response, boxes, CELLS)
    torch.testing.assert_close(found[:4], torch.tensor([0.0, 0.5, 0.75, 1.0]))
    assert not found[4] >= 1e-9
    # A slope that reaches out of the target is no peak.
    slope = torch.arange(16.0).expand(1, 16, 16) * torch.linspace(1, 0.9, 16)[:, None]
    corner = torch.tensor([[60.0, 0.0, 4.0, 4.0]])
    assert second_peak(slope, corner, CELLS) == 0
    assert second_peak(-slope - 1, corner, CELLS) == 0
