"""Stored notebooks are clean, complete, and the same as their text sources."""

import json
from pathlib import Path

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LARGEST = 1.5e6  # bytes; the web viewers stop showing much larger ones
WIDGET = "application/vnd.jupyter.widget-view+json"


def content(notebook):
    """What a source and its notebook must share: kinds, texts and tags of all cells."""
    return [
        (cell.cell_type, cell.source.strip(), cell.metadata.get("tags", []))
        for cell in notebook.cells
    ]


def problems(notebook):
    """What would trouble a reader on the web, or a later run: one line each."""
    found = []
    if "language_info" not in notebook.metadata:
        found.append("no language_info: ruff would skip the notebook without a word")
    extra = set(notebook.metadata) - {"kernelspec", "language_info"}
    if extra:
        found.append(f"metadata that no reader needs: {sorted(extra)}")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    counts = [cell.execution_count for cell in code]
    if counts != list(range(1, len(code) + 1)):
        found.append(f"not run from top to bottom in one go: {counts}")
    if any("execution" in cell.metadata for cell in code):
        found.append("execution times are stored")
    for cell in code:
        for output in cell.outputs:
            kinds = output.get("data", {})
            if output.output_type == "error" or output.get("name") == "stderr":
                found.append(f"an error or a warning: {output.get('text') or output.ename}")
            if WIDGET in kinds:
                found.append("a widget that is dead without its kernel")
            if "image/svg+xml" in kinds:
                found.append("an SVG; figures are PNG")
    return found


@pytest.fixture
def sound():
    """A notebook in order, which tests below spoil."""
    output = nbformat.v4.new_output("stream", name="stdout", text="0.5\n")
    cell = nbformat.v4.new_code_cell("print(0.5)", execution_count=1, outputs=[output])
    return nbformat.v4.new_notebook(cells=[cell], metadata={"language_info": {"name": "python"}})


def test_there_is_a_notebook_to_start_with():
    assert [path.name for path in NOTEBOOKS][:1] == ["00_start_here.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_notebook_is_clean_and_valid(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert problems(notebook) == []
    assert path.stat().st_size < LARGEST


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_agrees_with_its_text_source(path):
    source = jupytext.read(path.with_suffix(".py"))
    assert content(nbformat.read(path, as_version=4)) == content(source)


def test_first_notebook_was_run_with_the_checkpoint_that_ships():
    card = json.loads((ROOT / "roam_lite" / "weights" / "laptop.json").read_text(encoding="utf-8"))
    stored = (ROOT / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8")
    assert f"weights {card['sha256'][:12]}" in stored, "run `make notebooks` again"


def test_sound_notebook_has_no_problem(sound):
    assert problems(sound) == []


def test_missing_language_is_noticed(sound):
    del sound.metadata["language_info"]
    assert "language_info" in problems(sound)[0]


def test_widget_state_is_noticed(sound):
    sound.metadata["widgets"] = {}
    assert "widgets" in problems(sound)[0]


def test_cells_out_of_order_are_noticed(sound):
    sound.cells[0].execution_count = 7
    assert "top to bottom" in problems(sound)[0]


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        (nbformat.v4.new_output("error", ename="ValueError"), "ValueError"),
        (nbformat.v4.new_output("stream", name="stderr", text="deprecated"), "deprecated"),
        (nbformat.v4.new_output("display_data", {WIDGET: {}}), "widget"),
        (nbformat.v4.new_output("display_data", {"image/svg+xml": "<svg/>"}), "SVG"),
    ],
)
def test_unwelcome_output_is_noticed(sound, output, complaint):
    sound.cells[0].outputs.append(output)
    assert complaint in problems(sound)[0]
