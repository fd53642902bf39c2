"""What the command line says of itself, and what it answers to bad usage and bad input."""

import re
import subprocess
import sys

import pytest

from roam_lite.cli import main
from roam_lite.cli.main import build_parser
from roam_lite.data.layouts import LAYOUTS
from roam_lite.evaluation.benchmarks import benchmark_names, get_benchmark
from roam_lite.evaluation.peers import PEERS
from roam_lite.rules import RULES, learned_rules
from tests.cli.commands import CLEAN, COMMANDS, run, usage_error


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_examples_that_the_parser_accepts(command, capsys):
    with pytest.raises(SystemExit) as exit_:
        run(command, "--help")
    assert exit_.value.code == 0
    _, examples = capsys.readouterr().out.split("examples:\n")
    lines = [line.strip() for line in examples.replace("\\\n", " ").splitlines() if line.strip()]
    assert lines
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


def test_the_options_of_evaluate_need_no_torch():
    code = (
        "import sys; from roam_lite.cli.main import build_parser;"
        "build_parser().parse_args(['evaluate', '--root', 'x']); print('torch' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=CLEAN
    )
    assert result.stdout.strip() == "False"


def test_help_names_what_is_registered(capsys):
    def help_of(command):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        return set(re.findall(r"[\w-]+", capsys.readouterr().out))

    evaluate = help_of("evaluate")
    assert {*benchmark_names(), *RULES, *PEERS} <= evaluate
    assert {rule for name in benchmark_names() for rule in get_benchmark(name).rules} <= evaluate
    assert {*learned_rules(), *LAYOUTS} <= help_of("train")


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
        (["evaluate", "--root", "{root}", "--tracker", "nano"], "nano needs weights: give --weig"),
        (["evaluate", "--root", "{root}", "--tracker", "nano", "--weights", "x"], "x: no .onnx f"),
        (["evaluate", "--root", "{root}", "--tracker", "kcf", "--weights", "x"], "--weights: only"),
        (["evaluate", "--root", "{root}", "--tracker", "kcf", "--split", "val"], "no split 'val'"),
        (
            ["evaluate", "--root", "{root}", "--tracker", "kcf", "--repetitions", "2"],
            "otb runs every sequence once",
        ),
        (
            ["evaluate", "--root", "{root}", "--tracker", "kcf", "--benchmark", "lasot"],
            "no sequences in LaSOT's layout",
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
            [
                "track",
                "--video",
                "{root}/A/img",
                "--box",
                "1,2,3,4",
                "--boxes",
                "{root}/A/visibility.txt",
            ],
            "--overwrite",
        ),
        (["compare", "none.json"], "give a file written by evaluate --json"),
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
