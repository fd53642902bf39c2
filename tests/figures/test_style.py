"""One look: every optimizer has a colour of its own, and notebooks can take the style over."""

import matplotlib

from roam_lite.figures.style import OPTIMIZER_COLOURS, PEER_COLOUR, STYLE, TRUTH_COLOUR, use_style


def test_every_optimizer_has_a_colour_of_its_own():
    colours = [*OPTIMIZER_COLOURS.values(), PEER_COLOUR, TRUTH_COLOUR]
    assert len(set(colours)) == len(colours)


def test_style_stays_in_force_once_a_notebook_takes_it():
    with matplotlib.rc_context():
        use_style()
        assert {key: matplotlib.rcParams[key] for key in ("axes.grid", "font.size")} == {
            key: STYLE[key] for key in ("axes.grid", "font.size")
        }
