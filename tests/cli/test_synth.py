"""Synth: sequences from a seed."""

import numpy as np

from roam_lite.data.otb import list_sequences, read_sequence, write_sequence
from roam_lite.data.sources import CollageSource, SyntheticSource
from tests.cli.commands import run


def test_synth_gives_the_same_bytes_for_the_same_seed(tmp_path):
    for out in ("one", "two"):
        arguments = ["--out", tmp_path / out, "--count", "2", "--seed", "5", "--length", "3"]
        assert run("synth", *arguments) == 0
    one, two = (sorted(p for p in (tmp_path / o).rglob("*") if p.is_file()) for o in ("one", "two"))
    assert [path.name for path in one] == [path.name for path in two]
    assert len(one) == 2 * (3 + 2)
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(one, two, strict=True))


def test_synth_refuses_what_exists(tmp_path, capsys):
    assert run("synth", "--out", tmp_path, "--length", "2") == 0
    assert run("synth", "--out", tmp_path, "--length", "2") == 2
    assert "choose another --out or --seed" in capsys.readouterr().err


def test_synth_renders_the_projects_samples(tmp_path, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr("roam_lite.data.synthetic.samples.write_samples", asked.append)
    assert run("synth", "--samples", tmp_path / "s") == 0
    assert asked == [str(tmp_path / "s")]
    assert f"wrote {tmp_path / 's'}" in capsys.readouterr().out


def test_synth_draws_from_training_sources_in_turn(tmp_path, capsys):
    arguments = ["--count", "2", "--seed", "5", "--length", "3"]
    data = ["--data", "synthetic,collage:photographs"]
    assert run("synth", "--out", tmp_path / "drawn", *arguments, *data) == 0
    names = list_sequences(tmp_path / "drawn")
    assert names == ["drawn-5-0000", "drawn-5-0001"]
    first, second = (read_sequence(tmp_path / "drawn", name) for name in names)
    for sequence, source in zip(
        (first, second), (SyntheticSource(5), CollageSource(5, "photographs")), strict=True
    ):
        again = source.draw(np.random.default_rng([5, int(sequence.name[-4:])]), 3)
        np.testing.assert_allclose(sequence.boxes, again.boxes, atol=0.01)
        assert sequence.frames[0].shape == again.frames[0].shape
    assert run("synth", "--out", tmp_path / "e", *data, "--challenge", "blur") == 2
    assert "give one of them" in capsys.readouterr().err
    write_sequence(tmp_path / "real" / "a", SyntheticSource(5).draw(np.random.default_rng(0), 2))
    assert run("synth", "--out", tmp_path / "e", "--data", f"otb:{tmp_path / 'real'}") == 2
    assert "not rendered; give synthetic or collage sources" in capsys.readouterr().err
    assert run("synth", "--out", tmp_path / "e", "--data", "sinthetic") == 2
    assert "unknown data 'sinthetic'" in capsys.readouterr().err
