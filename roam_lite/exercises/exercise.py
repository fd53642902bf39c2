"""What an exercise is: a reference to agree with, cases to try, and the wrong answers people give."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Function = Callable[..., Any]


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that is common enough to be known by name."""

    name: str
    wrong: Function  # what somebody who makes the mistake would write
    hint: str  # leads on without giving away


def call(function: Function, arguments: tuple) -> Any:
    """Return what the function returns: what most exercises compare."""
    return function(*arguments)


@dataclass(frozen=True)
class Exercise:
    """One exercise; `judge` compares an answer with the reference and with the known mistakes."""

    number: str  # notebook and place in it, "05.2"
    title: str
    reference: Function
    draw: Callable[[np.random.Generator], tuple]  # the arguments of one call
    mistakes: tuple[Mistake, ...]
    # What is compared, given a function and its arguments: gradients, say, and not the value alone.
    observe: Callable[[Function, tuple], Any] = call
