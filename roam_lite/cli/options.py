"""Options that several commands share, under the same names as in Python."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from roam_lite.settings import tracker_constants


def add_tracker_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a tracker."""
    group = parser.add_argument_group("tracker")
    group.add_argument(
        "--tracker",
        default="roam++",
        metavar="NAME",
        help="roam++, roam, csrt, kcf, mil, nano, vit or MODULE:FACTORY (default: roam++)",
    )
    group.add_argument(
        "--rule",
        metavar="NAME",
        help="update rule: own, the one that the checkpoint was trained with; the name of one that "
        "was trained for it, such as lstm, gru, fc or const; sgd, momentum, adam, hypergradient, "
        "prodigy or steepest with --lr; none; or another checkpoint's file, to use its rule (default: the "
        "checkpoint's choice)",
    )
    group.add_argument(
        "--lr",
        "--sgd-rate",
        type=positive_number,
        metavar="R",
        help="learning rate of the rule (--sgd-rate is the older name)",
    )
    group.add_argument(
        "--set",
        action="append",
        type=setting,
        metavar="NAME=VALUE",
        help="change an online constant, for example motion=1.6, or initial_steps; may be repeated",
    )
    group.add_argument(
        "--profile",
        help="use this profile's shipped weights (default: laptop); with --checkpoint, the profile it "
        "must have",
    )
    group.add_argument(
        "--checkpoint", metavar="FILE", help="weights, which include their whole configuration"
    )
    group.add_argument(
        "--backbone-weights",
        metavar="FILE",
        help="public weights of a backbone that the checkpoint does not contain, as with profile paper "
        "(default: torchvision downloads those of VGG-16)",
    )
    group.add_argument(
        "--weights",
        metavar="DIR",
        help="folder with the .onnx files of nano (one with backbone in its name, one with head) or vit "
        "(one); DIR/v2 uses only files whose names begin with v2",
    )
    add_device_option(group)


def add_device_option(parser: Any) -> None:
    """Add --device to a parser or a group of one."""
    parser.add_argument(
        "--device", choices=("cpu", "cuda", "auto"), help="where to compute (default: cpu)"
    )


def add_bits_option(parser: Any) -> None:
    """Add --bits to a parser or a group of one."""
    parser.add_argument(
        "--bits",
        type=bits,
        metavar="N",
        help="bits used in 16-bit images, for example 14 for a thermal camera (default: as many as the "
        "first image uses)",
    )


def device_from(args: argparse.Namespace) -> str:
    """Return the device that --device selects, by default cpu.

    Raises InputError for cuda if there is none.
    """
    from roam_lite.devices import choose_device

    return choose_device(args.device or "cpu")


def tracker_from(args: argparse.Namespace) -> Callable[[], Any]:
    """Return a factory of the tracker that the options select."""
    from roam_lite.evaluation.trackers import tracker_factory

    return tracker_factory(
        args.tracker,
        weights=args.weights,
        profile=args.profile,
        checkpoint=args.checkpoint,
        backbone_weights=args.backbone_weights,
        rule=args.rule,
        lr=args.lr,
        device=device_from(args) if args.device else None,
        **dict(args.set or ()),
    )


def weights_read(args: argparse.Namespace) -> list[Path]:
    """Return the files of --checkpoint, --rule or --init, card included, which no output may replace."""
    names = ("checkpoint", "init", "backbone_weights", "twin", "rule")
    given = [getattr(args, name, None) for name in names]
    if not str(given[-1]).endswith(".safetensors"):
        given.pop()  # a rule's name
    return [
        file
        for path in map(Path, filter(None, given))
        for file in (path, path.with_suffix(".json"))
    ]


def setting(text: str) -> tuple[str, str]:
    """Return name and value of a tracker's constant from `NAME=VALUE`."""
    name, _, value = (part.strip() for part in text.partition("="))
    known = tracker_constants()
    if name not in known or not value:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not NAME=VALUE, for example motion=1.6; names: {', '.join(known)}"
        )
    return name, value


def constant(text: str) -> str:
    """Return `PATH=VALUE` unchanged if it has that form; the configuration checks it later."""
    path, equals, value = text.partition("=")
    if not (path and equals and value):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not PATH=VALUE, for example training.kappa_response=2"
        )
    return text


def positive_number(text: str) -> float:
    """Return a finite number above zero."""
    return _number(text, float, lambda value: 0 < value < float("inf"), "a number above zero")


def count(text: str) -> int:
    """Return a whole number of at least 1."""
    return _number(text, int, lambda value: value >= 1, "a whole number of at least 1")


def whole_number(text: str) -> int:
    """Return a whole number of at least 0."""
    return _number(text, int, lambda value: value >= 0, "a whole number of at least 0")


def bits(text: str) -> int:
    """Return a whole number from 8 to 16."""
    return _number(text, int, lambda value: 8 <= value <= 16, "a whole number from 8 to 16")


def _number(text: str, kind: type, fits: Callable[[Any], bool], expected: str) -> Any:
    try:
        if fits(value := kind(text)):
            return value
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is not {expected}")


def box(text: str) -> tuple[float, float, float, float]:
    """Return `x,y,w,h` as four numbers."""
    try:
        x, y, w, h = (float(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not x,y,w,h: left, top, width and height in 0-based pixels"
        ) from None
    return x, y, w, h


def names(text: str) -> list[str]:
    """Return the comma-separated names."""
    found = [word.strip() for word in text.split(",") if word.strip()]
    if not found:
        raise argparse.ArgumentTypeError("no name given; separate names with commas")
    return found
