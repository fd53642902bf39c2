"""`roam-lite COMMAND`: parse, run, and turn what goes wrong into one line and an exit code."""

import argparse
import sys
from collections.abc import Sequence

from roam_lite.cli import bench, compare, demo, doctor, evaluate, report, synth, track, train
from roam_lite.errors import InputError, plain_warnings

COMMANDS = (doctor, demo, track, evaluate, compare, report, train, synth, bench)
DONE, FAILED, BAD_INPUT = 0, 1, 2

EPILOG = """\
exit codes: 0 done, 1 failed (no space left, no such device), 2 bad usage or bad input

examples:
  roam-lite doctor
  roam-lite demo
  roam-lite track --video clip.mp4 --box 120,80,40,60 --out tracked.mp4
  roam-lite evaluate --benchmark otb --root data_samples
  roam-lite COMMAND --help
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each command's module adds its own."""
    parser = argparse.ArgumentParser(
        prog="roam-lite",
        description="Track any object in a video, and train and measure the tracker that does.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        summary, *_ = command.DESCRIPTION.partition("\n")
        subparser = commands.add_parser(
            command.__name__.rpartition(".")[2],
            help=summary,
            description=command.DESCRIPTION,
            epilog="examples:\n" + command.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; bad usage exits with 2 through argparse."""
    args = build_parser().parse_args(arguments)
    try:
        with plain_warnings(f"roam-lite {args.command}: "):
            code = args.run(args) or DONE
        sys.stdout.flush()
    except InputError as error:
        return _fail(args.command, str(error), BAD_INPUT)
    except BrokenPipeError:  # the reader of our output left, as `| head` does
        sys.stdout = None  # nothing more to flush when Python ends
        return FAILED
    except OSError as error:
        reason = error.strerror or str(error)  # what the system said, with the file it is about
        reason = f"{error.filename}: {reason}" if error.filename else reason
        return _fail(args.command, reason, FAILED)
    except KeyboardInterrupt:
        return _fail(args.command, "interrupted", FAILED)
    return code


def _fail(command: str, message: str, code: int) -> int:
    print(f"roam-lite {command}: {message}", file=sys.stderr)
    return code
