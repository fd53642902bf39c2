"""Runs the notebooks' text sources and stores each as .ipynb with its outputs.

    python notebooks/render.py [NAME ...]

A source is a jupytext percent file, `NN_name.py`, or `solutions/NN_name_solutions.py`. Notebooks of the
course, not the solutions, also get what opens them in Colab (launch.py). Only what readers need is kept:
outputs, yes; times, random cell ids and widget views, which are dead without their kernel, no, so that a
run that changes nothing changes no file.
"""

import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from notebooks.launch import add_launch

WIDGET = "application/vnd.jupyter.widget-view+json"


def sources(names):
    """Paths of the sources called so (`00_start_here`), of all sources if none is named."""
    folders = (FOLDER, FOLDER / "solutions")
    paths = [path for folder in folders for path in sorted(folder.glob("[0-9][0-9]_*.py"))]
    found = {path.stem: path for path in paths}
    unknown = set(names) - set(found)
    if unknown:
        raise SystemExit(f"no such notebook: {', '.join(unknown)}; there are: {', '.join(found)}")
    return [found[name] for name in names or found]


def normalize(notebook):
    """Strip what differs from run to run or belongs to one machine, in place."""
    for key in set(notebook.metadata) - {"kernelspec", "language_info"}:
        del notebook.metadata[key]
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)


def load(source):
    """The notebook of a source before it is run."""
    notebook = jupytext.read(source)
    if source.parent == FOLDER:
        add_launch(notebook, source.stem)
    return notebook


def render(source):
    """Execute one source in its folder and write the notebook beside it."""
    notebook = load(source)
    client = NotebookClient(
        notebook,
        timeout=300,
        startup_timeout=300,  # a busy machine imports slowly
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,  # a busy machine sends the same text in more pieces
        resources={"metadata": {"path": str(source.parent)}},
    )
    client.execute()
    normalize(notebook)
    nbformat.validate(notebook)
    target = source.with_suffix(".ipynb")
    partial = target.with_suffix(".partial")
    nbformat.write(notebook, partial)
    partial.replace(target)
    return target


if __name__ == "__main__":
    for path in sources(sys.argv[1:]):
        start = time.perf_counter()
        written = render(path)
        print(f"{written.name}: {time.perf_counter() - start:.0f} s")
