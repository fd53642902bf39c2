"""A layout in the table is read the same by training, survey and benchmarks; one's own is one line."""

import json
import sys
from importlib import import_module

import numpy as np
import pytest

from roam_lite.cli import main
from roam_lite.data.layouts import LAYOUTS
from roam_lite.data.sources import parse_sources
from roam_lite.data.survey import survey
from roam_lite.profiles import get_profile
from roam_lite.training.clips import draw_clip
from tests import trees

MINE = '''
"""Video as I keep it: NAME/boxes.txt, 0-based, and the images beside it."""

from pathlib import Path

from roam_lite.data.boxes import read_boxes
from roam_lite.data.images import one_image_a_box
from roam_lite.data.layouts import LAYOUTS, Layout, Part
from roam_lite.data.sequence import ImageFrames, Sequence


def list_sequences(root):
    return sorted(path.parent.name for path in Path(root).glob("*/boxes.txt"))


def read_sequence(root, name):
    truth = Path(root) / name / "boxes.txt"
    boxes = read_boxes(truth, origin=0)
    return Sequence(name, ImageFrames(one_image_a_box(truth.parent, len(boxes), truth)), boxes)


LAYOUTS["mine"] = Layout(list_sequences, read_sequence, (Part("my videos", ("*/boxes.txt",)),))


class Statue:
    def init(self, image, box):
        self.box = box

    def update(self, image):
        return self.box
'''


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A folder in a layout that a module outside the package has registered, and that module."""
    for name in ("one", "two"):
        trees.pictures(tmp_path / "videos" / name, range(1, 62))
        (tmp_path / "videos" / name / "boxes.txt").write_text(trees.lines(trees.square(61)))
    (tmp_path / "my_layout.py").write_text(MINE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = dict(LAYOUTS)
    import_module("my_layout")
    yield tmp_path / "videos"
    LAYOUTS.clear()
    LAYOUTS.update(before)
    del sys.modules["my_layout"]


def test_a_layout_of_ones_own_is_trained_on(mine):
    (source,) = parse_sources(f"mine:{mine}", seed=0)
    rng, profile = np.random.default_rng(0), get_profile("smoke")
    clip = draw_clip(source.draw(rng), rng, profile.training.stages[0], profile)
    assert clip is not None
    assert source.name == f"mine:{mine}"


def test_a_layout_of_ones_own_is_surveyed(mine):
    (finding,) = survey(mine)
    assert finding.complete
    assert f"{finding.part.title}: {finding}" == f"my videos: 2 sequences, 122 frames in {mine}"


def test_a_layout_of_ones_own_is_evaluated_as_otb_is(mine, capsys):
    arguments = ["--benchmark", "mine", "--root", str(mine), "--tracker", "my_layout:Statue"]
    assert main(["evaluate", *arguments, "--json", "scores.json", "--results", "results"]) == 0
    report = json.loads((mine.parent / "scores.json").read_text())
    assert list(report["sequences"]) == ["one", "two"]
    assert 0 < report["mean"]["auc"] < 1
    assert report["tracker"]["benchmark"] == "mine"
    assert [path.name for path in (mine.parent / "results").iterdir()] == ["mine"]
    results = [str(path) for path in (mine.parent / "results" / "mine").iterdir()]
    assert main(["report", *results, "--benchmark", "mine", "--root", str(mine)]) == 0
    assert "| my_layout:Statue (measured) |" in capsys.readouterr().out


GROWN = {
    "otb": (trees.otb, {}, "A"),
    "vot": (trees.vot, {}, "ball"),
    "lasot": (trees.lasot, {"name": "airplane-2"}, "airplane-2"),
    "got10k": (trees.got10k, {"split": "train"}, "GOT-10k_Train_000001"),
    "trackingnet": (trees.trackingnet, {"part": "TRAIN_3"}, "abc_0"),
    "vid": (trees.vid, {"second": ()}, f"{trees.VIDEO}.0"),
    "det": (trees.det, {}, "00000001.0"),
    "coco": (trees.coco, {}, "000000000009.0"),
}


@pytest.mark.parametrize("kind", LAYOUTS)
def test_every_layout_is_a_source_of_training_sequences(kind, tmp_path):
    grow, options, name = GROWN[kind]
    (source,) = parse_sources(f"{kind}:{grow(tmp_path / 'data', **options)}", seed=0)
    sequence = source.draw(np.random.default_rng(0), 6)
    assert (sequence.name, len(sequence)) == (name, 6)
    if kind not in ("det", "coco"):  # still images
        np.testing.assert_allclose(sequence.boxes, trees.square(6), atol=1e-9)


def test_splits_that_are_scored_are_not_trained_on(tmp_path):
    root = trees.lasot(trees.lasot(tmp_path, "airplane-1"), "airplane-2")
    (source,) = parse_sources(f"lasot:{root}", seed=0)
    assert source.names == ["airplane-2"]
