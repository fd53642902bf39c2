"""A still image as video: smooth motion, all of it image, and boxes where the target really is."""

import numpy as np
import pytest

from roam_lite.data.sequence import Sequence
from roam_lite.data.sources import FolderSource
from roam_lite.data.stills import moving
from roam_lite.profiles import get_profile
from roam_lite.training.clips import draw_clip, draw_footage
from tests import trees

BOX = (200, 90, 60, 45)


def still(box=BOX, size=(480, 300)):
    """A white target on black."""
    image = np.zeros((size[1], size[0], 3), np.uint8)
    x, y, w, h = box
    image[y : y + h, x : x + w] = 255
    return Sequence("still", [image], np.array([box], float))


def found(frame):
    """(x, y, w, h) of what is white, from the share of it that pixels have."""
    share = frame[..., 0] / 255.0
    w, h = share.sum(axis=1).max(), share.sum(axis=0).max()
    rows, columns = np.indices(share.shape) + 0.5
    x, y = ((share * axis).sum() / share.sum() for axis in (columns, rows))
    return np.array([x - w / 2, y - h / 2, w, h])


@pytest.mark.parametrize("seed", range(5))
def test_boxes_are_where_the_target_is(seed):
    video = moving(still(), np.random.default_rng(seed), 40)
    assert len(video) == len(video.frames) == 40
    for t in range(0, 40, 7):
        np.testing.assert_allclose(found(video.frames[t]), video.boxes[t], atol=0.15)
    width, height = video.image_size()
    assert video.frames[-1].shape == (height, width, 3)
    with pytest.raises(IndexError):
        video.frames[40]


@pytest.mark.parametrize("box", [BOX, (0, 0, 480, 300), (0, 255, 60, 45), (1, 1, 470, 12)])
def test_frames_are_all_image_and_hold_all_of_the_target(box):
    for seed in range(20):
        video = moving(still(box), np.random.default_rng(seed), 60)
        windows = video.frames.windows
        assert (windows[:, :2] >= -1e-9).all()
        assert (windows[:, :2] + windows[:, 2:] <= np.array([480, 300]) + 1e-9).all()
        assert (video.boxes[:, :2] >= -1e-6).all()
        limits = np.array(video.image_size()) + 1e-6
        assert (video.boxes[:, :2] + video.boxes[:, 2:] <= limits).all()


def test_motion_scale_and_stretch_are_smooth_and_differ_from_clip_to_clip():
    side = np.sqrt(BOX[2] * BOX[3])
    reached, scales, ratios = [], [], []
    for seed in range(40):
        boxes = moving(still(), np.random.default_rng(seed), 60).boxes
        steps = np.abs(np.diff(boxes[:, :2] + boxes[:, 2:] / 2, axis=0)).max() / side
        assert steps < 0.8
        reached.append(np.ptp(boxes[:, :2], axis=0).max() / side)
        scales.append(np.ptp(np.log(boxes[:, 2] * boxes[:, 3])) / 2)
        ratios.append(np.ptp(np.log(boxes[:, 2] / boxes[:, 3])))
    assert min(reached) < 0.5
    assert max(reached) > 1.5
    assert 0.1 < max(scales) < 2 * np.log(1.25)
    assert 0.05 < max(ratios) < 4 * np.log(1.1)


def test_motion_depends_on_the_generator_alone():
    first, again, other = (moving(still(), np.random.default_rng(s), 9) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.boxes, again.boxes)
    np.testing.assert_array_equal(first.frames[8], again.frames[8])
    assert not np.array_equal(first.boxes, other.boxes)


@pytest.mark.parametrize("box", [(np.nan,) * 4, (-5.0, 0.0, 20.0, 20.0), (470.0, 0.0, 20.0, 20.0)])
def test_a_target_that_is_not_inside_stays_still(box):
    one = Sequence("still", still().frames, np.array([box]))
    assert moving(one, np.random.default_rng(0), 9) is one


@pytest.mark.parametrize("kind", ["det", "coco"])
def test_clips_and_footage_are_drawn_from_still_images(kind, tmp_path):
    source = FolderSource(kind, getattr(trees, kind)(tmp_path))
    profile, rng = get_profile("smoke"), np.random.default_rng(0)
    stage = profile.training.stages[-1]
    length = 60  # as ClipBatches asks for
    clips = draw_clip(source.draw(rng, length), rng, stage, profile)
    boxes = clips.future_boxes.flatten(0, -2)
    assert len(boxes.unique(dim=0)) == len(boxes)  # each with a stretch, scale and shift of its own
    footage = draw_footage(source.draw(rng, length), rng, stage, profile)
    assert footage.visible.all()
    assert len(footage.boxes[0].unique(dim=0)) == footage.boxes.shape[1]
