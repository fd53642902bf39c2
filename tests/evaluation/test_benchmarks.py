"""The six benchmarks from folder to scores, on small trees and with trackers that are known."""

import time
import zipfile

import numpy as np
import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.benchmarks import (
    BENCHMARKS,
    benchmark_names,
    check_rule,
    get_benchmark,
    score_results,
    scored_here,
)
from roam_lite.evaluation.results import write_submission
from roam_lite.evaluation.running.engine import run_benchmark
from tests import trees
from tests.fakes import Follower, Statue

DESCRIPTION = {"tracker": "fake"}


def run(benchmark, root, names, results, tracker=Follower, **options):
    options = {"workers": 1, "progress": False} | options
    return run_benchmark(benchmark, root, names, tracker, DESCRIPTION, results, **options)


TREES = {
    "otb": (trees.otb, {}, None, {"auc": 20 / 21, "precision_20": 1}),
    "vot2016": (trees.vot, {}, None, {"accuracy": 1, "robustness": 0, "failures": 0}),
    "vot2017": (trees.vot, {"color": False}, None, {"accuracy": 1, "robustness": 0}),
    "lasot": (
        trees.lasot,
        {},
        None,
        {"auc": 20 / 21, "precision_20": 1, "normalized_precision": 1},
    ),
    "got10k": (trees.got10k, {}, "val", {"ao": 1, "sr_50": 1, "sr_75": 1}),
    "trackingnet": (
        trees.trackingnet,
        {"part": "TRAIN_0"},
        "train",
        {"auc": 1, "precision": 1, "normalized_precision": 1},
    ),
}


def test_a_layout_that_benchmarks_use_is_none_by_itself():
    assert benchmark_names() == tuple(BENCHMARKS)
    assert get_benchmark("vot2016") is BENCHMARKS["vot2016"]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_tracker_that_follows_has_full_scores(name, tmp_path):
    grow, options, split, expected = TREES[name]
    benchmark, root = BENCHMARKS[name], grow(tmp_path / "data", length=14, **options)
    names = benchmark.names(root, split)
    assert scored_here(benchmark, root, names)
    folder = run(benchmark, root, names, tmp_path / "results")
    assert folder.parent == tmp_path / "results" / benchmark.folder
    report = score_results(benchmark, root, names, folder)
    mean = report.mean()
    assert {key: mean[key] for key in expected} == pytest.approx(expected)
    assert mean["frames"] == 14
    assert mean["fps"] > 0
    assert report.tracker["benchmark"] == name
    assert report.tracker["scoring"] == "official"


def test_expected_average_overlap_is_one_for_a_tracker_that_follows_long_enough(tmp_path):
    benchmark, root = BENCHMARKS["vot2017"], trees.vot(tmp_path / "data", length=120)
    boxes = np.tile([[10.0, 20, 16, 12]], (120, 1))
    (root / "ball" / "groundtruth.txt").write_text(trees.lines(boxes))
    folder = run(benchmark, root, ["ball"], tmp_path / "results", Statue)
    assert score_results(benchmark, root, ["ball"], folder).mean()["eao"] == pytest.approx(1)


def test_got10k_pools_frames_and_not_sequences(tmp_path):
    benchmark, root = BENCHMARKS["got10k"].repeated(1), tmp_path / "data"
    trees.got10k(root, 1, length=3)
    trees.got10k(root, 2, length=13)
    names = benchmark.names(root, "val")
    folder = run(benchmark, root, names, tmp_path / "results", Statue)
    report = score_results(benchmark, root, names, folder)
    short, long = (score.metrics["ao"] for score in report.scores)
    assert report.mean()["ao"] == pytest.approx((2 * short + 12 * long) / 14)


@pytest.mark.parametrize(("name", "grow"), [
    ("got10k", trees.got10k),
    ("trackingnet", trees.trackingnet),
])  # fmt: skip
def test_a_test_split_gives_the_zip_that_its_server_takes(name, grow, tmp_path):
    benchmark, root = BENCHMARKS[name], tmp_path / "data"
    grow(root, **({"split": "test"} if name == "got10k" else {}))
    names = benchmark.names(root)
    assert not scored_here(benchmark, root, names)
    folder = run(benchmark, root, names, tmp_path / "results")
    path = write_submission(benchmark.protocol.layout, folder, names)
    assert path == folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(path) as packed:
        files = sorted(packed.namelist())
        first = packed.read(files[0]).decode().splitlines()
    if name == "got10k":
        sequence = "GOT-10k_Test_000001"
        suffixes = ("001", "002", "003", "time")
        assert files == [f"{sequence}/{sequence}_{suffix}.txt" for suffix in suffixes]
        assert first[:2] == ["11,21,16,12", "13,21,16,12"]
    else:
        assert files == ["abc_0.txt"]
        assert first[:2] == ["10,20,16,12", "12,20,16,12"]
    assert len(first) == 6


