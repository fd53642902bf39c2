"""Files and folders that are either whole or not there."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from roam_lite.errors import InputError


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it, so that no reader sees half of it.

    Raises OSError, and leaves what was there before, if the disk is full.
    """
    with whole_file(path) as temporary, open(temporary, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its name on success and vanishes otherwise.

    The suffix is kept, because encoders choose a format by it; missing parent folders are made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def whole_folder(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary folder that becomes `path` on success and vanishes otherwise.

    An existing folder stays as it is until the new one is complete. Raises InputError if `path`
    exists and `overwrite` is false.
    """
    refuse_existing(path, overwrite=overwrite)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    replaced = path.with_name(f".{path.name}.{os.getpid()}.old")
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            os.replace(path, replaced)
        os.replace(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    shutil.rmtree(replaced, ignore_errors=True)


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Raise InputError if `path` exists and may not be overwritten."""
    if path.exists() and not overwrite:
        raise InputError(f"{path} exists; give --overwrite to replace it, or name another place")
