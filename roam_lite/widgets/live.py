"""The picture of a live widget, drawn anew by whoever holds it."""

import ipywidgets
import traitlets


class LivePicture(ipywidgets.Image):
    """A PNG that shrinks with the page, its alternative text being its tooltip; set `value` to redraw."""

    # The browser's side of a tooltip reads the widget's description, which an Image does not have:
    # without this trait the picture ends in an error there.
    description = traitlets.Unicode().tag(sync=True)

    def __init__(self, png: bytes, alt: str) -> None:
        layout = ipywidgets.Layout(max_width="100%", object_fit="contain", align_self="flex-start")
        super().__init__(value=png, format="png", tooltip=alt, layout=layout)
