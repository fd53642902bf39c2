"""`roam-lite demo`: see the tracker at work next to plain SGD."""

import argparse
from pathlib import Path

from roam_lite.cli.options import add_device_option, device_from, weights_read

DESCRIPTION = """\
track the sample sequences with ROAM++, ROAM, SGD and no updating, side by side
Prints the AUC, precision and frames per second of each, and writes a video and a picture."""

EXAMPLES = """\
  roam-lite demo
  roam-lite demo --root my_sequences --out my_demo
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    add("--root", metavar="DIR", help="sequences in OTB layout (default: the project's samples)")
    add("--out", default="demo_output", metavar="DIR", help="default: demo_output (replaced)")
    add("--profile", default="laptop", help="default: laptop")
    add("--checkpoint", metavar="FILE", help="default: the profile's shipped checkpoint")
    add_device_option(parser)


def run(args: argparse.Namespace) -> None:
    """Run the demonstration and say where its pictures are."""
    from roam_lite.demo import FILES, demonstrate, samples_folder
    from roam_lite.files import check_outputs

    outputs = {f"--out/{name}": Path(args.out, name) for name in FILES}
    check_outputs(outputs, inputs=weights_read(args), overwrite=True)
    options = {"profile": args.profile, "checkpoint": args.checkpoint, "device": device_from(args)}
    table, files = demonstrate(args.root or samples_folder(), args.out, **options)
    print(table)
    for path in files:
        print(f"wrote {path.resolve()}")
