"""The command line as a user meets it: output, files, exit codes and messages."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from roam_lite.checkpoints import save_checkpoint
from roam_lite.cli import main
from roam_lite.data.boxes import read_boxes
from roam_lite.data.layouts import LAYOUTS
from roam_lite.data.otb import write_sequence
from roam_lite.data.synthetic import synthesize
from roam_lite.evaluation.benchmarks import benchmark_names, get_benchmark
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile
from roam_lite.rules import RULES, learned_rules
from roam_lite.training import StepRecord
from tests import trees

COMMANDS = (
    "doctor", "demo", "track", "evaluate", "compare", "report", "train", "synth", "bench",
)  # fmt: skip
# The environment of a process that knows nothing of this one but where the project lies.
CLEAN = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[1])}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two rendered sequences of six frames in OTB layout."""
    folder = tmp_path_factory.mktemp("sequences")
    for seed, name in enumerate("AB"):
        write_sequence(folder / name, synthesize(seed, length=6, size=(160, 120)))
    return folder


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """An untrained checkpoint of the smallest profile, as options of the command line."""
    path = tmp_path_factory.mktemp("weights") / "smoke.safetensors"
    model = MetaModel(get_profile("smoke"), torch.Generator().manual_seed(0))
    save_checkpoint(path, model, {})
    return ["--profile", "smoke", "--checkpoint", str(path)]


@pytest.fixture
def statue(tmp_path, monkeypatch):
    """A tracker of the user's own in the current folder, which never moves its box."""
    (tmp_path / "mine.py").write_text(
        "class Statue:\n"
        "    def init(self, image, box):\n"
        "        self.box = box\n"
        "    def update(self, image):\n"
        "        return self.box\n"
    )
    monkeypatch.chdir(tmp_path)
    yield "mine:Statue"
    sys.modules.pop("mine", None)


def run(*arguments):
    return main([str(argument) for argument in arguments])


def usage_error(capsys, *arguments):
    with pytest.raises(SystemExit) as exit_:
        run(*arguments)
    assert exit_.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_examples_that_the_parser_accepts(command, capsys):
    with pytest.raises(SystemExit) as exit_:
        run(command, "--help")
    assert exit_.value.code == 0
    _, examples = capsys.readouterr().out.split("examples:\n")
    lines = [line.strip() for line in examples.replace("\\\n", " ").splitlines() if line.strip()]
    assert lines
    from roam_lite.cli.main import build_parser

    for line in lines:
        words = line.partition(" > ")[0].split()
        assert words[:2] == ["roam-lite", command]
        build_parser().parse_args(words[1:])


