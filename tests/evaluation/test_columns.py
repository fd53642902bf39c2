"""A column of one's own is one line in a file outside the package, and every output has it."""

import json
import sys
from importlib import import_module

import pytest

from roam_lite.cli import main
from roam_lite.evaluation.columns import COLUMNS, cell, column
from tests import trees

MINE = """
import numpy as np

from roam_lite.evaluation.columns import COLUMNS, Column
from roam_lite.geometry import center_error


def mean_center_error(sequence, run):
    return np.nanmean(center_error(run.boxes, sequence.boxes))


COLUMNS["center_error"] = Column("center error", ".1f", rises=False, compute=mean_center_error)


class Statue:
    def init(self, image, box):
        self.box = box

    def update(self, image):
        return self.box


class Follower(Statue):
    def update(self, image):
        self.box = self.box + np.array([2, 0, 0, 0])
        return self.box
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Two sequences in OTB layout, and a module outside the package that registers a column."""
    (tmp_path / "my_column.py").write_text(MINE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = dict(COLUMNS)
    import_module("my_column")
    yield str(trees.otb(trees.otb(tmp_path / "data", "A"), "B"))
    COLUMNS.clear()
    COLUMNS.update(before)
    del sys.modules["my_column"]


def evaluate(root, tracker, *options):
    arguments = ["--root", root, "--tracker", f"my_column:{tracker}", "--json", f"{tracker}.json"]
    arguments += ["--overwrite"]
    assert main(["evaluate", *arguments, *options]) == 0
    with open(f"{tracker}.json") as file:
        return json.load(file)


def test_the_table_and_the_json_have_a_column_of_ones_own(root, capsys):
    report = evaluate(root, "Statue")
    header, *_, mean, _ = capsys.readouterr().out.splitlines()
    assert header.split() == ["AUC", "prec@20", "center", "error", "fps", "frames"]
    assert mean.split()[3] == "5.0"  # the target moves by 0, 2, .. 10 pixels
    for entry in (report["mean"], *report["sequences"].values()):
        assert list(entry) == ["auc", "precision_20", "center_error", "fps", "frames"]
        assert entry["center_error"] == pytest.approx(5)


@pytest.mark.parametrize("kept", [True, False])
def test_comparisons_and_reports_have_it_too(root, kept, capsys):
    for tracker in ("Statue", "Follower"):
        evaluate(root, tracker)
    if not kept:  # in another process, which knows nothing of the column
        del COLUMNS["center_error"]
    capsys.readouterr()
    assert main(["compare", "Statue.json", "Follower.json"]) == 0
    _, _, header, _, follower, *_ = capsys.readouterr().out.splitlines()
    assert ("center error" if kept else "center_error") in header
    assert ("-5.0 [-5.0, -5.0]" if kept else "-5.000 [-5.000, -5.000]") in follower
    assert main(["report", "Statue.json", "Follower.json"]) == 0
    table = capsys.readouterr().out
    assert ("| center error ↓ |" if kept else "| center_error ↑ |") in table
    if kept:
        assert "| my_column:Follower (measured) | **0.952** | **1.000** | **0.0** |" in table
    assert "| ROAM++ (paper) | 0.680 | - | - |" in table


def test_lasot_has_it_and_benchmarks_that_pool_frames_do_not(root, tmp_path):
    lasot = str(trees.lasot(tmp_path / "lasot"))
    assert "center_error" in evaluate(lasot, "Statue", "--benchmark", "lasot")["mean"]
    got10k = str(trees.got10k(tmp_path / "got10k"))
    arguments = ["--benchmark", "got10k", "--split", "val", "--repetitions", "1"]
    assert "center_error" not in evaluate(got10k, "Statue", *arguments)["mean"]


def test_values_are_printed_in_their_columns_form():
    assert (cell("fps", 12.34), cell("frames", 7), cell("auc", 0.5)) == ("12.3", "7", "0.500")
    assert cell("auc", None) == cell("auc", float("nan")) == ""
    assert (column("unheard_of").label, cell("unheard_of", 1.0)) == ("unheard_of", "1.000")
