"""`roam-lite pack`: folders of sequences as WebDataset shards for training."""

import argparse
import sys
from pathlib import Path

from roam_lite.cli.options import positive_number

DESCRIPTION = """\
pack folders of sequences into WebDataset shards for training
Writes tar files of the images, as they are on disk, and an index, for train --data shards:SHARDS. SHARDS
appears once all of them are written. If the command is killed, run it again: it removes what was left
and starts over."""

EXAMPLES = """\
  roam-lite pack --data otb:DIR --out shards
  roam-lite pack --data got10k:DIR,lasot:DIR --out shards --shard-size 1000
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    told = "comma-separated LAYOUT:DIR, as in train; the training split, if there are splits"
    add("--data", required=True, metavar="SOURCES", help=told)
    add("--out", required=True, metavar="SHARDS", help="folder for the shards")
    told = "largest shard in million bytes, unless a single sequence needs more (default: 256)"
    add("--shard-size", type=positive_number, default=256, metavar="MB", help=told)
    add("--overwrite", action="store_true", help="replace the shards in SHARDS")


def run(args: argparse.Namespace) -> None:
    """Pack the sequences and report how many there are."""
    from tqdm import tqdm

    from roam_lite.data.layouts import LAYOUTS
    from roam_lite.data.packing import INDEX, usable_sequences, write_shards
    from roam_lite.data.sources import FolderSource, source_words
    from roam_lite.errors import InputError
    from roam_lite.extras import require
    from roam_lite.files import check_outputs, refuse_existing, whole_folder

    require("webdataset", "packing shards")
    out = Path(args.out)
    check_outputs({}, {"--out": out})
    refuse_existing(out, overwrite=args.overwrite)
    if out.exists() and any(out.iterdir()) and not (out / INDEX).is_file():
        raise InputError(f"{out}: has files but no shards ({INDEX}); choose another --out")
    sources = []
    for word in source_words(args.data):
        kind, _, place = word.partition(":")
        if kind not in LAYOUTS or not place:
            raise InputError(f"{word}: not a folder to pack; give {', '.join(LAYOUTS)}:DIR")
        sources.append(FolderSource(kind, place))
    bar = tqdm([(s, name) for s in sources for name in s.names], unit="name", file=sys.stderr)
    with whole_folder(out, overwrite=args.overwrite) as whole:
        sequences = (sequence for row in bar for sequence in usable_sequences(*row))
        name = out.resolve().name
        title = "".join(c if c.isascii() and c.isalnum() else "_" for c in name) or "shards"
        index = write_shards(whole, title, sequences, args.shard_size * 1e6)
        if not index["sequences"]:
            raise InputError(f"{args.data}: no usable sequence")
    size = sum(shard["bytes"] for shard in index["shards"])
    told = f"{len(index['sequences'])} sequences, {len(index['shards'])} shards, {size} bytes"
    print(f"wrote {told} to {out}")
