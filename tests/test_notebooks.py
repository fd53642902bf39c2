"""Stored notebooks are clean, complete, and the same as their text sources."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from notebooks.render import load, normalize
from roam_lite.paper.equations import EQUATIONS
from tests.test_repository import MACHINE_PATH

ROOT = Path(__file__).resolve().parents[1]
COURSE = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "notebooks" / "solutions").glob("*.ipynb"))
NOTEBOOKS = COURSE + SOLUTIONS
LARGEST = 1.5e6  # bytes; the web viewers stop showing much larger ones
TERMS = (
    "Terms are in the [glossary](../docs/glossary.md), "
    "letters in the [symbol sheet](../docs/symbols.md)."
)
YOUR_TIME = r"\*\*Your time\*\* about (\d+) minutes: (\d+) to read, (\d+) for the exercises\."
TASK = re.compile(r"^\*\*(\d\d\.\d)\*\* \((\w[^,]*), about (\d+) minutes", re.MULTILINE)
OPEN = ("train it", "break it", "design it")
WIDGET, PNG = "application/vnd.jupyter.widget-view+json", "image/png"


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
        streams = [output.name for output in cell.outputs if output.output_type == "stream"]
        if len(streams) != len(set(streams)):
            found.append(f"one stream in pieces, as a busy machine sends it: {cell.id}")
        for output in cell.outputs:
            kinds = output.get("data", {})
            if output.output_type == "error" or output.get("name") == "stderr":
                found.append(f"an error or a warning: {output.get('text') or output.ename}")
            if WIDGET in kinds:
                found.append("a widget that is dead without its kernel")
            if "image/svg+xml" in kinds:
                found.append("an SVG; figures are PNG")
            if PNG in kinds and not output.metadata.get(PNG, {}).get("alt", "").strip():
                found.append(
                    f"a figure without alternative text: end its cell with show(): {cell.id}"
                )
    for image in images(prose(notebook)):
        if not image[0].strip():
            found.append(f"a picture without alternative text: {image[1]}")
    for text in texts(notebook):
        if path := MACHINE_PATH.search(text):
            found.append(f"a path of somebody's machine: {text[path.start() :][:40]!r}")
    return found


def texts(notebook):
    """Every text that a reader sees: sources and outputs, pictures left out."""
    for cell in notebook.cells:
        yield cell.source
        for output in cell.get("outputs", []):
            yield output.get("text", "")
            data = output.get("data", {})
            yield from (text for kind, text in data.items() if kind.startswith("text/"))


def prose(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def images(text):
    """(alternative text, place) of a text's pictures, in Markdown or in HTML."""
    yield from re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", text)
    for tag in re.findall(r"<img\b[^>]*>", text):
        alt = re.search(r"\balt=[\"']([^\"']*)", tag)
        yield alt[1] if alt else "", tag


def broken_links(notebook, folder):
    """Relative targets of the prose's links and pictures that do not lead to a file."""
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose(notebook))
    return [t for t in targets if "://" not in t and not (folder / t).exists()]


def equations_of(notebook):
    """number -> LaTeX of the displayed equations that carry a tag, spaces taken out."""
    blocks = re.findall(r"\$\$(.*?)\$\$", prose(notebook), re.DOTALL)
    tags = [(re.search(r"\\tag\{(\d+)\}", block), block) for block in blocks]
    return {
        int(tag[1]): re.sub(r"\s+", "", block.replace(tag[0], "")) for tag, block in tags if tag
    }


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
def test_links_of_a_notebook_lead_somewhere(path):
    assert broken_links(nbformat.read(path, as_version=4), path.parent) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_agrees_with_its_text_source(path):
    source = load(path.with_suffix(".py"))
    assert content(nbformat.read(path, as_version=4)) == content(source)


def test_every_text_source_has_its_notebook():
    folders = (ROOT / "notebooks", ROOT / "notebooks" / "solutions")
    sources = [path for folder in folders for path in folder.glob("[0-9][0-9]_*.py")]
    assert {path.with_suffix(".ipynb") for path in sources} == set(NOTEBOOKS)


