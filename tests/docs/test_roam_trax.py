"""The bridge to the VOT toolkit, against a stand-in for the TraX module that answers as it does."""

import importlib.util
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from tests import trees
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "docs" / "vot_toolkit"


class Server:
    """Sends a start and frames, a second start, and the end; keeps the answers."""

    requests: tuple = ()
    answers: tuple = ()

    def __init__(self, regions, images):
        assert (regions, images) == (["rectangle"], ["path"])
        self.left, Server.answers = list(Server.requests), []

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        return False

    def wait(self):
        return self.left.pop(0)

    def status(self, objects):
        ((box, properties),) = objects
        assert properties == {}
        Server.answers.append(box)


@pytest.fixture
def main(monkeypatch):
    """The program's main function, with the stand-in for TraX."""
    fake = SimpleNamespace(
        Server=Server,
        Region=SimpleNamespace(RECTANGLE="rectangle"),
        Image=SimpleNamespace(PATH="path"),
        TraxStatus=SimpleNamespace(QUIT="quit"),
        Rectangle=SimpleNamespace(create=lambda *box: box),
    )
    monkeypatch.setitem(sys.modules, "trax", fake)
    spec = importlib.util.spec_from_file_location("roam_trax", FOLDER / "roam_trax.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def request(kind, path=None, box=None):
    image = {"color": SimpleNamespace(path=lambda: str(path))}
    objects = [(SimpleNamespace(bounds=lambda: box), {})] if box else None
    return SimpleNamespace(type=kind, image=image, objects=objects)


def test_every_request_is_answered_with_a_box(main, tmp_path, monkeypatch):
    trees.pictures(tmp_path / "seq", (1, 2, 3))
    frames = [tmp_path / "seq" / f"{n:08d}.jpg" for n in (1, 2, 3)]
    first, second = (10.0, 20.0, 16.0, 12.0), (30.0, 5.0, 20.0, 20.0)
    Server.requests = (
        request("initialize", frames[0], first),
        request("frame", frames[1]),
        request("initialize", frames[1], second),
        request("frame", frames[2]),
        request("quit"),
    )
    monkeypatch.setattr(sys, "argv", ["roam_trax.py", "--tracker", "kcf"])
    main()
    assert len(Server.answers) == 4
    assert Server.answers[0] == first
    assert Server.answers[2] == second
    np.testing.assert_allclose(Server.answers[3], second, atol=1)  # nothing to see, so it stays


def test_the_registry_names_the_program():
    text = (FOLDER / "trackers.ini").read_text()
    assert "protocol = trax" in text
    assert "docs/vot_toolkit/roam_trax.py" in text
