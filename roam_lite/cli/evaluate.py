"""`roam-lite evaluate`: score a tracker on a benchmark."""

import argparse
import json
import sys

from roam_lite.cli.options import add_tracker_options, names, tracker_from

DESCRIPTION = """\
score a tracker on a folder of sequences
One pass over each sequence from its first box. Prints AUC of the success curve (IoU above
0, 0.05, ..., 1), precision at 20 pixels and frames per second (decoding left out), for each
sequence and as means over the sequences."""

EXAMPLES = """\
  roam-lite evaluate --benchmark otb --root data_samples
  roam-lite evaluate --root OTB100 --sequences Basketball,Jogging.1 --tracker csrt --json csrt.json
  roam-lite evaluate --root OTB100 --rule sgd --sgd-rate 0.001 --json - > sgd.json
  roam-lite evaluate --root OTB100 --results results --plots plots
  roam-lite evaluate --root OTB100 --tracker mypackage.mine:make_tracker
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--benchmark", choices=("otb",), default="otb", help="layout and metrics (default: otb)"
    )
    parser.add_argument("--root", required=True, metavar="DIR", help="folder of the sequences")
    parser.add_argument("--sequences", type=names, metavar="A,B", help="only these (default: all)")
    parser.add_argument(
        "--scoring",
        choices=("official", "got10k", "pysot"),
        default="official",
        help="rule for doubtful frames: the benchmark's own program (default) or a toolkit's",
    )
    parser.add_argument(
        "--oracle", action="store_true", help="update the model from ground truth (an ablation)"
    )
    output = parser.add_argument_group("output")
    output.add_argument(
        "--results",
        metavar="DIR",
        help="keep boxes (OTB layout, 1-based) and times in a folder of their own inside DIR",
    )
    output.add_argument("--json", metavar="FILE", help="write the scores; - for standard output")
    output.add_argument(
        "--plots",
        metavar="DIR",
        help="write success and precision plots, with the trackers kept in --results",
    )
    output.add_argument(
        "--overwrite", action="store_true", help="replace this configuration's kept results"
    )
    add_tracker_options(parser)


def run(args: argparse.Namespace) -> None:
    """Evaluate, print the table and write what was asked for."""
    from roam_lite.data.otb import list_sequences, read_sequence
    from roam_lite.errors import InputError
    from roam_lite.evaluation.report import write_json
    from roam_lite.evaluation.runner import evaluate, kept_reports
    from roam_lite.evaluation.trackers import OWN

    if args.oracle and args.tracker not in OWN:
        raise InputError(f"--oracle: only for the trackers {' and '.join(OWN)}")
    make_tracker = tracker_from(args)
    chosen = args.sequences or list_sequences(args.root)
    sequences = [read_sequence(args.root, name) for name in chosen]
    report, _ = evaluate(
        make_tracker,
        sequences,
        name=args.tracker,
        oracle=args.oracle,
        scoring=args.scoring,
        results_dir=args.results,
        overwrite=args.overwrite,
    )
    print(report.table(), file=sys.stderr if args.json == "-" else sys.stdout)
    if args.json == "-":
        print(json.dumps(report.to_json(), indent=2))
    elif args.json:
        write_json(args.json, report.to_json())
    if args.plots:
        from roam_lite.figures.plots import save_plots

        # With kept results, this run is among them.
        kept = kept_reports(args.results, sequences, args.scoring) if args.results else []
        reports = kept or [report]
        for path in save_plots(reports, args.plots):
            print(f"wrote {path}", file=sys.stderr)
