"""This checkout against another one: the same boxes to the bit, and as fast.

    python -m tests.against OTHER boxes --root DIR
    python -m tests.against OTHER speed --runs 10

Both are run in processes of their own, one thread each, on the sequences under --root (default: the
samples). `boxes` compares ROAM++ and ROAM with the shipped weights and the rules lstm, sgd and none.
`speed` alternates between the two and prints this one's time over the other's, a tracked frame and a
step of the closed loop of meta-training, each the best of a few, with a 95 % interval (bootstrap
over the pairs).
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parents[1]

PRELUDE = """
import json, sys, time
import cv2, torch
torch.set_num_threads(1)
cv2.setNumThreads(1)
from roam_lite import load_tracker
from roam_lite.data.otb import list_sequences, read_sequence
root = sys.argv[1]
"""
BOXES = """
for name in list_sequences(root):
    sequence = read_sequence(root, name)
    for variant in ("roam++", "roam"):
        for rule in ({}, {"rule": "sgd", "sgd_rate": 1e-4}, {"rule": "none"}):
            tracker = load_tracker(variant=variant, **rule)
            tracker.init(sequence.frames[0], sequence.boxes[0])
            boxes = [tracker.update(sequence.frames[i]).box for i in range(1, len(sequence))]
            key = f"{name}, {variant}, {rule.get('rule', 'lstm')}"
            print(json.dumps([key, [box.tolist() for box in boxes]]))
"""
TRACKING = """
def seconds(sequence):
    frames = [sequence.frames[i] for i in range(len(sequence))]
    tracker = load_tracker()
    tracker.init(frames[0], sequence.boxes[0])
    began = time.perf_counter()
    for image in frames[1:]:
        tracker.update(image)
    return time.perf_counter() - began
sequences = [read_sequence(root, name) for name in list_sequences(root)]
best = sum(min(seconds(sequence) for _ in range(3)) for sequence in sequences)
print(best / sum(len(sequence) - 1 for sequence in sequences))
"""
TRAINING = """
import tempfile
from roam_lite.training import TrainConfig, Trainer
with tempfile.TemporaryDirectory() as out:
    run = TrainConfig("laptop", "synthetic", out, steps=2, stages=("closed_loop",), workers=0)
    print(min(record.seconds - record.waited for record in Trainer(run).run()))
"""


def output(checkout: Path, code: str, root: Path) -> str:
    """What the code prints with a checkout's package."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", PRELUDE + code, str(root.resolve())]
    done = subprocess.run(
        command, cwd=checkout, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


def compare_boxes(other: Path, root: Path) -> int:
    """Print what differs; return how many tracks do."""
    ours, theirs = (
        dict(map(json.loads, output(checkout, BOXES, root).splitlines()))
        for checkout in (HERE, other)
    )
    different = [key for key in ours if ours[key] != theirs.get(key)]
    for key in different:
        print(f"{key}: differs by {np.abs(np.subtract(ours[key], theirs[key])).max():.1e} px")
    print(f"{len(ours) - len(different)} of {len(ours)} tracks are equal to the bit")
    return len(different)


def ratio_interval(ours: list[float], theirs: list[float]) -> tuple[float, float, float]:
    """Ratio of the mean times with the ends of its 95 % interval, runs in pairs."""
    pairs = np.array([ours, theirs])
    drawn = np.random.default_rng(0).integers(pairs.shape[1], size=(10_000, pairs.shape[1]))
    means = pairs[:, drawn].mean(axis=2)
    low, high = np.percentile(means[0] / means[1], [2.5, 97.5])
    return float(pairs[0].mean() / pairs[1].mean()), float(low), float(high)


def compare_speed(other: Path, root: Path, runs: int) -> None:
    """Print the ratios."""
    for what, code in (("a tracked frame", TRACKING), ("a step of the closed loop", TRAINING)):
        seconds: dict[Path, list[float]] = {HERE: [], other: []}
        for run in range(runs):
            for checkout in (HERE, other) if run % 2 else (other, HERE):
                seconds[checkout].append(float(output(checkout, code, root).split()[-1]))
        ratio, low, high = ratio_interval(seconds[HERE], seconds[other])
        ours = 1e3 * np.mean(seconds[HERE])
        print(f"{what}: {ours:.1f} ms, {ratio:.3f} times the other's [{low:.3f}, {high:.3f}]")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("other", type=Path, help="another checkout")
    parser.add_argument("what", choices=("boxes", "speed"))
    parser.add_argument("--root", type=Path, default=HERE / "data_samples", help="sequences")
    parser.add_argument("--runs", type=int, default=10, help="pairs of runs (default: 10)")
    args = parser.parse_args()
    if args.what == "boxes":
        return int(compare_boxes(args.other.resolve(), args.root) > 0)
    compare_speed(args.other.resolve(), args.root, args.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
