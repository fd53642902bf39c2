"""Inputs with the scores that the benchmarks' own toolkits gave for them."""

import json
from pathlib import Path

import numpy as np

from roam_lite.evaluation.running.run import TRACKED, Trajectory

ONE_BASED = np.array([1, 1, 0, 0])


def load(benchmark):
    return json.loads(Path(__file__).with_name(f"{benchmark}_reference.json").read_text())


def boxes(rows, origin=1):
    return np.array(rows, dtype=float) - origin * ONE_BASED


def trajectory(lines):
    """A run of the VOT toolkit: a code or the four numbers of a box a line."""
    codes = np.array([int(line[0]) if len(line) == 1 else TRACKED for line in lines])
    regions = np.array([[np.nan] * 4 if len(line) == 1 else line for line in lines])
    return Trajectory(codes, regions, np.zeros(len(lines)))
