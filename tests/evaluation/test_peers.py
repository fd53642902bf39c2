import cv2
import numpy as np
import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.peers import OpenCVTracker
from roam_lite.evaluation.running.runner import run_sequence
from roam_lite.evaluation.trackers import tracker_factory
from roam_lite.geometry import iou
from tests.fakes import moving_square


@pytest.mark.parametrize("name", ["csrt", "kcf", "mil"])
def test_peers_follow_a_bright_square(name):
    sequence = moving_square(length=6)
    run = run_sequence(OpenCVTracker(name), sequence)
    assert iou(run.boxes, sequence.boxes).min() > 0.5
    assert run.lost == ()


@pytest.mark.parametrize("name", ["csrt", "kcf"])
def test_a_second_run_gives_the_same_boxes(name):
    first, second = (run_sequence(OpenCVTracker(name), moving_square(length=4)) for _ in range(2))
    assert np.array_equal(first.boxes, second.boxes)


class FakeKind:
    """Stands for cv2.TrackerCSRT: finds nothing, or fails where it is told to."""

    def __init__(self, fails_in=""):
        self.fails_in, self.first_pixels = fails_in, []

    def create(self):
        return self

    def init(self, image, box):
        self.first_pixels.append(image[0, 0].tolist())
        if self.fails_in == "init":
            raise cv2.error("cannot start")

    def update(self, image):
        if self.fails_in == "update":
            raise cv2.error("cannot go on")
        return False, (0, 0, 0, 0)


@pytest.fixture
def fake_csrt(monkeypatch):
    def replace(kind):
        monkeypatch.setattr(cv2, "TrackerCSRT", kind)
        return OpenCVTracker("csrt")

    return replace


def test_peers_get_the_colors_in_opencvs_order(fake_csrt):
    kind = FakeKind()
    fake_csrt(kind).init(np.full((20, 20, 3), (1, 2, 3), np.uint8), np.array([2, 2, 10, 10]))
    assert kind.first_pixels == [[3, 2, 1]]


def test_gray_images_are_not_mirrored(fake_csrt):
    kind, image = FakeKind(), np.zeros((20, 20), np.uint8)
    image[:, 0] = 7
    fake_csrt(kind).init(image, np.array([2, 2, 10, 10]))
    assert kind.first_pixels == [[7, 7, 7]]


@pytest.mark.parametrize("fails_in", ["", "init", "update"])
def test_a_target_not_found_repeats_the_box_before(fake_csrt, fails_in):
    tracker = fake_csrt(FakeKind(fails_in))
    image = np.zeros((20, 20, 3), np.uint8)
    tracker.init(image, np.array([2.5, 2, 10, 10]))
    box, score, lost = tracker.update(image)
    assert box.tolist() == [2.5, 2, 10, 10]
    assert lost
    assert score == 0


@pytest.mark.parametrize("name", ["csrt", "kcf", "mil"])
@pytest.mark.parametrize("box", [(-10, 20, 30, 30), (150, 100, 30, 30), (20, 20, 1, 1)])
def test_boxes_that_opencv_cannot_take_are_cut_to_the_image(name, box):
    image = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    tracker = OpenCVTracker(name)
    tracker.init(image, np.array(box, dtype=float))
    assert np.isfinite(tracker.update(image).box).all()


@pytest.mark.parametrize("box", [(200, 10, 5, 5), (10, 10, 0, 5), (10, 10, np.nan, 5)])
def test_boxes_without_area_inside_the_image_are_refused(box):
    tracker = OpenCVTracker("kcf")
    with pytest.raises(InputError, match="no area inside the image of 160 x 120"):
        tracker.init(np.zeros((120, 160, 3), np.uint8), np.array(box, dtype=float))


def test_an_unknown_peer_is_refused():
    with pytest.raises(InputError, match="choose one of: csrt, kcf, mil, nano, vit"):
        OpenCVTracker("mosse")


def test_trackers_by_name(module):
    assert tracker_factory("csrt")().description["tracker"] == "csrt"
    assert tracker_factory(f"{module}:Still")().__class__.__name__ == "Still"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("mosse", {}, "choose roam\\+\\+, roam, csrt, kcf, mil, nano, vit or MODULE"),
        ("csrt", {"sgd_rate": 0.1, "rule": None}, "--sgd-rate: only for the trackers roam"),
        ("csrt", {"lr": 0.1, "size_rate": "1"}, "--lr, --set size_rate: only for the trackers"),
        ("csrt", {"weights": "x"}, "--weights: only for the trackers nano and vit, not for csrt"),
        ("roam++", {"weights": "x"}, "--weights: only for .* not for roam"),
        ("my_trackers:Still", {"weights": "x"}, "--weights: only for .* not for my_trackers:Still"),
        ("nano", {}, "nano needs weights: give --weights DIR"),
        ("nano", {"weights": "x", "rule": "sgd"}, "--rule: only for the trackers roam"),
    ],
)
def test_names_and_options_that_make_no_sense_are_refused(name, options, message):
    with pytest.raises(InputError, match=message):
        tracker_factory(name, **options)