def test_help_is_fast_because_torch_stays_out():
    code = (
        "import sys; from roam_lite.cli.main import build_parser; build_parser().format_help();"
        "print([m for m in ('torch', 'cv2', 'numpy', 'matplotlib') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=CLEAN
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "COMMAND"),
        (["fly"], "invalid choice"),
        (["evaluate"], "--root"),
        (["evaluate", "--root", "x", "--set", "speed=2"], "motion"),
        (["evaluate", "--root", "x", "--set", "motion"], "NAME=VALUE"),
        (["evaluate", "--root", "x", "--rule", "sgd", "--sgd-rate", "-1"], "above zero"),
        (["track", "--video", "x", "--box", "1,2,3"], "x,y,w,h"),
        (["train", "--out", "x", "--steps", "0"], "at least 1"),
        (["train", "--out", "x", "--resume", "--overwrite"], "not allowed with"),
        (["synth", "--out", "x", "--seed", "-3"], "at least 0"),
        (["synth"], "--samples"),
        (["bench", "coffee"], "invalid choice"),
    ],
)
def test_bad_usage_exits_with_2(arguments, message, capsys):
    assert message in usage_error(capsys, *arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "--root", "nowhere", "--tracker", "kcf"], "no such folder; give"),
        (["evaluate", "--root", "{root}", "--tracker", "mosse"], "choose roam\\+\\+, roam, csrt"),
        (["evaluate", "--root", "{root}", "--tracker", "kcf", "--sequences", "Z"], "'Z'"),
        (["evaluate", "--root", "{root}", "--tracker", "kcf", "--rule", "sgd"], "--rule: only"),
        (["evaluate", "--root", "{root}", "--tracker", "kcf", "--oracle"], "--oracle: only"),
        (["evaluate", "--root", "{root}", "--tracker", "kcf", "--split", "val"], "no split 'val'"),
        (
            ["evaluate", "--root", "{root}", "--tracker", "kcf", "--repetitions", "2"],
            "otb runs every sequence once",
        ),
        (
            ["evaluate", "--root", "{root}", "--tracker", "kcf", "--benchmark", "lasot"],
            "no sequence in LaSOT's layout",
        ),
        (["evaluate", "--root", "{root}", "--tracker", "none:such"], "cannot be loaded"),
        (["evaluate", "--root", "{root}", "--benchmark", "vot"], "no benchmark 'vot'; choose one"),
        (["evaluate", "--root", "{root}", "--scoring", "mine"], "no scoring rule 'mine'"),
        (["evaluate", "--root", "{root}", "--rule", "adam"], "rule adam needs a learning rate"),
        (["evaluate", "--root", "{root}", "--rule", "newton", "--lr", "1"], "no rule 'newton'"),
        (["evaluate", "--root", "{root}", "--set", "motion=-1"], "motion: -1.0; give 0 or more"),
        (["train", "--rule", "adam", "--out", "{root}/new"], "'adam' is not learned"),
        (["evaluate", "--root", "{root}", "--profile", "paper"], "roam-lite train"),
        (["evaluate", "--root", "{root}", "--checkpoint", "none.safetensors"], "no such file"),
        (["track", "--video", "nowhere.mp4", "--box", "1,2,3,4", "--out", "a.mp4"], "no such file"),
        (["track", "--video", "{root}/A/img", "--box", "1,2,3,4"], "give --out"),
        (
            ["track", "--video", "{root}/A/img", "--box", "1,2,3,4", "--out", "{root}/A"],
            "--overwrite",
        ),
        (["compare", "none.json"], "give a file that evaluate --json wrote"),
        (["demo", "--root", "nowhere"], "no such folder"),
        (["synth", "--out", "{root}/new", "--challenge", "boredom"], "boredom"),
        (["train", "--profile", "huge", "--out", "{root}/new"], "choose one of: smoke"),
        (["bench", "training", "--profile", "huge"], "choose one of: smoke"),
    ],
)
def test_bad_input_exits_with_2_and_one_line_that_helps(arguments, message, root, capsys):
    assert run(*(argument.format(root=root) for argument in arguments)) == 2
    *_, line = capsys.readouterr().err.strip().splitlines()
    assert line.startswith(f"roam-lite {arguments[0]}: ")
    assert re.search(message, line)


@pytest.mark.parametrize("box", ["500,10,20,20", "10,10,0,20", "nan,10,20,20"])
@pytest.mark.parametrize("tracker", ["roam++", "kcf"])
def test_a_box_that_is_none_is_bad_input(box, tracker, root, smoke, tmp_path, capsys):
    options = smoke if tracker == "roam++" else []
    arguments = ["--video", root / "A" / "img", "--box", box, "--boxes", tmp_path / "b.txt"]
    assert run("track", *arguments, "--tracker", tracker, *options) == 2
    assert "box" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


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


def test_help_names_what_is_registered(capsys):
    def help_of(command):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        return set(re.findall(r"[\w-]+", capsys.readouterr().out))

    evaluate = help_of("evaluate")
    assert {*benchmark_names(), *RULES} <= evaluate
    assert {rule for name in benchmark_names() for rule in get_benchmark(name).rules} <= evaluate
    assert {*learned_rules(), *LAYOUTS} <= help_of("train")


def test_the_options_of_evaluate_need_no_torch():
    code = (
        "import sys; from roam_lite.cli.main import build_parser;"
        "build_parser().parse_args(['evaluate', '--root', 'x']); print('torch' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=CLEAN
    )
    assert result.stdout.strip() == "False"


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


def test_a_split_that_a_server_scores_gives_a_zip(statue, tmp_path, capsys):
    data = trees.got10k(tmp_path / "got", split="test")
    arguments = ["evaluate", "--benchmark", "got10k", "--root", data, "--tracker", statue]
    assert run(*arguments) == 2
    assert "--results DIR is needed: a server scores this split" in capsys.readouterr().err
    assert run(*arguments, "--results", tmp_path / "r") == 0
    (path,) = (tmp_path / "r" / "GOT-10k").glob("*.zip")
    assert f"1 sequences; the server scores them, upload {path}" in capsys.readouterr().out


def test_plots_without_kept_results_show_this_run(root, tmp_path):
    arguments = ["--root", root, "--tracker", "kcf", "--plots", tmp_path / "p"]
    assert run("evaluate", *arguments) == 0
    assert (tmp_path / "p" / "success.png").is_file()


