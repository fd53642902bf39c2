"""Images, maps and boxes stand where the project's coordinates say."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from roam_lite.figures.axes import outline, show_image, show_map


@pytest.fixture
def axes():
    return Figure().subplots()


def test_first_pixel_begins_at_zero(axes):
    picture = show_image(axes, np.zeros((6, 8, 3), np.uint8), "frame")
    assert picture.get_extent() == [0, 8, 6, 0]
    assert axes.get_title() == "frame"


def test_map_covers_the_patch_cell_by_cell(axes):
    picture = show_map(axes, np.zeros((5, 7)), stride=4, cmap="magma", alpha=0.5)
    assert picture.get_extent() == [0, 28, 20, 0]
    assert picture.get_alpha() == 0.5


def test_outline_has_the_corner_and_size_of_its_box(axes):
    outline(axes, [3, 4, 10, 20], "#0072B2", linestyle="--")
    (patch,) = axes.patches
    assert (*patch.get_xy(), patch.get_width(), patch.get_height()) == (3, 4, 10, 20)
    assert patch.get_linestyle() == "--"
    assert not patch.get_fill()
