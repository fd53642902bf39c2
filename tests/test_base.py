"""The base installation: the tracker imports no more than it needs, and what is missing is named."""

import json
import re
import subprocess
import sys

import cv2
import pytest

from roam_lite.cli import main
from roam_lite.data.otb import write_sequence
from roam_lite.data.synthetic import synthesize
from roam_lite.errors import InputError
from roam_lite.extras import EXTRAS, missing, require
from roam_lite.model.backbones import VGG16

ABSENT = (*sum(EXTRAS.values(), ()), "IPython", "pytest")
# All that needs an extra to be imported.
DRAWING = {f"figures.{name}" for name in ("axes", "growth", "paper", "plots")}
JUPYTER = {
    f"widgets.{name}"
    for name in ("board", "exhibit", "filmstrip", "picker", "race", "sliders", "training")
}

IMPORT_ALL = """
import pkgutil
from importlib import import_module
import roam_lite

failed = {}
for module in pkgutil.walk_packages(roam_lite.__path__, "roam_lite."):
    try:
        import_module(module.name)
    except ImportError as error:
        failed[module.name] = str(error)
print(json.dumps(failed))
"""
TRACK = """
import numpy as np
from roam_lite import load_tracker

tracker = load_tracker("laptop")
image = np.zeros((120, 160, 3), np.uint8)
image[40:60, 50:80] = 255
tracker.init(image, (50, 40, 30, 20))
tracker.update(image)
print(json.dumps([name for name, module in sys.modules.items() if module is not None]))
"""


def without_extras(code):
    """Run Python code in a process that finds none of ABSENT; return the JSON that it prints."""
    # None in sys.modules makes import and find_spec say that there is no such module.
    block = f"import json, sys; sys.modules.update(dict.fromkeys({ABSENT}))\n"
    run = subprocess.run(
        [sys.executable, "-c", block + code], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture
def without(monkeypatch):
    """A function that hides a package from imports in this process."""
    return lambda package: monkeypatch.setitem(sys.modules, package, None)


@pytest.fixture
def root(tmp_path):
    """A folder with one sequence, and beside it nothing yet."""
    write_sequence(tmp_path / "data" / "A", synthesize(0, length=3, size=(160, 120)))
    return tmp_path / "data"


def test_all_but_plots_and_widgets_can_be_imported_without_extras():
    failed = without_extras(IMPORT_ALL)
    assert failed.keys() == {f"roam_lite.{name}" for name in DRAWING | JUPYTER}
    for message in failed.values():
        assert re.search("matplotlib|ipywidgets|anywidget", message)


def test_the_shipped_tracker_imports_what_tracks_and_nothing_else():
    loaded = without_extras(TRACK)
    ours = {name.split(".")[1] for name in loaded if name.startswith("roam_lite.")}
    assert {"tracking", "model", "rules", "data"} <= ours
    assert not ours & {"training", "evaluation", "cli", "figures", "widgets", "exercises"}


def test_python_dash_m_is_the_command_line():
    command = [sys.executable, "-m", "roam_lite", "compare", "none.json"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stderr.startswith("roam-lite compare: none.json")


def test_a_missing_package_is_named_with_the_extra_that_installs_it(without):
    without("tensorboard")
    assert missing("train") == ["tensorboard"]
    with pytest.raises(InputError) as refusal:
        require("tensorboard", "training")
    assert str(refusal.value) == (
        'tensorboard is needed for training: pip install "roam-lite[train]"'
    )
    require("torchvision", "anything")  # is here


@pytest.mark.parametrize(
    ("package", "arguments"),
    [
        ("matplotlib", ["evaluate", "--root", "{root}", "--plots", "{root}/../new"]),
        ("matplotlib", ["report", "{root}", "--root", "{root}", "--out", "{root}/../new"]),
        ("tensorboard", ["train", "--profile", "smoke", "--out", "{root}/../new"]),
        ("webdataset", ["pack", "--data", "otb:{root}", "--out", "{root}/../new"]),
    ],
)
def test_commands_say_what_they_lack_before_anything_is_written(
    package, arguments, without, root, capsys
):
    without(package)
    before = sorted(root.parent.rglob("*"))
    assert main([argument.format(root=root) for argument in arguments]) == 2
    assert f"{package} is needed for" in capsys.readouterr().err
    assert sorted(root.parent.rglob("*")) == before


def test_reports_of_json_files_draw_nothing_and_need_no_matplotlib(root):
    code = f"""
import contextlib, io
from roam_lite.cli import main

with contextlib.redirect_stdout(io.StringIO()):
    scores, out = {str(root.parent / "kcf.json")!r}, {str(root.parent / "out")!r}
    codes = [main(["evaluate", "--root", {str(root)!r}, "--tracker", "kcf", "--json", scores])]
    codes.append(main(["report", scores, "--out", out]))
print(json.dumps(codes))
"""
    assert without_extras(code) == [0, 0]
    assert (root.parent / "out" / "table.md").is_file()


def test_widgets_say_what_they_lack_and_the_controller_needs_nothing(without):
    from roam_lite import widgets

    without("ipywidgets")
    with pytest.raises(InputError, match=r"ipywidgets is needed for widgets.explore: .*course"):
        _ = widgets.explore
    assert widgets.Controller
    without("matplotlib")
    with pytest.raises(InputError, match=r"matplotlib is needed for widgets.training_run: "):
        _ = widgets.training_run
    assert widgets.record


def test_imagenet_weights_are_fetched_by_torchvision_alone(without):
    without("torchvision")
    with pytest.raises(InputError, match=r"torchvision is needed for VGG-16's ImageNet weights"):
        VGG16().load_pretrained()


def test_without_contrib_modules_only_their_peers_are_missing(monkeypatch, root, capsys):
    monkeypatch.delattr(cv2, "TrackerCSRT")
    monkeypatch.delattr(cv2, "TrackerKCF")
    assert main(["doctor"]) == 1
    output = capsys.readouterr().out
    assert re.findall(r"^MISS +(\w+) .*without the peers csrt, kcf;", output, re.M) == ["opencv"]
    assert main(["evaluate", "--root", str(root), "--tracker", "csrt"]) == 2
    assert "csrt is not in this OpenCV" in capsys.readouterr().err
    assert main(["evaluate", "--root", str(root), "--tracker", "mil"]) == 0


def test_doctor_names_the_extras_that_are_missing(without, capsys):
    without("anywidget")
    without("ipywidgets")
    main(["doctor"])
    line = (
        r"^ok +extras +train installed; pretrained installed; course lacks ipywidgets, anywidget$"
    )
    assert re.search(line, capsys.readouterr().out, re.M)
