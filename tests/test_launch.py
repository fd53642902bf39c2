"""Every notebook of the course opens in Colab and installs what is missing there, and nowhere else."""

import importlib.util
import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

from notebooks.launch import BRANCH, REPOSITORY, add_launch, launch_cells
from tests.test_notebooks import COURSE, SOLUTIONS
from tests.test_repository import PROJECT, ROOT, text_files

ADDRESS = f"https://github.com/{REPOSITORY}"


def numbers(version):
    return [int(number) for number in re.findall(r"\d+", version)]


@pytest.fixture
def run_cell(monkeypatch, tmp_path):
    """A function that runs the installation cell in an empty folder and returns the commands it calls."""
    commands = []

    def record(command, check):
        assert check, "a failure would pass in silence"
        commands.append(command)
        if command[0] == "git":
            Path(command[-1], "notebooks").mkdir(parents=True)

    def run_cell_():
        _, install = launch_cells("00_start_here")
        exec(install.source, {})
        return commands

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "run", record)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return run_cell_


@pytest.fixture
def on_colab(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))


@pytest.fixture
def not_installed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)


@pytest.mark.usefixtures("not_installed")
def test_the_cell_does_nothing_outside_of_colab(run_cell, tmp_path):
    assert run_cell() == []
    assert list(tmp_path.iterdir()) == []
    assert Path.cwd() == tmp_path


@pytest.mark.usefixtures("on_colab", "not_installed")
def test_on_colab_the_course_is_cloned_and_installed(run_cell, tmp_path):
    clone, install = run_cell()
    assert clone[:2] == ["git", "clone"]
    assert clone[-2:] == [ADDRESS, "roam-lite"]
    assert install[:4] == [sys.executable, "-m", "pip", "install"]
    assert install[-1] == "./roam-lite[course]"
    # The kernel finds the package without a restart, and a notebook the files beside it.
    assert sys.path[-1] == str(tmp_path / "roam-lite")
    assert Path.cwd() == tmp_path / "roam-lite" / "notebooks"


@pytest.mark.usefixtures("on_colab", "not_installed")
def test_the_installation_keeps_the_versions_that_are_there(run_cell, tmp_path):
    _, install = run_cell()
    assert install[install.index("--constraint") + 1] == "kept.txt"
    kept = (tmp_path / "kept.txt").read_text().split()
    names = ("torch", "torchvision", "numpy")
    assert {f"{name}=={version(name)}" for name in names} <= set(kept)
    # No other package is held back: some of Colab's are too old for the course.
    assert {line.partition("==")[0] for line in kept} <= {*names, "opencv-contrib-python-headless"}


@pytest.mark.usefixtures("on_colab")
def test_a_second_run_installs_nothing_and_goes_to_the_notebooks(run_cell, tmp_path):
    (tmp_path / "roam-lite" / "notebooks").mkdir(parents=True)
    for _ in range(2):  # after a restart of the kernel, and once more
        assert run_cell() == []
        assert Path.cwd() == tmp_path / "roam-lite" / "notebooks"


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_a_notebook_begins_with_its_own_link_and_installs_before_it_imports(path):
    cells = nbformat.read(path, as_version=4).cells
    assert f"/{REPOSITORY}/blob/{BRANCH}/notebooks/{path.name})" in cells[0].source
    assert "![" not in cells[0].source, "a picture from elsewhere"
    first = next(cell for cell in cells if cell.cell_type == "code")
    assert f'install_course("{ADDRESS}")' in first.source
    assert first.outputs == []


def test_solutions_are_no_place_to_start():
    for path in SOLUTIONS:
        assert "install_course" not in path.read_text(encoding="utf-8"), path.name


def test_the_repository_is_named_in_one_place():
    named = {path.as_posix() for path, text in text_files() if REPOSITORY in text}
    notebooks = {path.relative_to(ROOT).as_posix() for path in COURSE}
    assert named == {"notebooks/launch.py", *notebooks}


def test_a_notebook_keeps_its_cells_in_order():
    cells = [nbformat.v4.new_markdown_cell("# A"), nbformat.v4.new_code_cell("import a")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    add_launch(notebook, "a")
    assert [cell.source for cell in notebook.cells[1::2]] == ["# A", "import a"]


def test_the_container_builds_the_environment_that_its_editor_uses():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    makefile = (ROOT / "Makefile").read_text()
    target = container["postCreateCommand"].removeprefix("make ")
    assert re.search(rf"^{target}: \$\(STAMP\)", makefile, re.MULTILINE)
    venv = re.search(r"^VENV := (\S+)", makefile, re.MULTILINE)[1]
    settings = container["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"].endswith(f"/{venv}/bin/python")
    assert numbers(container["image"].split(":")[-1]) >= numbers(PROJECT["requires-python"])


def test_versions_of_colab_are_ones_that_the_course_installs_with():
    listed = (ROOT / "tests" / "colab" / "packages.txt").read_text()
    versions = dict(re.findall(r"^([\w-]+)==([\d.]+)", listed, re.MULTILINE))
    lines = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["train"]]
    bounds = dict(re.fullmatch(r"([\w-]+)>=([\d.]+)", line).groups() for line in lines)
    kept = {"torch", "torchvision", "numpy"}
    assert kept <= set(versions)
    for name in kept:
        assert numbers(versions[name]) >= numbers(bounds[name]), f"{name} could not be kept"
