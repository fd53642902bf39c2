"""`roam-lite analyze`: what has a learned rule learned?"""

import argparse
from pathlib import Path

from roam_lite.cli.options import add_device_option, count, device_from, weights_read

DESCRIPTION = """\
find out what a checkpoint's learned rule has learned
Tracks the sequences, records the rule's inputs and the learning rates it emits, and prints
- what explains the variance of the rates: lambda0, learned gains, part of theta, time, inputs;
- how well the rates agree with those of the rule with one input held at its mean, or with its memory
  cleared before every step;
- the AUC lost when the rule is replaced by a constant share of lambda0 for each part (the geometric
  mean), by such a mean at every step, by a formula linear in the inputs, by itself without memory, or
  by no updating. These are paired differences over draws of the first boxes, with 95 % intervals, the
  range when any one sequence is left out, and the sequence that contributes most."""

EXAMPLES = """\
  roam-lite analyze
  roam-lite analyze runs/gru/checkpoint.safetensors --root OTB100 --every 4 --json gru.json
  roam-lite analyze --root OTB100 --fit TRAIN --draws 10
  roam-lite analyze --fit TRAIN --constants constants.safetensors
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    add("checkpoint", nargs="?", metavar="CHECKPOINT", help="weights (default: laptop's)")
    add(
        "--rule",
        default="own",
        metavar="NAME",
        help="the learned rule: own, the checkpoint's (default); gru, fc ...; or another checkpoint's file",
    )
    add("--root", metavar="DIR", help="sequences in OTB layout (default: the project's samples)")
    add("--fit", metavar="DIR", help="fit constants and formula to these (default: --root)")
    add("--every", type=count, default=1, metavar="K", help="use only every K-th sequence of each")
    add("--draws", type=count, default=3, metavar="N", help="draws of each first box (default: 3)")
    add("--json", metavar="FILE", help="write all measurements")
    add(
        "--constants",
        metavar="FILE",
        help="write the constants as a rule (.safetensors), to track with --rule FILE",
    )
    add_device_option(parser)


def run(args: argparse.Namespace) -> None:
    """Analyze, print the table and write the requested files."""
    from roam_lite.analysis.replacing import save_constants
    from roam_lite.analysis.report import analysis_table, analyze, plain
    from roam_lite.data.otb import list_sequences, read_sequence
    from roam_lite.demo import samples_folder
    from roam_lite.errors import InputError
    from roam_lite.evaluation.report import write_json
    from roam_lite.files import check_outputs
    from roam_lite.tracking import load_tracker

    outputs = {"--json": args.json, "--constants": args.constants}
    if args.constants:
        if Path(args.constants).suffix != ".safetensors":
            raise InputError(f"--constants {args.constants}: give a file that ends in .safetensors")
        outputs["the card of --constants"] = Path(args.constants).with_suffix(".json")
    check_outputs(outputs, inputs=weights_read(args))
    if args.rule == "none":
        raise InputError("--rule none: a tracker that never updates has no rule to analyze")
    tracker = load_tracker(checkpoint=args.checkpoint, rule=args.rule, device=device_from(args))
    sequences, fit = (
        [read_sequence(root, name) for name in list_sequences(root, every=args.every)]
        if root
        else None
        for root in (args.root or samples_folder(), args.fit)
    )
    found = analyze(tracker, sequences, args.draws, (args.fit, fit) if fit else None)
    print(analysis_table(found))
    if args.json:
        write_json(args.json, plain(found))
    if args.constants:
        save_constants(Path(args.constants), tracker, found.constants)
