"""The tracker on small videos made here, with an untrained `smoke` model: behavior, not quality."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from roam_lite import InputError
from roam_lite.geometry import boxes_to_image, check_box
from roam_lite.profiles import get_profile
from roam_lite.rules import SGD, learned_rules
from roam_lite.tracking import Tracker
from tests.tracking.small import BOX, smoke_model, smoke_tracker


@pytest.mark.parametrize("rule", learned_rules())
@pytest.mark.parametrize("variant", ["roam++", "roam"])
def test_every_rule_and_variant_tracks_and_updates(image, rule, variant):
    tracker = smoke_tracker(rule, variant)
    tracker.init(image, BOX)
    theta = tracker.theta.clone()
    for _ in range(get_profile("smoke").online.update_interval):
        result = tracker.update(image)
        assert np.isfinite(result.box).all()
        assert result.box[2:].min() > 0
    assert not torch.equal(tracker.theta, theta)
    assert len(tracker.update_losses) == 1 + get_profile("smoke").online.update_steps
    assert tracker.last_response.shape == (16, 16)


def test_no_rule_means_no_update(image):
    model = smoke_model()
    tracker = Tracker(model, None)
    tracker.init(image, BOX)
    theta = tracker.theta.clone()
    for _ in range(6):
        tracker.update(image)
    assert torch.equal(tracker.theta, theta)


def test_two_runs_give_the_same_boxes(image):
    runs = []
    for _ in range(2):
        tracker = smoke_tracker()
        tracker.init(image, BOX)
        runs.append([tracker.update(image).box for _ in range(7)])
    np.testing.assert_array_equal(*runs)


def test_init_forgets_the_target_before(image):
    fresh, used = smoke_tracker(), smoke_tracker()
    used.init(image[::-1].copy(), (5, 5, 20, 20))
    for _ in range(6):
        used.update(image)
    boxes = []
    for tracker in (fresh, used):
        tracker.init(image, BOX)
        boxes.append([tracker.update(image).box for _ in range(6)])
    np.testing.assert_array_equal(*boxes)


@pytest.mark.parametrize("rate", [1e6, 1e30, float("inf")])
def test_a_diverging_model_falls_back_to_the_first_one(image, rate):
    tracker = Tracker(smoke_model(), SGD(rate))
    tracker.init(image, BOX)
    theta = tracker.theta.clone()
    for _ in range(20):
        assert np.isfinite(tracker.update(image).box).all()
    assert torch.equal(tracker.theta, theta)


def test_responses_that_are_no_numbers_leave_the_box_where_it_was(image):
    tracker = smoke_tracker()
    tracker.init(image, BOX)
    tracker.theta = torch.full_like(tracker.theta, float("nan"))
    tracker._prepare()
    result = tracker.update(image)
    assert result.lost
    np.testing.assert_array_equal(result.box, BOX)


def test_regressing_around_the_last_box_finds_the_next_one_without_moving(image):
    tracker = smoke_tracker()
    tracker.init(image, BOX)
    for _ in range(3):
        tracker.update(image)
    box, kept = tracker.box.copy(), len(tracker.queue)
    _, found, _, region = tracker.regress(image, box, tracker.config.online.motion)
    np.testing.assert_array_equal(tracker.box, box)
    assert (tracker.frame, len(tracker.queue)) == (3, kept)
    found = boxes_to_image(found.numpy(), region, tracker.config.model.patch_size)
    np.testing.assert_allclose(tracker.update(image).box, found, rtol=1e-5)


def test_oracle_box_changes_the_samples_and_not_the_estimate(image):
    plain, oracle = smoke_tracker(), smoke_tracker()
    for tracker in (plain, oracle):
        tracker.init(image, BOX)
    for _ in range(4):
        a, b = plain.update(image), oracle.update(image, oracle_box=BOX)
        np.testing.assert_array_equal(a.box, b.box)
    expected = tracker.config.model.patch_size / 2
    box = oracle.queue[-1][1][0]
    np.testing.assert_allclose(box[:2] + box[2:] / 2, expected, atol=1e-4)


def test_a_weak_response_is_not_learned_from(image):
    tracker = smoke_tracker(weak_response=1e9, strong_response=1e9)
    tracker.init(image, BOX)
    result = tracker.update(image)
    assert result.lost
    assert not tracker.queue


def test_skip_repeats_the_box(image):
    tracker = smoke_tracker()
    tracker.init(image, BOX)
    box = tracker.update(image).box
    result = tracker.skip()
    assert result.lost
    np.testing.assert_array_equal(result.box, box)


def test_update_before_init_says_so(image):
    with pytest.raises(InputError, match="call init"):
        smoke_tracker().update(image)
    with pytest.raises(InputError, match="call init"):
        smoke_tracker().skip()


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((10, 10, 0, 5), "no area"),
        ((10, 10, 5, -1), "no area"),
        ((float("nan"), 10, 5, 5), "finite"),
        ((200, 10, 5, 5), "outside the image"),
        ((-30, 10, 20, 5), "outside the image"),
        ((1, 2, 3), "four numbers"),
        ("box", "four numbers"),
    ],
)
def test_bad_boxes_are_named(image, box, words):
    with pytest.raises(InputError, match=words):
        smoke_tracker().init(image, box)


@pytest.mark.parametrize(
    "make",
    [
        lambda im: im[..., 0],
        lambda im: np.dstack([im, im[..., :1]]),
        lambda im: im.astype(np.uint16) * 257,
        lambda im: np.ascontiguousarray(im[::-1, ::-1]),
    ],
    ids=["gray", "rgba", "16-bit", "flipped"],
)
def test_unusual_frames_are_tracked(image, make):
    tracker = smoke_tracker()
    tracker.init(image, BOX)
    assert np.isfinite(tracker.update(make(image)).box).all()


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((0, 5, 3), np.uint8),
        np.zeros((9, 9, 3), np.float32),
        np.zeros((40, 70, 3), np.uint8),  # of another size than the first
    ],
)
def test_unusable_images_are_refused_and_tracking_goes_on(image, bad):
    tracker = smoke_tracker()
    tracker.init(image, BOX)
    with pytest.raises(InputError):
        tracker.update(bad)
    assert np.isfinite(tracker.update(image).box).all()


finite = st.floats(-300, 400, allow_nan=False)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(finite, finite, st.floats(1e-3, 500), st.floats(1e-3, 500)),
    st.integers(1, 80),
    st.integers(1, 80),
    st.integers(0, 255),
)
def test_init_and_update_survive_any_box_and_frame(box, width, height, value):
    first = np.full((height, width, 3), value, np.uint8)
    tracker = smoke_tracker()
    try:
        tracker.init(first, box)
    except InputError:
        return
    for frame in (255 - first, np.full((width, height, 3), value // 2, np.uint8)):
        result = tracker.update(frame)
        assert np.isfinite(result.box).all()
        assert result.box[2:].min() > 0


def test_checked_box_accepts_what_reaches_into_the_image():
    np.testing.assert_array_equal(check_box([-5, -5, 10, 10], (40, 40, 3)), [-5, -5, 10, 10])


def test_filters_follow_the_shape_of_the_target(image):
    tracker = smoke_tracker()
    tracker.init(image, (30, 20, 30, 10))
    rows, columns = tracker.sizes[0].tolist()
    assert columns > rows
    tracker.box = np.array([30.0, 20.0, 10.0, 30.0])
    tracker._resize_filters()
    assert tracker.sizes[0].tolist() == [columns, rows]


def test_update_batches_all_uses_the_whole_queue_twice(image, monkeypatch):
    model = smoke_model(update_batches="all")
    tracker = Tracker(model, model.rule)
    tracker.init(image, BOX)
    seen = []
    from roam_lite.tracking import tracker as module

    original = module.adapt

    def spy(theta, samples, *rest):
        seen.append(samples.features.shape[1])
        return original(theta, samples, *rest)

    monkeypatch.setattr(module, "adapt", spy)
    for _ in range(2 * model.config.online.update_interval):
        tracker.update(image)
    assert seen == [5, 5, 10, 10]


def test_the_callers_arrays_stay_as_they_are(image):
    truth, picture = np.array([BOX, BOX]), image.copy()
    tracker = smoke_tracker()
    tracker.init(picture, truth[0])
    for _ in range(6):
        tracker.update(picture).box[:] = 0
    np.testing.assert_array_equal(truth, [BOX, BOX])
    np.testing.assert_array_equal(picture, image)


@pytest.mark.parametrize(
    "picture", [None, "a.png", np.zeros((9, 9, 3)), np.zeros((9, 9, 2), np.uint8)]
)
def test_what_is_no_image_is_refused_by_init_and_update(image, picture):
    tracker = smoke_tracker()
    with pytest.raises(InputError, match="image"):
        tracker.init(picture, BOX)
    tracker.init(image, BOX)
    with pytest.raises(InputError, match="image"):
        tracker.update(picture)


def test_images_of_twelve_bits_track_as_those_of_eight(image):
    boxes = []
    for picture in (image, image.astype(np.uint16) * 16 + image // 16):  # 255 -> 4095
        tracker = smoke_tracker()
        tracker.init(picture, BOX)
        boxes.append([tracker.update(picture).box for _ in range(3)])
    np.testing.assert_allclose(*boxes, atol=0.5)
