"""The speed benchmarks of `roam-lite bench`: tracking, training, clips and scaling."""

import argparse
from collections.abc import Callable
from functools import partial

from roam_lite.cli.options import device_from, tracker_from


def bench_tracking(args: argparse.Namespace) -> None:
    """Print where the time of a frame goes."""
    from roam_lite import get_profile
    from roam_lite.bench import tracking
    from roam_lite.data.otb import list_sequences, read_sequence
    from roam_lite.demo import samples_folder
    from roam_lite.errors import InputError
    from roam_lite.tracking.loading import WEIGHTS

    root = args.root or samples_folder()
    present, frames = list_sequences(root), args.frames
    shipped = WEIGHTS / f"{args.profile or 'laptop'}.safetensors"
    if not (args.checkpoint or shipped.is_file()):
        for name in ("rule", "lr", "set"):
            if getattr(args, name):
                raise InputError(
                    f"--{name} does not apply to random weights, and profile {args.profile} has no "
                    "others; omit it, or give --checkpoint"
                )
        config, device = get_profile(args.profile), device_from(args)
        print(f"profile {args.profile}: random weights, which take the same time")
        present, frames = present[:1], frames or 21
        make_tracker = partial(tracking.random_tracker, config, device)
    else:
        make_tracker = tracker_from(args)
    sequences = (read_sequence(root, name) for name in present)
    found = tracking.bench_tracking(make_tracker, sequences, frames)
    _report(found, tracking.tracking_table, args.json)


def bench_profile(args: argparse.Namespace) -> None:
    """Print a profile's costs: fast against plain, without backbone, by size, or of its clips."""
    from roam_lite import get_profile
    from roam_lite.bench import bench_clips, bench_scaling, scaling, training
    from roam_lite.errors import InputError
    from roam_lite.extras import require

    config, device = get_profile(args.profile or "laptop"), device_from(args)
    if args.without_backbone and device != "cpu":
        raise InputError(f"--without-backbone measures CPU seconds; omit --device {args.device}")
    if args.what == "clips":
        print(bench_clips(config, repeats=args.repeats))
    elif args.what == "scaling":
        if args.plot:
            require("matplotlib", "--plot")
        found = bench_scaling(config, repeats=args.repeats)
        _report(found, scaling.scaling_table, args.json)
        if args.plot:
            from roam_lite.figures.growth import plot_growth

            plot_growth(found, args.plot)
    elif args.without_backbone:
        found = scaling.without_backbone(config, args.batch or 1, args.repeats)
        _report(found, scaling.without_backbone_table, args.json)
    else:
        options = {"batch": args.batch or 4, "repeats": args.repeats, "device": device}
        _report(training.bench_training(config, **options), training.training_table, args.json)


def _report(found: dict, table: Callable[[dict], str], file: str | None) -> None:
    """Print a table of the measurements, and write them as JSON if requested."""
    from roam_lite.evaluation.report import write_json

    print(table(found))
    if file:
        write_json(file, found)
