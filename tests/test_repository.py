"""The repository keeps its word: packaging, README, layering, typed and documented functions."""

import ast
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import cv2
import pytest
import yaml

from roam_lite.cli.main import build_parser
from roam_lite.extras import EXTRAS

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDES = [ROOT / "docs" / f"{name}.md" for name in ("install", "use", "train", "code", "results")]
# What README leaves to the pages that it links to.
MANUAL = "\n".join([README, *(path.read_text(encoding="utf-8") for path in GUIDES)])
MODULES = sorted((ROOT / "roam_lite").rglob("*.py"))

SHORT_COMMIT = re.compile(r"[0-9a-f]{7,12}")
LARGEST_FILE = 4 * 2**20
# Absolute paths into somebody's machine; the alternatives stand apart so that this line has none.
MACHINE_PATH = re.compile(r"(?<![\w.~/-])/(?:home|root|Users|work|farm|tmp|mnt|opt)/[\w.]")
REGISTRY_HOST = re.compile(r"\b(?:pypi|pythonhosted|anaconda|npmjs|debian)\.(?:org|com)\b")

# Arrows point one way: what a room must not import.
FORBIDDEN = {
    "model": {"rules", "training", "tracking", "evaluation", "cli"},
    "rules": {"training", "tracking", "evaluation", "cli"},
    "data": {"rules", "training", "tracking", "evaluation", "cli"},
    "training": {"evaluation", "cli"},
    "tracking": {"training", "evaluation", "cli", "analysis"},
    "evaluation": {"training", "cli", "analysis"},
    "analysis": {"training", "cli"},
}
# What docs/code.md calls the method.
METHOD = (
    "model/*.py", "rules/*.py", "adaptation.py", "meta_model.py", "training/rollout.py", "tracking/tracker.py"
)  # fmt: skip
SHOWROOMS = {"figures", "widgets", "exercises"}
DOORS = {
    "cli",
    "demo",
    "bench",
} | SHOWROOMS  # who may import the showrooms, besides notebooks, tests


def committed_files():
    """Files that are tracked or about to be: whatever git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("not a git clone, so there is no list of tracked files")
    paths = {ROOT / name for name in listing.stdout.decode().split("\0") if name}
    return sorted(path for path in paths if path.is_file())


def text_files():
    """(path, text) of what people read; pictures inside notebooks are taken out."""
    for path in committed_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path.suffix == ".ipynb":
            text = re.sub(r'"image/png": "[^"]*"', "", text)
        yield path.relative_to(ROOT), text


def room(path):
    """The first name under roam_lite/: a package's room or a top-level module."""
    return path.relative_to(ROOT / "roam_lite").parts[0].removesuffix(".py")


@cache
def imported_names(path):
    """Dotted names that a file imports anywhere, `from a import b` as both a and a.b."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, node.module or "")).strip(".")
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return names


def imported_rooms(path):
    names = (name.split(".") for name in imported_names(path))
    return {parts[1] for parts in names if parts[0] == "roam_lite" and len(parts) > 1}


def public_functions(tree):
    """(qualified name, node) of module-level functions and methods that users may call."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for member in node.body:
                if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
                    yield f"{node.name}.{member.name}", member
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, node


def lacks(function):
    """What a public function's signature or docstring leaves out."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    starred = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    bare = [a.arg for a in named + starred if a.annotation is None and a.arg not in ("self", "cls")]
    lacking = [f"type of {name}" for name in bare]
    if function.returns is None:
        lacking.append("return type")
    if not ast.get_docstring(function):
        lacking.append("docstring")
    return lacking


def requirement_name(requirement):
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def declared(*extras):
    """Distributions that the project installs with these extras, the base's among them."""
    lists = [PROJECT["dependencies"]]
    for extra in extras:
        requirements = PROJECT["optional-dependencies"][extra]
        for inner in re.findall(r"roam-lite\[([\w,]+)\]", " ".join(requirements)):
            requirements = [*requirements, *declared(*inner.split(","))]
        lists.append(requirements)
    return {requirement_name(requirement) for requirements in lists for requirement in requirements}


def third_party(paths):
    """Distributions that the files import, by the names they are installed under."""
    providers = packages_distributions()
    names = {name.split(".")[0] for path in paths for name in imported_names(path)}
    outside = (
        names
        - set(sys.stdlib_module_names)
        - {"roam_lite", "tests", "notebooks", "docs", "", "sitecustomize"}
    )
    return {name: {requirement_name(d) for d in providers.get(name, [name])} for name in outside}


def manual_commands(program):
    """Command lines of `program` in code blocks of README and its guides, joined, without comments."""
    blocks = re.findall(r"```(?:bash|powershell)\n(.*?)```", MANUAL, re.DOTALL)
    blocks = [block.replace("\\\n", " ") for block in blocks]
    lines = (line.split("  #")[0].strip() for block in blocks for line in block.splitlines())
    return [line for line in lines if line.startswith(f"{program} ")]


# Packaging


def test_environment_file_installs_the_project_with_its_python_and_tests():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    assert environment["name"] == PROJECT["name"]
    assert conda == [f"python{PROJECT['requires-python']}", "pip"]
    assert pip == {"pip": ["-e .[test]"]}
    assert "test" in PROJECT["optional-dependencies"]


def test_everything_the_package_imports_is_declared():
    for name, distributions in third_party(MODULES).items():
        assert distributions & declared("course"), (
            f"roam_lite imports {name}, which pyproject does not name"
        )


def test_everything_the_tests_and_notebooks_import_is_declared():
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "notebooks").glob("*.py")]
    for name, distributions in third_party(files).items():
        assert distributions & declared("test"), (
            f"the tests import {name}, which pyproject does not name"
        )


