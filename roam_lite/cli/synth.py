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
  roam-lite synth --out fresh --count 80 --seed 8 --length 150 --data synthetic,collage:photographs
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
    add(
        "--data",
        metavar="SOURCES",
        help="draw from these rendered training sources in turn, for example synthetic,collage:DIR",
    )


def run(args: argparse.Namespace) -> None:
    """Render the sequences."""
    from pathlib import Path

    import numpy as np
    from tqdm import tqdm

    from roam_lite.data.otb import write_sequence
    from roam_lite.data.sources import CollageSource, SyntheticSource, parse_sources
    from roam_lite.data.synthetic import synthesize
    from roam_lite.data.synthetic.samples import write_samples
    from roam_lite.errors import InputError
    from roam_lite.files import check_outputs

    given = args.count, args.seed, args.length, args.challenge, args.data
    if args.samples and given != (1, 0, 60, None, None):
        raise InputError(
            "--samples are the project's own; omit --count, --seed, --length, --challenge and --data"
        )
    if args.challenge and args.data:
        raise InputError("--challenge and --data both say what to render; give one of them")
    sources = parse_sources(args.data, args.seed) if args.data else []
    if found := [s.name for s in sources if not isinstance(s, CollageSource | SyntheticSource)]:
        raise InputError(f"--data {found[0]}: not rendered; give synthetic or collage sources")
    kind = "drawn" if sources else args.challenge or "mixed"
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
        if sources:
            rng = np.random.default_rng([args.seed, index])
            sequence = sources[index % len(sources)].draw(rng, args.length)
        else:
            sequence = synthesize((args.seed, index), length=args.length, challenge=args.challenge)
        write_sequence(folder, sequence)
    print(f"wrote {len(folders)} sequences to {args.out}")