def test_compare_prints_intervals_against_the_first(root, tmp_path, statue, capsys):
    for tracker, name in ((statue, "still"), ("kcf", "kcf")):
        path = tmp_path / f"{name}.json"
        assert run("evaluate", "--root", root, "--tracker", tracker, "--json", path) == 0
    capsys.readouterr()
    assert run("compare", tmp_path / "still.json", tmp_path / "kcf.json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2 sequences")
    assert len(re.findall(r"[+-]\d\.\d{3} \[[+-]\d\.\d{3}, [+-]\d\.\d{3}\]", lines[-1])) == 2


def test_compare_refuses_different_sequences(root, tmp_path, capsys):
    for name in "AB":
        arguments = ["--tracker", "kcf", "--sequences", name, "--json", tmp_path / f"{name}.json"]
        run("evaluate", "--root", root, *arguments)
    assert run("compare", tmp_path / "A.json", tmp_path / "B.json") == 2
    assert "the same --sequences" in capsys.readouterr().err


@pytest.fixture
def three_trackers(root, statue, tmp_path):
    """Folders of results: one that evaluate kept and two that somebody else wrote."""
    assert run("evaluate", "--root", root, "--tracker", statue, "--results", tmp_path / "r") == 0
    (ours,) = (tmp_path / "r" / "OTB2015").iterdir()
    others = [tmp_path / "others" / name for name in ("ECO", "KCF")]
    for folder in others:
        folder.mkdir(parents=True)
        for name in "AB":
            text = (root / name / "groundtruth_rect.txt").read_text()
            (folder / f"{name}.txt").write_text(text.replace(",", "\t"))
    return [ours, *others]


def test_report_combines_folders_in_plots_and_tables(root, three_trackers, tmp_path, capsys):
    (tmp_path / "data").mkdir()
    for name in "AB":
        (tmp_path / "data" / name).symlink_to(root / name)
    (tmp_path / "data" / "attributes").mkdir()
    for name in "AB":
        (tmp_path / "data" / "attributes" / f"{name}.txt").write_text("OCC,BC")
    out = tmp_path / "report"
    assert run("report", *three_trackers, "--root", tmp_path / "data", "--out", out) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "attributes.png", "precision.png", "report.json", "sequences.md", "success.png",
        "table.md", "table.tex",
    ]  # fmt: skip
    table = (out / "table.md").read_text()
    assert "| ECO (measured) | **0.952** | **1.000** |" in table
    assert "| ROAM++ (paper) | 0.680 | - |" in table
    assert r"\textcolor{red}{0.952}" in (out / "table.tex").read_text()
    assert table in capsys.readouterr().out
    report = json.loads((out / "report.json").read_text())
    assert list(report["otb"]) == ["mine:Statue", "ECO", "KCF"]
    assert "| A |" in (out / "sequences.md").read_text()


def test_report_takes_what_evaluate_wrote_without_the_data(root, statue, tmp_path, capsys):
    json_file = tmp_path / "still.json"
    assert run("evaluate", "--root", root, "--tracker", statue, "--json", json_file) == 0
    assert run("report", json_file, json_file, "--out", tmp_path / "out") == 0
    assert "mine:Statue (still) (measured)" in capsys.readouterr().out
    assert not (tmp_path / "out" / "success.png").exists()
    assert run("report", json_file, "--benchmark", "lasot", "--out", tmp_path / "out") == 2
    assert "none of the files is of lasot" in capsys.readouterr().err


def test_report_says_what_is_wrong_with_results(root, three_trackers, tmp_path, capsys):
    arguments = ["report", *three_trackers, "--root", root, "--out", tmp_path / "out"]
    whole = (three_trackers[1] / "B.txt").read_text()
    for break_it, message in (
        (lambda path: path.write_text(whole[:20]), r"B\.txt: 1 lines for the 6 frames of B"),
        (lambda path: path.write_text(whole + "x,y\n"), r"B\.txt, line 7: 'x,y' is no row"),
        (lambda path: path.unlink(), r"B\.txt: no such file; run the tracker on B"),
    ):
        break_it(three_trackers[1] / "B.txt")
        assert run(*arguments) == 2
        assert re.search(message, capsys.readouterr().err)
    assert run(*arguments[:-2], "--sequences", "A", "--out", tmp_path / "out") == 0
    (tmp_path / "results.zip").write_bytes(b"no zip")
    for wrong, message in (
        (tmp_path / "results.zip", "unpack archives first"),
        (tmp_path / "nowhere", "no such folder; give one with results of otb"),
    ):
        assert run("report", wrong, "--root", root) == 2
        assert message in capsys.readouterr().err
    assert run("report", three_trackers[1]) == 2
    assert "--root DIR is needed" in capsys.readouterr().err


