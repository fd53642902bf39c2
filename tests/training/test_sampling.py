"""Patches of a clip: the right frames, boxes on their targets, one augmentation for the whole clip."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose

from roam_lite.config import modify
from roam_lite.data.sequence import ImageFrames, Sequence
from roam_lite.errors import InputError
from roam_lite.geometry import crop, region_around
from roam_lite.profiles import get_profile
from roam_lite.training.sampling import Augmentation, PatchSampler
from tests.training.painted import (
    PaintedFrames,
    hidden_in_the_middle,
    lies_on_its_target,
    painted_sequence,
)

# Nobody's channels or axes are exchanged; tests of their own bring that back.
LAPTOP = modify(get_profile("laptop-small"), training={"swap_chance": 0.0})
SIZE = LAPTOP.model.patch_size
PLAIN = modify(LAPTOP, training={"mirror_chance": 0.0, "gray_chance": 0.0})
LENGTH = 16


def sample(seed=0, sequence=None, length=LENGTH, config=LAPTOP, **options):
    rng = np.random.default_rng(seed)
    return PatchSampler(sequence or painted_sequence(), length, rng, config, **options)


def with_chances(**chances):
    return modify(PLAIN, training={f"{name}_chance": chance for name, chance in chances.items()})


def on_target(sampler, indices):
    """Of how many jittered patches enough of the target is seen to tell that the box is right."""
    pairs = [sampler.jittered(index) for index in indices]
    return sum(lies_on_its_target(patch.transpose(2, 0, 1), box) for patch, box in pairs)


# Frames


@pytest.mark.parametrize("seed", range(4))
def test_frames_follow_each_other_at_an_even_pace(seed):
    steps = np.diff(sample(seed).frames)
    assert set(steps) in ({1}, {2})


def test_both_paces_and_many_starts_occur():
    samplers = [sample(seed) for seed in range(12)]
    assert {s.frames[1] - s.frames[0] for s in samplers} == {1, 2}
    assert len({s.frames[0] for s in samplers}) > 6


def test_a_clip_need_not_turn_back_where_there_are_frames_enough():
    for seed in range(20):
        steps = np.diff(sample(seed, painted_sequence(40), length=20).frames)
        assert (steps > 0).all()


def test_short_sequences_run_back_and_forth():
    sequence = painted_sequence(length=3)
    for seed in range(4):
        sampler = sample(seed, sequence)
        assert np.abs(np.diff(sampler.frames)).max() <= 2
        assert set(sampler.frames) <= {0, 1, 2}
        assert on_target(sampler, range(LENGTH)) > 0


def test_a_still_image_is_a_clip_of_its_own():
    sampler = sample(0, painted_sequence(length=1))
    assert len(sampler.frames) == LENGTH
    assert not sampler.frames.any()
    boxes = np.array([sampler.jittered(index)[1] for index in range(LENGTH)])
    assert len(np.unique(boxes, axis=0)) == LENGTH  # each frame with its own jitter


def test_frames_without_a_usable_target_are_left_out():
    boxes, visibility = painted_sequence(12).boxes.copy(), np.ones(12)
    boxes[3] = np.nan
    boxes[5, 2] = 2.0  # too thin
    visibility[7] = 0.1
    sequence = Sequence("gaps", PaintedFrames(boxes), boxes, visibility)
    seen = set()
    for seed in range(10):
        seen.update(sample(seed, sequence).frames)
    assert seen == set(range(12)) - {3, 5, 7}


def test_what_is_seen_well_enough_is_in_the_configuration():
    visibility = np.ones(12)
    visibility[7] = 0.1
    sequence = painted_sequence(12, visibility)
    demanding = modify(LAPTOP, training={"min_visibility": 0.1, "min_side": 41.0})
    seen = {
        frame for seed in range(10) for frame in sample(seed, sequence, config=demanding).frames
    }
    wide_and_high_enough = {t for t, box in enumerate(sequence.boxes) if box[2:].min() >= 41}
    assert seen == wide_and_high_enough
    assert 7 in seen


@pytest.mark.parametrize("seed", range(8))
def test_hidden_frames_are_kept_on_demand_and_the_first_one_shows_the_target(seed):
    sequence = hidden_in_the_middle()
    sampler = sample(seed, sequence, with_hidden=True)
    assert len(set(np.abs(np.diff(sampler.frames)))) == 1  # none is left out
    assert sampler.visible[0]
    assert sampler.visible.tolist() == (sequence.visibility[sampler.frames] > 0).tolist()
    assert sample(seed, sequence).visible.all()


@pytest.mark.parametrize("with_hidden", [False, True])
def test_a_sequence_without_any_usable_frame_is_refused_by_name(with_hidden):
    hidden = painted_sequence(5, visibility=np.zeros(5))
    with pytest.raises(InputError, match="painted"):
        sample(0, hidden, with_hidden=with_hidden)


# Jitter


@pytest.mark.parametrize("seed", range(8))
def test_every_box_lies_on_its_target_whatever_the_jitter(seed):
    assert on_target(sample(seed), range(LENGTH)) > LENGTH / 2


def test_shifts_and_stretches_reach_their_limits_and_no_further():
    samplers = [sample(seed, length=30) for seed in range(6)]
    boxes = np.array([sampler.jittered(index)[1] for sampler in samplers for index in range(30)])
    shift = np.abs(boxes[:, :2] + boxes[:, 2:] / 2 - SIZE / 2) / SIZE
    assert shift.max() <= LAPTOP.training.shift_jitter + 1e-4
    assert shift.max() > 0.9 * LAPTOP.training.shift_jitter
    scale = np.sqrt(boxes[:, 2:].prod(axis=1)) / (SIZE / LAPTOP.model.region_scale)
    low, high = LAPTOP.training.stretch_jitter
    assert low - 1e-4 <= scale.min() < low + 0.05
    assert high - 0.05 < scale.max() <= high + 1e-4


def test_the_light_changes_from_patch_to_patch_within_its_limits():
    config = modify(PLAIN, training={"stretch_jitter": (1.0, 1.0), "shift_jitter": 0.0})
    sampler = sample(0, config=config, length=1)
    plain, _ = sampler.stretched(0, (1.0, 1.0))
    (low, high), offset = config.training.light_gain, config.training.light_offset
    lit = [sampler.jittered(0)[0].astype(float) for _ in range(20)]
    assert len({patch.mean() for patch in lit}) == 20
    for patch in lit:
        assert (patch >= np.clip(plain * low - offset, 0, 255) - 1).all()
        assert (patch <= np.clip(plain * high + offset, 0, 255) + 1).all()
    unlit = modify(config, training={"light_gain": (1.0, 1.0), "light_offset": 0.0})
    sampler = sample(0, config=unlit, length=1)
    assert_allclose(sampler.jittered(0)[0], plain)


# Augmentation


def test_chances_of_none_and_of_one():
    rng = np.random.default_rng(0)
    training = with_chances(mirror=1.0, gray=1.0, swap=1.0).training
    always = [Augmentation.draw(rng, training) for _ in range(10)]
    assert all(each.mirrored and each.gray and each.transposed for each in always)
    assert {tuple(sorted(each.channels)) for each in always} == {(0, 1, 2)}
    assert len({tuple(each.channels) for each in always}) > 2
    for _ in range(10):
        never = Augmentation.draw(rng, PLAIN.training)
        assert not any((never.mirrored, never.gray, never.transposed))
        assert never.channels.tolist() == [0, 1, 2]


def test_clips_are_mirrored_as_a_whole_and_only_some_of_them():
    mirrored = set()
    for seed in range(8):
        sampler = sample(seed)
        # The background is brighter on the right, in the world.
        patches = np.stack([sampler.stretched(t, (1.0, 1.0))[0] for t in range(LENGTH)])
        left, right = patches[:, :, :20].astype(float), patches[:, :, -20:].astype(float)
        darker_right = left.mean(axis=(1, 2, 3)) > right.mean(axis=(1, 2, 3))
        assert (darker_right == sampler.augmentation.mirrored).all()
        mirrored.add(sampler.augmentation.mirrored)
    assert mirrored == {True, False}


class Tinted(PaintedFrames):
    """The same frames with half as much blue."""

    def __getitem__(self, index):
        return super().__getitem__(index) // np.array([1, 1, 2], dtype=np.uint8)


def tinted_sequence():
    painted = painted_sequence()
    return Sequence("tinted", Tinted(painted.boxes), painted.boxes)


def test_colors_and_axes_of_a_clip_can_be_exchanged_as_a_whole():
    darkest = set()
    for seed in range(12):
        sampler = sample(seed, tinted_sequence(), config=with_chances(swap=1.0, mirror=0.5))
        assert on_target(sampler, range(LENGTH)) > LENGTH / 2
        plain = sample(seed, tinted_sequence(), config=with_chances(mirror=0.5))
        assert_allclose(sampler.box(0)[2:], plain.box(0)[:1:-1])
        patches = np.stack([sampler.stretched(t, (1.0, 1.0))[0] for t in range(3)])
        darkest.add(int(patches.mean(axis=(0, 1, 2)).argmin()))
    assert len(darkest) > 1


def test_gray_clips_have_no_color():
    patch, _ = sample(0, tinted_sequence(), config=with_chances(gray=1.0)).jittered(2)
    assert (patch == patch[..., :1]).all()
    patch, _ = sample(0, tinted_sequence(), config=PLAIN).jittered(2)
    assert (patch != patch[..., :1]).any()


def test_an_augmented_patch_is_the_plain_one_changed():
    """Mirrored, with exchanged axes, or both: the clip's own coordinates hold everywhere."""
    plain = sample(0, config=PLAIN)
    region = region_around(plain.box(2), LAPTOP.model.region_scale, (1.2, 0.9))
    region[:2] += (5, -3)
    patch = plain.cut(2, region, SIZE)
    cx, cy, side_w, side_h = region
    cases = {
        (1.0, 0.0): ((-cx, cy, side_w, side_h), patch[:, ::-1]),
        (0.0, 1.0): ((cy, cx, side_h, side_w), patch.swapaxes(0, 1)),
        (1.0, 1.0): ((-cy, cx, side_h, side_w), patch.swapaxes(0, 1)[:, ::-1]),
    }
    for (mirror, swap), (changed, expected) in cases.items():
        sampler = sample(0, config=with_chances(mirror=mirror, swap=swap))
        sampler.frames = plain.frames
        found = sampler.cut(2, np.array(changed), SIZE)
        assert_allclose(found.astype(float), expected, atol=1)


