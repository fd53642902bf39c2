"""Search rendered video for sequences in which updating decides: without it the target is lost.

    python -m tests.updating_decides --seeds 31

Seeds are tried in order, of the same sequences as `data_samples/long` (`samples.long_sample`). A sequence
qualifies if a model that is never updated loses its target, and one that the shipped optimizer
updates keeps it, in nine of ten draws each: the same sequence, its first box moved by next to nothing.
The target is lost where no box overlaps it in the last quarter; it is kept where boxes overlap it there
by 0.3 on average, for a box that waits somewhere is met again by chance. Most sequences fail at the
first draw, so that few are drawn ten times.
"""

import argparse
from collections.abc import Callable, Iterator

from roam_lite import load_tracker
from roam_lite.data.sequence import Sequence
from roam_lite.data.synthetic.samples import long_sample
from roam_lite.evaluation.chance import nudged
from roam_lite.evaluation.running.engine import limited_threads
from roam_lite.evaluation.running.runner import run_sequence
from roam_lite.geometry import iou

DRAWS, ENOUGH = 10, 9
KEPT = 0.3


def outcomes(sequence: Sequence, kept: bool, **options: str) -> Iterator[bool]:
    """Yield for each draw whether the target is kept, or lost; no more once too many were not."""
    failures = 0
    for draw in range(DRAWS):
        moved = nudged(sequence, draw)
        boxes = run_sequence(load_tracker(**options), moved).boxes
        last = slice(-(len(moved) // 4), None)
        overlaps = iou(boxes[last], moved.boxes[last])
        as_expected = bool(overlaps.mean() >= KEPT if kept else overlaps.max() == 0)
        yield as_expected
        failures += not as_expected
        if failures > DRAWS - ENOUGH:
            return


def decides(sequence: Sequence, told: Callable[[str], None]) -> bool:
    """Return whether the sequence qualifies; `told` gets a word about each half that was tried."""
    never = sum(outcomes(sequence, kept=False, rule="none"))
    told(f"never updated, lost: {never} of {DRAWS}")
    if never < ENOUGH:
        return False
    updated = sum(outcomes(sequence, kept=True))
    told(f"updated, kept: {updated} of {DRAWS}")
    return updated >= ENOUGH


def main() -> None:
    """Try the seeds in order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=31)
    parser.add_argument("--first", type=int, default=0)
    args = parser.parse_args()
    found = []
    with limited_threads(1):
        for seed in range(args.first, args.first + args.seeds):
            words: list[str] = []
            if decides(long_sample(seed), words.append):
                found.append(seed)
                words.append("updating decides")
            print(f"{seed}: {'; '.join(words)}", flush=True)
    print(f"{len(found)} of {args.seeds} seeds qualify: {found}")


if __name__ == "__main__":
    main()
