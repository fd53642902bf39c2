"""Evaluate: tables, JSON, kept results and plots of any tracker."""

import json
import subprocess
import sys

import numpy as np
import pytest

from roam_lite.data.boxes import read_boxes
from roam_lite.data.otb import write_sequence
from roam_lite.data.synthetic import synthesize
from tests import trees
from tests.cli.commands import CLEAN, run


def test_evaluate_prints_a_table_and_json_of_the_conventional_shape(root, smoke, capsys):
    assert run("evaluate", "--benchmark", "otb", "--root", root, "--json", "-", *smoke) == 0
    output, messages = capsys.readouterr()
    assert "prec@20" in messages
    assert "lost for good, no overlap in the last quarter:" in messages
    report = json.loads(output)
    assert list(report) == ["sequences", "mean", "tracker"]
    assert list(report["sequences"]) == ["A", "B"]
    for entry in (*report["sequences"].values(), report["mean"]):
        assert list(entry) == ["auc", "precision_20", "fps", "frames"]
        assert 0 <= entry["auc"] <= 20 / 21
        assert 0 <= entry["precision_20"] <= 1
        assert entry["fps"] > 0
    assert report["mean"]["frames"] == 12
    assert report["tracker"]["tracker"] == "roam++"
    assert report["tracker"]["rule"] == "lstm"
    assert report["tracker"]["profile"] == "smoke"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--tracker", "roam"], {"tracker": "roam"}),
        (["--rule", "none"], {"rule": "none"}),
        (["--rule", "sgd", "--sgd-rate", "0.001"], {"rule": "sgd", "lr": 0.001}),
        (["--rule", "adam", "--lr", "0.001"], {"rule": "adam", "lr": 0.001}),
        (["--set", "motion=1.6", "--set", "penalty=0"], {"online": {"motion": 1.6, "penalty": 0}}),
        (["--set", "initial_steps=0", "--rule", "none"], {"online": {"initial_steps": 0}}),
        (["--oracle"], {"oracle": True}),
        (["--device", "cpu"], {"device": "cpu"}),
        (["--scoring", "got10k"], {"scoring": "got10k"}),
    ],
)
def test_evaluate_takes_every_tracker_option(options, expected, root, smoke, tmp_path):
    path = tmp_path / "scores.json"
    arguments = ["--root", root, "--sequences", "B", "--json", path, *smoke, *options]
    assert run("evaluate", *arguments) == 0
    report = json.loads(path.read_text())
    assert list(report["sequences"]) == ["B"]
    assert report["tracker"].items() >= expected.items()


def test_a_tracker_of_ones_own_goes_through_the_same_code(root, statue, tmp_path, capsys):
    assert run("evaluate", "--root", root, "--tracker", statue, "--results", tmp_path / "r") == 0
    table, told = capsys.readouterr().out.splitlines()[-2:]
    assert table.startswith("mean")
    assert told.startswith("lost for good")
    (folder,) = (tmp_path / "r" / "OTB2015").iterdir()
    assert folder.name.startswith("mine-Statue-")
    truth = read_boxes(root / "A" / "groundtruth_rect.txt")
    np.testing.assert_allclose(read_boxes(folder / "A.txt"), np.tile(truth[0], (6, 1)), atol=1e-4)


def test_results_are_kept_and_gone_on_from(root, statue, tmp_path, capsys):
    arguments = ["evaluate", "--root", root, "--tracker", statue, "--results", tmp_path / "r"]
    assert run(*arguments, "--sequences", "A") == 0
    (folder,) = (tmp_path / "r" / "OTB2015").iterdir()
    before = (folder / "A.txt").stat().st_mtime_ns
    assert run(*arguments) == 0
    assert (folder / "A.txt").stat().st_mtime_ns == before
    assert (folder / "B.txt").is_file()
    assert run(*arguments, "--overwrite", "--plots", tmp_path / "p") == 0
    assert (folder / "A.txt").stat().st_mtime_ns != before
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == [
        "precision.png",
        "success.png",
    ]


