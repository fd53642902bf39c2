"""Compare: differences with intervals, of the same sequences only."""

import re

from tests.cli.commands import run


def test_compare_prints_intervals_against_the_first(root, tmp_path, statue, capsys):
    for tracker, name in ((statue, "still"), ("kcf", "kcf")):
        path = tmp_path / f"{name}.json"
        assert run("evaluate", "--root", root, "--tracker", tracker, "--json", path) == 0
    capsys.readouterr()
    assert run("compare", tmp_path / "still.json", tmp_path / "kcf.json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2 sequences")
    assert len(re.findall(r"[+-]\d\.\d{3} \[[+-]\d\.\d{3}, [+-]\d\.\d{3}\]", lines[-4])) == 2
    assert lines[-2] == "difference in AUC with one sequence left out"


def test_compare_refuses_different_sequences(root, tmp_path, capsys):
    for name in "AB":
        arguments = ["--tracker", "kcf", "--sequences", name, "--json", tmp_path / f"{name}.json"]
        run("evaluate", "--root", root, *arguments)
    assert run("compare", tmp_path / "A.json", tmp_path / "B.json") == 2
    assert "A.json" in (said := capsys.readouterr().err)
    assert "the same --sequences" in said
    assert run("compare", tmp_path / "A.json", tmp_path / "A.json") == 2
    assert "A.json is given twice" in capsys.readouterr().err
