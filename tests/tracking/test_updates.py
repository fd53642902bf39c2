"""What the tracker's updates learn from, and when they are taken."""

from collections import deque

import numpy as np
import pytest
import torch

from roam_lite.adaptation import Samples, adapt, collect
from roam_lite.model.losses import Targets
from roam_lite.tracking import Tracker
from tests.tracking.small import BOX, smoke_model, smoke_tracker


class PaperTracker(Tracker):
    """Updates as the paper has them, written out: the last 2 tau frames, older half first, or all."""

    def init(self, image, box):
        super().init(image, box)
        self.last_frames = deque(maxlen=2 * self.config.online.update_interval)
        self.seen = 0

    def _update_model(self):
        online, model, tau = (
            self.config.online,
            self.config.model,
            self.config.online.update_interval,
        )
        self.last_frames.extend(list(self.queue)[-(self.frame - self.seen) :])
        self.seen = self.frame
        self._resize_filters()
        samples = collect(list(self.last_frames), self.sizes, self.cells, model)

        def part(frames):
            t = samples.targets
            targets = Targets(t.labels[:, frames], t.deltas[:, frames], t.positive[:, frames])
            return Samples(samples.features[:, frames], targets, samples.sizes)

        newer = part(slice(-tau, None))
        older = part(slice(-2 * tau, -tau)) if len(self.last_frames) > tau else newer
        for index in range(online.update_steps):
            batch = samples if online.update_batches == "all" else (older, newer)[index % 2]
            step = adapt(self.theta, batch, self.rule, self.state, model)
            self.theta, self.state = step.theta, step.state
            self.update_losses.append(float(step.update_loss))
        self._prepare()


def pictures(count):
    """A blob that moves over noise."""
    noise = np.random.default_rng(0).integers(0, 120, (64, 96, 3), dtype=np.uint8)
    for index in range(count):
        image = noise.copy()
        x, y = int(BOX[0]) + index, int(BOX[1]) + index // 2
        image[y : y + 12, x : x + 16] += 120
        yield image


def track(tracker, frames):
    first, *others = pictures(frames)
    tracker.init(first, BOX)
    return np.stack([tracker.update(image).box for image in others])


@pytest.mark.parametrize("batches", ["halves", "all"])
def test_by_default_updates_are_the_papers_to_the_last_bit(batches):
    boxes, thetas = [], []
    for kind in (Tracker, PaperTracker):
        model = smoke_model(update_batches=batches)
        tracker = kind(model, model.rule)
        boxes.append(track(tracker, 18))
        thetas.append(tracker.theta)
    np.testing.assert_array_equal(*boxes)
    assert torch.equal(*thetas)
    assert len(tracker.update_losses) == 1 + 3 * 2


@pytest.mark.parametrize(
    "online",
    [
        {"memory": 12, "replayed": 3},
        {"first_share": 0.25},
        {"certainty": 2.0},
        {"age": 0.5},
        {"hard_negative": 0.01},
        {"update_response": 100.0},
    ],
    ids=lambda online: next(iter(online)),
)
def test_every_way_changes_the_model(online):
    trackers = [smoke_tracker("lstm"), smoke_tracker("lstm", **online)]
    for tracker in trackers:
        assert np.isfinite(track(tracker, 17)).all()
    assert not torch.equal(*(tracker.theta for tracker in trackers))


def test_no_update_is_taken_where_responses_stayed_weak():
    tracker = smoke_tracker(update_response=100.0)
    track(tracker, 12)
    assert len(tracker.update_losses) == 1
    assert len(tracker.queue) == 10  # the frames are kept all the same
    tracker = smoke_tracker(update_response=1e-9)
    track(tracker, 12)
    assert len(tracker.update_losses) == 1 + 2 * 2


@pytest.fixture
def steps(monkeypatch):
    """How many samples each step of a tracker was given."""
    from roam_lite.tracking import tracker as module

    seen, original = [], module.adapt

    def spy(theta, samples, *rest):
        seen.append(samples.features.shape[1])
        return original(theta, samples, *rest)

    monkeypatch.setattr(module, "adapt", spy)
    return seen


def with_peaks(tracker, *peaks):
    """Let the tracker see a response with these (row, column, height), whatever the frame."""

    def predict(features):
        response = torch.zeros(1, 1, 16, 16)
        for row, column, height in peaks:
            response[0, 0, row, column] = height
        return response, torch.zeros(1, 1, 4, 16, 16)

    tracker.tracking_model = predict


@pytest.mark.parametrize(
    ("peaks", "share", "taken"),
    [
        ([(8, 8, 1.0), (2, 13, 0.6)], 0.5, [1]),
        ([(8, 8, 1.0), (2, 13, 0.4)], 0.5, []),  # too low
        ([(8, 8, 1.0), (8, 9, 0.9), (9, 8, 0.9)], 0.5, []),  # of the target itself
        ([(8, 8, 1.0), (2, 13, 0.6)], 0.0, []),  # never
    ],
)
def test_a_second_peak_outside_of_the_target_calls_for_a_step_at_once(steps, peaks, share, taken):
    tracker = smoke_tracker(hard_negative=share)
    first, second = pictures(2)
    tracker.init(first, BOX)
    with_peaks(tracker, *peaks)
    tracker.update(second)
    assert steps == taken
    assert len(tracker.update_losses) == 1 + len(taken)


def test_a_frame_that_is_not_trusted_has_no_hard_negatives(steps):
    tracker = smoke_tracker(hard_negative=0.5, weak_response=0.5)
    first, second = pictures(2)
    tracker.init(first, BOX)
    tracker.first_peak = 4.0
    with_peaks(tracker, (8, 8, 1.0), (2, 13, 0.6))
    assert tracker.update(second).lost
    assert steps == []


def test_the_true_samples_of_an_oracle_are_remembered_too(steps):
    tracker = smoke_tracker(first_share=0.25, memory=8, update_batches="all")
    first, *others = pictures(11)
    tracker.init(first, BOX)
    for image in others:
        tracker.update(image, oracle_box=BOX)
    assert len(tracker.queue) == 8
    assert steps == [9 + 5] * 2 + [9 + 8] * 2
