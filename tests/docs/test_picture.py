"""README's picture is made from the demonstration's video."""

import cv2
import numpy as np

from docs.picture import animate
from roam_lite.figures.film import open_video


def test_every_few_frames_of_a_video_become_an_endless_animation(tmp_path):
    with open_video(tmp_path / "a.mp4") as video:
        for level in range(0, 200, 20):
            video.append(np.full((64, 96, 3), level, np.uint8))
    picture = tmp_path / "a.webp"
    assert animate(tmp_path / "a.mp4", picture, every=3) == 4
    complete, animation = cv2.imreadanimation(str(picture))
    assert complete
    assert animation.loop_count == 0
    levels = [frame[..., :3].mean() for frame in animation.frames]
    assert np.allclose(levels, [0, 60, 120, 180], atol=8)
