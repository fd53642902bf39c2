"""The closed loop in training does what the tracker does online, and is judged by the truth."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from roam_lite.geometry import box_iou, boxes_to_patch, crop, recrop, region_around
from roam_lite.meta_model import MetaModel
from roam_lite.model.losses import make_targets
from roam_lite.model.tracking_model import bind
from roam_lite.profiles import get_profile
from roam_lite.tracking.tracker import Tracker
from roam_lite.training.clips import draw_footage, stack_clips
from roam_lite.training.episodes import ClosedLoop
from roam_lite.training.loader import ClipBatches
from roam_lite.training.rollout import open_episode, rollout
from roam_lite.training.sampling import PatchSampler
from tests.training.painted import bright_edges, painted_sequence

SMOKE = get_profile("smoke")
PLAIN = replace(SMOKE, look_jitter=0.0)
TAU, SIZE = SMOKE.online.update_interval, SMOKE.model.patch_size
STAGE = SMOKE.training.stages[-1]
FRAMES = STAGE.updates * TAU


def draw(seed=0, profile=PLAIN, sequence=None, stage=STAGE):
    return draw_footage(sequence or painted_sequence(), np.random.default_rng(seed), stage, profile)


@pytest.fixture(scope="module")
def footage():
    return stack_clips([draw(seed) for seed in range(3)])


@pytest.fixture
def model():
    return MetaModel(PLAIN, "lstm", torch.Generator().manual_seed(0))


def loop_of(model, footage):
    return open_episode(model, footage, train_backbone=False, precision=torch.float32)


class Oracle:
    """A predictor that finds the box in `boxes` of each call: a peak on it, deltas that give it."""

    def __init__(self, cells, boxes):
        self.cells, self.boxes, self.calls = cells, boxes, 0

    def __call__(self, layout, theta, sizes, cells):
        def prediction(features):
            boxes = self.boxes[self.calls][:, None]
            self.calls += 1
            targets = make_targets(boxes, sizes, self.cells, self.cells, PLAIN)
            return targets.labels, targets.deltas

        return prediction


# Footage


@pytest.mark.parametrize("seed", range(6))
def test_true_boxes_lie_on_the_target_in_every_view(seed):
    profile = replace(SMOKE, look_jitter=1.0 if seed % 2 else 0.0)
    footage = draw(seed, profile)
    size = footage.views.shape[-1]
    boxes = boxes_to_patch(footage.boxes, footage.regions, size)[0].double().numpy()
    for view, box in zip(footage.views[0], boxes, strict=True):
        assert_allclose(box[:2] + box[2:] / 2, size / 2, atol=0.01)
        assert_allclose(bright_edges(view), [*box[:2], *(box[:2] + box[2:])], atol=1)


def test_footage_has_a_frame_for_every_step_of_the_loop(footage):
    assert footage.views.shape == (3, FRAMES, 3, 2 * SIZE, 2 * SIZE)
    assert footage.boxes.shape == footage.regions.shape == (3, FRAMES, 4)
    assert footage.first_boxes.shape == (3, 1, 4)
    assert footage.initial_patches.shape[1] == STAGE.initial_samples


def test_patches_from_views_are_those_from_the_images():
    """Also where the clip is mirrored and turned: its own coordinates hold everywhere."""
    for seed in range(4):
        profile = replace(SMOKE, look_jitter=0.5)
        footage = draw(seed, profile)
        cutter = PatchSampler(painted_sequence(), 1 + FRAMES, np.random.default_rng(seed), profile)
        wanted = region_around(cutter.box(3), profile.model.region_scale) + np.array(
            [7.0, -4.0, 0.0, 0.0]
        )
        expected = cutter.cut(3, wanted, SIZE)
        region = torch.from_numpy(wanted).float()[None]
        patch = recrop(footage.views[:, 2], footage.regions[:, 2], region, SIZE)
        difference = patch[0].permute(1, 2, 0).numpy().astype(float) - expected
        assert np.abs(difference).mean() < 3  # edges are resampled twice


def test_the_loader_gives_footage_to_the_stage_that_tracks_alone():
    data = "synthetic"
    tracked = ClipBatches(data, 0, STAGE, SMOKE)[0]
    assert tracked.views.shape[:2] == (STAGE.batch, FRAMES)
    for stage, profile in (
        (SMOKE.training.stages[0], SMOKE),
        (STAGE, replace(SMOKE, past_labels="truth")),
    ):
        assert not hasattr(ClipBatches(data, 0, stage, profile)[0], "views")


def hidden_in_the_middle(length=60):
    """Hidden for 20 frames, of which any footage of 15 frames and more sees some."""
    visibility = np.ones(length)
    visibility[20:40] = 0.0
    return painted_sequence(length, visibility)


@pytest.mark.parametrize("seed", range(8))
def test_footage_begins_with_a_visible_target_and_keeps_the_frames_that_hide_it(seed):
    sequence = hidden_in_the_middle()
    footage = draw(seed, sequence=sequence)
    cutter = PatchSampler(
        sequence, 1 + FRAMES, np.random.default_rng(seed), PLAIN, with_hidden=True
    )
    visible = sequence.visibility[cutter.frames] > 0
    assert visible[0]
    assert footage.visible[0].tolist() == visible[1:].tolist()
    assert len(set(np.abs(np.diff(cutter.frames)))) == 1  # none is left out


def test_some_footage_hides_its_target():
    hidden = [~draw(seed, sequence=hidden_in_the_middle()).visible for seed in range(8)]
    assert any(frames.any() for frames in hidden)


# The loop


def test_a_tracker_that_finds_the_truth_learns_from_the_truth(model, footage):
    loop = loop_of(model, footage)
    truth = []
    first = None
    believed = footage.first_boxes[:, 0]
    profile = replace(PLAIN, size_rate=1e9)  # sizes follow at once
    loop.profile = profile
    for frame in range(FRAMES):
        truth.append(
            boxes_to_patch(
                footage.boxes[:, frame], region_around(believed, PLAIN.model.region_scale), SIZE
            )
        )
        believed = footage.boxes[:, frame]
    oracle = Oracle(loop.cells, truth)
    for update in (1, 2):
        judged = loop.judge(update, model.theta0.detach().expand(3, -1), oracle)
        learned = loop.learn(update + 1)
        assert len(learned) == 2
        torch.testing.assert_close(
            loop.boxes, footage.boxes[:, update * TAU - 1], rtol=1e-3, atol=0.1
        )
        newest = torch.stack(truth[(update - 1) * TAU : update * TAU], dim=1)
        expected = make_targets(newest, loop.sizes, loop.cells, loop.cells, PLAIN)
        torch.testing.assert_close(learned[1].targets.labels, expected.labels, rtol=0, atol=0.02)
        assert torch.equal(learned[1].features, judged.features)
        if update == 1:  # there is no older half yet
            assert torch.equal(learned[0].features, learned[1].features)
        else:
            assert torch.equal(learned[0].features, first)
        first = judged.features
    assert (torch.stack(loop.overlaps) > 0.95).all()


def test_a_tracker_that_lost_its_target_is_put_back_on_it(model, footage):
    loop = loop_of(model, footage)
    corner = torch.tensor([2.0, 2.0, 12.0, 12.0]).expand(3, 4)
    judged = loop.judge(1, model.theta0.detach().expand(3, -1), Oracle(loop.cells, [corner] * TAU))
    assert (torch.stack(loop.overlaps) < 0.1).all()
    assert_allclose(loop.boxes, footage.boxes[:, TAU - 1], rtol=1e-4, atol=1e-2)
    # Every frame was cut around the true box of the one before, and judged by its own.
    expected = torch.cat([footage.first_boxes, footage.boxes[:, : TAU - 1]], dim=1)
    boxes = boxes_to_patch(
        footage.boxes[:, :TAU], region_around(expected, PLAIN.model.region_scale), SIZE
    )
    targets = make_targets(boxes, loop.sizes, loop.cells, loop.cells, PLAIN)
    torch.testing.assert_close(judged.targets.labels, targets.labels, rtol=1e-3, atol=1e-3)


def test_a_hidden_target_neither_judges_nor_is_looked_for(model, footage):
    visible = torch.ones(3, FRAMES, dtype=torch.bool)
    visible[0, 2:] = False  # of the first video, the frames from the third on
    loop = loop_of(model, replace(footage, visible=visible))
    plain = loop_of(model, footage)
    corner = torch.tensor([2.0, 2.0, 12.0, 12.0]).expand(3, 4)
    theta = model.theta0.detach().expand(3, -1)
    judged, expected = (
        each.judge(1, theta, Oracle(each.cells, [corner] * TAU)) for each in (loop, plain)
    )
    # From where it went it is not put back, and all its hidden frames are judged by the second.
    assert box_iou(loop.boxes[:1], footage.boxes[:1, TAU - 1]) < 0.1
    torch.testing.assert_close(loop.boxes[1:], footage.boxes[1:, TAU - 1], rtol=1e-4, atol=1e-2)
    assert torch.equal(judged.features[1:], expected.features[1:])
    assert torch.equal(judged.features[0, :2], expected.features[0, :2])
    for frame in range(2, TAU):
        assert torch.equal(judged.features[0, frame], judged.features[0, 1])
        assert torch.equal(judged.targets.labels[0, frame], judged.targets.labels[0, 1])
    # What it learns from is what it saw: nothing tells it that this was not the target.
    learned = loop.learn(2)[1].features[0]
    assert not torch.equal(learned[2], learned[1])


def test_the_loop_finds_the_boxes_that_the_tracker_finds():
    """One video, the same model: up to the second resampling of what it sees."""
    # Slow and always the same size, so that both look at nearly the same pixels.
    sequence = painted_sequence(length=60)
    model = MetaModel(PLAIN, "lstm", torch.Generator().manual_seed(1))
    rng = np.random.default_rng(3)
    footage = draw_footage(sequence, rng, STAGE, PLAIN)
    cutter = PatchSampler(sequence, 1 + FRAMES, np.random.default_rng(3), PLAIN)
    loop = loop_of(model, footage)
    theta = model.theta0.detach()[None]
    loop.judge(1, theta, bind)

    tracker = Tracker(model.eval().requires_grad_(False), None)

    def image(index):
        picture = sequence.frames[int(cutter.frames[index])]
        return np.ascontiguousarray(picture[:, ::-1]) if cutter.mirrored else picture

    width = image(0).shape[1] if cutter.mirrored else 0
    tracker.init(image(0), cutter.box(0) + np.array([width, 0, 0, 0]))
    tracker.theta, tracker.sizes = theta, loop.sizes
    tracker._prepare()
    tracker.update(image(1))
    region = region_around(cutter.box(0), PLAIN.model.region_scale)
    patch = crop(image(1), region + np.array([width, 0, 0, 0]), SIZE)
    assert patch.shape == (SIZE, SIZE, 3)
    found = boxes_to_patch(
        torch.from_numpy(tracker.box - np.array([width, 0, 0, 0])), torch.from_numpy(region), SIZE
    )
    assert_allclose(loop.kept[0][1][0], found, atol=1.5)


def test_what_is_learned_from_is_what_was_found_and_what_judges_is_the_truth(model, footage):
    loop = loop_of(model, footage)
    judged = loop.judge(1, model.theta0.detach().expand(3, -1), bind)
    learned = loop.learn(2)[1]
    found = torch.stack([boxes for _, boxes in loop.kept], dim=1)
    own = make_targets(found, loop.sizes, loop.cells, loop.cells, PLAIN)
    assert torch.equal(learned.targets.deltas, own.deltas)
    assert not torch.equal(learned.targets.labels, judged.targets.labels)
    overlaps = torch.stack(loop.overlaps, dim=1)
    assert overlaps.shape == (3, TAU)
    assert (overlaps >= 0).all()
    assert (overlaps <= 1).all()
    assert (box_iou(found, found) > 0.999).all()


def test_a_rollout_takes_two_steps_a_window_and_teaches_the_optimizer(model, footage):
    steps = []
    step = model.rule.step
    model.rule.step = lambda *arguments: steps.append(1) or step(*arguments)
    result = rollout(model, loop_of(model, footage), "first_order")
    assert len(steps) == 2 * (STAGE.updates - 1)
    assert result.meta_losses.shape == result.update_losses.shape == (3, STAGE.updates)
    result.loss.backward()
    gradients = [parameter.grad for parameter in model.rule.parameters()]
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
    assert all(gradient.any() for gradient in gradients[:3])


def test_videos_do_not_see_each_other(model, footage):
    together = rollout(model, loop_of(model, footage), "first_order").meta_losses
    for index, alone in enumerate(footage.videos()):
        single = rollout(model, loop_of(model, alone), "first_order").meta_losses
        torch.testing.assert_close(single[0], together[index], rtol=1e-3, atol=1e-4)


def test_scaled_models_track_as_they_would_unscaled(model, footage):
    """Without updates scaling changes nothing that is seen, found or judged."""
    model.rule.step = lambda theta, gradient, loss, state: (torch.zeros_like(theta), state)
    scales = torch.exp(torch.rand((3, model.theta0.numel())) - 0.5)
    plain, scaled = loop_of(model, footage), loop_of(model, footage)
    first = rollout(model, plain, "first_order")
    second = rollout(model, scaled, "first_order", scales)
    torch.testing.assert_close(first.meta_losses, second.meta_losses, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(plain.boxes, scaled.boxes, rtol=1e-3, atol=0.05)


def test_a_loop_is_one_class_for_any_backbone(footage):
    """The backbone is a function of patches: features come back as it gives them."""
    cells = torch.arange(SIZE // 4) * 4.0 + 2

    def mean_colors(patches):
        return torch.nn.functional.avg_pool2d(patches.flatten(0, 1).float(), 4).unflatten(
            0, patches.shape[:2]
        )

    loop = ClosedLoop(footage, mean_colors, cells, PLAIN)
    assert loop.first.features.shape == (3, STAGE.initial_samples, 3, SIZE // 4, SIZE // 4)
    assert loop.number == STAGE.updates
