"""`roam-lite bench first-step` and `bench rules`: compare rules, with rates searched on other sequences."""

import argparse
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from roam_lite.cli.options import tracker_from


def compare_first_steps(
    make_tracker: Callable, root: str | Path, names: list[str], args: argparse.Namespace
) -> None:
    """Print each first model as it is tried, first in the search, then in the comparison, and the table."""
    from roam_lite.data.otb import list_sequences
    from roam_lite.evaluation import first_step
    from roam_lite.evaluation.report import write_json
    from roam_lite.tracking import load_tracker

    tracker, frames = make_tracker(), args.frames or 100
    twin = first_step.twin_setting(args.twin) if args.twin else None
    searched = (args.train, list_sequences(args.train, every=args.every))
    learned = first_step.Setting(tracker.config.model.initial_steps)
    with tempfile.TemporaryDirectory() as passing:
        kept, settings = Path(args.results or passing), first_step.searched_settings()
        trials = first_step.trials(tracker, settings, *searched, frames, kept / "search")
        search = _printed(trials, len(settings))
        at_border = first_step.best_rates(search)
        settings = [learned, first_step.Setting(0), *at_border]
        trials = first_step.trials(tracker, settings, root, names, frames, kept / "comparison")
        compared = _printed(trials, len(settings))
        if twin is not None:
            other = load_tracker(checkpoint=args.twin, rule="none", variant=tracker.variant)
            trials = first_step.trials(other, [twin], root, names, frames, kept / "comparison")
            compared += _printed(trials, 1)
    print(first_step.first_step_table(compared, at_border))
    if args.json:
        described = {"tracker": tracker.description, "frames": frames}
        found = first_step.first_step_json(search, compared, at_border)
        write_json(args.json, described | found)


def compare_rules(args: argparse.Namespace) -> None:
    """Print each row of the leaderboard as it is measured, and the table."""
    from roam_lite.data.otb import list_sequences, read_sequence
    from roam_lite.demo import samples_folder
    from roam_lite.evaluation.first_step import first_frame_task
    from roam_lite.evaluation.report import write_json
    from roam_lite.toy import leaderboard

    boards = [board(args.seeds, args.steps) for board in leaderboard.BOARDS]
    if args.train:
        args.rule = "none"
        tracker, tasks = tracker_from(args)(), []
        for root, step in ((args.train, args.every), (args.root or samples_folder(), 1)):
            names = list_sequences(root, every=step)
            tasks.append(first_frame_task(tracker, (read_sequence(root, name) for name in names)))
        lambda0 = tracker.model.lambda0.detach()
        boards.append(leaderboard.first_frame_board(*tasks, args.steps, lambda0))
    entries = []
    for board in boards:
        for entry in board:
            entries.append(entry)
            print(f"{entry.problem:11} {entry}", flush=True)
    print(f"\n{leaderboard.board_table(entries, args.steps)}")
    if args.json:
        rows = [entry.to_json() for entry in entries]
        write_json(args.json, {"steps": args.steps, "seeds": args.seeds, "entries": rows})


def _printed(trials: Iterable, total: int) -> list:
    """Return the trials, printing each as soon as it is done."""
    from roam_lite.evaluation.first_step import HEAD

    done = []
    print(f"{'':7} {HEAD}", flush=True)
    for trial in trials:
        done.append(trial)
        print(f"{len(done):3}/{total:<3} {trial}", flush=True)
    return done
