"""`roam-lite bench`: where the time goes, what the fast paths save, and what scores depend on."""

import argparse
from collections.abc import Callable
from pathlib import Path

from roam_lite.cli import speed
from roam_lite.cli.options import (
    add_tracker_options,
    count,
    names,
    tracker_from,
    weights_read,
    whole_number,
)

DESCRIPTION = """\
measure speed, behavior on unusual video, and what scores depend on
`tracking` prints the milliseconds spent on each part of a frame, updates included; a profile without
weights, such as `paper`, gets random ones and tracks only the first sequence. `training` times the
double backward of the correlation and a whole meta-training step, fast against plain (a loop over
videos with direct convolutions), and checks that both give the same numbers. It compares the step with
the machine's rate of matrix products, and tries a stage's settings for speed and memory one at a time;
--without-backbone measures CPU seconds and memory of a step and of an online update on random features,
in a fresh process. `scaling` does the same for growing numbers of
clips, updates, frames and coordinates, and growing filters, and fits how the costs grow. `clips` cuts
training patches on one core from JPEGs that it generates, with and without reduced-size decoding.
`conditions` tracks rendered sequences with tiny and huge targets, and gray, dark, huge and slow video.
`long` tracks one rendered sequence for thousands of frames and prints speed, memory and overlap along
the way. `chance` tracks the same sequences several times, on one thread, with the first boxes moved by
at most a hundredth of a pixel, and prints how much the scores vary and how many targets were lost for
good; --json saves the means, for `roam-lite compare`, and the number of lost targets in each draw.
`sizes` crops later frames around the true center as if the target were 0.6 to 1.6 times as large, and
prints the sizes that the first frame's model predicts. `first-step` compares first models that are never
updated: after no steps, after the learned steps, and after 2, 20 and 100 steps of SGD, momentum and Adam
from the same theta0, each at the best of five rates on --train. `rules` puts all rules on one
leaderboard: their loss on the toy problem and on a small regression after --steps steps, averaged over
--seeds experiments (takes a few minutes); with --train also on the first frames of --root, with rates
searched on those of --train."""

EXAMPLES = """\
  roam-lite bench tracking
  roam-lite bench training --profile laptop --batch 4
  roam-lite bench training --profile paper --without-backbone --json paper.json
  roam-lite bench scaling --json scaling.json --plot scaling.png
  roam-lite bench clips
  roam-lite bench conditions --tracker csrt
  roam-lite bench long --frames 10000
  roam-lite bench chance --root OTB100 --draws 10 --rule none --json none.json
  roam-lite bench chance --root mixed --split-by DAVIS_,VOT_
  roam-lite bench sizes --root OTB100 --frame 30
  roam-lite bench rules --seeds 5 --json rules.json
  roam-lite bench first-step --train TRAIN --every 3 --root OTB100 --results kept --json first.json
"""