def test_other_benchmarks_have_metrics_of_their_own(statue, tmp_path, capsys):
    data = trees.vot(tmp_path / "vot", length=13)
    arguments = ["--root", data, "--tracker", statue, "--repetitions", "1", "--json", "-"]
    assert run("evaluate", "--benchmark", "vot2016", *arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report["mean"]) == [
        "eao", "accuracy", "robustness", "failures", "fps", "frames"
    ]  # fmt: skip
    assert report["mean"]["eao"] is None  # too short a video
    assert report["sequences"]["ball"]["failures"] == 1
    assert run("evaluate", "--benchmark", "vot2016", *arguments, "--plots", tmp_path / "p") == 2
    output, message = capsys.readouterr()
    assert output == ""
    assert "VOT has no success or precision curves" in message


def test_a_split_that_a_server_scores_gives_a_zip(statue, tmp_path, capsys):
    data = trees.got10k(tmp_path / "got", split="test")
    arguments = ["evaluate", "--benchmark", "got10k", "--root", data, "--tracker", statue]
    assert run(*arguments) == 2
    assert "--results DIR is needed: a server scores this split" in capsys.readouterr().err
    assert run(*arguments, "--results", tmp_path / "r", "--json", tmp_path / "x.json") == 2
    assert "omit --json and --plots" in capsys.readouterr().err
    assert run(*arguments, "--results", tmp_path / "r") == 0
    (path,) = (tmp_path / "r" / "GOT-10k").glob("*.zip")
    assert f"1 sequences, which the server scores; upload {path}" in capsys.readouterr().out


def test_plots_without_kept_results_show_this_run(root, tmp_path):
    arguments = ["--root", root, "--tracker", "kcf", "--plots", tmp_path / "p"]
    assert run("evaluate", *arguments) == 0
    assert (tmp_path / "p" / "success.png").is_file()


def test_kept_results_of_another_root_are_not_this_ones(root, statue, tmp_path, capsys):
    other = tmp_path / "other"
    for seed, name in enumerate("AB"):
        write_sequence(other / name, synthesize(seed + 7, length=6, size=(160, 120)))
    arguments = ["evaluate", "--tracker", statue, "--results", tmp_path / "r"]
    assert run(*arguments, "--root", root) == 0
    capsys.readouterr()
    assert run(*arguments, "--root", other) == 2
    output, message = capsys.readouterr()
    assert output == ""
    assert "A (first box, " in message
    assert "choose another --results" in message


def test_a_tracker_that_was_edited_is_tracked_again_beside_the_old_results(
    root, statue, tmp_path, capsys
):
    arguments = ["evaluate", "--root", root, "--tracker", statue, "--results", tmp_path / "r"]
    assert run(*arguments) == 0
    edited = (tmp_path / "mine.py").read_text().replace("self.box = box", "self.box = box + 3")
    (tmp_path / "mine.py").write_text(edited)
    sys.modules.pop("mine")
    assert run(*arguments) == 0
    assert "reused 0 of 2 sequences" in capsys.readouterr().err
    one, two = ((f / "A.txt").read_text() for f in (tmp_path / "r" / "OTB2015").iterdir())
    assert one != two


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_was_finished_is_kept_when_a_users_tracker_fails(root, tmp_path, workers, capsys):
    (tmp_path / "late.py").write_text(
        "class Late:\n"
        "    def init(self, image, box):\n"
        "        self.box = box\n"
        "    def update(self, image):\n"
        "        return self.box if image.shape[0] > 100 else exit(0)\n"
    )
    data = tmp_path / "data"
    write_sequence(data / "A", synthesize(0, length=6, size=(160, 120)))
    write_sequence(data / "B", synthesize(1, length=4, size=(96, 72)))
    arguments = [
        "--tracker",
        "late:Late",
        "--results",
        "r",
        "--workers",
        workers,
        "--json",
        "x.json",
    ]
    arguments = ["evaluate", "--root", str(data), *arguments]
    code = f"import sys; from roam_lite.cli import main; sys.exit(main({arguments}))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=CLEAN
    )
    assert result.returncode == 2
    *_, line = result.stderr.splitlines()
    told = "late:Late, frame 1 of B: SystemExit: 0; --debug shows its traceback"
    assert line == f"roam-lite evaluate: {told}"
    assert [path.name for path in (tmp_path / "r").rglob("?.txt")] == ["A.txt"]
    assert not (tmp_path / "x.json").exists()
