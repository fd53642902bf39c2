"""Verdicts: is an answer right, is its mistake a known one, and if not, what can be said of it?"""

import traceback
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from roam_lite.exercises.exercise import Exercise, Function

_SEEDS = range(8)
# Loose enough for an answer in float32, far closer than any mistake comes.
_RELATIVE, _OF_LARGEST = 1e-4, 1e-6
Parts = list[np.ndarray]


@dataclass(frozen=True, repr=False)
class Verdict:
    """The result of a check: true if the answer is right; a notebook shows its text."""

    passed: bool
    text: str
    mistake: str | None = None  # the name of the known one that was recognized

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return self.text


class _Open(Exception):
    """The function returns nothing: nobody has answered yet."""


class _ChangesArguments(Exception):
    """The function writes into what it was given."""


def judge(exercise: Exercise, answer: Function) -> Verdict:
    """Return the verdict on an answer, from cases of several seeds.

    Whatever the answer raises is part of the verdict and does not leave this function.
    """
    head = f"{exercise.number} {exercise.title}"
    cases = [exercise.draw(np.random.default_rng(seed)) for seed in _SEEDS]
    expected = [_run(exercise, exercise.reference, case) for case in cases]
    try:
        given = [_run(exercise, answer, case) for case in cases]
    except _Open:
        return Verdict(False, f"○ {head}: open. The function returns nothing yet.")
    except _ChangesArguments:
        return Verdict(
            False,
            f"✘ {head}: your function changes its arguments in place. Whoever called it still "
            "needs them: compute something new and return that.",
        )
    except Exception as error:
        return Verdict(False, f"✘ {head}: your function raised\n  {_told(error, answer)}")
    if _all_agree(given, expected):
        return Verdict(True, f"✔ {head}: right, on all {len(cases)} cases.")
    for mistake in exercise.mistakes:
        if _all_agree(given, [_run(exercise, mistake.wrong, case) for case in cases]):
            return Verdict(False, f"✘ {head}: not yet. {mistake.hint}", mistake.name)
    return Verdict(False, f"✘ {head}: not yet. {_difference(given, expected)}")


def _run(exercise: Exercise, function: Function, case: tuple) -> Parts:
    """Return what is observed of a function on its own copy of a case."""
    arguments = deepcopy(case)

    def called(*values: Any) -> Any:
        result = function(*values)
        if result is None:
            raise _Open
        return result

    parts = _parts(exercise.observe(called, arguments))
    before, after = _arrays(case), _arrays(arguments)
    if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, after, strict=True)):
        raise _ChangesArguments
    return parts


def _parts(value: Any) -> Parts:
    """Return a result as arrays; a tuple of plain numbers counts as one array."""
    if not isinstance(value, tuple | list):
        return [_array(value)]
    parts = [part for item in value for part in _parts(item)]
    return [np.stack(parts)] if parts and all(part.ndim == 0 for part in parts) else parts


def _array(value: Any) -> np.ndarray:
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if np.iscomplexobj(value):
        raise TypeError("the result is complex; real numbers are asked for")
    return np.asarray(value, dtype=np.float64)


def _arrays(case: tuple) -> Parts:
    """Return the arguments that can be written into."""
    return [_array(value) for value in case if isinstance(value, torch.Tensor | np.ndarray)]


def _all_agree(given: Sequence[Parts], expected: Sequence[Parts]) -> bool:
    return all(map(_agree, given, expected))


def _agree(given: Parts, expected: Parts) -> bool:
    return len(given) == len(expected) and all(map(_close, given, expected))


def _close(given: np.ndarray, expected: np.ndarray) -> bool:
    if given.shape != expected.shape:
        return False
    # Infinity is nobody's answer, not even a known mistake's: the tolerance would be infinite too.
    if not (np.isfinite(given).all() and np.isfinite(expected).all()):
        return False
    tolerance = _OF_LARGEST * np.abs(expected).max(initial=0)
    return np.allclose(given, expected, rtol=_RELATIVE, atol=tolerance)


def _told(error: Exception, answer: Function) -> str:
    """Return an exception as the student would see it, with the line of the answer it came from."""
    file = getattr(getattr(answer, "__code__", None), "co_filename", None)
    lines = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    place = f"\n  in line {lines[-1].lineno} of its cell: {lines[-1].line}" if lines else ""
    return f"{type(error).__name__}: {error}{place}"


def _difference(given: Sequence[Parts], expected: Sequence[Parts]) -> str:
    """Return what can be said of a wrong answer that nobody foresaw."""
    if len(given[0]) != len(expected[0]):
        return f"It returns {len(given[0])} values; {len(expected[0])} are asked for."
    for one, other in _pairs(given, expected):
        if one.shape != other.shape:
            return f"The shape should be {list(other.shape)} and is {list(one.shape)}."
    for case, part in ((case, part) for case, parts in enumerate(given) for part in parts):
        bad = np.argwhere(~np.isfinite(part))
        if len(bad):
            value = part[tuple(bad[0])]
            return f"All values should be finite numbers; case {case}{_at(bad[0])} gives {value}."
    if (factor := _common_factor(given, expected)) is not None:
        return f"All values are {factor:.4g} times what they should be."
    case, (one, other) = next(
        (case, (one, other))
        for case, pair in enumerate(zip(given, expected, strict=True))
        for one, other in zip(*pair, strict=True)
        if not _close(one, other)
    )
    worst = np.unravel_index(np.abs(one - other).argmax(), one.shape)
    return (
        f"The largest difference of case {case}{_at(worst)}: "
        f"{one[worst]:.4g} should be {other[worst]:.4g}."
    )


def _at(index: Sequence[int]) -> str:
    """Return where in an array a value stands; nothing if it is a single number."""
    return f" at {list(map(int, index))}" if len(index) else ""


def _pairs(given: Sequence[Parts], expected: Sequence[Parts]) -> list[tuple]:
    return [
        pair for parts in zip(given, expected, strict=True) for pair in zip(*parts, strict=True)
    ]


def _common_factor(given: Sequence[Parts], expected: Sequence[Parts]) -> float | None:
    """Return the number that all values are too large by, if there is one."""
    one = np.concatenate([a.ravel() for a, _ in _pairs(given, expected)])
    other = np.concatenate([b.ravel() for _, b in _pairs(given, expected)])
    factor = float(one @ other / max(other @ other, np.finfo(float).tiny))
    return factor if factor and _close(one, factor * other) else None
