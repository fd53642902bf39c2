"""`roam-lite synth`: render video with exact boxes."""

import argparse
import sys

from roam_lite.cli.options import count, whole_number

DESCRIPTION = """\
render synthetic sequences with exact boxes, in OTB layout
The same seed gives the same sequences."""

EXAMPLES = """\
  roam-lite synth --out rendered --count 20 --seed 7
  roam-lite synth --out rendered --count 5 --challenge occlusion --length 100
  roam-lite synth --samples data_samples
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", metavar="DIR", help="folder for the rendered sequences")
    where.add_argument(
        "--samples", metavar="DIR", help="render the project's own samples (data_samples/)"
    )
    add("--count", type=count, default=1, metavar="N", help="number of sequences (default: 1)")
    add("--seed", type=whole_number, default=0, help="default: 0")
    add("--length", type=count, default=60, metavar="T", help="frames per sequence (default: 60)")
    add("--challenge", help="a single kind of difficulty (default: a random mix)")


def run(args: argparse.Namespace) -> None:
    """Render the sequences."""
    from pathlib import Path

    from tqdm import tqdm

    from roam_lite.data.otb import write_sequence
    from roam_lite.data.synthetic import synthesize
    from roam_lite.data.synthetic.samples import write_samples
    from roam_lite.errors import InputError
    from roam_lite.files import check_outputs

    if args.samples and (args.count, args.seed, args.length, args.challenge) != (1, 0, 60, None):
        raise InputError(
            "--samples are the project's own; omit --count, --seed, --length and --challenge"
        )
    kind = args.challenge or "mixed"
    folders = [Path(args.out or "") / f"{kind}-{args.seed}-{i:04d}" for i in range(args.count)]
    for folder in [Path(args.samples)] if args.samples else folders:
        if folder.exists():
            raise InputError(f"{folder} exists; remove it, or choose another --out or --seed")
    check_outputs({}, {"--out": args.out, "--samples": args.samples})
    if args.samples:
        write_samples(args.samples)
        print(f"wrote {args.samples}")
        return
    for index, folder in enumerate(tqdm(folders, unit="sequence", file=sys.stderr)):
        sequence = synthesize((args.seed, index), length=args.length, challenge=args.challenge)
        write_sequence(folder, sequence)
    print(f"wrote {len(folders)} sequences to {args.out}")
