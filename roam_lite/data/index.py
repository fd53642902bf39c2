"""A cached index of the names in a large folder, in the user's cache folder: `indexed_names`.

An index is valid while names, sizes and modification times of everything in `Layout.watched`
stay the same: files that were added, removed or rewritten are noticed. What is not noticed is a file
that changes but keeps its size and modification time. Boxes and images are read when they are drawn, so
changes in them do not matter here.
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
_VERSION = 1  # of the lists of names that the package's own layouts return
_SETTLED = 2.0  # seconds; newer files might change again within the same modification time


def indexed_names(kind: str, root: str | Path, split: str | None) -> list[str]:
    """Names as in `Layout.names`, from the index if it is valid.

    Without a writable cache folder, and for layouts that do not say what to watch,
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
    """The package's folder in the user's cache folder; RuntimeError for a user without a home."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "roam_lite"


def _place(kind: str, root: str | Path, split: str | None) -> Path | None:
    """The path of a folder's index; None for a user without a home."""
    try:
        told = repr((_VERSION, kind, str(Path(root).resolve()), split))
        cache = cache_folder()
    except (OSError, RuntimeError):
        return None
    return cache / f"{hashlib.sha256(told.encode(errors='replace')).hexdigest()}.json"


def _state(root: Path, watched: tuple[str, ...]) -> tuple[str, float]:
    """A digest of the files under `root` that match the patterns, and their latest modification time."""
    digest, latest = hashlib.sha256(), 0.0
    names = {name for pattern in watched for name in glob.iglob(pattern, root_dir=root)}
    for name in ("", *sorted(names)):
        with suppress(OSError):  # just deleted, or a broken link
            found = os.stat(os.path.join(root, name))
            told = f"{name}\0{found.st_mtime_ns}\0{found.st_size}\0"
            digest.update(told.encode(errors="surrogateescape"))
            latest = max(latest, found.st_mtime)
    return digest.hexdigest(), latest