def test_every_equation_of_the_paper_is_shown_as_the_library_has_it():
    shown = {}
    for path in COURSE:
        for number, formula in equations_of(nbformat.read(path, as_version=4)).items():
            assert formula == re.sub(r"\s+", "", EQUATIONS[number].formula), (
                f"{path.name}: {number}"
            )
            shown[number] = path.name
    assert sorted(shown) == list(EQUATIONS), "an equation that no notebook shows"


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_notebook_opens_and_ends_as_all_do(path):
    _link, *cells = nbformat.read(path, as_version=4).cells
    begin = " ".join(cells[0].source.split())
    openings = ("## What you will learn", "## Before you start **Needs**", "**Paper** section")
    for opening in (*openings, "**Run time**", "**Your time**", TERMS):
        assert opening in begin
    assert f"render.py {path.stem}" in begin, "how the run time was measured"
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    parts = ("Recap", "What you can build now", "Exercises", "References", "What next")
    ends = [text.find(f"## {part}") for part in parts]
    assert -1 not in ends
    assert ends == sorted(ends)
    following = COURSE[(COURSE.index(path) + 1) % len(COURSE)]
    assert f"]({following.name})" in text[ends[-1] :], "the last lines lead on"


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_tasks_are_numbered_and_their_minutes_add_up_to_those_of_the_opening(path):
    notebook = nbformat.read(path, as_version=4)
    tasks = TASK.findall(prose(notebook))
    numbers = [number for number, _, _ in tasks]
    assert numbers == [f"{path.stem[:2]}.{place}" for place in range(1, len(tasks) + 1)]
    times = re.search(YOUR_TIME, " ".join(prose(notebook).split()))
    total, read, exercises = map(int, times.groups())
    assert exercises == sum(int(minutes) for _, _, minutes in tasks)
    assert total == read + exercises
    kinds = [kind for _, kind, _ in tasks]
    assert any(kind.startswith(OPEN) for kind in kinds), "no task without a single right answer"
    solutions = nbformat.read(
        path.parent / "solutions" / f"{path.stem}_solutions.ipynb", as_version=4
    )
    assert all(f"**{number}**" in prose(solutions) for number in numbers)


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
        (nbformat.v4.new_output("stream", name="stdout", text="more\n"), "in pieces"),
        (nbformat.v4.new_output("display_data", {WIDGET: {}}), "widget"),
        (nbformat.v4.new_output("display_data", {"image/svg+xml": "<svg/>"}), "SVG"),
    ],
)
def test_unwelcome_output_is_noticed(sound, output, complaint):
    sound.cells[0].outputs.append(output)
    assert complaint in problems(sound)[0]


def test_widget_view_is_taken_out_before_a_notebook_is_stored(sound):
    data = {WIDGET: {"model_id": "1"}, PNG: "", "text/plain": "a line"}
    sound.cells[0].outputs.append(picture(data, {PNG: {"alt": "a line"}}))
    assert "widget" in problems(sound)[0]
    normalize(sound)
    assert problems(sound) == []
    assert set(sound.cells[0].outputs[-1].data) == {PNG, "text/plain"}


def picture(data, metadata):
    return nbformat.v4.new_output("display_data", data, metadata=metadata)


@pytest.mark.parametrize("metadata", [{}, {PNG: {}}, {PNG: {"alt": " "}}])
def test_figure_without_alternative_text_is_noticed(sound, metadata):
    sound.cells[0].outputs += [
        picture({PNG: ""}, {PNG: {"alt": "a falling curve"}}),
        picture({PNG: ""}, metadata),
    ]
    (problem,) = problems(sound)
    assert "figure without alternative text" in problem


@pytest.mark.parametrize("image", ["![](a.png)", "![ ](a.png)", "<img src='a'>", "<img alt=''>"])
def test_picture_of_the_prose_without_alternative_text_is_noticed(sound, image):
    described = "![a map](a.png) and <img src='a.png' alt='a map'> and [a link](a.png)"
    sound.cells.append(nbformat.v4.new_markdown_cell(f"{described} and {image}"))
    (problem,) = problems(sound)
    assert "picture without alternative text" in problem


@pytest.mark.parametrize("place", ["source", "output"])
def test_path_of_a_machine_is_noticed(sound, place):
    path = "/" + "home/somebody/clip.mp4"
    if place == "source":
        sound.cells[0].source = f"open({path!r})"
    else:
        sound.cells[0].outputs[0].text = f"written: {path}\n"
    assert "somebody's machine" in problems(sound)[0]


def test_broken_link_is_noticed(sound, tmp_path):
    (tmp_path / "there.ipynb").touch()
    text = "[a](there.ipynb#part) [b](gone.ipynb) ![c](gone.png) [d](https://example.org/x)"
    sound.cells.append(nbformat.v4.new_markdown_cell(text))
    assert broken_links(sound, tmp_path) == ["gone.ipynb", "gone.png"]


def test_equations_are_found_by_their_tags(sound):
    text = "$$ a = b\n c \\tag{7} $$ and $$ untagged $$ and $x \\tag{8}$"
    sound.cells.append(nbformat.v4.new_markdown_cell(text))
    assert equations_of(sound) == {7: "a=bc"}


def test_disagreement_with_the_text_source_is_noticed(sound):
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(0.6)")])
    assert content(other) != content(sound)
