"""`roam-lite doctor`: is everything here that the other commands need?"""

import argparse

DESCRIPTION = """\
report the environment: versions, devices, checkpoints, sequences
Fails if something is missing that the other commands need."""

EXAMPLES = """\
  roam-lite doctor
  roam-lite doctor --root OTB100
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--root", metavar="DIR", help="also look for sequences in OTB layout in this folder"
    )


def run(args: argparse.Namespace) -> None:
    """Print the report; raise OSError if something needed is missing."""
    from roam_lite.environment import examine

    problems = 0
    for finding in examine(args.root):
        problems += not finding.good
        print(f"{'  ok' if finding.good else 'MISS'}  {finding.subject:12}  {finding.text}")
    if problems:
        raise OSError(f"{problems} of the things above are missing")
