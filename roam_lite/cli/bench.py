"""`roam-lite bench`: where the time goes, what the fast paths save, what to expect of other video."""

import argparse
from collections.abc import Callable

from roam_lite.cli.options import add_tracker_options, count, device_from, names, tracker_from

DESCRIPTION = """\
measure speed, what to expect of unusual video, and how much of a score is chance
`tracking` prints the milliseconds of each part of a frame, updates included. `training` times the
double backward of the correlation and a whole meta-training step, fast against plain (a loop over
videos with direct convolutions), and checks that both give the same numbers. `conditions` tracks
rendered sequences with tiny and huge targets, gray, dark, huge and slow video. `long` tracks one
rendered sequence for thousands of frames and prints speed, memory and overlap as it goes. `chance`
tracks the same sequences several times, their first boxes moved by at most a hundredth of a pixel,
with one thread, and prints how far the scores move and how many targets were lost for good; --json
keeps the means, for `roam-lite compare`, and the number of lost targets of each draw."""

EXAMPLES = """\
  roam-lite bench tracking
  roam-lite bench training --profile laptop --batch 4
  roam-lite bench conditions --tracker csrt
  roam-lite bench long --frames 10000
  roam-lite bench chance --root OTB100 --draws 10 --rule none --json none.json
  roam-lite bench chance --root mixed --split-by DAVIS_,VOT_
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("what", choices=("tracking", "training", "conditions", "long", "chance"))
    parser.add_argument(
        "--root", metavar="DIR", help="sequences to track (default: the project's samples)"
    )
    parser.add_argument("--batch", type=count, default=4, help="videos in a step (default: 4)")
    parser.add_argument(
        "--repeats", type=count, default=3, help="the fastest of so many counts (default: 3)"
    )
    parser.add_argument("--count", type=count, default=8, help="sequences a condition (default: 8)")
    parser.add_argument(
        "--frames", type=count, default=10_000, help="of the long sequence (default: 10000)"
    )
    parser.add_argument("--draws", type=count, default=10, help="of every first box (default: 10)")
    parser.add_argument(
        "--split-by",
        type=names,
        metavar="PREFIX,...",
        help="chance also of the sequences whose names begin so, and of the others",
    )
    parser.add_argument("--json", metavar="FILE", help="write the means over the draws")
    add_tracker_options(parser)


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    from roam_lite import get_profile
    from roam_lite.bench import bench_tracking, bench_training
    from roam_lite.data.otb import list_sequences, read_sequence
    from roam_lite.demo import samples_folder
    from roam_lite.errors import InputError
    from roam_lite.evaluation.conditions import conditions_table, long_run
    from roam_lite.evaluation.trackers import OWN

    if args.what == "training":
        for name in ("root", "tracker", "rule", "lr", "set", "checkpoint", "weights"):
            if getattr(args, name) not in (None, "roam++"):
                raise InputError(f"bench training: trains a profile anew; omit --{name}")
        config, device = get_profile(args.profile or "laptop"), device_from(args)
        print(bench_training(config, batch=args.batch, repeats=args.repeats, device=device))
        return
    if args.what == "tracking" and args.tracker not in OWN:
        raise InputError(f"bench tracking: only for the trackers {' and '.join(OWN)}")
    make_tracker = tracker_from(args)
    if args.what == "conditions":
        print(conditions_table(make_tracker, args.count))
    elif args.what == "long":
        for line in long_run(make_tracker, args.frames):
            print(line, flush=True)
    else:
        root = args.root or samples_folder()
        sequences = [read_sequence(root, name) for name in list_sequences(root)]
        if args.what == "tracking":
            print(bench_tracking(make_tracker, sequences))
        else:
            _measure_chance(make_tracker, sequences, args)


def _measure_chance(make_tracker: Callable, sequences: list, args: argparse.Namespace) -> None:
    """Print the scores of each draw as they come, and what they say together."""
    from roam_lite.errors import InputError
    from roam_lite.evaluation.chance import drawn_reports, mean_report, split_names, spread_table
    from roam_lite.evaluation.report import write_json

    if args.draws < 2:
        raise InputError("--draws 1: chance shows in two draws or more")
    reports, groups = [], None
    if args.split_by:
        groups = split_names([sequence.name for sequence in sequences], args.split_by)
    print(f"{'draw':9}    AUC  prec@20  lost")
    for report in drawn_reports(make_tracker, sequences, args.draws):
        reports.append(report)
        mean = report.mean()
        scores = f"{mean['auc']:6.3f} {mean['precision_20']:8.3f} {len(report.lost()):5}"
        print(f"{len(reports):<9} {scores}", flush=True)
    print(spread_table(reports, groups))
    if args.json:
        lost = [len(report.lost()) for report in reports]
        write_json(args.json, {**mean_report(reports).to_json(), "lost": lost})
