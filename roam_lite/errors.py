"""What a user of the package hears of bad input: one error, and one warning."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


class InputError(ValueError):
    """Something that the caller gave cannot be used.

    The message names what was given (file, frame, value) and says what to do about it.
    """


class InputWarning(UserWarning):
    """Something that the caller gave is used, but perhaps not as it was meant."""


@cache
def warn(message: str) -> None:
    """Say once in a process, on stderr, how doubtful input is taken (`InputWarning`)."""
    warnings.warn(message, InputWarning, stacklevel=3)


@contextmanager
def plain_warnings(beginning: str) -> Iterator[None]:
    """Write each `InputWarning` as one line that begins so, not as Python would, inside the context."""
    before = warnings.formatwarning

    def write(message: Warning, category: type[Warning], *place: object) -> str:
        plain = issubclass(category, InputWarning)
        return f"{beginning}{message}\n" if plain else before(message, category, *place)

    warnings.formatwarning = write
    try:
        yield
    finally:
        warnings.formatwarning = before
