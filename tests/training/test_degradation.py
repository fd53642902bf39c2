"""Clips as worse cameras film them; without a chance for it, clips are what they were before."""

from dataclasses import fields, replace

import cv2
import numpy as np
import pytest
import torch

from roam_lite.config import modify
from roam_lite.geometry import crop
from roam_lite.profiles import PROFILES, get_profile
from roam_lite.training import clips
from roam_lite.training.degradation import Degradation
from roam_lite.training.sampling import Augmentation, PatchSampler
from tests.training.painted import hidden_in_the_middle, lies_on_its_target, painted_sequence

CHANCES = ("soft_chance", "flat_chance", "dark_chance", "jpeg_chance")
NEVER = dict.fromkeys(CHANCES, 0.0)
SMOKE = modify(get_profile("smoke"), training={"swap_chance": 0.0, "gray_chance": 0.0, **NEVER})
SIZE = SMOKE.model.patch_size


def noise(side=64, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def always(*names):
    return modify(SMOKE, training={f"{name}_chance": 1.0 for name in names})


def sampler(config, seed=0):
    return PatchSampler(painted_sequence(), 16, np.random.default_rng(seed), config)


def detail(image):
    return np.abs(np.diff(image.astype(float), axis=1)).mean()


def applied(image, seed=0, **lost):
    return Degradation(**lost).apply(image, np.random.default_rng(seed))


# Without a chance


class SamplerBefore(PatchSampler):
    """The sampler of the version that knew no degradation."""

    def jittered(self, index):
        rng, config = self.rng, self.config.training
        scale, aspect = np.exp(rng.uniform(*np.log(config.stretch_jitter), size=2))
        shift = rng.uniform(-1, 1, size=2) * config.shift_jitter
        patch, box = self.stretched(index, (scale * aspect, scale / aspect), shift)
        gain = rng.uniform(*config.light_gain)
        offset = rng.uniform(-config.light_offset, config.light_offset)
        return cv2.convertScaleAbs(np.maximum(patch * gain + offset, 0)), box

    def cut(self, index, region, size):
        change = self.augmentation
        region = region * [-1 if change.mirrored else 1, 1, 1, 1]
        image = self.sequence.frames[int(self.frames[index])]
        if change.transposed:
            patch = crop(image, region[[1, 0, 3, 2]], size).swapaxes(0, 1)
        else:
            patch = crop(image, region, size)
        patch = patch[..., change.channels]
        if change.gray:
            patch = cv2.cvtColor(cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        return np.ascontiguousarray(patch[:, ::-1]) if change.mirrored else patch


def augmentation_before(rng, config):
    mirrored = rng.random() < config.mirror_chance
    gray = rng.random() < config.gray_chance
    transposed, recolored = rng.random(2) < config.swap_chance
    channels = rng.permutation(3) if recolored else np.arange(3)
    return Augmentation(mirrored, gray, transposed, channels, None)


@pytest.mark.parametrize("draw", [clips.draw_clip, clips.draw_footage])
@pytest.mark.parametrize("name", ["smoke", "laptop"])
def test_without_a_chance_clips_are_those_of_before_it_could_be_set(name, draw, monkeypatch):
    config = modify(get_profile(name), training=NEVER)
    stage = replace(config.training.stages[-1], updates=2)

    def drawn():
        return [
            draw(hidden_in_the_middle(), np.random.default_rng(seed), stage, config)
            for seed in range(8)
        ]

    now = drawn()
    monkeypatch.setattr(clips, "PatchSampler", SamplerBefore)
    monkeypatch.setattr(Augmentation, "draw", staticmethod(augmentation_before))
    for clip, before in zip(now, drawn(), strict=True):
        for field in fields(clip):
            assert torch.equal(getattr(clip, field.name), getattr(before, field.name))


def test_cards_of_before_mean_that_nothing_is_degraded():
    for profile in PROFILES.values():
        defaults = {field.name: field.default for field in fields(profile.training)}
        assert [defaults[name] for name in CHANCES] == [0.0] * 4


# What is drawn


def test_each_chance_brings_its_own_loss_within_its_limits():
    config = always("soft", "flat", "dark", "jpeg").training
    rng = np.random.default_rng(0)
    drawn = [Degradation.draw(rng, config) for _ in range(200)]
    for name, (low, high) in {
        "softness": (1.2, 3.0),
        "contrast": (0.3, 0.7),
        "light": (0.125, 0.5),
        "quality": (25, 70),
    }.items():
        values = np.array([getattr(one, name) for one in drawn])
        spread = high - low
        assert low <= values.min() < low + 0.1 * spread
        assert high - 0.1 * spread < values.max() <= high
    assert {one.noise for one in drawn} == {config.sensor_noise}


@pytest.mark.parametrize(
    ("chance", "name"),
    [("soft", "softness"), ("flat", "contrast"), ("dark", "light"), ("jpeg", "quality")],
)
def test_one_chance_alone_brings_nothing_else(chance, name):
    config = modify(SMOKE, training={f"{chance}_chance": 0.5}).training
    rng = np.random.default_rng(0)
    drawn = [Degradation.draw(rng, config) for _ in range(100)]
    lost = [one for one in drawn if one is not None]
    assert 30 < len(lost) < 70
    kept = {name: getattr(Degradation(), name)} | ({"noise": 0.0} if name == "light" else {})
    assert all(replace(one, **kept) == Degradation() for one in lost)
    assert all(one != Degradation() for one in lost)


# What it does


@pytest.mark.parametrize("softness", [1.2, 2.0, 3.0])
def test_a_soft_image_has_the_detail_of_a_smaller_one_in_its_place(softness):
    image = noise()
    soft = applied(image, softness=softness)
    assert soft.shape == image.shape
    assert detail(soft) < detail(image) / softness
    assert abs(soft.mean() - image.mean()) < 2
    ramp = np.repeat(np.tile(np.arange(0, 192, 3, dtype=np.uint8), (64, 1))[..., None], 3, axis=2)
    inside = slice(8, -8)
    difference = (applied(ramp, softness=softness).astype(float) - ramp)[inside, inside]
    assert np.abs(difference).mean() < 3  # nothing has moved
    assert abs(difference.mean()) < 0.5


def test_a_flat_image_is_drawn_to_a_middle_gray():
    image = noise()
    flat = applied(image, contrast=0.5)
    assert np.abs(flat - (image.astype(float) * 0.5 + 64)).max() <= 0.5


def test_a_dark_image_has_its_share_of_the_light_and_the_noise_of_a_sensor():
    image = np.full((200, 200, 3), 160, np.uint8)
    dark = applied(image, light=0.25, noise=3.0).astype(float)
    assert dark.mean() == pytest.approx(40, abs=0.1)
    assert dark.std() == pytest.approx(3, rel=0.05)
    pixels = dark.reshape(-1, 3)
    assert np.abs(np.corrcoef(pixels.T)[np.triu_indices(3, 1)]).max() < 0.03  # each color its own
    again, other = (applied(image, seed=seed, light=0.25, noise=3.0) for seed in (0, 1))
    assert np.array_equal(dark, again)
    assert not np.array_equal(dark, other)


def test_a_compressed_image_is_worse_the_lower_the_quality_and_keeps_its_colors():
    image = cv2.GaussianBlur(noise(), (0, 0), 3)
    image[..., 2] //= 4

    def error(quality):
        return np.abs(applied(image, quality=quality).astype(float) - image).mean()

    assert 0 < error(95) < error(60) < error(15)
    means = applied(image, quality=50).mean(axis=(0, 1))
    assert np.abs(means - image.mean(axis=(0, 1))).max() < 2


def test_colors_are_compressed_as_red_green_and_blue():
    """JPEG keeps more of green than of red, and least of blue: in another order, another image."""
    image = noise()
    options = [cv2.IMWRITE_JPEG_QUALITY, 40]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    expected = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    assert np.array_equal(applied(image, quality=40), expected)


def test_an_image_is_softened_then_flattened_then_darkened_then_compressed():
    image, lost = noise(), {"softness": 2.0, "contrast": 0.6, "light": 0.4, "quality": 30.0}
    step = image
    for name, value in lost.items():
        step = applied(step, **{name: value})
    assert np.array_equal(applied(image, **lost), step)


# In clips


def test_a_clip_is_degraded_as_a_whole_after_it_is_cut():
    for names in (("soft",), ("flat", "jpeg"), ("soft", "flat", "jpeg")):
        worse, plain = sampler(always(*names)), sampler(SMOKE)
        plain.frames, degradation = worse.frames, worse.augmentation.degradation
        if worse.augmentation.mirrored:
            plain.augmentation = replace(worse.augmentation, degradation=None)
        else:
            assert not plain.augmentation.mirrored
        for index in range(3):
            patch, box = worse.stretched(index, (1.0, 1.0))
            cut, same = plain.stretched(index, (1.0, 1.0))
            turn = -1 if worse.augmentation.mirrored else 1  # which comes last
            expected = degradation.apply(cut[:, ::turn], worse.rng)[:, ::turn]
            assert np.array_equal(patch, expected)
            assert np.array_equal(box, same)


def test_the_same_seed_gives_the_same_degraded_clip():
    config = always("soft", "flat", "dark", "jpeg")
    stage = config.training.stages[0]

    def patches(seed):
        rng = np.random.default_rng(seed)
        return clips.draw_clip(painted_sequence(), rng, stage, config).future_patches

    assert torch.equal(patches(3), patches(3))
    assert not torch.equal(patches(3), patches(4))


def test_boxes_stay_on_soft_and_compressed_targets():
    worse = sampler(always("soft", "jpeg"), seed=2)
    pairs = [worse.jittered(index) for index in range(16)]
    assert sum(lies_on_its_target(patch.transpose(2, 0, 1), box) for patch, box in pairs) > 8


def test_the_light_of_single_patches_leaves_something_of_a_dark_clip():
    dark = modify(always("dark"), training={"light": (0.125, 0.125), "light_offset": 100.0})
    worse = sampler(dark)
    for index in range(16):
        patch, _ = worse.jittered(index)
        assert np.percentile(patch, 99) > 8  # the white target, at an eighth of its light


def test_gray_clips_stay_gray_in_the_dark():
    gray = modify(always("dark", "jpeg"), training={"gray_chance": 1.0})
    patch, _ = sampler(gray).jittered(1)
    assert (patch == patch[..., :1]).all()


def test_footage_is_degraded_as_patches_are():
    """A view is larger than a patch, at its resolution: edges are as soft in both."""

    def edge(image):
        """How far the steepest step between neighbors goes, relative to the whole range."""
        gray = np.asarray(image, dtype=float).mean(axis=0)
        return np.abs(np.diff(gray, axis=1)).max() / np.ptp(gray)

    stage = SMOKE.training.stages[-1]

    def edges(config):
        rng = np.random.default_rng(1)
        footage = clips.draw_footage(painted_sequence(), rng, stage, config)
        return edge(footage.initial_patches[0, 0]), edge(footage.views[0, 0])

    soft = modify(always("soft"), training={"softness": (3.0, 3.0)})
    (sharp_patch, sharp_view), (soft_patch, soft_view) = edges(SMOKE), edges(soft)
    assert soft_patch < 0.75 * sharp_patch
    assert soft_view < 0.75 * sharp_view
    assert soft_view == pytest.approx(soft_patch, rel=0.35)
    dark = clips.draw_footage(painted_sequence(), np.random.default_rng(1), stage, always("dark"))
    assert dark.views.float().mean() < 30
