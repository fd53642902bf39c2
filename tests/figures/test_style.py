"""One look: every optimizer has a color of its own, and notebooks can take the style over."""

import matplotlib

from roam_lite.figures.style import OPTIMIZER_COLORS, PEER_COLOR, STYLE, TRUTH_COLOR, use_style


def test_every_optimizer_has_a_color_of_its_own():
    colors = [*OPTIMIZER_COLORS.values(), PEER_COLOR, TRUTH_COLOR]
    assert len(set(colors)) == len(colors)


def test_style_stays_in_force_once_a_notebook_takes_it():
    with matplotlib.rc_context():
        use_style()
        assert {key: matplotlib.rcParams[key] for key in ("axes.grid", "font.size")} == {
            key: STYLE[key] for key in ("axes.grid", "font.size")
        }
