"""`roam-lite COMMAND`: parse, run, and turn errors into one line and an exit code."""

import argparse
import re
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from roam_lite.cli import (
    analyze,
    bench,
    compare,
    demo,
    doctor,
    evaluate,
    losses,
    pack,
    report,
    synth,
    track,
    train,
)
from roam_lite.errors import InputError, plain_warnings

COMMANDS = (
    doctor,
    demo,
    track,
    evaluate,
    compare,
    report,
    train,
    synth,
    bench,
    analyze,
    losses,
    pack,
)
DONE, FAILED, BAD_INPUT, UNEXPECTED = 0, 1, 2, 3
DEBUG = "show the traceback of an error; an unexpected one has exit code 3"

EPILOG = """\
exit codes: 0 done, 1 failed (disk full, no such device, interrupted), 2 bad usage or bad input, 3 unexpected
error, a bug in the program (--debug shows where)

examples:
  roam-lite doctor
  roam-lite demo
  roam-lite track --video clip.mp4 --box 120,80,40,60 --out tracked.mp4
  roam-lite evaluate --benchmark otb --root data_samples
  roam-lite COMMAND --help
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each command's module adds its own options."""
    parser = argparse.ArgumentParser(
        prog="roam-lite",
        description="Track any object in a video, and train and measure the tracker that does.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--debug", action="store_true", help=DEBUG)
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
        # --debug may come before or after the command: here it must not reset what came before.
        subparser.add_argument(
            "--debug", action="store_true", default=argparse.SUPPRESS, help=DEBUG
        )
        subparser.set_defaults(run=command.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; bad usage exits with 2 through argparse."""
    for stream in (sys.stdout, sys.stderr):  # characters that a console lacks appear as their codes
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    given = sys.argv[1:] if arguments is None else arguments
    args = build_parser().parse_args(list(_attached(given)))
    try:
        with _terminable(), plain_warnings(f"roam-lite {args.command}: "):
            code = args.run(args) or DONE
        sys.stdout.flush()
    except InputError as error:
        return _fail(args, str(error), BAD_INPUT)
    except BrokenPipeError:  # the reader of our output is gone, as with `| head`
        sys.stdout = None  # nothing left to flush when Python exits
        return FAILED
    except OSError as error:
        reason = error.strerror or str(error)  # the system's message, with the file
        reason = f"{error.filename}: {reason}" if error.filename else reason
        return _fail(args, reason, FAILED)
    except ImportError as error:
        reason = f"{' '.join(str(error).split())}; roam-lite doctor tells what is missing"
        return _fail(args, reason, FAILED)
    except MemoryError as error:
        return _fail(args, str(error) or "out of memory", FAILED)
    except KeyboardInterrupt:
        return _fail(args, "interrupted", FAILED)
    except Exception as error:  # the last resort
        told = ", ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
        hint = "this is a bug in the program; --debug shows where"
        return _fail(args, f"unexpected {' '.join(told.split())}; {hint}", UNEXPECTED)
    return code


def _attached(arguments: Iterable[str]) -> Iterator[str]:
    """Yield the arguments, with values like -5,150,17,50, which argparse takes for options, attached."""
    option = None
    for argument in map(str, arguments):
        if option is not None and re.match(r"-[\d.].*,", argument):
            yield f"{option}={argument}"
            option = None
            continue
        if option is not None:
            yield option
        option = argument if argument.startswith("--") and "=" not in argument else None
        if option is None:
            yield argument
    if option is not None:
        yield option


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the program as Ctrl-C does, so that unfinished files are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _fail(args: argparse.Namespace, message: str, code: int) -> int:
    if args.debug:
        traceback.print_exc()
    print(f"roam-lite {args.command}: {message}", file=sys.stderr)
    return code
