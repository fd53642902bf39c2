"""Constants set by name, as values or as the text of a command line."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import is_dataclass, replace
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from roam_lite.config import Config, ModelConfig, OnlineConfig, convert, modify
from roam_lite.errors import InputError

_FIRST = "initial_steps"  # the constant of the model that a tracker may change


def tracker_constants() -> dict[str, Any]:
    """Return the type of every constant that can be set when a tracker is loaded, by name."""
    return get_type_hints(OnlineConfig) | {_FIRST: get_type_hints(ModelConfig)[_FIRST]}


def set_online(config: Config, settings: Mapping[str, Any]) -> Config:
    """Return the configuration with online constants, or `initial_steps`, set by name.

    Values may be given as text. Raises InputError for an unknown name or a value that does not fit.
    """
    hints = tracker_constants()
    values = {}
    for name, value in settings.items():
        if name not in hints:
            raise InputError(
                f"there is no online constant {name!r}; choose from: {', '.join(sorted(hints))}"
            )
        values[name] = _read(hints[name], value, f"online constant {name}")
    first = {_FIRST: values.pop(_FIRST)} if _FIRST in values else {}
    return modify(config, model=first, online=values)


def set_constants(config: Config, settings: Mapping[str, str]) -> Config:
    """Return the configuration with constants of any part set by path, given as text.

    `{"rule.hidden": "8", "training.stages.closed_loop.batch": "4"}`; a constant that may be None
    accepts `none`. Raises InputError for an unknown path or a value that does not fit.
    """
    for path, value in settings.items():
        config = _set(config, path.split("."), value, path)
    return config


def _set(part: Any, names: list[str], value: str, path: str) -> Any:
    """Return a dataclass, or a tuple of named ones, with one of its constants set."""
    name, *rest = names
    known = {one.name: one for one in part} if isinstance(part, tuple) else vars(part)
    if name not in known:
        raise InputError(
            f"there is no constant {path!r}; {name!r} is none of: {', '.join(sorted(known))}"
        )
    has_parts = is_dataclass(known[name]) or name == "stages"
    if rest and not has_parts:
        raise InputError(f"there is no constant {path!r}; {name} has no parts")
    if has_parts and not rest:
        raise InputError(f"constant {path!r}: give one of its parts, as in {path}.NAME")
    if not rest:
        hint = get_type_hints(type(part))[name]
        return replace(part, **{name: _read(hint, value, f"constant {path}")})
    changed = _set(known[name], rest, value, path)
    if isinstance(part, tuple):
        return tuple(changed if one.name == name else one for one in part)
    return replace(part, **{name: changed})


def _read(hint: Any, value: Any, source: str) -> Any:
    """Return a value, or its text, as its field's type. Raises InputError if that is impossible."""
    value = value.tolist() if hasattr(value, "tolist") else value  # numpy's numbers
    if isinstance(value, str):
        if isinstance(hint, UnionType):
            hint, value = get_args(hint)[0], None if value == "none" else value
        if get_origin(hint) is tuple:
            with suppress(ValueError):  # text that is not a number stays text, rejected below
                value = tuple(map(float, value.split(",")))
        elif hint is bool:
            value = {"true": True, "false": False}.get(value, value)
        elif hint in (int, float) and value is not None:
            with suppress(ValueError):
                value = hint(value)
        if value is None:
            return None
    return convert(hint, value, source)
