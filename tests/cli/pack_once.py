"""`roam-lite pack` as a process of its own, to be killed: what it imports is there when it begins."""

import contextlib
import os
import sys

import tqdm
import webdataset

from roam_lite.cli import main
from roam_lite.data import layouts, packing, sources

NEEDED = tqdm, webdataset, layouts, packing, sources


def pack_once(arguments: list[str]) -> None:
    """Run the command without a word, and exit with its code."""
    with (
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        code = main(arguments)
    sys.exit(code)
