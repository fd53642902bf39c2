"""Bench: where the time goes, and how much of a score is chance."""

import json
import re
import shutil
from pathlib import Path

import pytest
import torch

from roam_lite.bench import clips, scaling
from roam_lite.evaluation import first_step
from roam_lite.toy import leaderboard
from tests.cli.commands import run


def test_bench_tracking_splits_a_frame(root, smoke, capsys):
    assert run("bench", "tracking", "--root", root, *smoke) == 0
    rows = dict(re.findall(r"^(\S.*?) {2,}([\d.]+)", capsys.readouterr().out, re.M))
    parts = [float(rows[part]) for part in ("crop", "backbone", "localize", "update", "rest")]
    assert sum(parts) == pytest.approx(float(rows["all"]), abs=0.05)
    assert float(rows["all but the backbone"]) < float(rows["all"])


def test_bench_tracking_refuses_a_tracker_whose_parts_it_cannot_time(root, capsys):
    assert run("bench", "tracking", "--root", root, "--tracker", "csrt") == 2
    assert "only for the trackers roam++ and roam" in capsys.readouterr().err


def test_bench_training_gives_the_same_numbers_both_ways(capsys):
    arguments = ["--profile", "smoke", "--batch", "2", "--repeats", "1"]
    assert run("bench", "training", *arguments) == 0
    races = re.findall(r"^(\S.*?) +[\d.]+ +[\d.]+ +[\d.]+x +(\S+)$", capsys.readouterr().out, re.M)
    assert [name for name, _ in races] == [
        "correlation: forward and backward",
        "correlation: double backward",
        "meta-training step",
    ]
    assert all(float(difference) < 1e-4 for _, difference in races)


def test_bench_training_and_tracking_write_their_circumstances(root, smoke, tmp_path, capsys):
    files = [tmp_path / "training.json", tmp_path / "tracking.json"]
    arguments = ["--profile", "smoke", "--batch", "1", "--repeats", "1", "--json", files[0]]
    assert run("bench", "training", *arguments) == 0
    assert run("bench", "tracking", "--root", root, *smoke, "--json", files[1]) == 0
    for file in files:
        kept = json.loads(file.read_text())
        assert kept["torch"] == torch.__version__
        assert kept["date"].startswith("20")
        assert kept["device_name"]
        assert kept["profile"] == "smoke"


def test_bench_tracking_takes_random_weights_where_there_are_none(root, tmp_path, capsys):
    assert run("bench", "tracking", "--root", root, "--profile", "smoke", "--frames", "6") == 0
    output = capsys.readouterr().out
    assert output.startswith("profile smoke: random weights")
    assert "\nan update: " in output
    assert "\n5 frames at " in output


def test_bench_training_without_backbone_and_scaling(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(scaling, "FACTORS", (0.5, 1.0, 2.0))
    every = scaling.variations  # each takes a process of its own
    kinds = ("clips", "frames")
    monkeypatch.setattr(
        scaling, "variations", lambda config: (one for one in every(config) if one[1] in kinds)
    )
    assert (
        run("bench", "training", "--profile", "smoke", "--without-backbone", "--repeats", "1") == 0
    )
    found = re.findall(r"^(.+?)  +[\d.]+ +[\d.]+ +(\d+|not told)$", capsys.readouterr().out, re.M)
    assert [name for name, _ in found] == ["meta-training step, clips: 1", "online update"]
    file, plot = tmp_path / "scaling.json", tmp_path / "scaling.png"
    arguments = ["--profile", "smoke", "--repeats", "1", "--json", file, "--plot", plot]
    assert run("bench", "scaling", *arguments) == 0
    assert capsys.readouterr().out.count("CPU ms ") == 2
    rows = json.loads(file.read_text())["rows"]
    assert {len(row["cpu"]) for row in rows} == {3}
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_bench_training_refuses_what_it_would_ignore(capsys):
    for option, value in (("--rule", "gru"), ("--tracker", "csrt"), ("--weights", "x")):
        assert run("bench", "training", option, value) == 2
        assert f"{option} does not apply to bench training; omit it" in capsys.readouterr().err


def test_bench_clips_tells_patches_a_second(capsys, monkeypatch):
    monkeypatch.setattr(clips, "SIZE", (640, 360))
    monkeypatch.setattr(clips, "SIDES", (60,))
    assert run("bench", "clips", "--profile", "smoke", "--repeats", "1") == 0
    rows = re.findall(r"^(.*?), (full|reduced) +[1-9]\d* ", capsys.readouterr().out, re.M)
    assert rows == [(name, way) for name in ("60 px", "all") for way in ("full", "reduced")]


@pytest.mark.parametrize(("option", "value"), [("--device", "cpu"), ("--checkpoint", "x")])
def test_bench_clips_refuses_what_a_worker_has_no_use_for(option, value, capsys):
    assert run("bench", "clips", option, value) == 2
    assert f"{option} does not apply to bench clips; omit it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("what", "option", "value"),
    [
        ("tracking", "--split-by", "A"),
        ("chance", "--frame", "0"),
        ("sizes", "--draws", "2"),
        ("conditions", "--root", "x"),
        ("long", "--json", "x.json"),
        ("training", "--plot", "x.png"),
        ("chance", "--every", "1"),
        ("clips", "--root", "x"),
        ("clips", "--batch", "2"),
    ],
)
def test_bench_refuses_options_of_its_other_kinds(what, option, value, root, smoke, capsys):
    assert run("bench", what, *smoke, option, value) == 2
    assert f"{option} does not apply to bench {what}; omit it" in capsys.readouterr().err


