"""Writes notebooks as HTML pages, each complete in one file: equations need no network.

    python notebooks/pages.py OUT [NOTEBOOK ...]

Without a NOTEBOOK (a path), all of them. JupyterLab's own export gets its equations from elsewhere.
"""

import json
import sys
from importlib.util import find_spec
from pathlib import Path

from jinja2 import DictLoader
from nbconvert import HTMLExporter

FOLDER = Path(__file__).resolve().parent
# Dollars as Jupyter reads them. The menu is off: its speech rules are not in MathJax's one file.
SETTINGS = {
    "tex": {
        "inlineMath": [["$", "$"], ["\\(", "\\)"]],
        "displayMath": [["$$", "$$"], ["\\[", "\\]"]],
        "processEscapes": True,
        "tags": "ams",
    },
    "options": {"enableMenu": False},
}


def mathjax():
    """Path of MathJax in one file, fonts included, out of an installed package."""
    package = find_spec("sphinx-mathjax-offline")
    if package is None:
        raise SystemExit('equations need MathJax: pip install -e ".[docs]"')
    return Path(package.origin).parent / "static" / "mathjax" / "tex-svg-full.js"


def page_of(notebook):
    """The HTML of a stored notebook, nothing executed, MathJax inside it."""
    settings, program = json.dumps(SETTINGS), mathjax().read_text(encoding="utf-8")
    scripts = f"<script>MathJax = {settings};</script><script>{program}</script>"
    # nbconvert's own macro of this name loads MathJax from an address.
    macro = "{% macro mathjax(url) %}{% raw %}" + scripts + "{% endraw %}{% endmacro %}"
    exporter = HTMLExporter(
        extra_loaders=[DictLoader({"mathjax.html.j2": macro})], require_js_url=""
    )
    return exporter.from_filename(str(notebook))[0]


def main(arguments):
    """Write a page for each notebook that is named, or for all."""
    if not arguments:
        raise SystemExit(__doc__)
    out, *names = map(Path, arguments)
    notebooks = names or sorted([*FOLDER.glob("*.ipynb"), *FOLDER.glob("solutions/*.ipynb")])
    out.mkdir(parents=True, exist_ok=True)
    for notebook in notebooks:
        target = out / f"{notebook.stem}.html"
        target.write_text(page_of(notebook), encoding="utf-8")
        print(target)


if __name__ == "__main__":
    main(sys.argv[1:])
