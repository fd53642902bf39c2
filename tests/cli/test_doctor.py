"""Doctor: what works here, what is missing, what is incomplete."""

import re

from tests import trees
from tests.cli.commands import run


def test_doctor_reports_and_fails_where_the_shipped_checkpoint_is_missing(
    root, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("roam_lite.checkpoints.WEIGHTS", tmp_path)
    assert run("doctor", "--root", root) == 1
    output = capsys.readouterr().out
    assert re.search(r"^MISS +laptop", output, re.M)
    assert re.search(
        r"^ok +opencv .*csrt, kcf, mil, nano, vit; with --weights DIR: nano, vit$", output, re.M
    )
    assert re.search(
        r"^part +OTB-2015: 2 of 100 sequences, 12 frames in .*Basketball", output, re.M
    )


def test_doctor_says_where_sequences_are_missing(tmp_path, capsys):
    run("doctor", "--root", tmp_path)
    assert re.search(r"^MISS +benchmarks .*no sequence", capsys.readouterr().out, re.M)
    assert run("doctor", "--root", tmp_path / "nowhere") == 1
    assert re.search(r"^MISS +benchmarks .*no such folder", capsys.readouterr().out, re.M)


def test_doctor_marks_a_half_copied_benchmark(tmp_path, capsys):
    trees.lasot(tmp_path / "LaSOT", "airplane-1")
    (tmp_path / "LaSOT" / "airplane" / "airplane-1" / "img" / "00000002.jpg").unlink()
    assert run("doctor", "--root", tmp_path) == 1
    line = re.search(r"^MISS +LaSOT test: .*", capsys.readouterr().out, re.M)[0]
    assert "0 of 280 sequences" in line
    assert "image 2 is missing between 1 and 3" in line