_SPEED = ("training", "scaling", "clips")
WHAT = (
    *("tracking", *_SPEED, "conditions", "long", "chance", "sizes", "first-step"),
    "rules",
)
_TRACK = tuple(what for what in WHAT if what not in _SPEED)
_UPDATE = ("tracking", "conditions", "long", "chance")
# Which benchmarks use each option; the others reject it.
_USED_BY = {
    "root": ("tracking", "chance", "sizes", "first-step", "rules"),
    "batch": ("training",),
    "repeats": _SPEED,
    "without_backbone": ("training",),
    "plot": ("scaling",),
    "count": ("conditions",),
    "frames": ("tracking", "long", "first-step"),
    "draws": ("chance",),
    "split_by": ("chance",),
    "frame": ("sizes",),
    "json": ("tracking", "training", "scaling", "chance", "sizes", "first-step", "rules"),
    "train": ("first-step", "rules"),
    "every": ("first-step", "rules"),
    "seeds": ("rules",),
    "steps": ("rules",),
    "twin": ("first-step",),
    "results": ("first-step",),
    "rule": _UPDATE,
    "lr": _UPDATE,
    "set": _TRACK,
    "checkpoint": _TRACK,
    "weights": _TRACK,
    "backbone_weights": _TRACK,
    "tracker": _TRACK,
    "device": tuple(what for what in WHAT if what not in ("scaling", "clips")),
}
# Set only after checking which options were given.
_DEFAULTS = {"repeats": 3, "count": 8, "draws": 10, "frame": 30, "every": 1, "seeds": 5, "steps": 5}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    add("what", choices=WHAT)
    add("--root", metavar="DIR", help="sequences to track (default: the project's samples)")
    add("--batch", type=count, help="videos in a step (default: 4; 1 --without-backbone)")
    add("--repeats", type=count, help="the fastest of so many counts (default: 3)")
    add(
        "--without-backbone",
        action="store_const",
        const=True,
        help="cost of a step and of an online update on random features of the profile's shapes",
    )
    add("--count", type=count, help="sequences per condition (default: 8)")
    add(
        "--frames",
        type=count,
        help="length of the sequence of long (default: 10000), of each one in first-step (default: 100), "
        "and in tracking (default: all; with random weights 21)",
    )
    add("--draws", type=count, help="draws of each first box (default: 10)")
    add(
        "--split-by",
        type=names,
        metavar="PREFIX,...",
        help="also report chance for sequences whose names begin with one of these, and for the rest",
    )
    add(
        "--frame",
        type=whole_number,
        metavar="K",
        help="frame in which sizes reports each sequence, counted from 0 (default: 30)",
    )
    add("--json", metavar="FILE", help="write the measurements (most kinds)")
    add("--plot", metavar="PNG", help="plot how costs grow")
    add("--seeds", type=count, help="experiments in rules (default: 5)")
    add("--steps", type=count, help="number of steps after which rules are compared (default: 5)")
    add = parser.add_argument_group("first-step").add_argument
    add("--train", metavar="DIR", help="sequences to search the rates on, in OTB layout")
    add("--every", type=count, metavar="K", help="only every K-th of them (default: 1)")
    add(
        "--twin",
        metavar="CHECKPOINT",
        help="also compare with a theta0 that `train --first-rate` trained for SGD",
    )
    add("--results", metavar="DIR", help="save boxes and times there, and resume from them")
    add_tracker_options(parser)


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    from roam_lite.data.otb import list_sequences, read_sequence
    from roam_lite.demo import samples_folder
    from roam_lite.evaluation.conditions import conditions_table, long_run
    from roam_lite.files import check_outputs

    _refuse_ignored(args)
    outputs = {"--json": args.json, "--plot": args.plot}, {"--results": args.results}
    check_outputs(*outputs, inputs=weights_read(args))
    for name, value in _DEFAULTS.items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    if args.what in _SPEED:
        speed.bench_profile(args)
        return
    if args.what == "rules":
        from roam_lite.cli.comparing import compare_rules

        compare_rules(args)
        return
    if args.what in ("sizes", "first-step"):
        args.rule = "none"
    if args.what == "tracking":
        speed.bench_tracking(args)
        return
    make_tracker = tracker_from(args)
    if args.what == "conditions":
        print(conditions_table(make_tracker, args.count))
        return
    if args.what == "long":
        for line in long_run(make_tracker, args.frames or 10_000):
            print(line, flush=True)
        return
    root = args.root or samples_folder()
    present = list_sequences(root)
    if args.what == "first-step":
        from roam_lite.cli.comparing import compare_first_steps

        compare_first_steps(make_tracker, root, present, args)
        return
    sequences = [read_sequence(root, name) for name in present]
    if args.what == "sizes":
        _measure_sizes(make_tracker, sequences, args)
    else:
        _measure_chance(make_tracker, sequences, args)


def _refuse_ignored(args: argparse.Namespace) -> None:
    """Raise InputError for options that do not apply, and for trackers that cannot be used."""
    from roam_lite.demo import samples_folder
    from roam_lite.errors import InputError
    from roam_lite.evaluation.trackers import OWN

    for name, users in _USED_BY.items():
        if args.what not in users and getattr(args, name) not in (None, "roam++"):
            raise InputError(
                f"--{name.replace('_', '-')} does not apply to bench {args.what}; omit it "
                f"(it is for {', '.join(users)})"
            )
    if args.what == "sizes" and args.tracker != "roam++":
        raise InputError(
            f"bench sizes: only for the tracker roam++, which regresses sizes, not for {args.tracker}"
        )
    if args.what in ("tracking", "first-step", "rules") and args.tracker not in OWN:
        raise InputError(f"bench {args.what}: only for the trackers {' and '.join(OWN)}")
    if args.what == "first-step" and not args.train:
        raise InputError(
            "bench first-step: give --train DIR, with sequences to search the rates on"
        )
    if args.what == "rules" and args.root and not args.train:
        raise InputError(
            "bench rules: --root also needs --train DIR, with sequences to search the rates on"
        )
    if args.train and Path(args.train).resolve() == Path(args.root or samples_folder()).resolve():
        raise InputError(
            f"bench {args.what}: --train and --root are both {args.train}; search the rates on "
            "sequences other than those that they are compared on"
        )


def _measure_chance(make_tracker: Callable, sequences: list, args: argparse.Namespace) -> None:
    """Print the scores of each draw as soon as they are known, and then a summary."""
    from roam_lite.errors import InputError
    from roam_lite.evaluation.chance import drawn_reports, mean_report, split_names, spread_table
    from roam_lite.evaluation.report import write_json

    if args.draws < 2:
        raise InputError("--draws 1: chance needs two or more draws")
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


def _measure_sizes(make_tracker: Callable, sequences: list, args: argparse.Namespace) -> None:
    """Print the sizes found in one later frame, and medians over several frames."""
    from roam_lite.evaluation.report import write_json
    from roam_lite.evaluation.sizes import FRAMES, size_responses, sizes_json, sizes_table

    tracker = make_tracker()
    measured = size_responses(tracker, sequences, (*FRAMES, args.frame))
    print(sizes_table(*measured, args.frame))
    if args.json:
        write_json(args.json, {"tracker": tracker.description, **sizes_json(*measured)})
