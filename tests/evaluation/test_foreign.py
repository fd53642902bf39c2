"""Trackers of the user's own: found, made, and known by their source."""

import pickle
import sys

import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.foreign import code_of, load_factory, load_object
from roam_lite.evaluation.running.runner import run_sequence
from tests.fakes import moving_square


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "my_trackers.py").write_text(
        "class Still:\n"
        "    def init(self, image, box):\n"
        "        self.box = box\n"
        "    def update(self, image):\n"
        "        return self.box\n"
        "number = 3\n"
    )
    monkeypatch.chdir(tmp_path)
    yield "my_trackers"
    sys.modules.pop("my_trackers", None)


def test_a_tracker_is_found_in_the_current_folder(module):
    before = list(sys.path)
    tracker = load_factory(f"{module}:Still")()
    assert isinstance(tracker, type(pickle.loads(pickle.dumps(load_factory(f"{module}:Still")))()))
    assert run_sequence(tracker, moving_square(length=3)).boxes.shape == (3, 4)
    assert sys.path == before


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("my_trackers", "not of the form MODULE:NAME"),
        (":Still", "not of the form MODULE:NAME"),
        ("my_trackers:Other", "cannot be loaded"),
        ("no_such_module:Other", "cannot be loaded"),
    ],
)
def test_what_cannot_be_loaded_is_said(module, path, message):
    with pytest.raises(InputError, match=message):
        load_object(path)


def test_a_factory_must_make_a_tracker(module):
    with pytest.raises(InputError, match="makes no tracker"):
        load_factory(f"{module}:number")


def code(source, tmp_path, path="my_trackers:Still"):
    for name, text in source.items():
        (tmp_path / f"{name}.py").write_text(text)
        sys.modules.pop(name, None)
    return code_of(path, load_factory(path)())["code"]


def test_the_code_of_a_tracker_is_that_of_its_module_and_of_its_neighbors(module, tmp_path):
    text = (tmp_path / "my_trackers.py").read_text()
    plain = code({}, tmp_path)
    assert code({"my_trackers": text}, tmp_path) == plain
    assert code({"my_trackers": text + "# faster\n"}, tmp_path) != plain
    helped = {"my_trackers": text + "import my_helper\n", "my_helper": "rate = 1\n"}
    first = code(helped, tmp_path)
    assert code(helped | {"my_helper": "rate = 2\n"}, tmp_path) != first
    sys.modules.pop("my_helper")


def test_trackers_by_name_have_no_code_of_the_users():
    assert code_of("kcf", object()) == {}
