"""How many of the package's functions are entered, in how many files, on the paths that matter most.

    python -m tests.paths [--list]

A reader who wants to know what happens to a frame has to read these functions. Properties, methods
and inner functions count; lambdas, comprehensions and what dataclasses generate do not. Everything is
warm: what is computed once and kept is not on the path.
"""

import argparse
import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import numpy as np
import torch

from roam_lite import get_profile, load_tracker
from roam_lite.config import modify
from roam_lite.data.otb import read_sequence
from roam_lite.data.sequence import Sequence
from roam_lite.meta_model import MetaModel
from roam_lite.training.clips import draw_clip
from roam_lite.training.episodes import open_episode
from roam_lite.training.rollout import rollout

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "roam_lite"


class Function(NamedTuple):
    """A function of the package."""

    file: str  # relative to the package
    line: int
    name: str  # with the class, or the function, that it stands in


def entered(work: Callable[[], object], package: Path = PACKAGE) -> list[Function]:
    """Return the functions of a package that are called in the course of `work()`, in order of file.

    Calls in this thread count: on a CPU, autograd computes derivatives in the thread that asks.
    """
    seen = set()

    def profile(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            seen.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
    inside = f"{package}/"
    return sorted(
        Function(code.co_filename.removeprefix(inside), code.co_firstlineno, code.co_qualname)
        for code in seen
        if code.co_filename.startswith(inside) and not code.co_name.startswith("<")
    )


def sample() -> Sequence:
    """Return one of the project's own sequences."""
    return read_sequence(REPOSITORY / "data_samples", "camera")


def frame_paths() -> tuple[list[Function], list[Function]]:
    """Return what an ordinary frame enters, and what one enters on which the model is updated."""
    sequence, tracker = sample(), load_tracker("laptop", rule="lstm")
    interval = tracker.config.online.update_interval
    frames = [sequence.frames[index] for index in range(1 + interval)]
    paths = []
    for _ in range(2):  # the first time round warms up
        tracker.init(frames[0], sequence.boxes[0])
        paths = [entered(lambda frame=frame: tracker.update(frame)) for frame in frames[1:]]
    return paths[1], paths[-1]


def clip_path() -> list[Function]:
    """Return what is entered from a sequence to the gradients of one training clip."""
    config = modify(get_profile("smoke"), training={"past_labels": "truth"})
    stage = replace(config.training.stages[-1], meta_gradient="full")
    model, sequence = MetaModel(config, torch.Generator().manual_seed(0)), sample()

    def learn() -> None:
        clips = draw_clip(sequence, np.random.default_rng(0), stage, config)
        episode = open_episode(model, clips, train_backbone=False, precision=torch.float32)
        rollout(model, episode, stage.meta_gradient).loss.backward()

    learn()
    return entered(learn)


def functions(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines and the name of every function in a file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node.end_lineno - node.lineno + 1, f"{file.relative_to(PACKAGE)}: {node.name}"


def files(path: list[Function]) -> set[str]:
    """Return the files that functions stand in."""
    return {function.file for function in path}


def main() -> None:
    """Print the counts, and with --list the functions."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print the functions too")
    arguments = parser.parse_args()
    ordinary, updated = frame_paths()
    named = {
        "a frame": ordinary,
        "a frame with an update": updated,
        "a training clip": clip_path(),
    }
    for name, path in named.items():
        print(f"{name}: {len(path)} functions in {len(files(path))} files")
        if arguments.list:
            for function in path:
                print(f"    {function.file}:{function.line} {function.name}")
    lines, longest = max(pair for file in PACKAGE.rglob("*.py") for pair in functions(file))
    print(f"the longest function: {lines} lines, {longest}")


if __name__ == "__main__":
    main()
