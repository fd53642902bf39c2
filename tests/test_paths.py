"""The paths that a reader follows do not grow unnoticed: lower a limit when its path gets shorter."""

import pytest

from tests.paths import PACKAGE, clip_path, entered, files, frame_paths, functions


@pytest.fixture(scope="module")
def paths():
    ordinary, updated = frame_paths()
    return {"frame": ordinary, "update": updated, "clip": clip_path()}


@pytest.mark.parametrize(
    ("name", "most_functions", "most_files"),
    [("frame", 29, 9), ("update", 64, 15), ("clip", 81, 18)],
)
def test_a_path_is_no_longer_than_it_was(paths, name, most_functions, most_files):
    assert len(paths[name]) <= most_functions
    assert len(files(paths[name])) <= most_files


def test_paths_hold_what_they_are_named_after(paths):
    names = {key: {function.name for function in path} for key, path in paths.items()}
    assert "Tracker.update" in names["frame"]
    assert "adapt" not in names["frame"]
    assert {"Tracker.update", "adapt", "RecurrentRule.logits"} <= names["update"]
    # Derivatives are seen too.
    assert {"draw_clip", "open_episode", "rollout", "_Spectrum.backward"} <= names["clip"]


def test_no_function_is_longer_than_a_screen():
    lengths = {name: lines for file in PACKAGE.rglob("*.py") for lines, name in functions(file)}
    assert {name: lines for name, lines in lengths.items() if lines > 60} == {}


def test_what_counts(tmp_path):
    """Functions, inner ones too; no lambdas, no comprehensions, nothing of other files."""
    code = """
def outer():
    def inner():
        return sorted(i for i in [j for j in (lambda: [1])()])
    return inner()

def never():
    pass
"""
    space = {}
    (tmp_path / "room").mkdir()
    exec(compile(code, str(tmp_path / "room" / "a.py"), "exec"), space)
    exec(compile("def outside(): pass", str(tmp_path.parent / "b.py"), "exec"), space)
    found = entered(lambda: (space["outer"](), space["outside"](), space["outer"]()), tmp_path)
    assert found == [("room/a.py", 2, "outer"), ("room/a.py", 3, "outer.<locals>.inner")]
    assert files(found) == {"room/a.py"}
