"""`roam-lite losses`: which of several trained models learns best from clips that none has seen?"""

import argparse
from pathlib import Path

from roam_lite.cli.options import count, positive_number, whole_number

DESCRIPTION = """\
compare the meta losses of checkpoints on fresh training clips
Draws clips as training does, with a seed of its own, adapts each checkpoint's model to them update by
update, and prints the mean meta loss and the difference from the first checkpoint, with a 95 % interval
over clips."""

EXAMPLES = """\
  roam-lite losses runs/const/checkpoint.safetensors runs/lstm/checkpoint.safetensors --data synthetic
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    add("checkpoints", nargs="+", metavar="CHECKPOINT", help="the first is the base")
    add("--data", required=True, metavar="SOURCES", help="where clips come from, as in train")
    add("--stage", metavar="NAME", help="whose clips and updates to use (default: the last stage)")
    add("--batches", type=count, default=25, metavar="N", help="mini-batches (default: 25)")
    add(
        "--seed",
        type=whole_number,
        default=987_654,
        help="of the clips; take another one than training did (default: 987654)",
    )
    add(
        "--most",
        type=positive_number,
        default=2.0,
        metavar="LOSS",
        help="count larger losses as this (default: 2)",
    )
    add("--json", metavar="FILE", help="write the loss of every clip after every update")


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    from roam_lite.evaluation.report import write_json
    from roam_lite.files import check_outputs, refuse_twice
    from roam_lite.training.held_out import held_out_losses, losses_table

    refuse_twice(args.checkpoints)
    paths = [Path(path) for path in args.checkpoints]
    cards = [path.with_suffix(".json") for path in paths if path.name]
    check_outputs({"--json": args.json}, inputs=[*paths, *cards])
    found = held_out_losses(paths, args.data, args.batches, args.seed, args.stage)
    print(losses_table(found, args.most))
    if args.json:
        described = {"data": args.data, "seed": args.seed}
        write_json(args.json, described | {"losses": {k: v.tolist() for k, v in found.items()}})
