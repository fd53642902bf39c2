"""The command line called from a test, here and in a process of its own."""

import os
from pathlib import Path

import pytest

from roam_lite.cli import main

COMMANDS = (
    "doctor", "demo", "track", "evaluate", "compare", "report", "train", "synth", "bench",
    "analyze", "pack",
)  # fmt: skip
# The environment of a process that knows nothing of this one but where the project lies.
CLEAN = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
TRAIN = ["train", "--profile", "smoke", "--steps", "2", "--workers", "0"]


def run(*arguments):
    return main([str(argument) for argument in arguments])


def usage_error(capsys, *arguments):
    with pytest.raises(SystemExit) as exit_:
        run(*arguments)
    assert exit_.value.code == 2
    return capsys.readouterr().err
