"""Trackers of the user's own, by `MODULE:FACTORY`."""

import hashlib
import os
import pkgutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from roam_lite.errors import InputError


def load_object(path: str) -> Any:
    """Return what `MODULE:NAME` means, here or in the path. Raises InputError if there is no such thing."""
    module_name, _, name = path.partition(":")
    if not (module_name and name):
        raise InputError(
            f"{path!r} is not of the form MODULE:NAME, for example mypackage.fast:make"
        )
    sys.path.insert(0, os.getcwd())
    try:
        return pkgutil.resolve_name(path)
    except (ValueError, ImportError, AttributeError) as error:
        raise InputError(
            f"{path!r} cannot be loaded ({error}); is it installed, or in this folder?"
        ) from error
    finally:
        sys.path.remove(os.getcwd())


def load_factory(path: str) -> Callable[[], Any]:
    """Return a function without arguments, which can be pickled, that makes the tracker of MODULE:FACTORY.

    Raises InputError if there is none or what it makes has no `init` and `update`.
    """
    factory = load_object(path)
    tracker = factory() if callable(factory) else None
    if not (hasattr(tracker, "init") and hasattr(tracker, "update")):
        raise InputError(
            f"{path!r} makes no tracker; the factory must take no arguments and return an object "
            "with init(image, box) and update(image)"
        )
    return partial(_make, path)


def _make(path: str) -> Any:
    return load_object(path)()


def code_of(path: str, tracker: Any) -> dict[str, str]:
    """Return `{"code": digest}` of the source that the tracker of MODULE:FACTORY is made of, else nothing.

    It is that of the loaded modules in its package, or in the current folder, and of the tracker's
    class. Files of weights are not known: a tracker may name theirs in its `description`.
    """
    if ":" not in path:
        return {}
    own = {name.partition(":")[0].partition(".")[0] for name in (path, type(tracker).__module__)}
    own.discard("roam_lite")  # its version is known, and parts are loaded as they are needed
    files = {}
    for name, module in sorted(sys.modules.items()):
        file = Path(getattr(module, "__file__", None) or "nowhere")
        if file.is_file() and (name.partition(".")[0] in own or file.parent == Path.cwd()):
            files[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    digest = hashlib.sha256("".join(f"{name} {d}\n" for name, d in files.items()).encode())
    return {"code": digest.hexdigest()[:12]}
