"""`roam-lite bench`: where the time goes, and what the fast paths save."""

import argparse

from roam_lite.cli.options import add_device_option, count, device_from

DESCRIPTION = """\
measure speed: tracking per frame, training against the plain reference
`tracking` prints the milliseconds of each part of a frame, updates included. `training` times the
double backward of the correlation and a whole meta-training step, fast against plain (a loop over
videos with direct convolutions), and checks that both give the same numbers."""

EXAMPLES = """\
  roam-lite bench tracking
  roam-lite bench training --profile laptop --batch 4
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("what", choices=("tracking", "training"))
    parser.add_argument("--profile", default="laptop", help="default: laptop")
    parser.add_argument("--checkpoint", metavar="FILE", help="default: the one that ships")
    parser.add_argument(
        "--root", metavar="DIR", help="sequences to track (default: the project's samples)"
    )
    parser.add_argument("--batch", type=count, default=4, help="videos in a step (default: 4)")
    parser.add_argument(
        "--repeats", type=count, default=3, help="the fastest of so many counts (default: 3)"
    )
    add_device_option(parser)


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    from roam_lite import get_profile, load_tracker
    from roam_lite.bench import bench_tracking, bench_training
    from roam_lite.data.otb import list_sequences, read_sequence
    from roam_lite.demo import samples_folder

    device = device_from(args)
    if args.what == "training":
        profile = get_profile(args.profile)
        print(bench_training(profile, batch=args.batch, repeats=args.repeats, device=device))
        return
    root = args.root or samples_folder()
    sequences = [read_sequence(root, name) for name in list_sequences(root)]

    def make_tracker() -> object:
        return load_tracker(args.profile, checkpoint=args.checkpoint, device=device)

    print(bench_tracking(make_tracker, sequences))
