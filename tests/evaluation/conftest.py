"""What several tests of evaluating share."""

import sys

import pytest


@pytest.fixture
def module(tmp_path, monkeypatch):
    """The name of a user's module in the current folder, with a tracker `Still` in it."""
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
