"""`roam-lite losses`: which of several trained models learns best on clips that none of them has seen?"""

import argparse
from pathlib import Path

from roam_lite.cli.options import count, positive_number, whole_number

DESCRIPTION = """\
compare the meta losses of checkpoints on fresh training clips
Draws clips as in training, with a separate seed, adapts each checkpoint's model to them update by update,
and prints the mean meta losses and the differences from the first checkpoint, with 95 % intervals over
clips."""

EXAMPLES = """\
  roam-lite losses runs/const/checkpoint.safetensors runs/lstm/checkpoint.safetensors --data synthetic
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    add("checkpoints", nargs="+", metavar="CHECKPOINT", help="the first is the baseline")
    add("--data", required=True, metavar="SOURCES", help="sources of the clips, as in train")
    add("--stage", metavar="NAME", help="take clips and updates of this stage (default: the last)")
    add("--batches", type=count, default=25, metavar="N", help="number of batches (default: 25)")
    add(
        "--seed",
        type=whole_number,
        default=987_654,
        help="seed of the clips, which must not be the one used in training (default: 987654)",
    )
    add(
        "--most",
        type=positive_number,
        default=2.0,
        metavar="LOSS",
        help="clip losses at this value (default: 2)",
    )
    add("--json", metavar="FILE", help="write the loss of every clip after every update")


def run(args: argparse.Namespace) -> None:
    """Measure the losses and print a table."""
    from roam_lite.analysis.report import plain
    from roam_lite.bench.held_out import held_out_losses, losses_table
    from roam_lite.evaluation.report import write_json
    from roam_lite.files import check_outputs, refuse_twice

    refuse_twice(args.checkpoints)
    paths = [Path(path) for path in args.checkpoints]
    cards = [path.with_suffix(".json") for path in paths if path.name]
    check_outputs({"--json": args.json}, inputs=[*paths, *cards])
    found = held_out_losses(paths, args.data, args.batches, args.seed, args.stage)
    print(losses_table(found, args.most))
    if args.json:
        described = {"data": args.data, "seed": args.seed}
        write_json(args.json, described | {"losses": plain(found)})
