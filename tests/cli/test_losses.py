"""Losses: a table and JSON, of models that diverge too; nothing that is read is written to."""

import json

import pytest

from roam_lite.checkpoints import save_checkpoint
from roam_lite.config import modify
from tests.cli.commands import run
from tests.tracking.small import smoke_model


@pytest.fixture
def checkpoints(tmp_path):
    """An untrained checkpoint, and one whose losses are not finite."""
    paths = [tmp_path / "base.safetensors", tmp_path / "wild.safetensors"]
    for path, scale in zip(paths, (1, 1e30), strict=True):
        model = smoke_model()
        model.config = modify(model.config, training={"past_labels": "truth"})
        model.theta0 *= scale
        save_checkpoint(path, model, {})
    return paths


def test_losses_that_are_not_finite_are_null_and_count_as_the_largest(
    checkpoints, tmp_path, capsys
):
    file = tmp_path / "losses.json"
    arguments = ["--data", "synthetic", "--batches", "1", "--most", "50", "--json", file]
    assert run("losses", *checkpoints, *arguments) == 0
    _, wild = (line.split() for line in capsys.readouterr().out.splitlines()[-2:])
    assert wild[1:-3] == ["50.000"] * (len(wild) - 5) + ["1.00"]
    stored = json.loads(file.read_text())["losses"]
    assert [str(path) for path in checkpoints] == list(stored)
    assert all(value is None for clip in stored[str(checkpoints[1])] for value in clip)
    assert all(value > 0 for clip in stored[str(checkpoints[0])] for value in clip)


def test_checkpoints_are_not_written_to_nor_given_twice(checkpoints, capsys):
    card = checkpoints[0].with_suffix(".json")
    assert run("losses", checkpoints[0], "--data", "synthetic", "--json", card) == 2
    assert "this is an input, not an output" in capsys.readouterr().err
    assert run("losses", checkpoints[0], checkpoints[0], "--data", "synthetic") == 2
    assert "given twice" in capsys.readouterr().err
