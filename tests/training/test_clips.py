"""Training clips and footage: what Algorithm 1 consumes, in its order, boxes where the target is."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from roam_lite.config import modify
from roam_lite.errors import InputError
from roam_lite.geometry import (
    boxes_to_patch,
    initial_stretches,
    nominal_size,
    recrop,
    region_around,
)
from roam_lite.profiles import get_profile
from roam_lite.training.clips import (
    Clips,
    clip_sampler_for,
    draw_clip,
    draw_footage,
    stack_clips,
)
from roam_lite.training.sampling import PatchSampler
from tests.training.painted import (
    bright_edges,
    hidden_in_the_middle,
    lies_on_its_target,
    painted_sequence,
)

# Jittered past frames as in the paper, and no channels or axes exchanged.
LAPTOP = modify(get_profile("laptop-small"), training={"past_labels": "truth", "swap_chance": 0.0})
SIZE, TAU = LAPTOP.model.patch_size, LAPTOP.online.update_interval
STAGE = replace(
    LAPTOP.training.stages[-1], updates=3, initial_samples=9, future_frames=1, horizon=TAU, batch=1
)


def draw(seed=0, sequence=None, stage=STAGE, config=LAPTOP):
    return draw_clip(sequence or painted_sequence(), np.random.default_rng(seed), stage, config)


def pairs(clips):
    """(patch, box) of every sample, initial, past and future."""
    for kind in ("initial", "past", "future"):
        patches = getattr(clips, f"{kind}_patches").flatten(0, -4)
        boxes = getattr(clips, f"{kind}_boxes").flatten(0, -2)
        yield from zip(patches, boxes.numpy(), strict=True)


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


# Clips


def test_nine_stretches_are_all_pairs_of_scale_and_ratio_the_plain_one_first():
    stretches = initial_stretches(LAPTOP.model)
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
    nominal = nominal_size(sequence.boxes[initial[0]], LAPTOP.model)
    found = {tuple(pair) for pair in np.round(boxes[:, 2:] / nominal, 4)}
    assert found == {tuple(np.round(pair, 4)) for pair in initial_stretches(LAPTOP.model)}
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


def test_a_clip_is_augmented_as_a_whole():
    mirrored = set()
    for seed in range(8):
        # The background is brighter on the right, in the world.
        halves = draw(seed).initial_patches[0].float()
        darker_right = halves[..., :20].mean(dim=(1, 2, 3)) > halves[..., -20:].mean(dim=(1, 2, 3))
        assert darker_right.all() or not darker_right.any()
        mirrored.add(bool(darker_right[0]))
    assert mirrored == {True, False}


def test_where_axes_are_exchanged_target_sizes_are_too():
    for seed in range(4):
        turned = draw(seed, config=modify(LAPTOP, training={"swap_chance": 1.0}))
        assert sum(lies_on_its_target(patch, box) for patch, box in pairs(turned)) > 10
        assert torch.equal(turned.target_sizes, draw(seed).target_sizes.flip(-1))


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
        assert_allclose(size, nominal_size(last, LAPTOP.model), rtol=1e-5)


def test_future_frames_of_one_update_are_different_ones():
    stage = replace(STAGE, updates=1, future_frames=5, horizon=8)
    _, _, future = frames_of(0, painted_sequence(), stage)
    assert len(set(future[0])) == 5


def test_short_sequences_and_still_images_make_clips():
    for length in (3, 1):
        sequence = painted_sequence(length)
        frames = np.concatenate([part.ravel() for part in frames_of(0, sequence)])
        assert set(frames) <= set(range(length))
        assert any([lies_on_its_target(*pair) for pair in pairs(draw(0, sequence))])
        boxes = draw(0, sequence).past_boxes[0].flatten(0, 1)
        assert len(torch.unique(boxes, dim=0)) == len(boxes)  # each frame with its own jitter


def test_a_sequence_without_any_usable_frame_is_refused_by_name():
    hidden = painted_sequence(5, visibility=np.zeros(5))
    for drawn in (draw_clip, draw_footage):
        with pytest.raises(InputError, match="painted"):
            drawn(hidden, np.random.default_rng(0), STAGE, LAPTOP)


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
    for part, clip in zip(batch.videos(), clips, strict=True):
        for field in fields(Clips):
            assert torch.equal(getattr(part, field.name), getattr(clip, field.name))


# Footage

SMOKE = modify(get_profile("smoke"), training={"swap_chance": 0.0})
TRACKED = SMOKE.training.stages[-1]
FRAMES = TRACKED.updates * SMOKE.online.update_interval


def film(seed=0, sequence=None, config=SMOKE):
    rng = np.random.default_rng(seed)
    return draw_footage(sequence or painted_sequence(), rng, TRACKED, config)


def with_swaps(chance):
    return modify(SMOKE, training={"swap_chance": chance})


@pytest.mark.parametrize("seed", range(6))
def test_true_boxes_lie_on_the_target_in_every_view(seed):
    footage = film(seed, config=with_swaps(1.0 if seed % 2 else 0.0))
    size = footage.views.shape[-1]
    boxes = boxes_to_patch(footage.boxes, footage.regions, size)[0].double().numpy()
    for view, box in zip(footage.views[0], boxes, strict=True):
        assert_allclose(box[:2] + box[2:] / 2, size / 2, atol=0.01)
        assert_allclose(bright_edges(view), [*box[:2], *(box[:2] + box[2:])], atol=1)


def test_footage_has_a_frame_for_every_step_of_the_loop():
    footage, size = stack_clips([film(seed) for seed in range(3)]), SMOKE.model.patch_size
    assert footage.views.shape == (3, FRAMES, 3, 2 * size, 2 * size)
    assert footage.boxes.shape == footage.regions.shape == (3, FRAMES, 4)
    assert footage.first_boxes.shape == (3, 1, 4)
    assert footage.initial_patches.shape[1] == TRACKED.initial_samples


def test_patches_from_views_are_those_from_the_images():
    """Also where the clip is mirrored and turned: its own coordinates hold everywhere."""
    config, size = with_swaps(0.5), SMOKE.model.patch_size
    for seed in range(4):
        footage = film(seed, config=config)
        rng = np.random.default_rng(seed)
        sampler = PatchSampler(painted_sequence(), 1 + FRAMES, rng, config)
        shift = np.array([7.0, -4.0, 0.0, 0.0])
        wanted = region_around(sampler.box(3), config.model.region_scale) + shift
        expected = sampler.cut(3, wanted, size)
        region = torch.from_numpy(wanted).float()[None]
        patch = recrop(footage.views[:, 2], footage.regions[:, 2], region, size)
        difference = patch[0].permute(1, 2, 0).numpy().astype(float) - expected
        assert np.abs(difference).mean() < 3  # edges are resampled twice


def test_a_view_shows_as_much_of_its_frame_as_the_configuration_says():
    wide = film(config=modify(SMOKE, training={"view_scale": 3}))
    assert wide.views.shape[-1] == 3 * SMOKE.model.patch_size
    torch.testing.assert_close(wide.regions[..., 2:], 1.5 * film().regions[..., 2:])


@pytest.mark.parametrize("seed", range(8))
def test_footage_begins_with_a_visible_target_and_keeps_the_frames_that_hide_it(seed):
    sequence = hidden_in_the_middle()
    footage = film(seed, sequence)
    rng = np.random.default_rng(seed)
    sampler = PatchSampler(sequence, 1 + FRAMES, rng, SMOKE, with_hidden=True)
    visible = sequence.visibility[sampler.frames] > 0
    assert visible[0]
    assert footage.visible[0].tolist() == visible[1:].tolist()
    assert len(set(np.abs(np.diff(sampler.frames)))) == 1  # none is left out


def test_some_footage_hides_its_target():
    hidden = [~film(seed, hidden_in_the_middle()).visible for seed in range(8)]
    assert any(frames.any() for frames in hidden)


def test_only_the_stage_that_tracks_by_its_own_estimates_draws_footage():
    first, tracked = SMOKE.training.stages
    truth = modify(SMOKE, training={"past_labels": "truth"})
    assert clip_sampler_for(tracked, SMOKE) is draw_footage
    assert clip_sampler_for(first, SMOKE) is draw_clip
    assert clip_sampler_for(tracked, truth) is draw_clip
