"""Peers that are made of networks: fakes of OpenCV's classes, and NanoTrack where its files are."""

import hashlib
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.peers import OpenCVTracker
from roam_lite.evaluation.running.runner import run_sequence
from roam_lite.evaluation.trackers import tracker_factory
from roam_lite.geometry import iou
from tests.fakes import moving_square

FILES = {"nano": ["a_backbone.onnx", "a_head.onnx"], "vit": ["net.onnx"]}
IMAGE = np.zeros((60, 80, 3), np.uint8)


class Fake:
    """Stands for a class of OpenCV: reads what its parameters name, finds nothing where told so."""

    fails_in, finds = "", True

    @classmethod
    def create(cls, parameters):
        paths = [value for value in vars(parameters).values() if isinstance(value, str)]
        cls.read = [Path(path).read_bytes() for path in paths]
        if cls.fails_in == "create":
            raise cv2.error("cannot read\nthe model")
        return cls()

    def init(self, image, box):
        if self.fails_in == "init":
            raise cv2.error("no such input")
        self.box = box

    def update(self, image):
        if self.fails_in == "update":
            raise cv2.error("no such input")
        return self.finds, (1, 2, 3, 4)

    def getTrackingScore(self):
        return 0.75 if self.finds else 0.125


class Parameters:
    pass


@pytest.fixture
def fake(monkeypatch):
    """Fakes in place of both classes; `change` gives them other attributes."""
    for kind in ("TrackerNano", "TrackerVit"):
        monkeypatch.setattr(cv2, kind, Fake)
        monkeypatch.setattr(cv2, f"{kind}_Params", Parameters)
    return lambda **change: [monkeypatch.setattr(Fake, *pair) for pair in change.items()]


@pytest.fixture
def weights(tmp_path):
    def write(name):
        for file in FILES[name]:
            (tmp_path / file).write_bytes(file.encode())
        return tmp_path

    return write


@pytest.mark.parametrize("name", FILES)
def test_each_network_goes_to_its_parameter_and_its_digest_into_the_description(
    fake, weights, name
):
    tracker = OpenCVTracker(name, weights(name))
    tracker.init(IMAGE, np.array([10, 10, 20, 20]))
    assert Fake.read == [file.encode() for file in FILES[name]]
    digests = {file: hashlib.sha256(file.encode()).hexdigest()[:12] for file in FILES[name]}
    described = {"tracker": name, "opencv": cv2.__version__, "weights": digests}
    assert tracker.description == described


@pytest.mark.parametrize("name", FILES)
def test_the_score_is_the_networks_own(fake, weights, name):
    tracker = OpenCVTracker(name, weights(name))
    tracker.init(IMAGE, np.array([10, 10, 20, 20]))
    box, score, lost = tracker.update(IMAGE)
    assert (box.tolist(), score, lost) == ([1, 2, 3, 4], 0.75, False)
    fake(finds=False)
    box, score, lost = tracker.update(IMAGE)
    assert (box.tolist(), score, lost) == ([1, 2, 3, 4], 0.125, True)
    fake(fails_in="update")
    assert tracker.update(IMAGE)[1:] == (0, True)


@pytest.mark.parametrize("fails_in", ["create", "init", "update"])
@pytest.mark.parametrize("name", FILES)
def test_networks_that_cannot_track_are_refused_when_the_tracker_is_chosen(
    fake, weights, name, fails_in
):
    fake(fails_in=fails_in)
    with pytest.raises(InputError, match=rf"{name}: OpenCV cannot track with .*\.onnx \(") as said:
        tracker_factory(name, weights=weights(name))
    assert "\n" not in str(said.value)


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_no_networks_are_refused_by_opencv_itself(weights, name, capfd):
    before = _log().getLogLevel()
    with pytest.raises(InputError, match=rf"{name}: OpenCV cannot track with .*(net|head)\.onnx"):
        tracker_factory(name, weights=weights(name))
    assert _log().getLogLevel() == before
    assert capfd.readouterr().err == ""


def _log():
    return getattr(cv2.utils, "logging", cv2)


@pytest.mark.parametrize("name", FILES)
def test_an_opencv_without_the_class_is_refused_when_the_tracker_is_chosen(
    weights, name, monkeypatch
):
    monkeypatch.delattr(cv2, {"nano": "TrackerNano", "vit": "TrackerVit"}[name])
    with pytest.raises(InputError, match=f"{name} is not in this OpenCV"):
        tracker_factory(name, weights=weights(name))


@pytest.mark.parametrize("name", FILES)
def test_a_worker_makes_the_same_tracker(fake, weights, name):
    make_tracker = tracker_factory(name, weights=weights(name))
    copy = pickle.loads(pickle.dumps(make_tracker))
    assert copy().description == make_tracker().description


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_nanotrack_follows_a_bright_square_the_same_way_twice(peers_root, version, capfd):
    make_tracker = tracker_factory("nano", weights=peers_root / "nanotrack" / version)
    sequence = moving_square(length=6)
    first, second = (run_sequence(make_tracker(), sequence) for _ in range(2))
    assert iou(first.boxes, sequence.boxes).min() > 0.5
    assert np.array_equal(first.boxes, second.boxes)
    assert np.array_equal(first.scores, second.scores)
    assert 0 < first.scores[1:].min() < first.scores[1:].max() <= 1
    assert capfd.readouterr().err == ""


def test_a_head_where_the_backbone_belongs_is_refused(peers_root, tmp_path):
    for role, other in (("backbone", "head"), ("head", "backbone")):
        source = peers_root / "nanotrack" / f"v2-{other}.onnx"
        (tmp_path / f"{role}.onnx").write_bytes(source.read_bytes())
    with pytest.raises(InputError, match="nano: OpenCV cannot track with"):
        tracker_factory("nano", weights=tmp_path)
