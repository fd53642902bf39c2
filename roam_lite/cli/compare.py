"""`roam-lite compare`: is one tracker better than another?"""

import argparse

DESCRIPTION = """\
compare the scores of several evaluations
Prints each tracker's mean scores and their differences from the first tracker's, with 95 % intervals
from a paired bootstrap over the sequences (10,000 draws), and the range of the differences with any one
sequence left out. Percentages are relative to the first."""

EXAMPLES = """\
  roam-lite compare lstm.json sgd.json none.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "reports",
        nargs="+",
        metavar="FILE",
        help="files written by evaluate --json; the first is the baseline",
    )


def run(args: argparse.Namespace) -> None:
    """Print a table for each metric."""
    from roam_lite.evaluation.compare import comparison_table
    from roam_lite.evaluation.report import read_report
    from roam_lite.files import refuse_twice

    refuse_twice(args.reports)
    print(comparison_table({path: read_report(path) for path in args.reports}))
