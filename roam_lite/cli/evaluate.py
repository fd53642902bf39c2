"""`roam-lite evaluate`: score a tracker on a benchmark."""

import argparse
import json
import sys
import tempfile
from typing import TYPE_CHECKING

from roam_lite.cli.options import (
    add_bits_option,
    add_tracker_options,
    count,
    device_from,
    names,
    tracker_from,
    weights_read,
)

if TYPE_CHECKING:
    from roam_lite.evaluation.report import Report

DESCRIPTION = """\
score a tracker on a benchmark
Runs the benchmark's own protocol on the sequences under --root and prints its metrics, for each
sequence and overall: OTB, LaSOT and TrackingNet in one pass, GOT-10k three times, VOT with restarts
(15 times, or 3 if those agree). A layout that you added is run and scored like OTB. Speed is in frames
per second, without decoding.
With --results, each sequence's boxes are saved in the benchmark's own layout as soon as it is done.
Running the same command again reuses them and reports how many. It stops with an error if the images,
first box or ground truth differ from those that were tracked. If the tracker has changed (your own code
included), its results go to a new folder. Where a server keeps the ground truth (the test splits of
GOT-10k and TrackingNet), the zip to upload is written next to the results."""

EXAMPLES = """\
  roam-lite evaluate --benchmark otb --root data_samples
  roam-lite evaluate --root OTB100 --sequences Basketball,Jogging.1 --tracker csrt --json csrt.json
  roam-lite evaluate --root OTB100 --tracker nano --weights nanotrack/v2 --json nano.json
  roam-lite evaluate --root OTB100 --rule sgd --lr 0.001 --json - > sgd.json
  roam-lite evaluate --root OTB100 --results results --plots plots
  roam-lite evaluate --benchmark vot2016 --root VOT2016 --results results --workers 8
  roam-lite evaluate --benchmark got10k --root GOT-10k --split val --repetitions 1
  roam-lite evaluate --root OTB100 --tracker mypackage.mine:make_tracker
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_benchmark_options(parser)
    add = parser.add_argument
    add("--root", required=True, metavar="DIR", help="folder of the sequences")
    add("--split", metavar="NAME", help="test, val or train (default: test, as in the paper)")
    add("--sequences", type=names, metavar="A,B", help="only these sequences (default: all)")
    add("--repetitions", type=count, metavar="N", help="number of runs for VOT and GOT-10k")
    add_bits_option(parser)
    add("--oracle", action="store_true", help="update the model on ground truth (an ablation)")
    add = parser.add_argument_group("running").add_argument
    add(
        "--workers",
        type=count,
        metavar="N",
        help="sequences to run in parallel (default: one per core or GPU, fewer for small jobs)",
    )
    add(
        "--threads",
        type=count,
        default=1,
        metavar="N",
        help="threads per worker (default: 1); other numbers may change the last digits of scores",
    )
    add = parser.add_argument_group("output").add_argument
    add(
        "--results",
        metavar="DIR",
        help="save boxes and times in DIR/BENCHMARK/CONFIGURATION, and resume from them",
    )
    add("--json", metavar="FILE", help="write the scores; - for standard output")
    add(
        "--plots",
        metavar="DIR",
        help="write success and precision plots that include all trackers in --results (replaces files)",
    )
    add(
        "--overwrite",
        action="store_true",
        help="replace --json, and track these sequences again even if --results has them",
    )
    add_tracker_options(parser)


def add_benchmark_options(parser: argparse.ArgumentParser) -> None:
    """Add --benchmark and --scoring; the registries reject unknown names."""
    parser.add_argument(
        "--benchmark",
        default="otb",
        metavar="NAME",
        help="layout and metrics: otb (default), vot2016, vot2017, lasot, got10k, trackingnet, or your "
        "own layout",
    )
    parser.add_argument(
        "--scoring",
        default="official",
        metavar="RULE",
        help="whose rule decides about doubtful frames: the benchmark's own (official, the default), or "
        "a toolkit's (got10k or pysot)",
    )


def run(args: argparse.Namespace) -> None:
    """Evaluate, print the table and write the requested files."""
    from roam_lite.workers import TO_TRACK, start_early

    if args.workers and args.workers > 1:
        start_early(TO_TRACK)  # before this process imports torch below

    from roam_lite.errors import InputError
    from roam_lite.evaluation import benchmarks
    from roam_lite.evaluation.foreign import code_of
    from roam_lite.evaluation.results import write_submission
    from roam_lite.evaluation.running.engine import rank_and_ranks, run_benchmark, visible_gpus
    from roam_lite.evaluation.running.runner import describe

    _check(args)
    make_tracker = tracker_from(args)
    tracker = make_tracker()
    description = {**describe(tracker, args.tracker), **code_of(args.tracker, tracker)}
    benchmark = benchmarks.get_benchmark(args.benchmark)
    if args.repetitions:
        benchmark = benchmark.repeated(args.repetitions)
    benchmarks.check_rule(benchmark, args.scoring)
    if args.plots and not benchmark.curves:
        raise InputError("VOT has no success or precision curves; omit --plots")
    chosen = args.sequences or benchmark.names(args.root, args.split)
    work = (benchmark, args.root, chosen)
    scored = benchmarks.scored_here(*work)
    rank, ranks = rank_and_ranks()
    if not args.results and not (scored and ranks == 1):
        raise InputError(
            "--results DIR is needed: "
            + ("a server scores this split" if not scored else "the processes of torchrun share it")
        )
    if not scored and (args.json or args.plots):
        raise InputError("a server scores this split; omit --json and --plots")
    with tempfile.TemporaryDirectory() as passing:
        folder = run_benchmark(
            *work,
            make_tracker,
            description,
            args.results or passing,
            oracle=args.oracle,
            bits=args.bits,
            overwrite=args.overwrite,
            workers=args.workers,
            threads=args.threads,
            gpus=visible_gpus(device_from(args)),
        )
        if rank > 0:
            return
        if scored:
            _write(benchmarks.score_results(*work, folder, args.scoring), args)
            if args.plots:
                _plot(*benchmarks.score_kept(*work, folder.parent, args.scoring), args.plots)
        else:
            path = write_submission(benchmark.protocol.layout, folder, chosen)
            print(f"{len(chosen)} sequences, which the server scores; upload {path}")


def _plot(kept: list, others: list, folder: str) -> None:
    """Plot results on this video, and report those that are left out."""
    from roam_lite.figures.plots import save_plots

    for path in others:
        print(f"not in the plots because it tracked other video: {path}", file=sys.stderr)
    for path in save_plots(kept, folder):
        print(f"wrote {path}", file=sys.stderr)


def _check(args: argparse.Namespace) -> None:
    """Raise InputError for outputs that cannot be written, and for options that conflict."""
    from roam_lite.errors import InputError
    from roam_lite.evaluation.trackers import OWN
    from roam_lite.extras import require
    from roam_lite.files import check_outputs

    remedy = "--overwrite replaces it" + (" and tracks everything again" if args.results else "")
    check_outputs(
        {"--json": args.json},
        {"--results": args.results, "--plots": args.plots},
        inputs=weights_read(args),
        overwrite=args.overwrite,
        remedy=f"remove it, or choose another file; {remedy}",
    )
    if args.plots:
        require("matplotlib", "--plots")
    if args.split and args.sequences:
        raise InputError("--split and --sequences both choose sequences; give one")
    if args.oracle and args.tracker not in OWN:
        raise InputError(f"--oracle: only for the trackers {' and '.join(OWN)}")


def _write(report: "Report", args: argparse.Namespace) -> None:
    """Print the table, and write JSON if requested."""
    from roam_lite.evaluation.report import write_json

    out = sys.stderr if args.json == "-" else sys.stdout
    print(report.table(), file=out)
    if "lost" in report.scores[0].evidence:
        lost = report.lost()
        told = f"lost for good, no overlap in the last quarter: {len(lost)} of {len(report.scores)}"
        print(": ".join([told, ", ".join(lost)]) if lost else told, file=out)
    if args.json == "-":
        print(json.dumps(report.to_json(), indent=2))
    elif args.json:
        write_json(args.json, report.to_json())
