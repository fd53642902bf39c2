"""How bad input is reported: one error class and one warning class."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


class InputError(ValueError):
    """The caller's input cannot be used.

    The message names the input (file, frame, value) and says what to do about it.
    """


class InputWarning(UserWarning):
    """The caller's input is used, but perhaps not as intended."""


@cache
def warn(message: str) -> None:
    """Warn on stderr, once per process, how doubtful input is interpreted (`InputWarning`)."""
    warnings.warn(message, InputWarning, stacklevel=3)


@contextmanager
def plain_warnings(beginning: str) -> Iterator[None]:
    """Write each `InputWarning` as a single line with this prefix inside the context."""
    before = warnings.formatwarning

    def write(message: Warning, category: type[Warning], *place: object) -> str:
        plain = issubclass(category, InputWarning)
        return f"{beginning}{message}\n" if plain else before(message, category, *place)

    warnings.formatwarning = write
    try:
        yield
    finally:
        warnings.formatwarning = before
