"""Bench: where the time goes, and how much of a score is chance."""

import json
import re

import pytest

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


def test_bench_training_refuses_what_it_would_ignore(capsys):
    for option, value in (("--rule", "gru"), ("--tracker", "csrt"), ("--weights", "x")):
        assert run("bench", "training", option, value) == 2
        assert f"omit {option}" in capsys.readouterr().err


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
    assert "--split-by C_: no sequence's name begins so" in captured.err
    assert captured.out == ""


def test_bench_chance_needs_two_draws(root, smoke, capsys):
    assert run("bench", "chance", "--root", root, "--draws", "1", *smoke) == 2
    assert "--draws 1" in capsys.readouterr().err