def test_bench_chance_keeps_means_that_compare_reads(root, smoke, tmp_path, capsys):
    files = [tmp_path / f"{rule}.json" for rule in ("none", "sgd")]
    for file, rule in zip(files, (["none"], ["sgd", "--sgd-rate", "1e-3"]), strict=True):
        arguments = ["--root", root, "--draws", "2", "--json", file, "--rule", *rule]
        assert run("bench", "chance", *smoke, *arguments) == 0
    output = capsys.readouterr().out
    number = r" +([\d.]+) +[\d.]+ +[\d.]+$"
    assert len(re.findall(rf"^[12]{number}", output, re.M)) == 4
    means = re.findall(rf"^mean{number}", output, re.M)
    for file, mean in zip(files, means, strict=True):
        kept = json.loads(file.read_text())
        assert kept["mean"]["auc"] == pytest.approx(float(mean), abs=1e-3)
        assert kept["tracker"]["draws"] == 2
        assert kept["lost"] == [0, 0]
    assert run("compare", *files) == 0


def test_bench_chance_splits_by_the_beginning_of_names(root, statue, tmp_path, capsys):
    arguments = ["--root", root, "--draws", "2", "--tracker", statue, "--split-by"]
    assert run("bench", "chance", *arguments, "A") == 0
    output = capsys.readouterr().out
    assert re.findall(r"^(\S+): 1 of 2 sequences$", output, re.M) == ["A*", "others"]
    assert len(re.findall(r"^mean ", output, re.M)) == 3
    assert run("bench", "chance", *arguments, "C_") == 2
    captured = capsys.readouterr()
    assert "--split-by C_: no sequence's name begins with this" in captured.err
    assert captured.out == ""


def test_bench_chance_needs_two_draws(root, smoke, capsys):
    assert run("bench", "chance", "--root", root, "--draws", "1", *smoke) == 2
    assert "--draws 1" in capsys.readouterr().err


def test_bench_sizes_tells_a_row_a_sample_and_writes_them(smoke, tmp_path, capsys):
    file = tmp_path / "sizes.json"
    assert run("bench", "sizes", *smoke, "--frame", "20", "--json", file) == 0
    head, *rows, skipped = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "frame",
        "20",
        "0.6",
        "0.8",
        "1",
        "1.25",
        "1.6",
        "slope",
        "bias",
        "|bias|",
    ]
    names = ["camera", "deformation", "distractors", "light", "occlusion", "scale"]
    medians = [f"median, frame {frame}" for frame in (0, 1, 10, 20)]
    told = dict(re.match(r"(\S.*?) +((?: *-?[\d.]+){8})$", row).groups() for row in rows)
    assert list(told) == names + medians
    assert skipped == "skipped: none"
    kept = json.loads(file.read_text())
    assert kept["tracker"]["rule"] == "none"
    assert len(kept["responses"]) == 4 * len(names)
    assert kept["medians"]["20"]["slope"] == pytest.approx(
        float(told[medians[-1]].split()[-3]), abs=1e-3
    )


def test_bench_sizes_counts_what_is_too_short(root, smoke, capsys):
    assert run("bench", "sizes", "--root", root, "--frame", "5", *smoke) == 0
    assert "skipped: frame 10: 2 too short" in capsys.readouterr().out
    assert run("bench", "sizes", "--root", root, *smoke) == 2
    assert "no sizes to report in frame 30" in capsys.readouterr().err


@pytest.mark.parametrize("tracker", ["roam", "csrt", "mine:Tracker"])
def test_bench_sizes_refuses_trackers_that_regress_none(root, tracker, capsys):
    assert run("bench", "sizes", "--root", root, "--tracker", tracker) == 2
    assert f"regresses sizes, not for {tracker}" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["sizes", "first-step"])
@pytest.mark.parametrize(("option", "value"), [("--rule", "lstm"), ("--lr", "0.1")])
def test_bench_of_first_models_refuses_rules(what, option, value, root, capsys):
    assert run("bench", what, "--root", root, option, value) == 2
    assert f"{option} does not apply to bench {what}; omit it" in capsys.readouterr().err


