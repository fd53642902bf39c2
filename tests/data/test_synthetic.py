"""Rendered video: same seed, same bytes; exact boxes; every challenge does what it says."""

import hashlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roam_lite.data.synthetic import CHALLENGES, actors, synthesize
from roam_lite.data.synthetic.fields import bank, fractal
from roam_lite.data.synthetic.recipe import Recipe
from roam_lite.data.synthetic.scene import POINTS, _inner_points
from roam_lite.data.synthetic.sprites import Part, Plan, Sprite
from roam_lite.errors import InputError

AROUND = 150  # pixels added on each side, so that masks are not cut off


def digest(sequence, order) -> str:
    frames = {t: sequence.frames[t].tobytes() for t in order}
    parts = [sequence.boxes.tobytes(), sequence.visibility.tobytes()]
    return hashlib.sha256(b"".join([*parts, *(frames[t] for t in sorted(frames))])).hexdigest()


def drawn_mask(actor: actors.Actor, t: int, size: tuple[int, int]) -> np.ndarray:
    """What the actor covers by more than half at frame t: its own drawing, in white on black."""
    white = [replace(part, image=np.full_like(part.image, 255)) for part in actor.sprite.parts]
    shift = np.full((len(actor.affine), 2), float(AROUND))
    actor = replace(actor, sprite=Sprite(tuple(white))).moved(
        actors.pose(shift, np.ones(len(shift)))
    )
    canvas = np.zeros((size[1] + 2 * AROUND, size[0] + 2 * AROUND, 3), np.uint8)
    actors.paint(canvas, actor, t)
    return canvas[..., 0] > 127


def many(challenge: str | None, count: int = 6) -> list:
    return [synthesize((11, i), challenge=challenge) for i in range(count)]


def test_same_seed_gives_the_same_bytes_in_any_order():
    times = (0, 5, 17, 29)
    forwards = digest(synthesize(4, length=30), times)
    assert digest(synthesize(4, length=30), times[::-1]) == forwards
    repeated = synthesize(4, length=30)
    assert digest(repeated, times) == digest(repeated, times) == forwards
    alone = synthesize(4, length=30).frames[17]
    np.testing.assert_array_equal(alone, repeated.frames[17])


def test_another_process_gives_the_same_bytes():
    program = (
        "import hashlib; from roam_lite.data.synthetic import synthesize; q = synthesize((1, 2));"
        "print(hashlib.sha256(q.frames[9].tobytes() + q.boxes.tobytes()).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    here = synthesize((1, 2))
    wanted = hashlib.sha256(here.frames[9].tobytes() + here.boxes.tobytes()).hexdigest()
    assert there.stdout.decode().strip() == wanted


def test_number_and_tuple_of_it_are_one_seed():
    np.testing.assert_array_equal(synthesize(7).frames[3], synthesize((7,)).frames[3])


def test_every_seed_is_a_sequence_of_its_own():
    seeds = [0, 1, (1, 0), (0, 1), (0, 0), 2**40, (0, 256)]
    assert len({synthesize(seed, length=2).boxes.tobytes() for seed in seeds}) == len(seeds)


@pytest.mark.parametrize("challenge", [None, *CHALLENGES])
def test_box_is_the_tight_box_of_the_drawn_mask(challenge):
    sequence = synthesize((2, 5), challenge=challenge)
    scene = sequence.frames
    for t in (0, 31, 59):
        rows, columns = np.nonzero(drawn_mask(scene.cast[scene.target], t, scene.size))
        x, y, w, h = sequence.boxes[t]
        drawn = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) - AROUND
        np.testing.assert_allclose(drawn, [x, y, x + w, y + h], atol=1.0)


@pytest.mark.parametrize("seed", range(4))
def test_visibility_is_the_share_of_the_mask_that_shows(seed):
    sequence = synthesize((5, seed), challenge="occlusion")
    scene = sequence.frames
    inside = np.zeros((scene.size[1] + 2 * AROUND, scene.size[0] + 2 * AROUND), bool)
    inside[AROUND:-AROUND, AROUND:-AROUND] = True
    for t in range(0, 60, 8):
        mask = drawn_mask(scene.cast[scene.target], t, scene.size)
        shown = mask & inside
        for actor in scene.cast[scene.target + 1 :]:
            shown &= ~drawn_mask(actor, t, scene.size)
        assert shown.sum() / mask.sum() == pytest.approx(sequence.visibility[t], abs=0.06)


