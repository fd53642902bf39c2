"""Train: a checkpoint that tracks, and an interruption that costs nothing."""

import json
import re
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from roam_lite.profiles import get_profile
from roam_lite.training import StepRecord
from tests.cli.commands import CLEAN, TRAIN, run


def test_train_writes_a_checkpoint_that_tracks(root, tmp_path, capsys):
    train = [*TRAIN, "--data", f"synthetic,otb:{root}*2", "--out", tmp_path / "run"]
    assert run(*train) == 0
    said = capsys.readouterr().err
    assert "2/2" in said
    assert re.search(r"synthetic: padding 0\.\d\d / .*, target side \d+ / \d+ / \d+ px\n", said)
    assert said.index(f"otb:{root}: padding") < said.index("together: padding") < said.index("0/2")
    assert not (tmp_path / "run" / "best.json").exists()
    weights = tmp_path / "run" / "checkpoint.safetensors"
    options = ["--profile", "smoke", "--checkpoint", weights]
    assert run("evaluate", "--root", root, "--sequences", "A", *options) == 0
    assert run(*train) == 2
    assert "--resume" in capsys.readouterr().err
    assert run(*train, "--resume") == 0
    assert "padding" not in capsys.readouterr().err  # there is no step left


def test_constants_that_differ_from_those_of_the_first_checkpoint_are_told(smoke, tmp_path, capsys):
    init = ["--init", smoke[-1]]
    assert run(*TRAIN, *init, "--out", tmp_path / "same") == 0
    assert "other constants" not in capsys.readouterr().err
    changed = ["--set", "model.initial_steps=0", "--set", "rule.input_range=8"]
    assert run(*TRAIN, *init, *changed, "--out", tmp_path / "other") == 0
    told = f"other constants than in {smoke[-1]}: model.initial_steps=0 (there "
    said = capsys.readouterr().err
    assert re.search(re.escape(told) + r"\d\), rule\.input_range=8\.0 \(there 10\.0\)\n", said)


def test_the_checkpoint_that_tracks_best_is_kept(root, tmp_path, capsys):
    out = tmp_path / "run"
    check = ["--validate", root, "--validate-every", "1", "--validate-sequences", "1"]
    assert run(*TRAIN, *check, "--out", out) == 0
    best = float(re.search(r"best AUC (0\.\d+): ", capsys.readouterr().out)[1])
    aucs = [json.loads(line)["auc"] for line in (out / "log.jsonl").read_text().splitlines()]
    assert len(aucs) == 2
    assert best == pytest.approx(max(aucs), abs=1e-4)
    options = ["--checkpoint", out / "best.safetensors", "--json", tmp_path / "report.json"]
    assert run("evaluate", "--root", root, "--sequences", "A", *options) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["mean"]["auc"] == pytest.approx(max(aucs))
    assert run(*TRAIN, "--out", tmp_path / "other", "--validate", tmp_path / "nowhere") == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_training_after_the_step_and_it_says_how_to_go_on(
    number, tmp_path, monkeypatch, capsys
):
    class SlowTrainer:
        def __init__(self, config, resume, overwrite, validation):
            self.seconds, self.skipped, self.best, self.parent = 0.3, 0, None, None
            self.steps, self.step, self.out, self.saved = 9, 0, tmp_path, False
            self.config, self.batches = get_profile("smoke"), SimpleNamespace(sources=[])
            self.drawn = {"synthetic": 6, "otb:a": 12, "skipped": 1}
            trainers.append(self)

        def run(self):
            try:
                while self.step < self.steps:
                    self.step += 1
                    if self.step == 3:
                        signal.raise_signal(number)
                    yield StepRecord(self.step, "meta", [0.5], [0.5], 0, 0.1, 0.0)
            finally:
                self.saved = True

    trainers = []
    monkeypatch.setattr("roam_lite.training.Trainer", SlowTrainer)
    before = signal.getsignal(number)
    assert run("train", "--out", tmp_path) == 0
    assert trainers[0].step == 3
    assert trainers[0].saved
    said = capsys.readouterr().out
    assert "stopped after step 3 of 9; --resume continues" in said
    assert "clips drawn: 6 of synthetic, 12 of otb:a; 1 could not be used and were replaced" in said
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(("given", "spins"), [({}, False), ({"OMP_WAIT_POLICY": "active"}, True)])
def test_idle_threads_of_training_do_not_spin_unless_told_to(given, spins, tmp_path):
    # A folder that is not there ends the run when torch is up and before the first step.
    arguments = [*TRAIN, "--data", "otb:nowhere", "--out", str(tmp_path / "run")]
    code = f"import sys; from roam_lite.cli import main; sys.exit(main({arguments}))"
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=CLEAN | {"OMP_DISPLAY_ENV": "verbose"} | given,
    )
    assert result.returncode == 2
    # How long GNU's and LLVM's threads spin before they sleep; the policy alone says PASSIVE even
    # where nothing was set.
    (count,) = re.findall(r"(?:GOMP_SPINCOUNT|KMP_BLOCKTIME)\s*=\s*'(\w+)'", result.stderr)
    assert (count != "0") == spins
