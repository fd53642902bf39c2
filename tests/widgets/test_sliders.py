"""A figure under controls: redraws, shows its errors, and has a picture without a kernel."""

import base64

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from roam_lite import InputError
from roam_lite.widgets import explore, show
from roam_lite.widgets.sliders import make_control

VIEW = "application/vnd.jupyter.widget-view+json"


def draw_height(figure, height, kind="line", dashed=False):
    if height > 8:
        raise ValueError("too high")
    axes = figure.subplots()
    axes.plot([0, height], "--" if dashed else "-")
    axes.set_title(kind)


@pytest.fixture
def exhibit():
    return explore(
        draw_height, alt="a rising line", height=(1, 9, 3), kind=["line", "bar"], dashed=False
    )


def parts(exhibit):
    row, image, message = exhibit.widget.children
    return {control.description: control for control in row.children}, image, message


def test_one_bundle_holds_view_picture_and_words(exhibit):
    bundle, metadata = exhibit._repr_mimebundle_()
    assert bundle[VIEW]["model_id"] == exhibit.widget.model_id
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"] == "a rising line"
    assert metadata["image/png"]["alt"] == "a rising line"


def test_moving_a_control_changes_the_picture_and_back_restores_it(exhibit):
    controls, image, _ = parts(exhibit)
    first = image.value
    for name, other in (("height", 7), ("kind", "bar"), ("dashed", True)):
        before = controls[name].value
        controls[name].value = other
        assert image.value != first, name
        controls[name].value = before
        assert image.value == first, name


def test_stored_picture_is_that_of_the_start_values(exhibit):
    controls, image, _ = parts(exhibit)
    start = image.value
    controls["height"].value = 7
    assert exhibit.png == start


def test_error_in_draw_is_shown_and_cleared_by_the_next_good_value(exhibit):
    controls, _, message = parts(exhibit)
    controls["height"].value = 9
    assert message.value == "ValueError: too high"
    controls["height"].value = 4
    assert message.value == ""


def test_error_at_the_start_values_is_raised():
    with pytest.raises(ValueError, match="too high"):
        explore(draw_height, alt="", height=(1, 9, 9))


def test_whole_numbers_make_a_slider_of_whole_numbers():
    assert isinstance(make_control("n", (1, 9, 3)).value, int)
    assert isinstance(make_control("x", (1, 9, 3.5)).value, float)
    assert make_control("x", (0.0, 1.0, 0.5, 0.25)).step == 0.25
    assert make_control("learning_rate", (0.0, 1.0, 0.5)).description == "learning rate"


@pytest.mark.parametrize(
    "control", [(1, 2), (1, 2, 3), (1, 2, "a"), [], "abc", None, (0, 1, 2, 3, 4)]
)
def test_control_that_is_none_is_refused_by_name(control):
    with pytest.raises(InputError, match="width="):
        make_control("width", control)


def test_shown_figure_is_closed_so_that_a_cell_shows_it_once():
    figure = plt.figure()
    show(figure, "nothing")
    assert not plt.fignum_exists(figure.number)


def test_shown_figure_is_a_picture_with_words_and_no_widget():
    figure = Figure()
    figure.subplots().plot([1, 2])
    bundle, metadata = show(figure, "a line")._repr_mimebundle_()
    assert set(bundle) == {"image/png", "text/plain"}
    assert metadata["image/png"]["alt"] == "a line"