@settings(max_examples=12)
@given(st.integers(0, 2**64), st.sampled_from([None, *CHALLENGES]), st.integers(1, 40))
def test_any_seed_gives_a_usable_sequence(seed, challenge, length):
    sequence = synthesize(seed, length=length, challenge=challenge)
    assert len(sequence) == len(sequence.frames) == length
    frame = sequence.frames[length - 1]
    assert (frame.shape, frame.dtype) == ((240, 320, 3), np.uint8)
    assert np.isfinite(sequence.boxes).all()
    assert ((sequence.visibility >= 0) & (sequence.visibility <= 1)).all()
    assert sequence.visibility[0] > 0.5  # a tracker must see what it is to follow
    size = np.sqrt(sequence.boxes[:, 2:].prod(axis=1))
    assert (size > 15).all()
    assert (size < 140).all()


@pytest.mark.parametrize("size", [(64, 64), (200, 320), (1024, 700)])
def test_frames_have_the_size_asked_for(size):
    sequence = synthesize(1, length=3, size=size)
    assert sequence.frames[2].shape == (size[1], size[0], 3)
    center = sequence.boxes[:, :2] + sequence.boxes[:, 2:] / 2
    assert ((center > 0) & (center < size)).all()


@pytest.mark.parametrize("arguments", [
    {"seed": 0, "challenge": "fog"},
    {"seed": -1},
    {"seed": ()},
    {"seed": (3, -2)},
    {"seed": 0, "length": 0},
    {"seed": 0, "size": (320, 63)},
    {"seed": 0, "side": 4.0},
    {"seed": 0, "side": float("nan")},
    {"seed": 0, "size": (320, 240), "side": 121.0},
])  # fmt: skip
def test_unusable_arguments_are_refused(arguments):
    with pytest.raises(InputError):
        synthesize(**arguments)


def test_targets_are_of_the_promised_sizes_and_aspects():
    boxes = np.concatenate([synthesize((8, i), length=20).boxes for i in range(24)])
    size, aspect = np.sqrt(boxes[:, 2] * boxes[:, 3]), boxes[:, 2] / boxes[:, 3]
    assert 30 < np.median(size) < 65
    assert np.percentile(size, 95) < 110
    assert np.percentile(aspect, 5) > 0.35
    assert np.percentile(aspect, 95) < 2.6
    assert size.std() > 10


@pytest.mark.parametrize(("arguments", "boxes", "visible"), [
    ({"seed": 3}, [[121.814, 80.8, 78.885, 74.741], [62.123, 24.217, 67.034, 72.293]], 60.0),
    (
        {"seed": (20, 1), "size": (400, 300), "challenge": "occlusion"},
        [[101.355, 141.178, 57.202, 68.061], [208.701, 190.765, 53.131, 58.295]],
        15.673913,
    ),
])  # fmt: skip
def test_without_a_side_targets_are_those_of_the_first_version(arguments, boxes, visible):
    sequence = synthesize(**arguments)
    np.testing.assert_allclose(sequence.boxes[[0, 59]], boxes, atol=1e-3)
    assert sequence.visibility.sum() == pytest.approx(visible, abs=0.05)


