"""`roam-lite bench`: where the time goes, what the fast paths save, what to expect of unusual video."""

import argparse

from roam_lite.cli.options import add_tracker_options, count, device_from, tracker_from

DESCRIPTION = """\
measure speed, and what to expect of unusual video
`tracking` prints the milliseconds of each part of a frame, updates included. `training` times the
double backward of the correlation and a whole meta-training step, fast against plain (a loop over
videos with direct convolutions), and checks that both give the same numbers. `conditions` tracks
rendered sequences with tiny and huge targets, grey, dark, huge and slow video. `long` tracks one
rendered sequence for thousands of frames and prints speed, memory and overlap as it goes."""

EXAMPLES = """\
  roam-lite bench tracking
  roam-lite bench training --profile laptop --batch 4
  roam-lite bench conditions --tracker csrt
  roam-lite bench long --frames 10000
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("what", choices=("tracking", "training", "conditions", "long"))
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
    add_tracker_options(parser)


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    from roam_lite import get_profile
    from roam_lite.bench import bench_tracking, bench_training
    from roam_lite.data.otb import list_sequences, read_sequence
    from roam_lite.demo import samples_folder
    from roam_lite.evaluation.conditions import conditions_table, long_run

    if args.what == "training":
        profile = get_profile(args.profile or "laptop")
        device = device_from(args)
        print(bench_training(profile, batch=args.batch, repeats=args.repeats, device=device))
        return
    make_tracker = tracker_from(args)
    if args.what == "conditions":
        print(conditions_table(make_tracker, args.count))
    elif args.what == "long":
        for line in long_run(make_tracker, args.frames):
            print(line, flush=True)
    else:
        root = args.root or samples_folder()
        sequences = [read_sequence(root, name) for name in list_sequences(root)]
        print(bench_tracking(make_tracker, sequences))
