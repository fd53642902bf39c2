"""The race: SGD, Adam and a learned optimizer in a bowl, and its meta-training, all in the browser.

Nothing runs in Python: the same script is a widget, a part of a stored notebook, and a page of the
site. Its learner is the library's rule "fc" with 8 hidden units, 57 parameters; tests compare what the
script computes with `roam_lite.toy` and `roam_lite.evolution`.
"""

import base64
import html
from pathlib import Path

import anywidget
import ipywidgets

from roam_lite.widgets.exhibit import Exhibit

ALT = (
    "A race in a bowl, the loss over two parameters: the paths of SGD, Adam and a learned optimizer "
    "from one start, their losses, the rates that the learner emits, and its meta-training by "
    "evolution strategies, which runs where scripts may."
)
_FOLDER = Path(__file__).parent
PICTURE = _FOLDER / "race.png"  # of the page after training; taken by tests/browser/test_race.py
_INTRODUCTION = """
<h1>A learned optimizer that trains in the browser</h1>
<p>Three optimizers descend into the same bowl, the loss |xθ − y|² over two parameters. SGD and Adam are
given a learning rate. The learner is a network of 57 parameters that sees, for each coordinate, its last
rate, the gradient, θ and the loss, and emits the next rate. It starts untrained: press
<strong>Train</strong>, and evolution strategies fit it in seconds to random bowls.</p>
<p>Then break it. Without random filter scaling (κ = 0) it knows only bowls of one steepness, does better
on those, and diverges on bowls that are four times steeper. Every training has the same budget of 3,000
updates per bowl: with a horizon of T = 100 that leaves 30 iterations, too few to learn more than
caution.</p>
"""


def race_script() -> str:
    """Return the script that defines `raceCore`, `raceDrawing` and `raceView`; it loads nothing."""
    names = ("race_core.js", "race_drawing.js", "race.js")
    return "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)


def _style() -> str:
    return (_FOLDER / "race.css").read_text(encoding="utf-8")


class RaceWidget(anywidget.AnyWidget):
    """The race as a widget; it has no traits, because everything happens in the browser."""

    _esm = race_script() + "\nexport default { render: ({ el }) => raceView(el) };\n"
    _css = _style()


def optimizer_race() -> Exhibit:
    """Return the race: a live widget, HTML that runs without a kernel, or a picture."""
    png = PICTURE.read_bytes()
    picture = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    # Where scripts do not run, as on GitHub, the picture stays.
    fragment = (
        f"<style>{_style()}</style><div>"
        f'<img src="{picture}" alt="{html.escape(ALT)}" style="max-width: 100%">'
        f"<script>(() => {{ const root = document.currentScript.parentElement;\n{race_script()}\n"
        "root.replaceChildren(); raceView(root); })()</script></div>"
    )
    return Exhibit(png, ALT, ipywidgets.VBox((RaceWidget(),)), fragment)


def race_page(title: str = "A learned optimizer that trains in the browser") -> str:
    """Return the race as one self-contained HTML page, which needs neither server nor network."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_style()}\n"
        "html { background: #ffffff; color-scheme: light dark; } body { margin: 0; }\n"
        ".roam-race { margin: 0 auto; } .roam-race h1 { font-size: 24px; margin: 8px 0; }\n"
        "@media (prefers-color-scheme: dark) { html { background: #14181d; } }</style></head>\n"
        f'<body><main><div class="roam-race">{_INTRODUCTION}</div><div id="race"></div>'
        '<noscript><p class="roam-race">This page needs JavaScript.</p></noscript></main>\n'
        f"<script>{race_script()}\nraceView(document.getElementById('race'));</script></body></html>\n"
    )