# Reduced decoding


class Asked(ImageFrames):
    """Frames that note by which factors they are asked for."""

    def __init__(self, paths):
        super().__init__(paths)
        self.factors = []

    def reduced(self, index, factor):
        self.factors.append(factor)
        return super().reduced(index, factor)


def jpeg_sequence(folder, side, suffix=".jpg", size=(1283, 717), picture=None):
    """One smooth frame of odd size."""
    if picture is None:
        coarse = np.random.default_rng(0).uniform(0, 255, (24, 40, 3))
        picture = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC).clip(0, 255)
    path = folder / f"0001{suffix}"
    path.write_bytes(cv2.imencode(suffix, picture, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes())
    boxes = np.array([[0.5 * size[0], 0.4 * size[1], side, side]])
    return Sequence("jpeg", Asked([path]), boxes)


def shift_between(a, b):
    """By how many pixels the content of two patches differs, [y, x]: least squares on the gradient."""
    a, b = a.mean(-1), b.mean(-1)
    slopes = np.stack([slope.ravel() for slope in np.gradient(b)], axis=1)
    return np.linalg.lstsq(slopes, (b - a).ravel(), rcond=None)[0]


def test_shifts_are_told_to_a_fraction_of_a_pixel():
    coarse = np.random.default_rng(0).uniform(0, 255, (9, 9, 3))
    image = cv2.resize(coarse, (160, 160), interpolation=cv2.INTER_CUBIC)
    moved = [crop(image, [80 + dx, 80 + dy, 100, 100], 100) for dx, dy in ((0, 0), (0.3, -0.2))]
    assert_allclose(shift_between(*moved), [-0.2, 0.3], atol=0.03)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("side", "factor"), [(30.3, 1), (60.7, 2), (130.3, 4), (251.1, 8)])
