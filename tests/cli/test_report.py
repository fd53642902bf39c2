"""Report: one page of plots and tables from the results of many trackers."""

import json
import re
import shutil

import pytest

from tests.cli.commands import run


@pytest.fixture
def three_trackers(root, statue, tmp_path):
    """Folders of results: one that evaluate kept and two that somebody else wrote."""
    assert run("evaluate", "--root", root, "--tracker", statue, "--results", tmp_path / "r") == 0
    (ours,) = (tmp_path / "r" / "OTB2015").iterdir()
    others = [tmp_path / "others" / name for name in ("ECO", "KCF")]
    for folder in others:
        folder.mkdir(parents=True)
        for name in "AB":
            text = (root / name / "groundtruth_rect.txt").read_text()
            (folder / f"{name}.txt").write_text(text.replace(",", "\t"))
    return [ours, *others]


def test_report_combines_folders_in_plots_and_tables(root, three_trackers, tmp_path, capsys):
    (tmp_path / "data").mkdir()
    for name in "AB":
        (tmp_path / "data" / name).symlink_to(root / name)
    (tmp_path / "data" / "attributes").mkdir()
    for name in "AB":
        (tmp_path / "data" / "attributes" / f"{name}.txt").write_text("OCC,BC")
    out = tmp_path / "report"
    assert run("report", *three_trackers, "--root", tmp_path / "data", "--out", out) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "attributes.png", "precision.png", "report.json", "sequences.md", "success.png",
        "table.md", "table.tex",
    ]  # fmt: skip
    table = (out / "table.md").read_text()
    assert "| ECO (measured) | **0.952** | **1.000** |" in table
    assert "| ROAM++ (paper) | 0.680 | - |" in table
    assert r"\textcolor{red}{0.952}" in (out / "table.tex").read_text()
    assert table in capsys.readouterr().out
    report = json.loads((out / "report.json").read_text())
    assert list(report["otb"]) == ["mine:Statue", "ECO", "KCF"]
    assert "| A |" in (out / "sequences.md").read_text()


def test_trackers_of_one_name_stay_apart(root, three_trackers, tmp_path, capsys):
    ours, eco, _ = three_trackers
    copies = [tmp_path / place / "SGD-0.001" for place in ("r1", "r2", "r3")]
    for level, copy in enumerate(copies):
        shutil.copytree(eco, copy)
        description = {"tracker": "roam++", "rule": "sgd", "lr": 0.001, "weights_sha256": level}
        (copy / "tracker.json").write_text(json.dumps(description))
    assert run("report", ours, *copies, "--root", root, "--out", tmp_path / "out") == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    name = "roam++ sgd 0.001"
    assert list(report["otb"]) == [
        "mine:Statue", name, f"{name} (SGD-0.001)", f"{name} ({copies[2]})"
    ]  # fmt: skip
    assert [r["tracker"].get("weights_sha256") for r in report["otb"].values()] == [None, 0, 1, 2]


def test_report_takes_what_evaluate_wrote_without_the_data(root, statue, tmp_path, capsys):
    json_file = tmp_path / "still.json"
    assert run("evaluate", "--root", root, "--tracker", statue, "--json", json_file) == 0
    assert run("report", json_file, json_file, "--out", tmp_path / "out") == 0
    assert "mine:Statue (still) (measured)" in capsys.readouterr().out
    assert not (tmp_path / "out" / "success.png").exists()
    assert run("report", json_file, "--benchmark", "lasot", "--out", tmp_path / "out") == 2
    assert "none of the files is of lasot" in capsys.readouterr().err


def test_report_says_what_is_wrong_with_results(root, three_trackers, tmp_path, capsys):
    arguments = ["report", *three_trackers, "--root", root, "--out", tmp_path / "out"]
    whole = (three_trackers[1] / "B.txt").read_text()
    for break_it, message in (
        (lambda path: path.write_text(whole[:20]), r"B\.txt: 1 lines for the 6 frames of B"),
        (lambda path: path.write_text(whole + "x,y\n"), r"B\.txt, line 7: 'x,y' is not a row"),
        (lambda path: path.unlink(), r"B\.txt: no such file; run the tracker on B"),
    ):
        break_it(three_trackers[1] / "B.txt")
        assert run(*arguments) == 2
        assert re.search(message, capsys.readouterr().err)
    assert run(*arguments[:-2], "--sequences", "A", "--out", tmp_path / "out") == 0
    (tmp_path / "results.zip").write_bytes(b"no zip")
    for wrong, message in (
        (tmp_path / "results.zip", "unpack archives first"),
        (tmp_path / "nowhere", "no such folder; give one with results of otb"),
    ):
        assert run("report", wrong, "--root", root) == 2
        assert message in capsys.readouterr().err
    assert run("report", three_trackers[1]) == 2
    assert "--root DIR is needed" in capsys.readouterr().err
