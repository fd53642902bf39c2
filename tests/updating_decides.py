"""Search rendered video for sequences in which updating decides: without it the target is lost.

    python -m tests.updating_decides --seeds 40

Seeds are tried in order, of the same sequences as `data_samples/long` (`samples.long_sample`). A sequence
qualifies if a model that is never updated loses its target, and one that the shipped optimizer
updates does not, in nine of ten draws each: the same sequence, its first box moved by next to nothing.
The target is lost where no box overlaps it in the last quarter. Most sequences fail at the first
draw, so that few are drawn ten times.
"""

import argparse
from collections.abc import Callable, Iterator

from roam_lite import load_tracker
from roam_lite.data.sequence import Sequence
from roam_lite.data.synthetic.samples import long_sample
from roam_lite.evaluation.chance import nudged
from roam_lite.evaluation.metrics.otb import score_run
from roam_lite.evaluation.running.engine import limited_threads
from roam_lite.evaluation.running.runner import run_sequence

DRAWS, ENOUGH = 10, 9


def losses(sequence: Sequence, rule: str | None, expected: bool) -> Iterator[bool]:
    """Yield for each draw whether the target is lost as expected; no more once too many were not."""
    failures = 0
    for draw in range(DRAWS):
        moved = nudged(sequence, draw)
        tracker = load_tracker() if rule is None else load_tracker(rule=rule)
        score = score_run(moved, run_sequence(tracker, moved))
        as_expected = bool(score.evidence["lost"]) == expected
        yield as_expected
        failures += not as_expected
        if failures > DRAWS - ENOUGH:
            return


def decides(sequence: Sequence, told: Callable[[str], None]) -> bool:
    """Return whether the sequence qualifies; `told` gets a word about each half that was tried."""
    for rule, expected, what in (
        ("none", True, "never updated, lost"),
        (None, False, "updated, kept"),
    ):
        count = sum(losses(sequence, rule, expected))
        told(f"{what}: {count} of {DRAWS}")
        if count < ENOUGH:
            return False
    return True


def main() -> None:
    """Try the seeds in order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--first", type=int, default=0)
    args = parser.parse_args()
    found = []
    with limited_threads(1):
        for seed in range(args.first, args.first + args.seeds):
            sequence = long_sample(seed)
            words: list[str] = []
            if decides(sequence, words.append):
                found.append(seed)
                words.append("updating decides")
            print(f"{seed}: {'; '.join(words)}", flush=True)
    print(f"{len(found)} of {args.seeds} seeds qualify: {found}")


if __name__ == "__main__":
    main()
