"""Episodes: samples of given clips, and a closed loop that does what the tracker does online."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from roam_lite.adaptation import adapt
from roam_lite.config import modify
from roam_lite.geometry import box_iou, boxes_to_patch, region_around
from roam_lite.meta_model import MetaModel
from roam_lite.model.losses import make_targets
from roam_lite.model.tracking_model import TrackingModel
from roam_lite.profiles import get_profile
from roam_lite.rules import SGD
from roam_lite.tracking.tracker import Tracker
from roam_lite.training import episodes
from roam_lite.training.clips import draw_clip, draw_footage, stack_clips
from roam_lite.training.episodes import ClosedLoop, GivenEpisode, open_episode
from roam_lite.training.rollout import rollout
from roam_lite.training.sampling import PatchSampler
from roam_lite.updating import SampleMemory
from tests.training.painted import painted_sequence

SMOKE = get_profile("smoke")
PLAIN = modify(SMOKE, training={"swap_chance": 0.0})
TAU, SIZE = SMOKE.online.update_interval, SMOKE.model.patch_size
STAGE = SMOKE.training.stages[-1]
FRAMES = STAGE.updates * TAU


@pytest.fixture
def model():
    return MetaModel(PLAIN, torch.Generator().manual_seed(0))


# Of clips


@pytest.fixture(scope="module")
def clips():
    sequence = painted_sequence()
    drawn = [draw_clip(sequence, np.random.default_rng(s), STAGE, SMOKE) for s in range(2)]
    return stack_clips(drawn)


def read(model, clips, train_backbone=False, precision=torch.float32, frozen=None):
    return open_episode(model, clips, train_backbone, precision, frozen)


def test_samples_are_the_features_of_their_patches(model, clips):
    episode = read(model, clips)
    assert isinstance(episode, GivenEpisode)
    assert episode.number == len(episode.updates) == len(episode.future) == STAGE.updates
    with torch.no_grad():
        model.backbone.eval()
        expected = {
            "first": (model.backbone(clips.initial_patches), episode.first),
            "past": (model.backbone(clips.past_patches[:, 1]), *episode.update_samples(3)),
            "future": (model.backbone(clips.future_patches[:, 2]), episode.meta_samples(3, None)),
        }
    for maps, samples in expected.values():
        torch.testing.assert_close(samples.features, maps, rtol=1e-4, atol=1e-4)


def test_a_folded_backbone_gives_the_same_samples(model, clips):
    own, folded = read(model, clips), read(model, clips, frozen=model.backbone.folded())
    torch.testing.assert_close(
        folded.future[1].features, own.future[1].features, rtol=1e-4, atol=1e-4
    )


def test_meta_losses_use_the_filter_sizes_of_their_update(model, clips):
    episode = read(model, clips)
    for update, future in zip(episode.updates, episode.future, strict=True):
        assert torch.equal(update.sizes, future.sizes)


def test_a_frozen_backbone_stays_as_it_is_and_a_trained_one_learns(model, clips):
    before = {k: v.clone() for k, v in model.backbone.state_dict().items()}
    episode = read(model, clips)
    assert not episode.updates[0].features.requires_grad
    assert all(torch.equal(v, before[k]) for k, v in model.backbone.state_dict().items())

    rollout(model, read(model, clips, train_backbone=True), "first_step").loss.backward()
    assert all(p.grad is not None and p.grad.any() for p in model.backbone.parameters())


def test_half_precision_is_for_the_backbone_only(model, clips):
    episode = read(model, clips, train_backbone=True, precision=torch.bfloat16)
    assert episode.updates[0].features.dtype == torch.float32
    result = rollout(model, episode, "first_step")
    assert result.loss.dtype == torch.float32
    assert torch.isfinite(result.loss)


# Of footage


def film(seed):
    return draw_footage(painted_sequence(), np.random.default_rng(seed), STAGE, PLAIN)


@pytest.fixture(scope="module")
def footage():
    return stack_clips([film(seed) for seed in range(3)])


@pytest.fixture
def theta(model):
    return model.theta0.detach().expand(3, -1)


class Oracle:
    """A tracking model that finds the box in `boxes` of each call: a peak on it, deltas that give it."""

    def __init__(self, cells, boxes):
        self.cells, self.boxes, self.calls = cells, boxes, 0

    def __call__(self, layout, theta, sizes, cells):
        def prediction(features):
            boxes = self.boxes[self.calls][:, None]
            self.calls += 1
            targets = make_targets(boxes, sizes, self.cells, self.cells, PLAIN.model)
            return targets.labels, targets.deltas

        return prediction


@pytest.fixture
def finds(monkeypatch, model):
    """A function that lets loops find the given boxes, those of one frame after the other."""

    def find(boxes):
        monkeypatch.setattr(episodes, "TrackingModel", Oracle(model.cells, boxes))

    return find


CORNER = torch.tensor([2.0, 2.0, 12.0, 12.0]).expand(3, 4)


def in_patches_around(boxes, footage, frames):
    """The true boxes of some frames in the patches around `boxes`."""
    regions = region_around(boxes, PLAIN.model.region_scale)
    return boxes_to_patch(footage.boxes[:, frames], regions, SIZE)


def test_a_tracker_that_finds_the_truth_learns_from_the_truth(model, footage, theta, finds):
    loop = read(model, footage)
    loop.config = modify(PLAIN, online={"size_rate": 1e9})  # sizes follow at once
    truth, first = [], None
    believed = footage.first_boxes[:, 0]
    for frame in range(FRAMES):
        truth.append(in_patches_around(believed, footage, frame))
        believed = footage.boxes[:, frame]
    finds(truth)
    for update in (1, 2):
        judged = loop.meta_samples(update, theta)
        learned = loop.update_samples(update + 1)
        assert len(learned) == 2
        torch.testing.assert_close(
            loop.boxes, footage.boxes[:, update * TAU - 1], rtol=1e-3, atol=0.1
        )
        newest = torch.stack(truth[(update - 1) * TAU : update * TAU], dim=1)
        expected = make_targets(newest, loop.sizes, loop.cells, loop.cells, PLAIN.model)
        torch.testing.assert_close(learned[1].targets.labels, expected.labels, rtol=0, atol=0.02)
        assert torch.equal(learned[1].features, judged.features)
        if update == 1:  # there is no older half yet
            assert torch.equal(learned[0].features, learned[1].features)
        else:
            assert torch.equal(learned[0].features, first)
        first = judged.features
    assert (torch.stack(loop.overlaps) > 0.95).all()


def test_a_tracker_that_lost_its_target_is_put_back_on_it(model, footage, theta, finds):
    loop = read(model, footage)
    finds([CORNER] * TAU)
    judged = loop.meta_samples(1, theta)
    assert (torch.stack(loop.overlaps) < 0.1).all()
    assert_allclose(loop.boxes, footage.boxes[:, TAU - 1], rtol=1e-4, atol=1e-2)
    # Every frame was cut around the true box of the one before, and judged by its own.
    around = torch.cat([footage.first_boxes, footage.boxes[:, : TAU - 1]], dim=1)
    boxes = in_patches_around(around, footage, slice(TAU))
    targets = make_targets(boxes, loop.sizes, loop.cells, loop.cells, PLAIN.model)
    torch.testing.assert_close(judged.targets.labels, targets.labels, rtol=1e-3, atol=1e-3)


def test_a_tracker_is_lost_under_the_overlap_that_the_configuration_names(
    model, footage, theta, finds
):
    """With 0 no tracker is ever lost: it stays where it went."""
    loop = read(model, footage)
    loop.config = modify(PLAIN, training={"lost_overlap": 0.0})
    finds([CORNER] * TAU)
    loop.meta_samples(1, theta)
    assert (box_iou(loop.boxes, footage.boxes[:, TAU - 1]) < 0.1).all()


def test_a_hidden_target_neither_judges_nor_is_looked_for(model, footage, theta, finds):
    visible = torch.ones(3, FRAMES, dtype=torch.bool)
    visible[0, 2:] = False  # of the first video, the frames from the third on
    loop, plain = read(model, replace(footage, visible=visible)), read(model, footage)
    finds([CORNER] * TAU * 2)
    judged, expected = (each.meta_samples(1, theta) for each in (loop, plain))
    # From where it went it is not put back, and all its hidden frames are judged by the second.
    assert box_iou(loop.boxes[:1], footage.boxes[:1, TAU - 1]) < 0.1
    torch.testing.assert_close(loop.boxes[1:], footage.boxes[1:, TAU - 1], rtol=1e-4, atol=1e-2)
    assert torch.equal(judged.features[1:], expected.features[1:])
    assert torch.equal(judged.features[0, :2], expected.features[0, :2])
    for frame in range(2, TAU):
        assert torch.equal(judged.features[0, frame], judged.features[0, 1])
        assert torch.equal(judged.targets.labels[0, frame], judged.targets.labels[0, 1])
    # What it learns from is what it saw: nothing tells it that this was not the target.
    learned = loop.update_samples(2)[1].features[0]
    assert not torch.equal(learned[2], learned[1])


def test_the_loop_finds_the_boxes_that_the_tracker_finds():
    """One video, the same model: up to the second resampling of what it sees."""
    # Slow and always the same size, so that both look at nearly the same pixels.
    sequence = painted_sequence(length=60)
    model = MetaModel(PLAIN, torch.Generator().manual_seed(1))
    footage = draw_footage(sequence, np.random.default_rng(3), STAGE, PLAIN)
    sampler = PatchSampler(sequence, 1 + FRAMES, np.random.default_rng(3), PLAIN)
    mirrored = sampler.augmentation.mirrored
    loop = read(model, footage)
    theta = model.theta0.detach()[None]
    loop.meta_samples(1, theta)

    tracker = Tracker(model.eval().requires_grad_(False), None)

    def image(index):
        picture = sequence.frames[int(sampler.frames[index])]
        return np.ascontiguousarray(picture[:, ::-1]) if mirrored else picture

    width = np.array([image(0).shape[1] if mirrored else 0, 0, 0, 0])
    tracker.init(image(0), sampler.box(0) + width)
    tracker.theta, tracker.sizes = theta, loop.sizes
    tracker._prepare()
    tracker.update(image(1))
    region = region_around(sampler.box(0), PLAIN.model.region_scale)
    found = boxes_to_patch(tracker.box - width, region, SIZE)
    assert_allclose(loop.memory.frames[0][1][0], found, atol=1.5)


def test_what_is_learned_from_is_what_was_found_and_what_judges_is_the_truth(model, footage, theta):
    loop = read(model, footage)
    judged = loop.meta_samples(1, theta)
    learned = loop.update_samples(2)[1]
    found = torch.stack([boxes for _, boxes in loop.memory.frames], dim=1)
    own = make_targets(found, loop.sizes, loop.cells, loop.cells, PLAIN.model)
    assert torch.equal(learned.targets.deltas, own.deltas)
    assert not torch.equal(learned.targets.labels, judged.targets.labels)
    overlaps = torch.stack(loop.overlaps, dim=1)
    assert overlaps.shape == (3, TAU)
    assert (overlaps >= 0).all()
    assert (overlaps <= 1).all()
    assert (box_iou(found, found) > 0.999).all()


def with_online(model, footage, **online):
    """A loop with other online constants, and its configuration."""
    config = modify(PLAIN, online=online)
    backbone = model.backbone.eval()
    features = torch.no_grad()(lambda patches: backbone(patches).float())
    return ClosedLoop(footage, features, model.cells, config)


def test_the_loop_learns_from_the_trackers_memory(model, footage, theta):
    """One video: the samples and weights that a tracker's memory gives for the same frames."""
    online = {"memory": 8, "replayed": 2, "first_share": 0.25, "certainty": 1.0, "age": 0.1}
    loop = with_online(model, footage, **online, update_batches="all", update_steps=3)
    plain = with_online(model, footage)
    for update in (1, 2):
        for each in (loop, plain):
            each.meta_samples(update, theta)
    peak = TrackingModel(model.layout, theta, plain.first.sizes, len(model.cells))
    peak = peak(plain.first.features[:, :1])[0].amax(dim=(1, 2, 3)).clamp(min=1e-6)
    memory = SampleMemory(plain.first.features, footage.initial_boxes, loop.config.online)
    for sample, (_, response) in zip(plain.memory.frames, plain.memory.marks, strict=True):
        memory.add(sample, response / peak)
    expected = memory.batches(plain.sizes, plain.cells, PLAIN.model)
    found = loop.update_samples(3)
    assert len(found) == 3
    for one, other in zip(found, expected, strict=True):
        assert one.features.shape[1] == footage.initial_boxes.shape[1] + TAU + 2
        assert torch.equal(one.features, other.features)
        torch.testing.assert_close(one.weights, other.weights)


