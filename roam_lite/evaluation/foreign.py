"""The user's own trackers, `MODULE:FACTORY`: loading them, a digest of their code, and their errors."""

import hashlib
import os
import pkgutil
import reprlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from roam_lite.errors import InputError


@contextmanager
def blamed(tracker: Any, where: str) -> Iterator[None]:
    """Turn an error in a user's tracker into an InputError that names the tracker and `where`.

    What it prints goes to stderr, because results may go to stdout.
    Errors of the package's own trackers, other than InputError, are not the user's: they pass,
    with a note of `where`.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except (Exception, SystemExit) as error:
        kind, told = type(tracker), " ".join(str(error).split())
        own = kind.__module__.startswith("roam_lite.")
        if isinstance(tracker, str):
            name = tracker
        elif own:
            name = tracker.description.get("tracker", kind.__qualname__)
        else:
            name = f"{kind.__module__}:{kind.__qualname__}"
        if isinstance(error, InputError):
            raise InputError(f"{name}, {where}: {told}") from error
        if own:
            error.add_note(where)
            raise
        raise InputError(
            f"{name}, {where}: {type(error).__name__}{told and f': {told}'}; --debug shows its traceback"
        ) from error


def answer(result: Any) -> tuple[np.ndarray, float, bool]:
    """Return box float64 `[4]`, score and whether the target is lost, from what `update` returned.

    That is a box (x, y, w, h), or an object with `box` and optionally `score` and `lost`. A box with a
    number that is not finite becomes all nan, and lost. Raises InputError for anything else.
    """
    try:
        given = np.asarray(getattr(result, "box", result))
        if given.shape not in ((4,), (1, 4)) or given.dtype.kind not in "iufO":
            raise TypeError
        box = np.array([float(value) for value in given.ravel()])
        score, lost = getattr(result, "score", 1.0), getattr(result, "lost", False)
        if not np.isfinite(box).all():
            box, lost = np.full(4, np.nan), True
        return box, float(score), bool(lost)
    except (TypeError, ValueError, RuntimeError) as error:  # RuntimeError: tensors on a GPU
        raise InputError(
            f"update returned {reprlib.repr(result)}; return a box of four numbers (x, y, w, h), or an "
            "object with such a `box` and, as numbers, `score` and `lost`"
        ) from error


def load_object(path: str) -> Any:
    """Return the object `MODULE:NAME`, from here or the path. Raises InputError if there is none."""
    module_name, _, name = path.partition(":")
    if not (module_name and name):
        raise InputError(
            f"{path!r} is not of the form MODULE:NAME, for example mypackage.fast:make"
        )
    sys.path.insert(0, os.getcwd())
    try:
        with redirect_stdout(sys.stderr):
            return pkgutil.resolve_name(path)
    except (Exception, SystemExit) as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(
            f"{path!r} cannot be loaded ({told}); is it installed, or in this folder?"
        ) from error
    finally:
        sys.path.remove(os.getcwd())


def load_factory(path: str) -> Callable[[], Any]:
    """Return a picklable function without arguments that makes the tracker of MODULE:FACTORY.

    Raises InputError if there is none, or if its result has no `init` and `update`.
    """
    if not callable(load_object(path)):
        raise InputError(
            f"{path!r} makes no tracker: it cannot be called; name a class or a function"
        )
    make(path)
    return partial(make, path)


def make(path: str) -> Any:
    """Return a new tracker of MODULE:FACTORY; InputError as for `load_factory`."""
    with blamed(path, "called to make a tracker"):
        tracker = load_object(path)()
    if not (
        callable(getattr(tracker, "init", None)) and callable(getattr(tracker, "update", None))
    ):
        raise InputError(
            f"{path!r} returned {reprlib.repr(tracker)}, not a tracker; the factory must take no "
            "arguments and return an object with init(image, box) and update(image)"
        )
    return tracker


def code_of(path: str, tracker: Any) -> dict[str, str]:
    """Return `{"code": digest}` of the source code of the tracker MODULE:FACTORY, else nothing.

    It covers the loaded modules in its package, or in the current folder, and those of the tracker's
    class. Files of weights are not covered; a tracker may add them to its `description`.
    """
    if ":" not in path:
        return {}
    own = {name.partition(":")[0].partition(".")[0] for name in (path, type(tracker).__module__)}
    own.discard("roam_lite")  # its version is known, and its parts are loaded on demand
    files = {}
    for name, module in sorted(sys.modules.items()):
        file = Path(getattr(module, "__file__", None) or "nowhere")
        if file.is_file() and (name.partition(".")[0] in own or file.parent == Path.cwd()):
            files[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    digest = hashlib.sha256("".join(f"{name} {d}\n" for name, d in files.items()).encode())
    return {"code": digest.hexdigest()[:12]}
