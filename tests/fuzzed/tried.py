"""Calls with arguments that may be refused, but in one way only."""

import warnings
from collections.abc import Callable, Collection
from typing import Any

from roam_lite.errors import InputError, InputWarning

REFUSED = object()


def tried(call: Callable[..., Any], *arguments: Any, named: Collection[str] = ()) -> Any:
    """What the call returns, or REFUSED where it raises an InputError that says one of `named`.

    Any other exception, and any warning that is no InputWarning, is a failure.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", InputWarning)
        try:
            return call(*arguments)
        except InputError as error:
            message = str(error)
    assert not named or any(name in message for name in named), message
    return REFUSED