def test_bench_first_step_compares_the_best_rates(root, smoke, tmp_path, capsys, monkeypatch):
    middles = {"sgd": {2: 1e-4, 3: 1e-4}, "adam": {2: 1e-3, 3: 1e-3}}
    monkeypatch.setattr(first_step, "MIDDLE_RATES", middles)
    monkeypatch.setattr(first_step, "FACTORS", (1.0, 3.0))
    file = tmp_path / "first.json"
    shutil.copytree(root, tmp_path / "train")
    arguments = ["--train", tmp_path / "train", "--every", "2", "--root", root, "--frames", "4"]
    arguments += ["--json", file]
    assert run("bench", "first-step", *smoke, *arguments, "--results", tmp_path / "kept") == 0
    lines = capsys.readouterr().out.splitlines()
    counted = [line.split()[0] for line in lines if re.match(r" *\d+/", line)]
    assert counted == [f"{i}/8" for i in range(1, 9)] + [f"{i}/6" for i in range(1, 7)]
    table = lines[-7:]
    assert table[0].endswith("AUC against 2 steps of the learned rates")
    assert [re.match("(.*?)  ", row)[1].rpartition(" ")[0] for row in table[3:]] == [
        "2 steps of sgd", "3 steps of sgd", "2 steps of adam", "3 steps of adam",
    ]  # fmt: skip
    # Of two rates, either is at the border.
    assert all(row.endswith("the lowest or highest tried") for row in table[3:])
    kept = json.loads(file.read_text())
    assert kept["frames"] == 4
    assert [list(entry["sequences"]) for entry in kept["search"]] == [["A"]] * 8
    assert [list(entry["sequences"]) for entry in kept["compared"]] == [["A", "B"]] * 6
    assert kept["compared"][1]["steps"] == 0
    assert kept["compared"][0]["sequences"]["A"]["frames"] == 4


def test_bench_first_step_adds_the_twin(root, smoke, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(first_step, "MIDDLE_RATES", {"sgd": {1: 1e-4}})
    monkeypatch.setattr(first_step, "FACTORS", (1.0,))
    shutil.copytree(root, tmp_path / "train")
    arguments = ["--train", tmp_path / "train", "--every", "2", "--root", root, "--frames", "3"]
    twin, card = tmp_path / "twin.safetensors", tmp_path / "twin.json"
    shutil.copy(smoke[-1], twin)
    values = json.loads(Path(smoke[-1]).with_suffix(".json").read_text())
    card.write_text(json.dumps(values))
    assert run("bench", "first-step", *smoke, *arguments, "--twin", twin) == 2
    assert "train --first-rate" in capsys.readouterr().err
    card.write_text(json.dumps(values | {"first_rate": 0.002}))
    assert run("bench", "first-step", *smoke, *arguments, "--twin", twin) == 0
    assert (
        capsys.readouterr().out.splitlines()[-1].startswith("2 steps of sgd 0.002, its own theta0")
    )


def test_bench_first_step_says_what_it_needs(root, capsys):
    assert run("bench", "first-step", "--root", root) == 2
    assert "give --train DIR" in capsys.readouterr().err
    assert run("bench", "first-step", "--train", root, "--root", root / "A" / "..") == 2
    assert "search the rates on sequences other than" in capsys.readouterr().err
    assert run("bench", "first-step", "--train", root, "--tracker", "csrt") == 2
    assert "only for the trackers roam++ and roam" in capsys.readouterr().err


def test_bench_rules_prints_every_rule_on_every_problem_and_keeps_them(
    root, smoke, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(leaderboard, "BOARDS", (_two_rows,))
    other, file = tmp_path / "train", tmp_path / "rules.json"
    shutil.copytree(root, other)
    arguments = ["--train", other, "--root", root, "--steps", "2", "--seeds", "3", "--json", file]
    assert run("bench", "rules", *smoke, *arguments) == 0
    kept = json.loads(file.read_text())
    rows = [(entry["problem"], entry["name"]) for entry in kept["entries"]]
    assert rows[:2] == [("toy", "sgd"), ("toy", "lstm")]
    assert {("first frame", name) for name in ("adam", "prodigy", "lambda0")} <= set(rows)
    assert (kept["steps"], kept["seeds"]) == (2, 3)
    frames = [entry for entry in kept["entries"] if entry["problem"] == "first frame"]
    assert all(len(entry["losses"]) == 2 for entry in frames)  # one for each sequence
    table = capsys.readouterr().out.split("\n\n", 1)[1]
    assert "toy: mean loss after 2 steps, 95 % over 3" in table
    assert table.index("lstm") < table.index("sgd")


def _two_rows(seeds, steps):
    yield leaderboard.Entry("toy", "sgd", "searched", (2.0,) * seeds)
    yield leaderboard.Entry("toy", "lstm", "learned", (1.0,) * seeds)


def test_bench_rules_needs_other_sequences_to_search_rates_on(root, capsys):
    assert run("bench", "rules", "--root", root) == 2
    assert "--root also needs --train DIR" in capsys.readouterr().err
    assert run("bench", "rules", "--root", root, "--train", root) == 2
    assert "search the rates on sequences other than" in capsys.readouterr().err
    assert run("bench", "rules", "--tracker", "csrt") == 2
    assert run("bench", "sizes", "--seeds", "3", "--root", root) == 2
