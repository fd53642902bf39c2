"""Analyze: a learned rule's rates explained, its parts replaced, in a table and in JSON."""

import json
import re

import pytest
import torch

from roam_lite.checkpoints import save_checkpoint
from roam_lite.config import modify
from roam_lite.data.otb import write_sequence
from roam_lite.data.synthetic import synthesize
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile
from roam_lite.tracking import load_tracker
from tests.cli.commands import run

REPLACED = [
    *("own", "constants", "part means", "formula", "memory wiped", "none"),
    *("features x 0.5", "features x 2"),
]


@pytest.fixture
def checkpoint(tmp_path):
    """A function that writes an untrained checkpoint of a rule; it trusts every response."""

    def write(rule):
        path = tmp_path / f"{rule}.safetensors"
        config = modify(get_profile("smoke"), rule={"name": rule}, online={"weak_response": 0.0})
        model = MetaModel(config, torch.Generator().manual_seed(1))
        response, _ = model.layout.split(model.theta0.data[None])
        response.bias.fill_(0.5)
        save_checkpoint(path, model, {})
        return path

    return write


@pytest.mark.parametrize("rule", ["lstm", "const"])
def test_analyze_prints_what_it_writes(rule, checkpoint, root, tmp_path, capsys):
    file, path = tmp_path / "found.json", checkpoint(rule)
    assert run("analyze", path, "--root", root, "--draws", "2", "--json", file) == 0
    captured = capsys.readouterr()
    table, kept = captured.out, json.loads(file.read_text())
    assert f"rule {rule}, weights {kept['tracker']['weights_sha256'][:12]}: 4 steps on 2" in table
    assert "frame/s" in captured.err
    explained = kept["explained"]
    row = r"^(\w[\w ]*?)(?:, on top.*?)? +(?:-?[\d.]+ +){2}(-?[\d.]+) +([\d.]+)$"
    shares = {name: tuple(map(float, pair)) for name, *pair in re.findall(row, table, re.M)}
    for name, share in zip(explained["groups"], explained["together"], strict=True):
        left = explained["deviation"] * (1 - share) ** 0.5
        assert shares[name] == pytest.approx((share, left), abs=1e-4)
    rules = [name for name in REPLACED if rule == "lstm" or name != "memory wiped"]
    assert kept["differences"]["rules"] == rules
    told = table.partition("fitted to the same sequences")[2]
    for name, aucs in zip(rules, kept["differences"]["aucs"], strict=True):
        assert [len(draw) for draw in aucs] == [2, 2]
        (auc,) = re.findall(rf"^{name} +([\d.]+)", told, re.M)
        assert float(auc) == pytest.approx(sum(map(sum, aucs)) / 4, abs=1e-4)
    changes = kept["agreement"]["changes"]
    assert len(changes) == (6 if rule == "lstm" else 0)
    assert all(re.search(rf"^{change} ", table, re.M) for change in changes)


def test_constants_and_formula_can_come_from_other_sequences(checkpoint, root, tmp_path, capsys):
    path, constants = checkpoint("lstm"), {}
    for seed, name in enumerate("CD", start=5):
        write_sequence(tmp_path / "fit" / name, synthesize(seed, length=8, size=(160, 120)))
    for fit in ([], ["--fit", tmp_path / "fit"]):
        file = tmp_path / f"{len(fit)}.json"
        assert run("analyze", path, "--root", root, "--draws", "1", *fit, "--json", file) == 0
        kept = json.loads(file.read_text())
        constants[kept["fitted_on"]] = kept["constants"], kept["explained"]
    same, other = constants["the same sequences"], constants[str(tmp_path / "fit")]
    assert f"fitted to {tmp_path / 'fit'}:" in capsys.readouterr().out
    assert same[0] != other[0]
    assert same[1] == other[1]


def test_analyze_needs_two_sequences_and_updates(checkpoint, root, capsys):
    path = checkpoint("fc")
    assert run("analyze", path, "--root", root, "--every", "2") == 2
    assert "one sequence gives no interval of differences; give two" in capsys.readouterr().err
    assert run("analyze", path, "--root", root / "A") == 2
    assert run("analyze", path, "--root", root, "--fit", root / "none") == 2
    assert "none: no such folder" in capsys.readouterr().err


def test_analyze_refuses_to_write_over_the_checkpoint(checkpoint, root, capsys):
    path = checkpoint("fc")
    assert run("analyze", path, "--root", root, "--json", path) == 2
    assert "this is an input, not an output" in capsys.readouterr().err


def test_the_constants_become_a_rule_to_track_with(checkpoint, root, tmp_path, capsys):
    path, file, kept = checkpoint("lstm"), tmp_path / "c.safetensors", tmp_path / "found.json"
    arguments = ["--root", root, "--draws", "2", "--json", kept, "--constants", file]
    assert run("analyze", path, *arguments) == 0
    found = json.loads(kept.read_text())
    tracker = load_tracker(checkpoint=path, rule=file)
    assert tracker.description["rule"] == "const"
    shares = torch.tensor(found["constants"])[tracker.model.parts]
    torch.testing.assert_close(tracker.rule.log_rates.exp(), shares, rtol=1e-5, atol=0)
    theta = tracker.model.theta0[None]
    step = tracker.rule.step(theta, theta, torch.ones(1), tracker.rule.init(theta, 0.5))
    torch.testing.assert_close(step.rates[0], 0.5 * shares, rtol=1e-5, atol=0)
    card = json.loads(file.with_suffix(".json").read_text())
    assert card["distilled_from"] == found["tracker"]
    assert card["constants"] == pytest.approx(found["constants"])
    assert run("analyze", path, *arguments[:4], "--constants", tmp_path / "found.safetensors") == 2
    assert "found.json exists" in capsys.readouterr().err
    twice = ["--json", tmp_path / "d.json", "--constants", tmp_path / "d.safetensors"]
    assert run("analyze", path, *arguments[:4], *twice) == 2
    assert "--json is the same place" in capsys.readouterr().err
    assert run("analyze", path, *arguments[:4], "--rule", "none") == 2
    assert "never updates has no rule to analyze" in capsys.readouterr().err
    assert run("analyze", path, *arguments[:4], "--constants", tmp_path / "c.pt") == 2
    assert "ends in .safetensors" in capsys.readouterr().err


def test_analyze_takes_the_rule_that_was_trained_unless_another_is_named(
    checkpoint, root, tmp_path
):
    path, kept = checkpoint("lstm"), tmp_path / "found.json"
    arguments = ["--root", root, "--draws", "2", "--json", kept]
    assert run("analyze", path, *arguments, "--rule", checkpoint("gru")) == 0
    assert json.loads(kept.read_text())["tracker"]["rule"] == "gru"