def test_track_writes_a_video_and_boxes(root, smoke, tmp_path, capsys):
    video, boxes = tmp_path / "new" / "t.mp4", tmp_path / "t.txt"
    first = ",".join(map(str, read_boxes(root / "A" / "groundtruth_rect.txt")[0]))
    arguments = ["--video", root / "A" / "img", f"--box={first}", "--out", video, "--boxes", boxes]
    assert run("track", *arguments, *smoke) == 0
    assert "6 frames" in capsys.readouterr().err
    assert cv2.VideoCapture(str(video)).get(cv2.CAP_PROP_FRAME_COUNT) == 6
    assert read_boxes(boxes).shape == (6, 4)
    # What was written can be tracked in turn.
    assert run("track", "--video", video, f"--box={first}", "--boxes", tmp_path / "2", *smoke) == 0
    assert run("track", *arguments, *smoke) == 2
    assert run("track", *arguments, "--overwrite", *smoke) == 0


def test_a_truncated_image_is_said_and_counts_as_lost(smoke, tmp_path, capsys):
    folder = write_sequence(tmp_path / "clip", synthesize(3, length=6, size=(160, 120)))
    image = folder / "img" / "0004.jpg"
    image.write_bytes(image.read_bytes()[:1000])
    first = ",".join(map(str, read_boxes(folder / "groundtruth_rect.txt")[0]))
    boxes = tmp_path / "boxes.txt"
    arguments = ["--video", folder / "img", f"--box={first}", "--boxes", boxes, *smoke]
    assert run("track", *arguments, "--out", tmp_path / "t.mp4") == 0
    said = capsys.readouterr().err
    assert "0004.jpg" in said
    assert "counts as lost, tracking goes on" in said
    assert np.isfinite(read_boxes(boxes)).all()
    assert run("evaluate", "--root", tmp_path, "--sequences", "clip", *smoke) == 0
    assert "1 unreadable frame(s) count as lost" in capsys.readouterr().err


