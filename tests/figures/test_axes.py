"""Images, maps and boxes stand where the project's coordinates say; bands hold all curves."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from roam_lite.figures.axes import draw_band, outline, show_image, show_map


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


def test_a_band_is_the_range_of_the_curves_around_their_median(axes):
    draw_band(axes, [0, 1], [[1, 5], [2, 6], [9, 0]], "#0072B2", "three seeds", "--")
    (line,) = axes.lines
    assert line.get_ydata().tolist() == [2, 5]
    assert (line.get_label(), line.get_linestyle()) == ("three seeds", "--")
    corners = {tuple(corner) for corner in axes.collections[0].get_paths()[0].vertices.tolist()}
    assert corners == {(0, 1), (0, 9), (1, 0), (1, 6)}
