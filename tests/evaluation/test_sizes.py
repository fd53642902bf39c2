"""Sizes found in regions of other sizes: known responses come out, and what is skipped is counted."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from roam_lite import InputError
from roam_lite.evaluation.sizes import (
    FACTORS,
    medians,
    size_response,
    size_responses,
    sizes_json,
    sizes_table,
)
from roam_lite.geometry import boxes_to_patch, check_box, region_around
from roam_lite.profiles import get_profile
from roam_lite.tracking import Tracker
from tests.fakes import moving_square
from tests.tracking.small import smoke_model, smoke_tracker

SMOKE = get_profile("smoke")
SQUARE = moving_square(length=8)
AREA = SQUARE.boxes[0, 2:].prod()


class Finder:
    """A tracker that finds exp(bias) f^slope times the true size where it believes in f times that."""

    config = SMOKE

    def __init__(self, slope, bias):
        self.slope, self.bias, self.sharpness = slope, bias, set()

    def init(self, image, box):
        check_box(box, image.shape)

    def regress(self, image, box, sharpness):
        self.sharpness.add(sharpness)
        factor = np.sqrt(box[2:].prod() / AREA)
        region = region_around(box, SMOKE.model.region_scale)
        shape = box[2:] * [2, 0.5] / factor  # another shape of the same area
        found = np.concatenate([box[:2] + 3, shape * np.exp(self.bias) * factor**self.slope])
        found = torch.from_numpy(boxes_to_patch(found, region, SMOKE.model.patch_size))
        return SimpleNamespace(box=found[None]), None, None, region


@pytest.mark.parametrize(("slope", "bias"), [(0.0, 0.0), (0.4, -0.2), (1.0, 0.1), (-0.3, 0.0)])
def test_a_linear_response_has_its_slope_and_its_bias(slope, bias):
    finder = Finder(slope, bias)
    response = size_response(finder, SQUARE, 5)
    assert response.slope == pytest.approx(slope, abs=1e-9)
    assert response.bias == pytest.approx(bias, abs=1e-9)
    np.testing.assert_allclose(response.found, np.exp(bias) * np.array(FACTORS) ** slope)
    assert finder.sharpness == {SMOKE.online.motion}


def test_slope_is_by_least_squares_and_bias_of_the_true_size_alone():
    bent = np.array([0.7, 0.9, 1.2, 1.1, 1.3])
    finder, found = Finder(0, 0), iter(bent)
    regress = finder.regress

    def bend(image, box, sharpness):
        finder.bias = np.log(next(found))
        return regress(image, box, sharpness)

    finder.regress = bend
    response = size_response(finder, SQUARE, 5)
    x, y = np.log(FACTORS), np.log(bent)
    expected = ((x - x.mean()) * y).sum() / ((x - x.mean()) ** 2).sum()
    assert response.slope == pytest.approx(expected)
    assert response.bias == pytest.approx(np.log(1.2))


def test_a_model_that_answers_with_its_anchor_has_slope_one():
    """Features that do not matter: the size is the same share of every patch."""
    model = smoke_model(penalty=0.0)
    model.theta0.zero_()
    model.log_lambda0.fill_(-torch.inf)
    response, regression = model.layout.split(model.theta0[None])
    response.bias.fill_(0.5)
    regression.bias.copy_(torch.tensor([0.0, 0.0, 0.3, 0.5]))
    tracker = Tracker(model, None)
    tracker.init(SQUARE.frames[0], SQUARE.boxes[0])
    anchor = tracker.anchors[0, 0, 0, 2:] / SMOKE.model.patch_size * SMOKE.model.region_scale
    spread = SMOKE.model.delta_spread[1]
    bias = np.log(np.sqrt(float(anchor.prod()))) + 0.4 * spread
    found = size_response(tracker, SQUARE, 5)
    assert found.slope == pytest.approx(1, abs=1e-5)
    assert found.bias == pytest.approx(bias, abs=1e-5)


def test_measuring_neither_moves_nor_teaches_the_tracker():
    tracker = smoke_tracker()
    tracker.init(SQUARE.frames[0], SQUARE.boxes[0])
    theta = tracker.theta.clone()
    first, again = (size_response(tracker, SQUARE, frame) for frame in (5, 5))
    np.testing.assert_array_equal(first.found, again.found)
    assert torch.equal(tracker.theta, theta)
    np.testing.assert_array_equal(tracker.box, SQUARE.boxes[0])
    assert not tracker.queue
    assert tracker.frame == 0


def test_every_sequence_is_started_on_its_first_frame():
    others = [moving_square("a", 8), moving_square("b", 8, broken=(1,))]
    tracker = smoke_tracker()
    together, _ = size_responses(tracker, others, (0, 5))
    (alone, _) = size_responses(smoke_tracker(), others[1:], (5,))
    assert [(r.name, r.frame) for r in together] == [("a", 0), ("a", 5), ("b", 0), ("b", 5)]
    np.testing.assert_array_equal(together[-1].found, alone[0].found)


def test_frames_without_an_answer_are_counted_by_reason():
    sequences = [
        moving_square("good", 8),
        moving_square("short", 4),
        moving_square("brief", 5),
        moving_square("absent", 8, absent=(5,)),
        moving_square("broken", 8, broken=(5,)),
        moving_square("boxless", 8, absent=(0,)),
        moving_square("imageless", 8, broken=(0,)),
    ]
    responses, skipped = size_responses(Finder(0.5, 0.1), sequences, (5, 2, 5))
    assert skipped == {
        (5, "too short"): 2,
        (5, "without a box"): 1,
        (5, "unreadable"): 1,
        (2, "without a first frame to start on"): 2,
        (5, "without a first frame to start on"): 2,
    }
    assert [r.name for r in responses if r.frame == 5] == ["good"]
    last = sizes_table(responses, skipped, 5).splitlines()[-1]
    assert last.startswith("skipped: frame 2: 2 without a first frame to start on; frame 5: 2 too")


def test_a_size_that_is_no_number_is_skipped():
    assert size_response(Finder(0, np.nan), SQUARE, 1) == "without a finite size"


def test_a_frame_in_which_nothing_is_found_is_an_error():
    measured = size_responses(Finder(0, 0), [moving_square(length=4)], (0, 30))
    with pytest.raises(
        InputError, match=r"frame 30 \(skipped: frame 30: 1 too short\); give another"
    ):
        sizes_table(*measured, 30)


def test_table_and_json_tell_rows_and_medians():
    responses = []
    for name, bias in (("a", -0.3), ("b", 0.1), ("c", 0.2)):
        found, _ = size_responses(Finder(0.5, bias), [moving_square(name)], (0, 5))
        responses += found
    table = sizes_table(responses, {}, 5)
    rows = dict(re.findall(r"^(median, frame \d|\w)((?: +-?[\d.]+){8})$", table, re.MULTILINE))
    values = {name: [float(word) for word in row.split()] for name, row in rows.items()}
    assert list(values) == ["a", "b", "c", "median, frame 0", "median, frame 5"]
    assert values["a"][-3:] == [0.5, -0.3, 0.3]
    assert values["median, frame 5"][-3:] == [0.5, 0.1, 0.2]  # |bias| has a median of its own
    assert values["median, frame 5"][:5] == pytest.approx(values["b"][:5])
    kept = sizes_json(responses, {(5, "too short"): 2})
    assert kept["medians"][5] == {**medians(responses[1::2]), "sequences": 3}
    assert [r["sequence"] for r in kept["responses"] if r["frame"] == 5] == ["a", "b", "c"]
    assert kept["skipped"] == [{"frame": 5, "reason": "too short", "sequences": 2}]
