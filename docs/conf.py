"""The site: the course as it is stored, nothing executed, and the reference out of the docstrings."""

import re

project = "roam-lite"
author = "The roam-lite authors"
copyright = "The roam-lite authors"
root_doc = "docs/index"
# The source folder is the repository itself, so that notebooks keep their links and pictures.
include_patterns = ["docs/*.md", "notebooks/*.ipynb", "notebooks/solutions/*.ipynb"]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]

nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath", "amsmath"]
# Math in the course is LaTeX of one line or more between dollars; headings may begin below level 1.
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "signature"

html_theme = "furo"
html_title = "roam-lite"


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


def setup(app):
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _as_plain_text)
