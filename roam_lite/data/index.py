"""The names that a large folder has, kept in the user's cache folder: `indexed_names`.

An index is used as long as names, sizes and times of change of all that a layout lists by (`Layout.watched`)
are what they were: files that were added, removed or written again are noticed. Not noticed is a file
changed in place that keeps its size and time of change. Boxes and images are read when they are drawn, so
that what changes in them needs no notice here.
"""

import glob
import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path

from roam_lite.data.layouts import LAYOUTS
from roam_lite.files import write_atomically

LARGE = 1000  # names; smaller folders are listed each time
_VERSION = 1  # of the names that the package's own layouts list
_SETTLED = 2.0  # seconds; what changed later might change again without another time of change


def indexed_names(kind: str, root: str | Path, split: str | None) -> list[str]:
    """Names as `Layout.names` gives them, from the index where it holds.

    Without a cache folder that can be written, and for layouts that do not say what they list by,
    the folder is listed. Raises `InputError` as the layout does.
    """
    layout = LAYOUTS[kind]
    path = _place(kind, root, split) if layout.watched else None
    if path is None:
        return layout.names(root, split)
    state, latest = _state(Path(root), layout.watched)
    with suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(path.read_bytes())
        if kept["state"] == state:
            return [str(name) for name in kept["names"]]
    names = layout.names(root, split)
    if len(names) >= LARGE and latest < time.time() - _SETTLED:
        with suppress(OSError):
            write_atomically(path, json.dumps({"state": state, "names": names}).encode())
    return names


def cache_folder() -> Path:
    """The package's folder in the user's cache folder; RuntimeError for a user who has no home."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "roam_lite"


def _place(kind: str, root: str | Path, split: str | None) -> Path | None:
    """Where the index of a folder lies; None for a user who has no home."""
    try:
        told = repr((_VERSION, kind, str(Path(root).resolve()), split))
        cache = cache_folder()
    except (OSError, RuntimeError):
        return None
    return cache / f"{hashlib.sha256(told.encode(errors='replace')).hexdigest()}.json"


def _state(root: Path, watched: tuple[str, ...]) -> tuple[str, float]:
    """A digest of what matches the patterns under `root`, and the latest time of change in it."""
    digest, latest = hashlib.sha256(), 0.0
    names = {name for pattern in watched for name in glob.iglob(pattern, root_dir=root)}
    for name in ("", *sorted(names)):
        with suppress(OSError):  # gone meanwhile, or a link to nowhere
            found = os.stat(os.path.join(root, name))
            told = f"{name}\0{found.st_mtime_ns}\0{found.st_size}\0"
            digest.update(told.encode(errors="surrogateescape"))
            latest = max(latest, found.st_mtime)
    return digest.hexdigest(), latest
