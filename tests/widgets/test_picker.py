"""The box picker: from a video, a folder or an upload to a tracked film that can be downloaded."""

import base64
import re
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from roam_lite import InputError
from roam_lite.figures.film import open_video
from roam_lite.widgets import box_picker
from tests.fakes import Follower, moving_square
from tests.widgets.test_controller import until

BOX = [10.0, 20.0, 16.0, 12.0]


class Broken(Follower):
    def update(self, image):
        raise ValueError("no more")


class Picked:
    """A picker with its parts by name."""

    def __init__(self, path, out, box=BOX, tracker=Follower):
        self.exhibit = box_picker(path, box, make_tracker=tracker, out=out, alt="a square")
        source, self.canvas, row, self.message, self.link = self.exhibit.widget.children
        self.path, self.upload = source.children
        self.text, self.track, self.stop, self.bar = row.children

    def track_to_the_end(self):
        self.track.click()
        until(lambda: not self.track.disabled)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Ten frames as images, named so that 10 must come after 9."""
    folder = tmp_path_factory.mktemp("frames")
    for index in range(10):
        image = moving_square(length=10).frames[index]
        cv2.imwrite(str(folder / f"{index + 1}.png"), image[..., ::-1])
    return folder


@pytest.fixture(scope="module")
def video(folder):
    path = folder.parent / "square.mp4"
    with open_video(path) as film:
        for image in moving_square(length=10).frames:
            film.append(image)
    return path


def upload_of(*paths):
    contents = [path.read_bytes() for path in paths]
    return tuple(
        {
            "name": path.name,
            "type": "",
            "size": len(content),
            "content": memoryview(content),
            "last_modified": datetime(2020, 1, 1, tzinfo=UTC),
        }
        for path, content in zip(paths, contents, strict=True)
    )


def film_length(path):
    capture, length = cv2.VideoCapture(str(path)), 0
    while capture.grab():
        length += 1
    return length


def test_folder_is_tracked_into_a_film_that_can_be_downloaded(folder, tmp_path):
    picked = Picked(folder, tmp_path / "tracked.mp4")
    picked.track_to_the_end()
    assert film_length(tmp_path / "tracked.mp4") == 10
    link = re.fullmatch(
        r'<a download="tracked.mp4" href="data:video/mp4;base64,(.*)">.*', picked.link.value
    )
    assert base64.b64decode(link[1]) == (tmp_path / "tracked.mp4").read_bytes()
    assert picked.canvas.box == BOX
    assert picked.message.value == ""


def test_video_given_by_path_replaces_the_first_one(folder, video, tmp_path):
    picked = Picked(folder, tmp_path / "tracked.mp4")
    before = picked.canvas.picture
    picked.path.value = str(video)
    assert picked.canvas.picture != before
    assert picked.canvas.box == []
    picked.canvas.box = BOX
    picked.track_to_the_end()
    assert film_length(tmp_path / "tracked.mp4") == 10


def test_uploads_are_a_video_or_the_images_of_a_folder(folder, video, tmp_path):
    picked = Picked(folder, tmp_path / "tracked.mp4")
    for files in (upload_of(video), upload_of(*folder.iterdir())):
        picked.upload.value = files
        picked.canvas.box = BOX
        picked.track_to_the_end()
        assert picked.message.value == ""
        assert film_length(tmp_path / "tracked.mp4") == 10


def test_upload_cannot_leave_its_folder(folder, video, tmp_path):
    picked = Picked(folder, tmp_path / "tracked.mp4")
    picked.upload.value = ({**upload_of(video)[0], "name": "../../outside.mp4"},)
    assert not list(tmp_path.parent.rglob("outside.mp4"))
    assert picked.message.value == ""


def test_drawn_box_and_typed_box_are_the_same(folder, tmp_path):
    picked = Picked(folder, tmp_path / "tracked.mp4", box=())
    picked.canvas.box = [1.5, 2.0, 30.0, 20.0]
    assert picked.text.value == "1.5, 2, 30, 20"
    picked.text.value = "5 6 7 8"
    assert picked.canvas.box == [5.0, 6.0, 7.0, 8.0]


def test_tracking_needs_a_box(folder, tmp_path):
    picked = Picked(folder, tmp_path / "tracked.mp4", box=())
    picked.track.click()
    assert "no box yet" in picked.message.value
    assert not picked.track.disabled


def test_mistakes_are_shown_and_the_picture_stays(folder, tmp_path):
    picked = Picked(folder, tmp_path / "tracked.mp4")
    before = picked.canvas.picture
    picked.path.value = str(tmp_path / "nothing.mp4")
    assert "no such file" in picked.message.value
    picked.text.value = "1, 2, many"
    assert "four numbers" in picked.message.value
    assert picked.canvas.picture == before


def test_error_while_tracking_is_shown_and_leaves_no_film(folder, tmp_path):
    picked = Picked(folder, tmp_path / "tracked.mp4", tracker=Broken)
    picked.track_to_the_end()
    assert "no more" in picked.message.value
    assert list(tmp_path.iterdir()) == []


def test_stop_ends_tracking_without_a_film(folder, tmp_path):
    class Slow(Follower):
        def update(self, image):
            picked.stop.click()
            return super().update(image)

    picked = Picked(folder, tmp_path / "tracked.mp4", tracker=Slow)
    picked.track_to_the_end()
    assert list(tmp_path.iterdir()) == []
    assert picked.canvas.enabled


def test_missing_video_is_refused_at_once(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        box_picker(tmp_path / "none.mp4", make_tracker=Follower, out="a.mp4", alt="")


def test_picture_without_a_kernel_shows_frame_and_box(folder, tmp_path):
    bundle, _ = Picked(folder, tmp_path / "tracked.mp4").exhibit._repr_mimebundle_()
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(bundle["image/png"]), np.uint8), 1)
    assert picture.shape == (60, 80, 3)
    assert bundle["text/plain"] == "a square"
