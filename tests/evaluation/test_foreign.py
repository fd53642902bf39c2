"""Trackers of the user's own: found, made, and known by their source."""

import pickle
import re
import sys

import numpy as np
import pytest
import torch

from roam_lite.errors import InputError
from roam_lite.evaluation.foreign import answer, code_of, load_factory, load_object
from roam_lite.evaluation.peers import OpenCVTracker
from roam_lite.evaluation.running.runner import describe, run_sequence
from tests.fakes import Statue, moving_square


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


# What a tracker answers


class Box:
    def __init__(self, box, **more):
        self.box = box
        vars(self).update(more)


@pytest.mark.parametrize("result", [
    (1, 2, 3, 4), [1.0, 2.0, 3.0, 4.0], np.array([1, 2, 3, 4], np.uint8), np.array([[1, 2, 3, 4.0]]),
    torch.tensor([1.0, 2, 3, 4]), [np.float32(1), 2, torch.tensor(3), 4], Box((1, 2, 3, 4), score=1),
    Box([1, 2, 3, 4], lost=0),
])  # fmt: skip
def test_boxes_of_any_kind_are_taken(result):
    box, score, lost = answer(result)
    assert box.tolist() == [1, 2, 3, 4]
    assert box.dtype == np.float64
    assert (score, lost) == (1.0, False)


def test_a_box_of_nan_says_that_there_is_none():
    assert np.isnan(answer((np.nan,) * 4)[0]).all()


@pytest.mark.parametrize("result", [
    None, "1,2,3,4", ["1", "2", "3", "4"], (1, 2, 3), (1, 2, 3, 4, 5), [[1, 2], [3, 4]], (None,) * 4, {},
    {"box": (1, 2, 3, 4)}, 5, (1, 2, 3, "4"), (1j, 2, 3, 4), (1, 2, (3, 4)), (True, [(1, 2, 3, 4)]),
    Box(None), Box("1,2,3,4"), Box((1, 2, 3, 4), score="high"), Box((1, 2, 3, 4), score=None),
    Box((1, 2, 3, 4), lost=np.zeros(2)), iter([1, 2, 3, 4]), object(), [True] * 4,
    torch.zeros(4, requires_grad=True),
])  # fmt: skip
def test_what_is_no_box_is_refused(result):
    with pytest.raises(InputError, match=r"update returned .*return a box of four numbers"):
        answer(result)


class Faulty:
    """A tracker whose `update` fails in the second of its frames, in a way of its choice."""

    def __init__(self, fail, where="update"):
        self.fail, self.where, self.calls = fail, where, 0

    def init(self, image, box):
        self.box = box
        if self.where == "init":
            self.fail()

    def update(self, image):
        self.calls += 1
        return self.fail() if (self.where, self.calls) == ("update", 2) else self.box

    def skip(self):
        if self.where == "skip":
            self.fail()


def raising(error):
    def fail():
        raise error

    return fail


@pytest.mark.parametrize(("fail", "told"), [
    (raising(ValueError("two\nlines")), r"ValueError: two lines; --debug shows its traceback"),
    (raising(OSError(2, "No such file", "w.bin")), r"FileNotFoundError: .*w\.bin"),
    (raising(InputError("too dark; add light")), "too dark; add light"),
    (raising(SystemExit(0)), "SystemExit: 0;"),
    (raising(StopIteration()), "StopIteration;"),
    (raising(MemoryError()), "MemoryError;"),
    (lambda: None, "update returned None; return a box"),
    (lambda: "x" * 10_000, "update returned 'xxx"),
])  # fmt: skip
@pytest.mark.parametrize("where", ["init", "update", "skip"])
def test_what_a_users_tracker_does_wrong_is_said_with_tracker_sequence_and_frame(fail, told, where):
    frame = {"init": 0, "update": 2, "skip": 3}[where]
    if "returned" in told and where != "update":
        return  # what the others return is nobody's concern
    with pytest.raises(InputError) as error:
        run_sequence(Faulty(fail, where), moving_square("clip", broken=(3,)))
    (line,) = str(error.value).splitlines()
    assert re.match(rf".*test_foreign:Faulty, frame {frame} of clip: {told}", line)
    assert len(line) < 400


def test_an_interrupt_is_no_fault_of_the_trackers():
    with pytest.raises(KeyboardInterrupt):
        run_sequence(Faulty(raising(KeyboardInterrupt())), moving_square())


def test_a_fault_of_the_packages_own_tracker_stays_one_with_a_note_of_the_place(monkeypatch):
    tracker = OpenCVTracker("kcf")
    monkeypatch.setattr(tracker, "update", lambda image: 1 // 0)
    with pytest.raises(ZeroDivisionError) as error:
        run_sequence(tracker, moving_square("clip"))
    assert error.value.__notes__ == ["frame 1 of clip"]
    outside = moving_square("clip")
    outside.boxes[0] = [-90, 0, 5, 5]
    with pytest.raises(InputError, match=r"^clip: box .* lies outside the image"):
        run_sequence(tracker, outside)


@pytest.mark.parametrize(
    "description", [3, "fast", None, {"tracker": 3}, {"online": 3}, [("a", 1)]]
)
def test_a_description_that_tables_cannot_print_is_refused(description):
    class Described(Statue):
        pass

    Described.description = description
    with pytest.raises(InputError, match=r"Described, its description: "):
        describe(Described())


@pytest.mark.parametrize(("text", "told"), [
    ("raise RuntimeError('no license')", "RuntimeError: no license"),
    ("import sys; sys.exit(0)", "SystemExit: 0"),
    ("def make(:", "SyntaxError"),
    ("def make(): raise KeyError('w')", "my_trackers:make, called to make a tracker: KeyError: 'w'"),
    ("def make(): exit(0)", "SystemExit: 0"),
    ("def make(size): pass", "TypeError"),
    ("def make(): pass", "returned None, not a tracker"),
    ("class make:\n    init = update = 3", "not a tracker; the factory"),
])  # fmt: skip
def test_modules_and_factories_that_fail_are_said(module, tmp_path, text, told):
    (tmp_path / "my_trackers.py").write_text(text)
    with pytest.raises(InputError) as error:
        load_factory("my_trackers:make")
    assert told in str(error.value)


def test_what_a_users_tracker_prints_does_not_mix_with_results(capsys):
    class Talking(Statue):
        def update(self, image):
            print("a word")
            return super().update(image)

    run_sequence(Talking(), moving_square(length=3))
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.count("a word") == 2