def test_weak_responses_stop_a_videos_updates_in_training_too(model, footage, theta):
    loop = with_online(model, footage, update_response=1e-9)
    loop.meta_samples(1, theta)
    for index in range(TAU):
        loop.memory.responses[index][1] = -1.0
    learned = loop.update_samples(2)
    weights = learned[0].weights.sum(dim=1)
    assert weights[1] == 0
    step = adapt(theta, learned[1], SGD(0.1), None, PLAIN.model)
    assert torch.equal(step.theta[1], theta[1])


def test_hard_negatives_are_learned_from_once_by_the_videos_that_have_them(
    model, footage, theta, monkeypatch
):
    fire = [0, 2, *[1] * (TAU - 2)]
    shares = iter(torch.eye(3)[fire])
    loop = with_online(model, footage, hard_negative=0.5)
    monkeypatch.setattr(episodes, "second_peak", lambda *_: next(shares))
    loop.meta_samples(1, theta)
    older, newer, *hard = loop.update_samples(2)
    assert older.weights is newer.weights is None
    assert [one.weights[:, 0].nonzero().item() for one in hard] == fire
    for index, one in enumerate(hard):
        assert torch.equal(one.features[:, 0], newer.features[:, index])
    monkeypatch.setattr(episodes, "second_peak", lambda *_: torch.zeros(3))
    loop.meta_samples(2, theta)
    assert len(loop.update_samples(3)) == 2


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
