"""Gaussian labels: peaked where the target is, as wide as the target is."""

from math import exp, log

import pytest
import torch

from roam_lite.config import modify
from roam_lite.model.losses import gaussian_labels, make_targets, scale_labels
from roam_lite.profiles import get_profile

CELLS = torch.arange(70, dtype=torch.float64) * 4 + 2


def test_the_peak_lies_at_the_targets_center_even_between_cells():
    box = torch.tensor([100.0, 60.0, 56.0, 40.0], dtype=torch.float64)  # center (128, 80)
    label = gaussian_labels(box, CELLS, CELLS, 4, 20.0)
    row, column = divmod(int(label.argmax()), 70)
    assert CELLS[column] in (126, 130)
    assert CELLS[row] in (78, 82)
    # The center lies midway between cells, so they see the same value.
    torch.testing.assert_close(label[:, 31], label[:, 32])
    torch.testing.assert_close(label[19], label[20])


def test_one_at_the_center_and_the_papers_fall_off():
    box = torch.tensor([106.0, 54.0, 40.0, 80.0], dtype=torch.float64)  # center (126, 94): a cell
    label = gaussian_labels(box, CELLS, CELLS, 4, 20.0)
    assert label[23, 31].item() == pytest.approx(1)
    # Half the width, or half the height, away: exp(-20 / 4).
    assert label[23, 36].item() == pytest.approx(exp(-5))
    assert label[33, 31].item() == pytest.approx(exp(-5))


def test_the_stride_only_names_the_unit():
    boxes = torch.rand(3, 4, dtype=torch.float64) * 100 + 20
    torch.testing.assert_close(
        gaussian_labels(boxes, CELLS, CELLS, 4, 20.0), gaussian_labels(boxes, CELLS, CELLS, 8, 20.0)
    )


def test_leading_axes_are_kept_and_the_map_may_be_oblong():
    boxes = torch.rand(2, 5, 4, dtype=torch.float64) * 100 + 20
    labels = gaussian_labels(boxes, CELLS[:9], CELLS[:6], 4, 20.0)
    assert labels.shape == (2, 5, 6, 9)
    torch.testing.assert_close(
        labels[1, 3], gaussian_labels(boxes[1, 3], CELLS[:9], CELLS[:6], 4, 20.0)
    )


def test_labels_are_lower_where_the_size_is_not_the_nominal_one():
    config = modify(get_profile("smoke"), model={"scale_sharpness": 4.0}).model
    nominal = config.patch_size / config.region_scale
    boxes = torch.tensor(
        [[10.0, 10.0, f * nominal * 2, f * nominal / 2] for f in (1.0, 0.7, 1 / 0.7, 1.1)],
        dtype=torch.float64,
    )
    expected = [1.0, exp(-4 * log(0.7) ** 2), exp(-4 * log(0.7) ** 2), exp(-4 * log(1.1) ** 2)]
    assert scale_labels(boxes, config).tolist() == pytest.approx(expected)

    cells, sizes = CELLS[:16], torch.tensor([[5, 5]])
    arguments = (boxes[None], sizes, cells, cells)
    scaled = make_targets(*arguments, config)
    plain = make_targets(*arguments, get_profile("smoke").model)
    for label, height, alone in zip(scaled.labels[0], expected, plain.labels[0], strict=True):
        torch.testing.assert_close(label, height * alone)
    torch.testing.assert_close(scaled.deltas, plain.deltas)