@pytest.mark.parametrize("output", ["--json", "--results", "--plots"])
def test_no_space_left_is_a_failure_without_half_written_files(
    output, root, tmp_path, monkeypatch, capsys
):
    def full(*_arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    monkeypatch.setattr("os.replace", full)
    assert run("evaluate", "--root", root, "--tracker", "kcf", output, tmp_path / "new" / "x") == 1
    *_, line = capsys.readouterr().err.splitlines()
    assert line == "roam-lite evaluate: No space left on device"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_failure_names_the_file(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run("synth", "--out", tmp_path / "file" / "x", "--length", "1") == 1
    assert f"{tmp_path / 'file'}" in capsys.readouterr().err


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


TRAIN = ["train", "--profile", "smoke", "--steps", "2", "--workers", "0"]


def test_train_writes_a_checkpoint_that_tracks(root, tmp_path, capsys):
    assert run(*TRAIN, "--out", tmp_path / "run") == 0
    assert "2/2" in capsys.readouterr().err
    weights = tmp_path / "run" / "checkpoint.safetensors"
    options = ["--profile", "smoke", "--checkpoint", weights]
    assert run("evaluate", "--root", root, "--sequences", "A", *options) == 0
    assert run(*TRAIN, "--out", tmp_path / "run") == 2
    assert "--resume" in capsys.readouterr().err
    assert run(*TRAIN, "--out", tmp_path / "run", "--resume") == 0


def test_ctrl_c_ends_training_after_the_step_and_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    class SlowTrainer:
        def __init__(self, config, resume, overwrite):
            self.steps, self.step, self.out, self.saved = 9, 0, tmp_path, False
            trainers.append(self)

        def run(self):
            try:
                while self.step < self.steps:
                    self.step += 1
                    if self.step == 3:
                        signal.raise_signal(signal.SIGINT)
                    yield StepRecord(self.step, "meta", [0.5], [0.5], 0, 0.1, 0.0)
            finally:
                self.saved = True

    trainers = []
    monkeypatch.setattr("roam_lite.training.Trainer", SlowTrainer)
    before = signal.getsignal(signal.SIGINT)
    assert run("train", "--out", tmp_path) == 0
    assert trainers[0].step == 3
    assert trainers[0].saved
    assert "stopped after step 3 of 9; --resume continues" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_elsewhere_is_a_failure_without_traceback(monkeypatch, root, capsys):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("roam_lite.evaluation.running.engine.run_benchmark", interrupted)
    assert run("evaluate", "--root", root, "--tracker", "kcf") == 1
    assert capsys.readouterr().err.strip() == "roam-lite evaluate: interrupted"


def test_demo_shows_four_ways_in_table_video_and_picture(root, smoke, tmp_path, capsys):
    out = tmp_path / "demo_output"
    assert run("demo", "--root", root, "--out", out, *smoke) == 0
    output = capsys.readouterr().out
    for title in ("ROAM++", "ROAM", "ROAM++ with SGD", "ROAM++, no update"):
        assert re.search(rf"^{re.escape(title)} +0\.\d{{3}} +[01]\.\d{{3}} +\d", output, re.M)
    for name in ("side_by_side.mp4", "side_by_side.png"):
        assert f"wrote {(out / name).resolve()}" in output
    assert cv2.VideoCapture(str(out / "side_by_side.mp4")).get(cv2.CAP_PROP_FRAME_COUNT) == 12
    sheet = cv2.imread(str(out / "side_by_side.png"))
    assert sheet.shape == (2 * (120 + 22), 4 * 160, 3)


def test_bench_tracking_splits_a_frame(root, smoke, capsys):
    assert run("bench", "tracking", "--root", root, *smoke) == 0
    rows = dict(re.findall(r"^(\S.*?) {2,}([\d.]+)", capsys.readouterr().out, re.M))
    parts = [float(rows[part]) for part in ("crop", "backbone", "localize", "update", "rest")]
    assert sum(parts) == pytest.approx(float(rows["all"]), abs=0.05)
    assert float(rows["all but the backbone"]) < float(rows["all"])


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


def test_bench_chance_keeps_means_that_compare_reads(root, smoke, tmp_path, capsys):
    files = [tmp_path / f"{rule}.json" for rule in ("none", "sgd")]
    for file, rule in zip(files, (["none"], ["sgd", "--sgd-rate", "1e-3"]), strict=True):
        arguments = ["--root", root, "--draws", "2", "--json", file, "--rule", *rule]
        assert run("bench", "chance", *smoke, *arguments) == 0
    output = capsys.readouterr().out
    number = r" +([\d.]+) +[\d.]+$"
    assert len(re.findall(rf"^[12]{number}", output, re.M)) == 4
    means = re.findall(rf"^mean{number}", output, re.M)
    for file, mean in zip(files, means, strict=True):
        kept = json.loads(file.read_text())
        assert kept["mean"]["auc"] == pytest.approx(float(mean), abs=1e-3)
        assert kept["tracker"]["draws"] == 2
    assert run("compare", *files) == 0


def test_bench_chance_needs_two_draws(root, smoke, capsys):
    assert run("bench", "chance", "--root", root, "--draws", "1", *smoke) == 2
    assert "--draws 1" in capsys.readouterr().err


def test_doctor_reports_and_fails_where_the_shipped_checkpoint_is_missing(
    root, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("roam_lite.checkpoints.WEIGHTS", tmp_path)
    assert run("doctor", "--root", root) == 1
    output = capsys.readouterr().out
    assert re.search(r"^MISS +laptop", output, re.M)
    assert re.search(r"^ok +opencv .*csrt, kcf, mil", output, re.M)
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


def test_synth_renders_the_projects_samples(tmp_path, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr("roam_lite.data.synthetic.samples.write_samples", asked.append)
    assert run("synth", "--samples", tmp_path / "s") == 0
    assert asked == [str(tmp_path / "s")]
    assert f"wrote {tmp_path / 's'}" in capsys.readouterr().out


def test_demo_shows_the_frame_before_one_that_cannot_be_read(smoke, tmp_path, capsys):
    folder = write_sequence(tmp_path / "in" / "clip", synthesize(4, length=4, size=(160, 120)))
    (folder / "img" / "0003.jpg").write_bytes(b"")
    assert run("demo", "--root", tmp_path / "in", "--out", tmp_path / "out", *smoke) == 0
    assert "counts as lost" in capsys.readouterr().err
    video = cv2.VideoCapture(str(tmp_path / "out" / "side_by_side.mp4"))
    _, second, third = (video.read()[1].astype(int) for _ in range(3))
    assert np.abs(second[40:60] - third[40:60]).mean() < 5  # the boxes may differ


def test_cuda_where_there_is_none_is_bad_input(root, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert run(*TRAIN, "--out", tmp_path / "run", "--device", "cuda") == 2
    assert "give cpu or auto" in capsys.readouterr().err
    assert run("evaluate", "--root", root, "--device", "cuda") == 2
    assert "give cpu or auto" in capsys.readouterr().err


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


def test_a_reader_that_leaves_early_is_no_crash(root):
    code = "import sys; from roam_lite.cli import main; sys.exit(main(['doctor']))"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=CLEAN,
    )
    process.stdout.close()
    _, errors = process.communicate(timeout=80)
    assert process.returncode == 1
    assert b"Traceback" not in errors
