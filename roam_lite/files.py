"""Files and folders that are either complete or absent."""

import errno
import glob
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from roam_lite.errors import InputError

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # of the disk, of a quota, or for one file


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it, so that readers never see part of it.

    Raises OSError, and leaves what was there before, if the disk is full.
    """
    write_together({path: content})


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write files as `write_atomically` does; they are renamed after all have been written."""
    with ExitStack() as stack:
        for path, content in contents.items():
            with open(stack.enter_context(whole_file(path)), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path next to `path` that is renamed to it on success and removed otherwise.

    The suffix is kept, because encoders choose a format by it; missing parent folders are created. An
    OSError about the temporary file, or about a full disk, names `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        _name(error, path, temporary)
        raise


def _name(error: BaseException, path: Path, temporary: Path) -> None:
    """Make an OSError about a temporary path, or about a full disk, name the intended path."""
    if not isinstance(error, OSError):
        return
    if error.filename is None and error.errno in NO_SPACE:
        error.strerror = f"{error.strerror}; nothing new was written there"
        error.filename = str(path)
    elif error.filename and Path(error.filename).is_relative_to(temporary):
        error.filename, error.filename2 = str(path), None


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")


@contextmanager
def whole_folder(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary folder that becomes `path` on success and is removed otherwise.

    An existing folder stays as it is until the new one is complete. Unfinished versions of the same folder
    that killed processes of this machine left are removed. Raises InputError if `path` exists and
    `overwrite` is false.
    """
    refuse_existing(path, overwrite=overwrite)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    replaced = path.with_name(f".{path.name}.{os.getpid()}.old")
    _remove_abandoned(path, "tmp")
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            os.replace(path, replaced)
        os.replace(temporary, path)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        _name(error, path, temporary)
        raise
    _remove_abandoned(path, "old")  # this process's as well as those of killed ones


def _remove_abandoned(path: Path, kind: str) -> None:
    """Remove the hidden folders next to `path` of this process and of those that have ended."""
    for folder in path.parent.glob(f".{glob.escape(path.name)}.*.{kind}"):
        process = folder.name.removeprefix(f".{path.name}.").removesuffix(f".{kind}")
        if process.isdecimal() and not _runs(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    """Whether another process with this number runs; always true on Windows, where asking may kill it."""
    if process == os.getpid():
        return False
    if sys.platform != "win32":
        try:
            os.kill(process, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            pass
    return True


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Raise InputError if `path` exists and may not be overwritten."""
    if path.exists() and not overwrite:
        raise InputError(f"{path} exists; give --overwrite to replace it, or choose another place")


def refuse_twice(paths: Iterable[str | Path]) -> None:
    """Raise InputError if two of the paths are the same place."""
    seen: set[Path] = set()
    for path in paths:
        if Path(path).resolve() in seen:
            raise InputError(f"{path} is given twice; name each only once")
        seen.add(Path(path).resolve())


def check_outputs(
    files: Mapping[str, str | Path | None],
    folders: Mapping[str, str | Path | None] | None = None,
    *,
    inputs: Iterable[str | Path | None] = (),
    overwrite: bool = False,
    remedy: str = "remove it, or choose another place",
) -> None:
    """Raise InputError, before any work, for a place that a command cannot or must not write to.

    Files and folders are keyed by their option; None is ignored, and the file "-" is standard output.
    No two may be the same, none may be one of the `inputs`, and files must not exist unless `overwrite`;
    `remedy` says what to do if one does. Each place is tested by writing, which leaves no trace.
    """
    folders = folders or {}
    read, written = {Path(path).resolve() for path in inputs if path is not None}, {}
    for option, path in (*files.items(), *folders.items()):
        if path is None or (option in files and str(path) == "-"):
            continue
        try:
            place = Path(path).resolve()
            if place in written:
                raise InputError(
                    f"{option} {path}: {written[place]} is the same place; choose another"
                )
            if place in read:
                raise InputError(
                    f"{option} {path}: this is an input, not an output; choose another"
                )
            written[place] = option
            _try(path, place, option in folders)
        except (OSError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            reason = getattr(error, "strerror", None) or error
            raise InputError(f"{path}: cannot be written ({reason}); choose another") from error
        if option in files and place.exists() and not overwrite:
            raise InputError(f"{path} exists; {remedy}")


def _try(path: str | Path, place: Path, folder: bool) -> None:
    """Raise OSError or InputError if no file, or folder, can be written at a resolved place."""
    with suppress(FileNotFoundError, NotADirectoryError):
        os.stat(_temporary(place))  # longer than the name itself, so that too long names fail here
    if place.exists() and not (place.is_dir() if folder else place.is_file()):
        kinds = {"a folder": place.is_dir(), "a file": place.is_file(), "not a regular file": True}
        kind = next(kind for kind, holds in kinds.items() if holds)
        raise InputError(f"{path}: this is {kind}; give {'a folder' if folder else 'a file'}")
    above = (place, *place.parents) if folder else place.parents
    parent = next(p for p in above if p.exists())
    if not parent.is_dir():
        raise InputError(f"{path}: {parent} is a file, not a folder; choose another place")
    with tempfile.TemporaryFile(dir=parent):
        pass
