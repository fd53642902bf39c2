"""A box drawn in a window: what the mouse drew comes back in pixels, and everything else is said."""

import numpy as np
import pytest

pyplot = pytest.importorskip("matplotlib.pyplot")

from roam_lite.errors import InputError  # noqa: E402
from roam_lite.figures import pick  # noqa: E402

IMAGE = np.zeros((48, 64, 3), np.uint8)


@pytest.fixture
def window(monkeypatch):
    """A window that shows nothing, and in which `draw` sets the corners when it is shown."""
    monkeypatch.setattr("matplotlib.pyplot.get_backend", lambda: "qtagg")

    def draw(*extents):
        def build(axes, *_arguments, **_options):
            return type("Selector", (), {"extents": extents})()

        monkeypatch.setattr("matplotlib.widgets.RectangleSelector", build)
        monkeypatch.setattr("matplotlib.pyplot.show", lambda block: None)

    yield draw
    pyplot.close("all")


def test_what_is_drawn_is_the_box(window):
    window(9.5, 29.5, 4.5, 34.5)
    assert pick.pick_box(IMAGE) == (10, 5, 20, 30)


def test_nothing_drawn_is_said(window):
    window(0, 0, 0, 0)
    with pytest.raises(InputError, match="no box was drawn; give --box X,Y,W,H"):
        pick.pick_box(IMAGE)


def test_without_a_display_the_option_is_named(monkeypatch):
    monkeypatch.setattr("matplotlib.pyplot.get_backend", lambda: "agg")
    with pytest.raises(InputError, match=r"no display .* give --box X,Y,W,H"):
        pick.pick_box(IMAGE)