def test_a_second_run_tracks_only_what_is_missing(tmp_path):
    root = trees.otb(trees.otb(tmp_path / "data", "A"), "B")
    started = []

    class Noting(Follower):
        def init(self, image, box):
            started.append(len(started))
            super().init(image, box)

    benchmark = BENCHMARKS["otb"]
    first = run(benchmark, root, ["A"], tmp_path / "r", Noting)
    assert run(benchmark, root, ["A", "B"], tmp_path / "r", Noting) == first
    assert len(started) == 2
    run(benchmark, root, ["A", "B"], tmp_path / "r", Noting, overwrite=True)
    assert len(started) == 4


def test_configurations_and_benchmarks_have_folders_of_their_own(tmp_path):
    root = trees.otb(tmp_path / "data")
    benchmark = BENCHMARKS["otb"]
    folders = {
        run(benchmark, root, ["A"], tmp_path / "r"),
        run(benchmark, root, ["A"], tmp_path / "r", oracle=False),
        run_benchmark(
            benchmark, root, ["A"], Follower, {"tracker": "fake", "rule": "sgd"}, tmp_path / "r",
            workers=1, progress=False,
        ),
    }  # fmt: skip
    assert len(folders) == 2


def test_results_of_others_are_scored_under_the_name_of_their_folder(tmp_path):
    root = trees.otb(tmp_path / "data")
    folder = tmp_path / "ECO"
    folder.mkdir()
    (folder / "A.txt").write_text(trees.lines(trees.square(6), origin=1).replace(",", "\t"))
    report = score_results(BENCHMARKS["otb"], root, ["A"], folder)
    assert report.tracker["tracker"] == "ECO"
    assert report.mean()["auc"] == pytest.approx(20 / 21)
    assert np.isnan(report.mean()["fps"])


def test_nan_boxes_are_repeated_by_otb_and_refused_by_got10k(tmp_path):
    root = trees.got10k(trees.otb(tmp_path / "data"))
    folder, name = tmp_path / "x", "GOT-10k_Val_000001"
    (folder / name).mkdir(parents=True)
    text = trees.lines(trees.square(6), origin=1).splitlines()
    text[3] = "nan,nan,nan,nan"
    for path in (folder / "A.txt", folder / name / f"{name}_001.txt"):
        path.write_text("\n".join(text))
    assert score_results(BENCHMARKS["otb"], root, ["A"], folder).mean()["auc"] > 0.9
    with pytest.raises(InputError, match=rf"x, {name}: the box of frame 3 is not finite"):
        score_results(BENCHMARKS["got10k"], root, [name], folder)


class Untouched(Follower):
    def init(self, image, box):
        raise AssertionError("must not be tracked")


@pytest.mark.parametrize(("names", "message"), [
    ([], "no sequence"),
    (["A", "A"], "named twice"),
    (["A", "Z"], "no sequence named 'Z'"),
    (["A", "blind"], "the first frame has no box"),
])  # fmt: skip
def test_what_would_stop_a_run_is_found_before_any_sequence_is_tracked(tmp_path, names, message):
    root = trees.otb(trees.otb(tmp_path / "data"), "blind")
    (root / "blind" / "groundtruth_rect.txt").write_text("nan,nan,nan,nan\n" * 6)
    with pytest.raises(InputError, match=message):
        run(BENCHMARKS["otb"], root, names, tmp_path / "r", Untouched)
    assert not (tmp_path / "r").exists()


def test_what_a_benchmark_does_not_have_is_said(tmp_path):
    with pytest.raises(InputError, match="no benchmark 'vot'; choose one of: otb, vot2016"):
        get_benchmark("vot")
    with pytest.raises(InputError, match="otb has no split 'val'; its splits: none"):
        BENCHMARKS["otb"].names(tmp_path, "val")
    with pytest.raises(InputError, match="lasot has no split 'val'; its splits: test, train, all"):
        BENCHMARKS["lasot"].names(tmp_path, "val")
    with pytest.raises(InputError, match="otb runs every sequence once"):
        BENCHMARKS["otb"].repeated(3)
    with pytest.raises(
        InputError, match="no scoring rule 'got10k' for lasot; choose one of: offic"
    ):
        check_rule(BENCHMARKS["lasot"], "got10k")
    with pytest.raises(InputError, match="no such folder; give one with results of otb"):
        score_results(BENCHMARKS["otb"], tmp_path, ["A"], tmp_path / "nowhere")


def test_overwriting_does_not_go_with_torchrun(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match=r"remove .* by hand"):
        run(BENCHMARKS["otb"], tmp_path, ["A"], tmp_path / "r", overwrite=True)


@pytest.mark.long
def test_scoring_100_sequences_of_600_frames_takes_two_seconds(tmp_path):
    rng, root, folder = np.random.default_rng(0), tmp_path / "data", tmp_path / "ECO"
    folder.mkdir()
    names = [f"S{n:03d}" for n in range(100)]
    for name in names:
        trees.otb(root, name, 600)
        boxes = trees.square(600) + rng.normal(0, 3, (600, 4))
        (folder / f"{name}.txt").write_text(trees.lines(boxes, origin=1))
    began = time.process_time()  # a busy machine must not fail a test
    report = score_results(BENCHMARKS["otb"], root, names, folder)
    assert time.process_time() - began <= 2
    assert report.mean()["frames"] == 60_000