@pytest.mark.parametrize(("side", "height"), [(8, 240), (35, 300), (108, 360)])
def test_targets_have_the_side_asked_for(side, height):
    size = (height * 4 // 3, height)
    boxes = [synthesize((9, i), length=20, size=size, side=side).boxes for i in range(12)]
    sides = np.array([np.sqrt(track[:, 2:].prod(axis=1)) for track in boxes])
    assert 0.85 < np.exp(np.log(sides).mean()) / side < 1.25  # boxes are larger than what they hold
    assert 0.75 * min(20, 0.75 * side) < sides.min()
    assert sides.max() < 1.4 * max(100, 1.25 * side)


def test_a_target_with_a_side_is_mostly_kept_off_the_edge_of_the_frame():
    def room(**options):
        """In sides of the target: the least distance of its center from an edge, a sequence."""
        least = []
        for i in range(20):
            boxes = synthesize((10, i), challenge="gray", **options).boxes
            center, side = boxes[:, :2] + boxes[:, 2:] / 2, np.sqrt(boxes[:, 2:].prod(axis=1))
            distance = np.minimum(center, np.array([320, 240]) - center).min(axis=1)
            least.append((distance / side).min())
        return np.array(least)

    assert np.percentile(room(side=35), 20) > 1.1
    assert np.median(room()) < 0.9


def test_one_recipe_in_ten_lets_a_target_with_a_side_come_to_the_edge():
    rng = np.random.default_rng(0)
    recipes = [Recipe().around(35.0, rng) for _ in range(500)]
    assert 0.05 < np.mean([recipe.room < 0.5 for recipe in recipes]) < 0.15


def test_frames_have_the_spectrum_of_photographs():
    slopes = []
    for seed in range(12):
        frame = synthesize((6, seed), challenge="scale").frames[10].mean(axis=2)
        window = np.hanning(240)[:, None] * np.hanning(240)
        power = np.abs(np.fft.fft2((frame[:, :240] - frame.mean()) * window)) ** 2
        frequency = np.hypot(np.fft.fftfreq(240)[:, None], np.fft.fftfreq(240))
        edges = np.geomspace(0.02, 0.25, 8)
        band = np.digitize(frequency, edges)
        mean = [power[band == i].mean() for i in range(1, 8)]
        center = np.sqrt(edges[1:] * edges[:-1])
        slopes.append(np.polyfit(np.log(center), np.log(mean), 1)[0])
    assert -3.2 < np.mean(slopes) < -1.8  # power falls as f**-2 or a little faster


@pytest.mark.parametrize("slope", [0.7, 1.0, 1.6])
def test_noise_has_the_spectrum_asked_for(slope):
    noise = fractal(np.random.default_rng(0), 256, 256, slope=slope)
    assert noise.mean() == pytest.approx(0, abs=1e-4)
    assert noise.std() == pytest.approx(1, abs=1e-4)
    power = np.abs(np.fft.fft2(noise * np.hanning(256)[:, None] * np.hanning(256))) ** 2
    frequency = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.fftfreq(256))
    edges = np.geomspace(0.016, 0.2, 7)
    band = np.digitize(frequency, edges)
    mean = [power[band == i].mean() for i in range(1, 7)]
    fitted = np.polyfit(np.log(np.sqrt(edges[1:] * edges[:-1])), np.log(mean), 1)[0]
    assert fitted == pytest.approx(-2 * slope, abs=0.6)


def test_fields_cannot_be_changed_by_a_user():
    field = bank()["rock"]
    with pytest.raises(ValueError, match="read-only"):
        field[0, 0] = 0


def brightness(sequence) -> np.ndarray:
    return np.array([sequence.frames[t][::4, ::4].mean() for t in range(0, 60, 6)])


def test_scale_changes_the_size():
    ratio = [np.ptp(np.log(np.sqrt(q.boxes[:, 2:].prod(axis=1)))) for q in many("scale")]
    assert np.mean(ratio) > 0.5


def test_rotation_turns_the_target():
    turned = []
    for sequence in many("rotation"):
        affine = sequence.frames.cast[sequence.frames.target].affine
        turned.append(np.ptp(np.unwrap(np.arctan2(affine[:, 1, 0], affine[:, 0, 0]))))
    assert np.mean(turned) > 0.7


def test_turning_moves_the_texture_over_the_target():
    for sequence in many("turn", 3):
        target = sequence.frames.cast[sequence.frames.target]
        assert np.ptp(target.slide) > 0.05
        assert all(part.image.shape[1] > part.alpha.shape[1] for part in target.sprite.parts)


def test_deformation_bends_the_target():
    def bend(challenge):
        return np.mean([np.abs(q.frames.cast[q.frames.target].bend[:, :2]).mean() for q in
                        many(challenge)])  # fmt: skip

    assert bend("deformation") > 2.5 * bend("scale")