def test_a_patch_of_a_reduced_frame_is_that_of_the_whole_one(
    tmp_path, side, factor, mirrored, transposed
):
    sequence = jpeg_sequence(tmp_path, side)
    small = modify(with_chances(mirror=float(mirrored), swap=0.0), model={"region_scale": 5.0})
    sampler = sample(0, sequence, length=1, config=small)
    change = replace(sampler.augmentation, transposed=transposed)
    sampler.augmentation = change
    patch, box = sampler.stretched(0, (1.0, 1.0))
    assert sequence.frames.factors == ([factor] if factor > 1 else [])
    sampler.sequence = replace(sequence, frames=[sequence.frames[0]])  # nothing that can be reduced
    whole, same = sampler.stretched(0, (1.0, 1.0))
    np.testing.assert_array_equal(box, same)
    assert np.abs(patch.astype(int) - whole).mean() < 2
    assert np.abs(shift_between(patch, whole)).max() < 0.1


def test_a_patch_of_a_reduced_ramp_lies_where_the_whole_one_does(tmp_path):
    """The gray level tells the place to a fraction of a pixel, in frames whose last block is not whole."""
    size = (1021, 717)
    ramp = np.add.outer(np.arange(size[1]), np.arange(size[0])) / (sum(size) / 240) + 5
    sequence = jpeg_sequence(tmp_path, 140.0, size=size, picture=np.repeat(ramp[..., None], 3, 2))
    sequence.boxes[0] = [430, 290, 140, 140]
    sampler = sample(0, sequence, length=1, config=PLAIN)
    patch, _ = sampler.stretched(0, (1.0, 1.0))
    assert sequence.frames.factors == [4]
    region = region_around(sampler.box(0), PLAIN.model.region_scale)
    centers = (np.arange(SIZE) + 0.5) / SIZE - 0.5
    x, y = (region[axis] + centers * region[2 + axis] - 0.5 for axis in (0, 1))
    expected = np.add.outer(y, x) / (sum(size) / 240) + 5
    level = region[2] / SIZE / (sum(size) / 240)  # per patch pixel
    inner = np.s_[4:-4, 4:-4]
    assert abs((patch[inner].mean(-1) - expected[inner]).mean() / level) < 0.1


def test_what_is_drawn_does_not_depend_on_how_frames_are_decoded(tmp_path):
    sequence = jpeg_sequence(tmp_path, 120.0)
    states, boxes = [], []
    for frames in (sequence.frames, [sequence.frames[0]]):
        sampler = sample(3, replace(sequence, frames=frames), length=4)
        boxes.append([sampler.jittered(index)[1] for index in range(4)])
        states.append(sampler.rng.bit_generator.state)
    np.testing.assert_array_equal(*boxes)
    assert states[0] == states[1]
