"""A figure under sliders: `explore(draw, alt=..., gamma=(1, 8, 5))`."""

from collections.abc import Callable
from typing import Any

import ipywidgets
from matplotlib.figure import Figure

from roam_lite.errors import InputError
from roam_lite.figures.style import style
from roam_lite.widgets.exhibit import Exhibit, LivePicture, png_of

Control = tuple[float, ...] | list[Any] | bool


def explore(draw: Callable[..., None], *, alt: str, **controls: Control) -> Exhibit:
    """Return a figure with controls, redrawn whenever one of them changes.

    `draw(figure, **values)` draws into the given, cleared figure. Each control is named after its
    value: `(low, high, start)` or `(low, high, start, step)` makes a slider, of whole numbers if
    all of them are; a list makes a dropdown, with its first entry selected; True or False a checkbox.
    The picture for pages without a kernel shows the start values; `alt` describes it.
    Raises InputError for any other control; later errors of `draw` are shown.
    """
    inputs = {name: make_control(name, control) for name, control in controls.items()}
    figure = Figure(layout="constrained")

    def picture() -> bytes:
        with style():
            figure.clear()
            draw(figure, **{name: control.value for name, control in inputs.items()})
            return png_of(figure)

    image = LivePicture(picture(), alt)
    message = ipywidgets.Label()

    def redraw(_: Any) -> None:
        try:
            image.value, message.value = picture(), ""
        except Exception as error:  # in a widget's callback it would be invisible
            message.value = f"{type(error).__name__}: {error}"

    for control in inputs.values():
        control.observe(redraw, "value")
    # Controls wrap into as many rows as needed.
    flow = ipywidgets.Layout(flex_flow="row wrap", grid_gap="4px 16px")
    row = ipywidgets.Box(tuple(inputs.values()), layout=flow)
    return Exhibit(bytes(image.value), alt, ipywidgets.VBox((row, image, message)))


def make_control(name: str, control: Control) -> ipywidgets.DOMWidget:
    """Return the slider, dropdown or checkbox that `explore` describes, or raise InputError."""
    # Show the whole label.
    label = {"description": name.replace("_", " "), "style": {"description_width": "initial"}}
    if isinstance(control, bool):
        return ipywidgets.Checkbox(value=control, indent=False, **label)
    if isinstance(control, list) and control:
        return ipywidgets.Dropdown(options=control, value=control[0], **label)
    numbers = isinstance(control, tuple) and all(isinstance(v, int | float) for v in control)
    if not numbers or len(control) not in (3, 4) or not control[0] <= control[2] <= control[1]:
        raise InputError(
            f"{name}={control!r}: give (low, high, start) or (low, high, start, step) for a "
            "slider, a list for a choice, or True or False"
        )
    low, high, start, *step = control
    whole = all(isinstance(value, int) for value in control)
    size = step[0] if step else 1 if whole else (high - low) / 100
    limits = {"min": low, "max": high, "step": size, "value": start}
    if whole:
        return ipywidgets.IntSlider(**limits, **label)
    return ipywidgets.FloatSlider(**limits, readout_format=".3g", **label)
