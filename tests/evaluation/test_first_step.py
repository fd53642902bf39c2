"""First models by other optimizers: the steps are the textbook's, the search picks the best rate."""

import itertools
import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from roam_lite.adaptation import update_loss
from roam_lite.data.otb import write_sequence
from roam_lite.data.sequence import Sequence
from roam_lite.data.synthetic import synthesize
from roam_lite.errors import InputError
from roam_lite.evaluation.compare import paired_bootstrap
from roam_lite.evaluation.first_step import (
    MIDDLE_RATES,
    FirstStepTracker,
    Setting,
    Trial,
    best_rates,
    first_frame_task,
    first_step_json,
    first_step_table,
    searched_settings,
    trials,
)
from roam_lite.evaluation.report import Report, Score
from roam_lite.model.losses import Targets
from roam_lite.rules import build_rule
from roam_lite.toy.descent import descend
from roam_lite.tracking import Tracker
from tests.tracking.small import BOX, smoke_model, smoke_tracker

TORCH = {
    "sgd": torch.optim.SGD,
    "momentum": partial(torch.optim.SGD, momentum=0.9),
    "adam": torch.optim.Adam,
}


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)


class Recorder(FirstStepTracker):
    """Keeps the samples that its first model is made from."""

    def first_steps(self, samples):
        self.samples = samples
        return super().first_steps(samples)


def started(setting, image, tracker=None):
    tracker = Recorder(tracker or smoke_tracker(), setting)
    tracker.init(image, BOX)
    return tracker


def trial(setting, aucs, milliseconds=10.0):
    scores = (
        Score(f"video {i}", {"auc": auc, "precision_20": 0.5}, 30.0, 9)
        for i, auc in enumerate(aucs)
    )
    return Trial(setting, Report(tuple(scores), {"tracker": str(setting)}), milliseconds)


# The first model


def test_no_steps_leave_theta0(image):
    tracker = started(Setting(0), image)
    assert torch.equal(tracker.theta[0], tracker.model.theta0)
    assert tracker.update_losses == []


def test_the_learned_steps_are_those_of_the_tracker_itself(image):
    own = smoke_tracker()
    own.init(image, BOX)
    again = started(Setting(own.config.model.initial_steps), image)
    assert torch.equal(again.theta, own.theta)
    assert again.update_losses[0] == own.update_losses[0]
    np.testing.assert_array_equal(again.update(image).box, own.update(image).box)


def test_a_lambda0_that_is_one_number_is_gradient_descent_with_it(image):
    model = smoke_model()
    model.log_lambda0.fill_(np.log(1e-3))
    model.log_gains.zero_()
    own = Tracker(model, None)
    own.init(image, BOX)
    tracker = started(Setting(own.config.model.initial_steps, "sgd", 1e-3), image, own)
    torch.testing.assert_close(tracker.theta, own.theta)


@pytest.mark.parametrize("steps", [1, 5])
@pytest.mark.parametrize("rule", TORCH)
def test_hand_designed_steps_are_those_of_a_plain_loop(image, rule, steps):
    lr = 1e-3
    tracker = started(Setting(steps, rule, lr), image)
    theta = tracker.model.theta0.detach().clone()[None].requires_grad_()
    optimizer, losses = TORCH[rule]([theta], lr=lr), []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = update_loss(theta, tracker.samples, tracker.config.model).sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert not torch.equal(tracker.theta[0], tracker.model.theta0)
    torch.testing.assert_close(tracker.theta, theta.detach(), rtol=1e-4, atol=1e-6)
    assert tracker.update_losses == pytest.approx(losses[:1], rel=1e-4)


def test_all_settings_start_from_the_same_nine_samples(image):
    tracker = smoke_tracker()
    first, second = (started(s, image, tracker) for s in (Setting(0), Setting(3, "adam", 1e-3)))
    assert first.samples.features.shape[1] == 9
    assert torch.equal(first.samples.features, second.samples.features)
    assert torch.equal(first.samples.targets.deltas, second.samples.targets.deltas)


def test_the_first_model_is_never_updated(image):
    tracker = started(Setting(2, "adam", 1e-2), image)
    theta = tracker.theta.clone()
    for _ in range(2 * tracker.config.online.update_interval):
        tracker.update(image)
    assert torch.equal(tracker.theta, theta)


@pytest.mark.parametrize("lr", [1e6, 1e30])
def test_a_rate_at_which_the_model_explodes_still_gives_boxes(image, lr):
    tracker = started(Setting(4, "sgd", lr), image)
    assert np.isfinite(tracker.update(image).box).all()


# The search


def test_the_search_tries_every_rate_of_every_optimizer():
    settings = searched_settings()
    assert len(set(settings)) == len(settings) == 45
    for rule in ("sgd", "momentum", "adam"):
        for steps in (2, 20, 100):
            rates = [s.lr for s in settings if (s.rule, s.steps) == (rule, steps)]
            assert rates == sorted(rates)
            assert rates[2] == MIDDLE_RATES[rule][steps]
            assert all(2 < b / a < 5 for a, b in itertools.pairwise(rates))


def test_the_best_rate_of_each_optimizer_and_number_of_steps_is_chosen():
    means = {
        ("sgd", 2): {1e-3: 0.4, 1e-2: 0.6, 1e-1: 0.5},
        ("sgd", 20): {1e-3: 0.7, 1e-2: 0.6, 1e-1: 0.1},
        ("adam", 2): {1e-4: 0.1, 1e-3: 0.2, 1e-2: 0.3},
    }
    searched = [
        trial(Setting(steps, rule, lr), [mean - 0.1, mean + 0.1])
        for (rule, steps), rates in means.items()
        for lr, mean in rates.items()
    ]
    assert best_rates(reversed(searched)) == {
        Setting(2, "sgd", 1e-2): False,
        Setting(20, "sgd", 1e-3): True,
        Setting(2, "adam", 1e-2): True,
    }


