"""The site: the course as stored, without running it, and the reference from the docstrings."""

import re
import shutil
import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from notebooks.pages import mathjax
from roam_lite.widgets.race import race_page

project = "roam-lite"
author = "The roam-lite authors"
copyright = "The roam-lite authors"
root_doc = "docs/index"
# The source folder is the repository itself, so that notebooks keep their links and pictures.
include_patterns = [
    "docs/*.md",
    "docs/teaching/*.md",
    "EXPERIMENTS.md",
    "CHANGELOG.md",
    "docs/reference/*.rst",  # written by autosummary
    "notebooks/*.ipynb",
    "notebooks/solutions/*.ipynb",
]
exclude_patterns = ["docs/teaching/slides.md"]  # Marp's, not Sphinx's
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_design",
]

nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence", "dollarmath", "amsmath"]
# Headings may begin below level 1, and a field may have the name of a built-in type, say `bytes`.
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type", "ref.python"]
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "signature"
# Whole: autosummary looks below the source folder, all others below this one.
templates_path = [str(Path(__file__).resolve().parent / "templates")]

# MathJax out of an installed package: pages load nothing from elsewhere. Its menu is off because the
# menu's speech rules are not in MathJax's one file.
mathjax_path = mathjax().name
mathjax3_config = {"options": {"enableMenu": False}}

html_theme = "furo"
html_title = "roam-lite"
html_static_path = ["static", str(mathjax())]
html_css_files = ["site.css"]


# Pages of modules that have moved or gone would fail the build.
shutil.rmtree(Path(__file__).resolve().parent / "reference", ignore_errors=True)
# These packages offer a function that has its module's name; the reference means the module.
for package, name in (("roam_lite.cli", "main"), ("roam_lite.exercises", "judge")):
    setattr(import_module(package), name, import_module(f"{package}.{name}"))


def _as_plain_text(app, what, name, obj, options, lines):
    """Docstrings here are prose with `code` in backticks; asterisks and bars mean themselves."""
    text = "\n".join(lines)
    pieces = re.split(r"(`+[^`]+`+)", text)
    for index, piece in enumerate(pieces):
        if index % 2:
            pieces[index] = f"``{piece.strip('`')}``"
        else:
            pieces[index] = re.sub(r"([*|]|(?<=\w)_(?!\w))", r"\\\1", piece)
    lines[:] = "".join(pieces).split("\n")


def _write_race(app, error):
    """The race is a separate page, made from the widget's script."""
    if error is None:
        Path(app.outdir, "race.html").write_text(race_page(), encoding="utf-8")


def setup(app):
    """Called by Sphinx."""
    app.connect("build-finished", _write_race)
    app.connect("autodoc-process-docstring", _as_plain_text)