def test_light_changes_the_brightness():
    change = [np.ptp(np.log(brightness(q))) for q in many("light")]
    steady = [np.ptp(np.log(brightness(q))) for q in many("scale")]
    assert np.mean(change) > 2 * np.mean(steady)


def test_distractors_look_like_the_target():
    alike = []
    for sequence in many("distractors"):
        cast = sequence.frames.cast
        sprites = [actor.sprite for actor in cast if actor is not cast[sequence.frames.target]]
        alike.append(sum(sprite is cast[sequence.frames.target].sprite for sprite in sprites))
    assert np.mean(alike) >= 1.5


def test_occlusion_covers_the_target_for_a_while():
    hidden = [(q.visibility < 0.6).mean() for q in many("occlusion", 10)]
    assert 0.05 < np.mean(hidden) < 0.5


def test_blur_removes_the_finest_detail():
    def detail(scene):
        frames = [scene[t].astype(float) for t in (10, 30, 50)]
        return np.mean([np.abs(np.diff(frame, axis=1)).mean() for frame in frames])

    kept = []
    for sequence in many("blur"):
        scene = replace(sequence.frames, noise=np.zeros_like(sequence.frames.noise))
        sharp = replace(scene, shutter=0.0, defocus=np.zeros(len(scene)))
        kept.append(detail(scene) / detail(sharp))
    assert max(kept) < 1
    assert np.mean(kept) < 0.95


def test_noise_is_stronger_and_new_in_each_frame():
    sequence = synthesize(0, challenge="noise")
    assert sequence.frames.noise.std() > 5
    assert len(np.unique(sequence.frames.noise_corner, axis=0)) > 50
    assert sequence.frames.noise.std() > 2 * synthesize(0, challenge="scale").frames.noise.std()


def test_camera_moves_the_background():
    def pace(challenge):
        return np.mean([np.hypot(*q.frames.camera_step.T).mean() for q in many(challenge)])

    assert pace("camera") > 3 * pace("scale")


def test_fast_targets_move_far_between_frames():
    def pace(challenge):
        steps = [np.diff(q.boxes[:, :2], axis=0) / np.sqrt(q.boxes[1:, 2:].prod(axis=1))[:, None]
                 for q in many(challenge)]  # fmt: skip
        return np.mean([np.hypot(*step.T).mean() for step in steps])

    assert pace("fast") > 1.8 * pace("scale")


def test_gray_video_has_no_color():
    frame = synthesize(3, challenge="gray").frames[5]
    np.testing.assert_array_equal(frame[..., 0], frame[..., 2])
    assert frame.std() > 5


def test_motion_is_smooth_unless_the_camera_shakes():
    def jerk(challenge):
        paths = [q.frames.cast[q.frames.target].affine[:, :, 2] for q in many(challenge, 4)]
        return max(np.abs(np.diff(path, n=2, axis=0)).max() for path in paths)

    assert jerk("scale") < 1.5
    assert jerk("camera") > 1.5


@pytest.mark.parametrize("way", [(5.0, 0.0), (0.0, -3.5), (4.2, 7.7), (-1.0, 0.3)])
def test_streak_has_weight_one_around_its_middle(way):
    kernel = actors.streak_kernel(np.array(way))
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    assert kernel.shape[0] == kernel.shape[1]
    assert kernel.shape[0] % 2 == 1
    np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-6)


def test_step_below_a_pixel_leaves_no_streak():
    assert actors.streak_kernel(np.array([0.6, -0.6])) is None


@pytest.mark.parametrize(("height", "width"), [(9, 64), (18, 128), (18, 127), (40, 40)])
@pytest.mark.parametrize("density", [1.0, 7.3, 13.7])
def test_points_for_visibility_lie_inside_whatever_the_size_of_a_part(height, width, density):
    """Of 18 x 128 pixels, whose grid ends on the edge but for rounding, among others."""
    full = np.full((height, width), 255, np.uint8)
    nothing = np.zeros(2)
    part = Part(Plan(nothing, nothing), full, full, nothing, density)
    (points,) = _inner_points(Sprite((part,)))
    assert ((points > 0) & (points * density < [width, height])).all()
    assert 0.8 * POINTS < len(points) < 1.2 * POINTS
