"""Training clips: the right frames, and boxes that lie where the target is in every patch."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from roam_lite.data.sequence import Sequence
from roam_lite.profiles import get_profile
from roam_lite.training.clips import (
    Clips,
    draw_clip,
    initial_stretches,
    nominal_size,
    stack_clips,
)
from tests.training.painted import PaintedFrames, bright_edges, painted_sequence

# Jittered past frames as in the paper, and nobody's look changed; tests of their own bring both back.
LAPTOP = replace(get_profile("laptop"), past_labels="truth", look_jitter=0.0)
SIZE, TAU = LAPTOP.model.patch_size, LAPTOP.online.update_interval
STAGE = replace(
    LAPTOP.training.stages[-1], updates=3, initial_samples=9, future_frames=1, horizon=TAU, batch=1
)


def draw(seed=0, sequence=None, stage=STAGE, profile=LAPTOP):
    return draw_clip(sequence or painted_sequence(), np.random.default_rng(seed), stage, profile)


def pairs(clips):
    """(patch, box) of every sample, initial, past and future."""
    for kind in ("initial", "past", "future"):
        patches = getattr(clips, f"{kind}_patches").flatten(0, -4)
        boxes = getattr(clips, f"{kind}_boxes").flatten(0, -2)
        yield from zip(patches, boxes.numpy(), strict=True)


def lies_on_its_target(patch, box):
    """Whether there is enough of the target to tell; fails if the box is more than 1 px off."""
    edges = np.clip(np.concatenate([box[:2], box[:2] + box[2:]]), 0, SIZE)
    if (edges[2:] - edges[:2]).min() <= 3:
        return False
    assert_allclose(bright_edges(patch), edges, atol=1)
    return True


def frames_of(seed, sequence, stage=STAGE):
    """Frames in the order of their patches: initial, past [T - 1, tau], future [T, f]."""
    sequence.frames.seen.clear()
    draw(seed, sequence, stage)
    seen = np.array(sequence.frames.seen)
    initial, past = stage.initial_samples, (stage.updates - 1) * TAU
    return (
        seen[:initial],
        seen[initial : initial + past].reshape(-1, TAU),
        seen[initial + past :].reshape(stage.updates, -1),
    )


def test_nine_stretches_are_all_pairs_of_scale_and_ratio_the_plain_one_first():
    stretches = initial_stretches(LAPTOP)
    assert stretches[0] == (1.0, 1.0)
    expected = {(s * r, s / r) for s in (0.8, 1, 1.2) for r in (0.8, 1, 1.2)}
    assert set(stretches) == expected
    assert len(stretches) == 9


def test_initial_samples_show_the_first_target_in_the_middle_stretched():
    sequence = painted_sequence()
    initial, _, _ = frames_of(3, sequence)
    assert len(set(initial)) == 1
    boxes = draw(3).initial_boxes[0].double().numpy()
    assert_allclose(boxes[:, :2] + boxes[:, 2:] / 2, SIZE / 2, atol=1e-4)
    nominal = nominal_size(sequence.boxes[initial[0]], LAPTOP)
    found = {tuple(pair) for pair in np.round(boxes[:, 2:] / nominal, 4)}
    assert found == {tuple(np.round(pair, 4)) for pair in initial_stretches(LAPTOP)}
    assert_allclose(boxes[0, 2:] / nominal, 1, rtol=1e-5)


def test_fewer_initial_samples_keep_the_unstretched_one():
    stage = replace(STAGE, initial_samples=3)
    for seed in range(5):
        boxes = draw(seed, stage=stage).initial_boxes[0]
        assert len(boxes) == len(torch.unique(boxes, dim=0)) == 3
        assert_allclose((boxes[0, 2:] / boxes[0, 2:].prod().sqrt()).prod(), 1, rtol=1e-4)
        assert_allclose(boxes[0, 2:].prod().sqrt(), SIZE / LAPTOP.model.region_scale, rtol=1e-4)


@pytest.mark.parametrize("seed", range(8))
def test_every_box_lies_on_its_target_whatever_the_jitter(seed):
    checked = [lies_on_its_target(patch, box) for patch, box in pairs(draw(seed))]
    assert sum(checked) > 15


def test_clips_are_mirrored_as_a_whole_and_only_some_of_them():
    mirrored = set()
    for seed in range(8):
        # The background is brighter on the right, in the world.
        halves = draw(seed).initial_patches[0].float()
        darker_right = halves[..., :20].mean(dim=(1, 2, 3)) > halves[..., -20:].mean(dim=(1, 2, 3))
        assert darker_right.all() or not darker_right.any()
        mirrored.add(bool(darker_right[0]))
    assert mirrored == {True, False}


class Tinted(PaintedFrames):
    """The same frames with half as much blue."""

    def __getitem__(self, index):
        return super().__getitem__(index) // np.array([1, 1, 2], dtype=np.uint8)


def test_a_clip_can_change_its_look_as_a_whole():
    darkest = set()
    painted = painted_sequence()
    tinted = Sequence("tinted", Tinted(painted.boxes), painted.boxes)
    for seed in range(12):
        clips = draw(seed, tinted, profile=replace(LAPTOP, look_jitter=1.0))
        assert sum(lies_on_its_target(patch, box) for patch, box in pairs(clips)) > 10
        plain = draw(seed, tinted)
        nominal, turned = plain.target_sizes[0], clips.target_sizes[0]
        assert torch.equal(turned, nominal.flip(-1))
        patches = clips.initial_patches[0]
        darkest.add(int(patches.float().mean(dim=(0, 2, 3)).argmin()))
    assert len(darkest) > 1


def test_shifts_and_stretches_of_jittered_samples_reach_their_limits_and_no_further():
    stage = replace(STAGE, updates=1, future_frames=30, horizon=30)
    boxes = np.concatenate([draw(s, stage=stage).future_boxes[0, 0] for s in range(6)])
    shift = np.abs(boxes[:, :2] + boxes[:, 2:] / 2 - SIZE / 2) / SIZE
    assert shift.max() <= LAPTOP.training.shift_jitter + 1e-4
    assert shift.max() > 0.9 * LAPTOP.training.shift_jitter
    scale = np.sqrt(boxes[:, 2:].prod(axis=1)) / (SIZE / LAPTOP.model.region_scale)
    low, high = LAPTOP.training.stretch_jitter
    assert low - 1e-4 <= scale.min() < low + 0.05
    assert high - 0.05 < scale.max() <= high + 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_frames_come_in_the_order_of_algorithm_1(seed):
    sequence = painted_sequence()
    initial, past, future = frames_of(seed, sequence)
    start, pace = initial[0], past[0, 0] - initial[0]
    assert pace in (1, 2)
    # Update t > 1 learns from the tau frames before it, the meta loss takes one of the next tau.
    assert np.array_equal(past.ravel(), start + pace * np.arange(1, 1 + 2 * TAU))
    for t in range(3):
        first = start + pace * (1 + t * TAU)
        assert (future[t] - first).item() in pace * np.arange(TAU)
    sizes = draw(seed).target_sizes[0]
    for t, size in enumerate(sizes):
        last = sequence.boxes[start + pace * t * TAU]
        assert_allclose(size, nominal_size(last, LAPTOP), rtol=1e-5)


def test_future_frames_of_one_update_are_different_ones():
    stage = replace(STAGE, updates=1, future_frames=5, horizon=8)
    _, _, future = frames_of(0, painted_sequence(), stage)
    assert len(set(future[0])) == 5


def test_short_sequences_run_forth_and_back():
    sequence = painted_sequence(length=3)
    for seed in range(4):
        _, past, _ = frames_of(seed, sequence)
        assert np.abs(np.diff(past.ravel())).max() <= 2
        assert set(past.ravel()) <= {0, 1, 2}
        assert any([lies_on_its_target(*pair) for pair in pairs(draw(seed, sequence))])


def test_a_still_image_is_a_clip_of_its_own():
    sequence = painted_sequence(length=1)
    initial, past, future = frames_of(0, sequence)
    assert not initial.any()
    assert not past.any()
    assert not future.any()
    boxes = draw(0, sequence).past_boxes[0].flatten(0, 1)
    assert len(torch.unique(boxes, dim=0)) == len(boxes)  # each frame with its own jitter


def test_frames_without_a_usable_target_are_left_out():
    boxes, visibility = painted_sequence(12).boxes.copy(), np.ones(12)
    boxes[3] = np.nan
    boxes[5, 2] = 2.0  # too thin
    visibility[7] = 0.1
    sequence = Sequence("gaps", PaintedFrames(boxes), boxes, visibility)
    seen = set()
    for seed in range(10):
        seen.update(np.concatenate([frames.ravel() for frames in frames_of(seed, sequence)]))
    assert seen == set(range(12)) - {3, 5, 7}


def test_a_sequence_without_any_usable_frame_is_refused_by_name():
    hidden = painted_sequence(5, visibility=np.zeros(5))
    with pytest.raises(ValueError, match="painted"):
        draw(0, hidden)


def test_the_first_stage_has_no_past():
    clips = draw(stage=replace(STAGE, updates=1))
    assert clips.past_patches.shape == (1, 0, TAU, 3, SIZE, SIZE)
    assert clips.past_boxes.shape == (1, 0, TAU, 4)
    assert clips.target_sizes.shape == (1, 1, 2)


def test_a_clip_depends_on_its_generator_alone():
    first, again, other = draw(1), draw(1), draw(2)
    for field in fields(Clips):
        assert torch.equal(getattr(first, field.name), getattr(again, field.name))
    assert not torch.equal(first.future_boxes, other.future_boxes)


def test_clips_are_stacked_video_first():
    clips = [draw(seed) for seed in range(3)]
    batch = stack_clips(clips).to("cpu")
    assert batch.initial_patches.shape == (3, 9, 3, SIZE, SIZE)
    assert batch.past_patches.shape == (3, 2, TAU, 3, SIZE, SIZE)
    assert batch.future_boxes.shape == (3, 3, 1, 4)
    assert batch.initial_patches.dtype == torch.uint8
    assert torch.equal(batch.past_boxes[1], clips[1].past_boxes[0])