def test_extras_are_what_the_package_says_of_them():
    providers = packages_distributions()
    said = {
        extra: {requirement_name(providers.get(name, [name])[0]) for name in names}
        for extra, names in EXTRAS.items()
    }
    assert said["pretrained"] == declared("pretrained") - declared()
    assert said["train"] == declared("train") - declared()
    assert said["course"] == declared("course") - declared("train") - {"roam-lite"}
    assert declared("course") < declared("test") < declared("dev")


def test_every_file_of_the_package_ships():
    package = ROOT / "roam_lite"
    data = {path for path in committed_files() if package in path.parents and path.suffix != ".py"}
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["roam_lite"]
    assert data == {path for pattern in patterns for path in package.glob(pattern)}


def test_citation_names_this_version_and_the_paper():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    (paper,) = citation["references"]
    families = [author["family-names"] for author in paper["authors"]]
    assert families == ["Yang", "Xu", "Hu", "Chai", "Chan"]
    assert paper["year"] == 2020


# README


def test_relative_links_lead_somewhere():
    for page in sorted([*ROOT.glob("*.md"), *GUIDES]):
        targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        local = [target for target in targets if "://" not in target]
        missing = [target for target in local if not (page.parent / target).exists()]
        assert not missing, f"{page.name} links to {missing}"


def test_make_targets_that_the_pages_name_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE))
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert {"demo", "test", "lab"} <= named
    assert named | set(re.findall(r"`make ([a-z-]+)", contributing)) <= targets


@pytest.mark.parametrize("command", sorted(set(manual_commands("roam-lite"))))
def test_commands_of_the_manual_are_understood(command):
    arguments = shlex.split(command)[1:]
    assert build_parser().parse_args(arguments), command


def test_the_manual_shows_every_command():
    shown = {shlex.split(command)[1] for command in manual_commands("roam-lite")}
    assert {"doctor", "track", "evaluate", "train", "synth", "demo", "pack", "bench"} <= shown


def test_readme_is_short_and_leads_to_every_guide_and_notebook():
    assert len(README.splitlines()) <= 130
    assert "course and a tracker" in README.split(".")[0]
    for path in GUIDES:
        assert f"](docs/{path.name})" in README, path.name
    for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"):
        assert path.stem in README, path.name


def test_readme_moves_one_small_picture_with_a_description():
    ((description, target),) = re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", README)
    assert len(description) > 40
    picture = ROOT / target
    assert picture.stat().st_size <= 1.5e6
    complete, animation = cv2.imreadanimation(str(picture))
    assert complete
    assert len(animation.frames) >= 24
    assert animation.loop_count == 0, "it ends"


def test_readme_warns_of_the_data_that_the_weights_were_trained_on():
    card = json.loads((ROOT / "roam_lite" / "weights" / "laptop.json").read_text(encoding="utf-8"))
    terms = "CC BY-NC 4.0"
    assert terms in card["data_sets"]
    assert terms in README.split("## License")[1]


def test_pages_say_how_many_lines_the_method_has():
    files = [path for name in METHOD for path in sorted((ROOT / "roam_lite").glob(name))]
    assert len(files) > len(METHOD)
    count = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
    said = re.findall(r"about\s+([\d,]+)\s+lines", MANUAL)
    assert len(said) == 2
    for number in said:
        assert int(number.replace(",", "")) == pytest.approx(count, abs=100), (
            f"it has {count} lines"
        )


# What is committed


def test_no_committed_file_is_over_four_mebibytes():
    sizes = {str(path.relative_to(ROOT)): path.stat().st_size for path in committed_files()}
    assert sizes
    assert {name: size for name, size in sizes.items() if size > LARGEST_FILE} == {}


def test_no_committed_text_names_a_machine_or_a_registry():
    for path, text in text_files():
        found = MACHINE_PATH.search(text) or REGISTRY_HOST.search(text)
        assert not found, f"{path}: {text[max(0, found.start() - 30) : found.end() + 30]!r}"


def test_machine_paths_are_recognized():
    for part in ("home", "work", "tmp"):
        assert MACHINE_PATH.search(f"see /{part}/somebody")
    assert not MACHINE_PATH.search("see ../shared/work/somebody, a/home/b and /path/to/python")


# The package


@pytest.mark.parametrize("name", sorted(FORBIDDEN))
def test_arrows_between_rooms_point_one_way(name):
    files = [path for path in MODULES if room(path) == name]
    assert files, f"there is no roam_lite/{name}"
    for path in files:
        assert not imported_rooms(path) & FORBIDDEN[name], path


def test_only_doors_import_figures_widgets_and_exercises():
    for path in MODULES:
        if room(path) not in DOORS:
            assert not imported_rooms(path) & SHOWROOMS, path


def test_public_functions_are_typed_and_documented():
    lacking = {}
    for path in MODULES:
        for name, function in public_functions(ast.parse(path.read_text(encoding="utf-8"))):
            if missing := lacks(function):
                lacking[f"{path.relative_to(ROOT)}: {name}"] = missing
    assert lacking == {}


def test_missing_types_and_docstrings_are_noticed():
    (function,) = ast.parse("def f(a, *, b: int, **c): pass").body
    assert lacks(function) == ["type of a", "type of c", "return type", "docstring"]


# The tests themselves


def test_processes_of_the_tests_reach_loopback_only():
    program = (
        "import socket; server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname(), 5).close()\n"
        "for remote in ('192.0.2.1', 'example.org'):\n"
        "    try: socket.create_connection((remote, 80), 1)\n"
        "    except OSError as error: print(error)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests" / "offline")}
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.count("blocked") == 2