# Trials


@pytest.fixture
def root(tmp_path):
    for seed, name in enumerate("AB"):
        write_sequence(tmp_path / "videos" / name, synthesize(seed, length=6, size=(160, 120)))
    return tmp_path / "videos"


def test_a_trial_scores_the_first_frames_and_is_resumed(root, tmp_path, monkeypatch):
    tracker, seen = smoke_tracker(), []
    original = FirstStepTracker.update

    def update(self, image):
        seen.append(self.setting)
        return original(self, image)

    monkeypatch.setattr(FirstStepTracker, "update", update)
    settings = [Setting(0), Setting(2, "sgd", 1e-2)]
    work = (tracker, settings, root, ["A", "B"], 4, tmp_path / "kept")
    first = list(trials(*work))
    assert [t.setting for t in first] == settings
    assert [seen.count(setting) for setting in settings] == [6, 6]  # three frames of each of two
    assert [score.frames for score in first[0].report.scores] == [4, 4]
    assert all(t.milliseconds > 0 for t in first)
    again = list(trials(*work))
    assert len(seen) == 12
    assert [t.aucs for t in again] == [t.aucs for t in first]
    assert [t.milliseconds for t in again] == pytest.approx(
        [t.milliseconds for t in first], abs=1e-4
    )
    list(trials(tracker, settings[:1], root, ["A"], 5, tmp_path / "kept"))
    assert len(seen) == 16  # another number of frames is another result


def test_trials_of_other_video_are_not_resumed(root, tmp_path):
    work = (smoke_tracker(), [Setting(0)], root, ["A"], 4, tmp_path / "kept")
    list(trials(*work))
    (root / "A" / "img" / "0006.jpg").write_bytes(b"")  # beyond the first four
    list(trials(*work))
    (root / "A" / "img" / "0002.jpg").write_bytes(b"")
    with pytest.raises(InputError, match=r"A \(names and sizes of images, middle image\)"):
        list(trials(*work))


def test_the_time_is_that_of_the_first_frame(root, tmp_path, monkeypatch):
    clock = iter(np.arange(1000.0))
    monkeypatch.setattr(
        "roam_lite.evaluation.running.runner.time.perf_counter", lambda: next(clock)
    )
    (only,) = trials(smoke_tracker(), [Setting(0)], root, ["A", "B"], 3, tmp_path / "kept")
    assert only.milliseconds == 1000  # every call of the clock is a second later


# What is told


def test_the_table_tells_differences_and_rates_at_the_border():
    learned, none = trial(Setting(4), [0.6, 0.7, 0.8]), trial(Setting(0), [0.5, 0.7, 0.6], 5.0)
    inside, border = Setting(2, "sgd", 1e-3), Setting(20, "adam", 1e-2)
    compared = [learned, none, trial(inside, [0.6, 0.7, 0.9]), trial(border, [0.5, 0.6, 0.8])]
    table = first_step_table(compared, {inside: False, border: True}).splitlines()
    assert table[0].endswith("AUC against 4 steps of the learned rates")
    assert re.fullmatch(r"4 steps of the learned rates +0\.700 +0\.500 +10\.0", table[1])
    gain = paired_bootstrap(none.aucs, learned.aucs)
    expected = f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"
    assert re.fullmatch(r"no steps +0\.600 +0\.500 +5\.0 +" + re.escape(expected), table[2])
    assert [line.endswith("the lowest or highest tried") for line in table[1:]] == [0, 0, 0, 1]
    assert table[3].startswith("2 steps of sgd 0.001")

    kept = first_step_json(compared[2:], compared, {inside: False, border: True})
    assert [entry["at_border"] for entry in kept["compared"]] == [False, False, False, True]
    assert kept["compared"][1]["difference"] == pytest.approx(gain._asdict())
    assert [(e["rule"], e["lr"]) for e in kept["search"]] == [("sgd", 1e-3), ("adam", 1e-2)]
    assert kept["compared"][1]["sequences"]["video 1"]["auc"] == 0.7


def test_a_time_that_is_not_known_is_null():
    assert trial(Setting(0), [0.5], float("nan")).to_json()["first_ms"] is None


# The loss on first frames


def test_first_frame_task_is_the_first_models_loss_and_counts_on_a_later_frame(image):
    tracker = smoke_tracker()
    frames = [np.roll(image, 3 * i, axis=1) for i in range(3)]
    boxes = np.array([BOX] * 3, dtype=float) + np.array([[3.0 * i, 0, 0, 0] for i in range(3)])
    video = Sequence("moving", frames, boxes, None)
    task = first_frame_task(tracker, [video, video], later=2)
    model = tracker.config.model
    made = started(Setting(3, "adam", 1e-3), image)
    losses = descend(build_rule("adam", lr=1e-3), replace(task, measure=task.loss), 3)
    torch.testing.assert_close(losses[-1], update_loss(made.theta, made.samples, model).expand(2))
    torch.testing.assert_close(task.first_rate, tracker.model.lambda0.detach())
    assert not torch.equal(task.measure(task.start), task.loss(task.start))
    # Around the first box it is one of the nine samples, the one that is not stretched.
    samples, first = made.samples, first_frame_task(tracker, [video], later=0)
    count = samples.features.shape[1]
    t = samples.targets
    each = []
    for n in range(count):
        targets = Targets(*(part[:, n : n + 1] for part in (t.labels, t.deltas, t.positive)))
        one = replace(samples, features=samples.features[:, n : n + 1], targets=targets)
        each.append(update_loss(first.start, one, model))
    assert (torch.stack(each) - first.measure(first.start)).abs().min() < 1e-5
