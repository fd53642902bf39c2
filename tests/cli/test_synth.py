"""Synth: sequences from a seed."""

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
