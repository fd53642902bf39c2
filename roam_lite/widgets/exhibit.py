"""What a cell shows: a live widget if a kernel is running, otherwise a picture with a text alternative."""

import base64
import io
from dataclasses import dataclass
from typing import Any

import ipywidgets
import matplotlib.pyplot as plt
import traitlets
from matplotlib.figure import Figure

DPI = 72  # of stored pictures, so that a notebook with a dozen stays under 1.5 MB


@dataclass(frozen=True)
class Exhibit:
    """Displays as ONE bundle: the widget's view if there is one, its HTML if any, PNG and text.

    GitHub, nbviewer and nbconvert choose the picture; JupyterLab prefers the widget.
    """

    png: bytes
    alt: str  # the alternative text
    widget: Any = None
    html: str | None = None

    def _repr_mimebundle_(self, **choice: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = {} if self.widget is None else dict(self.widget._repr_mimebundle_())
        if self.html is not None:
            bundle["text/html"] = self.html
        bundle["image/png"] = base64.b64encode(self.png).decode()
        bundle["text/plain"] = self.alt
        return bundle, {"image/png": {"alt": self.alt}}


class LivePicture(ipywidgets.Image):
    """A PNG that shrinks with the page, with its alternative text as tooltip; set `value` to redraw."""

    # The tooltip's JavaScript reads the widget's description, which an Image does not have:
    # without this trait the picture causes an error there.
    description = traitlets.Unicode().tag(sync=True)

    def __init__(self, png: bytes, alt: str) -> None:
        layout = ipywidgets.Layout(max_width="100%", object_fit="contain", align_self="flex-start")
        super().__init__(value=png, format="png", tooltip=alt, layout=layout)


def show(figure: Figure, alt: str) -> Exhibit:
    """Return a figure as a picture with an alternative text, for the end of a cell.

    A figure of pyplot is closed, or the cell would show it again, without the text.
    """
    plt.close(figure)
    return Exhibit(png_of(figure), alt)


def png_of(figure: Figure) -> bytes:
    """Return the figure as PNG bytes, always the same for the same figure."""
    buffer = io.BytesIO()
    # The default metadata contains matplotlib's version.
    figure.savefig(buffer, format="png", dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    return buffer.getvalue()
