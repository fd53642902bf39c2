"""What training draws is as wide as the video that trackers are judged on."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from roam_lite.config import modify
from roam_lite.data.sources import SyntheticSource, parse_sources
from roam_lite.data.synthetic import staging
from roam_lite.errors import InputError
from roam_lite.profiles import get_profile
from roam_lite.training.breadth import (
    Breadth,
    breadths,
    measure_breadth,
    padding_share,
    report_breadths,
)
from tests import trees
from tests.training.painted import painted_sequence

CONFIG = modify(get_profile("laptop"), model={"region_scale": 5.0})
# Quartiles of benchmark video, most of it OTB's, and how near the drawn ones have to be.
PADDING, NEAR_PADDING = (0.00, 0.06, 0.20), 0.05
SIDES, NEAR_SIDES = (23, 35, 52), 0.25


class Painted:
    """A source of one sequence, in frames of 320 x 240."""

    name = "painted"

    def __init__(self, boxes=None):
        self.sequence = painted_sequence()
        if boxes is not None:
            self.sequence = replace(self.sequence, boxes=np.tile(boxes, (60, 1)).astype(float))

    def draw(self, rng):
        return self.sequence


def assert_is_wide(breadth):
    padding, sides = (np.percentile(v, (25, 50, 75)) for v in (breadth.padding, breadth.sides))
    np.testing.assert_allclose(padding, PADDING, atol=NEAR_PADDING)
    np.testing.assert_allclose(sides, SIDES, rtol=NEAR_SIDES)


def counted_share(box, size, scale):
    """The padding share by counting tenths of pixels."""
    x, y, w, h = box
    side = scale * np.sqrt(w * h)
    steps = (np.arange(2000) + 0.5) / 2000 * side - side / 2
    inside = [((c + steps > 0) & (c + steps < limit)).mean()
              for c, limit in zip((x + w / 2, y + h / 2), size, strict=True)]  # fmt: skip
    return 1 - inside[0] * inside[1]


def test_padding_is_the_share_of_a_region_outside_of_the_frame():
    rng = np.random.default_rng(0)
    boxes = np.concatenate([rng.uniform(-60, 300, (40, 2)), rng.uniform(4, 120, (40, 2))], axis=1)
    for size, scale in (((320, 240), 5.0), ((200, 400), 4.0)):
        expected = [counted_share(box, size, scale) for box in boxes]
        np.testing.assert_allclose(padding_share(boxes, size, scale), expected, atol=2e-3)


def test_padding_is_nothing_in_the_middle_and_everything_far_outside():
    boxes = np.array([[150.0, 110, 20, 20], [-300.0, 110, 20, 20], [150.0, 900, 20, 20]])
    np.testing.assert_allclose(padding_share(boxes, (320, 240), 5.0), [0, 1, 1])


def test_what_is_measured_is_what_is_drawn():
    breadth = measure_breadth(Painted([150, 110, 9, 16]), CONFIG, draws=3)
    np.testing.assert_allclose(breadth.sides, 12)
    np.testing.assert_allclose(breadth.padding, 0)
    assert len(breadth.sides) == len(breadth.padding) > 3
    edge = Painted([0, 110, 20, 20])  # its center 10 px from the edge, of a region of 100
    np.testing.assert_allclose(measure_breadth(edge, CONFIG, draws=2).padding, 0.4)
    narrow = modify(CONFIG, model={"region_scale": 1.0})
    np.testing.assert_allclose(measure_breadth(edge, narrow, draws=2).padding, 0)


def test_measuring_is_repeatable_and_leaves_the_draws_of_training_alone():
    source = SyntheticSource(3)
    rng = np.random.default_rng(5)
    first = measure_breadth(source, CONFIG, draws=3)
    drawn = source.draw(rng).boxes
    np.testing.assert_array_equal(measure_breadth(source, CONFIG, draws=3).sides, first.sides)
    np.testing.assert_array_equal(source.draw(np.random.default_rng(5)).boxes, drawn)


def test_sequences_that_cannot_be_used_are_left_out_of_what_is_measured(tmp_path):
    (plain,) = parse_sources(f"otb:{trees.otb(tmp_path / 'plain', 'A', 30)}", 0)
    for name in "AB":
        trees.otb(tmp_path / "mixed", name, 30)
    (tmp_path / "mixed" / "B" / "groundtruth_rect.txt").write_text("1,1,one,1\n")
    (mixed,) = parse_sources(f"otb:{tmp_path / 'mixed'}", 0)
    assert len(measure_breadth(mixed, CONFIG, 8).sides) * 2 == len(
        measure_breadth(plain, CONFIG, 8).sides
    )
    (tmp_path / "mixed" / "A" / "groundtruth_rect.txt").unlink()
    with pytest.raises(InputError, match=r"no ground truth|not a row of numbers"):
        measure_breadth(parse_sources(f"otb:{tmp_path / 'mixed'}", 0)[0], CONFIG, 8)


def test_a_mixture_counts_a_source_as_often_as_it_stands_in_the_list():
    small, large = Painted([150, 110, 10, 10]), Painted([150, 110, 40, 40])
    large.name = "large"
    alone = list(breadths([small, small], CONFIG, draws=2))
    assert [breadth.name for breadth in alone] == ["painted"]
    first, second, together = breadths([small, large, large, large], CONFIG, draws=2)
    assert [first.sides.max(), second.sides.min()] == pytest.approx([10, 40])
    assert together.name == "together"
    assert (together.sides > 20).mean() == pytest.approx(0.75)


def test_a_line_names_the_source_and_its_quartiles():
    sides = np.array([20.0, 30.0, 40.0, 50.0, 60.0])
    line = str(Breadth("otb:x", sides / 100, sides))
    assert line == "otb:x: padding 0.30 / 0.40 / 0.50, target side 30 / 40 / 50 px"
    header, only = report_breadths([Painted()], CONFIG)
    assert "5 target sides" in header
    assert only.strip().startswith("painted: padding 0.")


@pytest.fixture
def empty_scenes(monkeypatch):
    """Behind targets there is nothing: it is drawn after them, and takes most of the time."""
    black = np.zeros((8, 8, 3), np.uint8)
    monkeypatch.setattr(staging, "draw_backdrop", lambda *arguments: black)
    full = np.zeros((600, 800, 3), np.int16)
    monkeypatch.setattr(staging, "_noise", lambda *arguments: full)


def test_what_stands_behind_does_not_change_what_is_measured(request):
    whole = measure_breadth(SyntheticSource(0), CONFIG, draws=2)
    request.getfixturevalue("empty_scenes")
    np.testing.assert_array_equal(
        measure_breadth(SyntheticSource(0), CONFIG, draws=2).sides, whole.sides
    )


@pytest.mark.usefixtures("empty_scenes")
def test_rendered_video_alone_is_as_wide_as_benchmark_video():
    assert_is_wide(measure_breadth(SyntheticSource(0), CONFIG, draws=400))


@pytest.mark.usefixtures("empty_scenes")
def test_the_mixture_with_real_video_is_as_wide_as_benchmark_video(sequences_root):
    train = Path(os.fspath(sequences_root), "train")
    if not train.is_dir():
        pytest.skip(f"{sequences_root} has no train/ folder")
    sources = parse_sources(f"synthetic,collage:{train},otb:{train}*2", seed=0)
    *_, together = breadths(sources, CONFIG, draws=256)
    assert_is_wide(together)
