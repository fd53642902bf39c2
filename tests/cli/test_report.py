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
    copies = [tmp_path / place / "sgd-0.001" for place in ("r1", "r2", "r3")]
    for level, copy in enumerate(copies):
        shutil.copytree(eco, copy)
        description = {"tracker": "roam++", "rule": "sgd", "lr": 0.001, "weights_sha256": level}
        (copy / "tracker.json").write_text(json.dumps(description))
    assert run("report", ours, *copies, "--root", root, "--out", tmp_path / "out") == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    name = "roam++ sgd 0.001"
    names = [f"{name} ({place}/sgd-0.001)" for place in ("r1", "r2", "r3")]
    assert list(report["otb"]) == ["mine:Statue", *names]
    for file in ("table.md", "sequences.md"):
        assert all(name in (tmp_path / "out" / file).read_text() for name in names)
    assert [r["tracker"].get("weights_sha256") for r in report["otb"].values()] == [None, 0, 1, 2]


def test_report_takes_what_evaluate_wrote_without_the_data(root, statue, tmp_path, capsys):
    json_file = tmp_path / "still.json"
    assert run("evaluate", "--root", root, "--tracker", statue, "--json", json_file) == 0
    shutil.copy(json_file, tmp_path / "sgd-0.001.json")
    files = [json_file, tmp_path / "sgd-0.001.json"]
    assert run("report", *files, "--out", tmp_path / "out") == 0
    table = capsys.readouterr().out
    assert "mine:Statue (still) (measured)" in table
    assert "mine:Statue (sgd-0.001) (measured)" in table
    assert not (tmp_path / "out" / "success.png").exists()
    assert run("report", json_file, "--benchmark", "lasot", "--out", tmp_path / "out") == 2
    assert "no file has results of lasot" in capsys.readouterr().err


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
    assert "give --root DIR" in capsys.readouterr().err


def test_a_table_of_other_sequences_does_not_say_that_it_is_the_benchmarks(
    root, three_trackers, tmp_path, capsys
):
    assert run("report", *three_trackers, "--root", root, "--out", tmp_path / "out") == 0
    said = (
        "Measured on 2 other sequences in the layout of otb; the paper's rows: Results on OTB-2015"
    )
    assert said in capsys.readouterr().out
    assert (
        "2 other sequences in the layout of otb, every"
        in (tmp_path / "out/sequences.md").read_text()
    )


def test_the_named_sequences_alone_are_reported_of_json_too(root, statue, tmp_path, capsys):
    files = {name: tmp_path / f"{name}.json" for name in ("both", "alone")}
    for name, more in (("both", []), ("alone", ["--sequences", "B"])):
        arguments = ["--root", root, "--tracker", statue, "--json", files[name], *more]
        assert run("evaluate", *arguments) == 0
    assert run("report", files["both"], "--sequences", "B", "--out", tmp_path / "out") == 0
    (report,) = json.loads((tmp_path / "out" / "report.json").read_text())["otb"].values()
    alone = json.loads(files["alone"].read_text())
    assert list(report["sequences"]) == ["B"]
    assert report["mean"]["auc"] == alone["mean"]["auc"]
    assert report["mean"]["frames"] == 6
    assert run("report", files["both"], "--sequences", "Z", "--out", tmp_path / "out") == 2
    assert "both.json: no scores for Z" in capsys.readouterr().err
    assert run("report", *files.values(), "--out", tmp_path / "out") == 2
    assert "has A; evaluate all trackers on the same --sequences" in capsys.readouterr().err


def test_scores_by_different_rules_are_not_mixed(root, statue, three_trackers, tmp_path, capsys):
    files = {rule: tmp_path / f"{rule}.json" for rule in ("official", "pysot")}
    for rule, path in files.items():
        arguments = ["--root", root, "--tracker", statue, "--json", path, "--scoring", rule]
        assert run("evaluate", *arguments) == 0
    for mixed in (list(files.values()), [*three_trackers, files["pysot"]], [files["pysot"]]):
        assert run("report", *mixed, "--root", root, "--out", tmp_path / "out") == 2
        assert "pysot.json: scored by the rule pysot, not official" in capsys.readouterr().err
    assert run("report", files["pysot"], "--scoring", "pysot", "--out", tmp_path / "out") == 0


def test_what_is_given_twice_or_read_is_not_reported(root, statue, tmp_path, capsys):
    file = tmp_path / "out" / "report.json"
    assert run("evaluate", "--root", root, "--tracker", statue, "--json", file) == 0
    before = file.read_bytes()
    assert run("report", file, tmp_path / "out" / ".." / "out" / "report.json") == 2
    assert "is given twice" in capsys.readouterr().err
    assert run("report", file, "--out", tmp_path / "out") == 2
    assert "this is an input, not an output" in capsys.readouterr().err
    assert file.read_bytes() == before
    assert run("report", file, "--split", "val", "--out", tmp_path / "o") == 2
    assert "--split does not apply to JSON files" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
