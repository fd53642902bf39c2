"""All exercises by number, and the function that notebooks call."""

from roam_lite.errors import InputError
from roam_lite.exercises import (
    ablations,
    anchors,
    benchmarks,
    beyond,
    cells,
    did_it_learn,
    filters,
    first_steps,
    labels,
    learning_rates,
    losses,
    meta_gradients,
    meta_training,
    online,
    optimizer,
    patches,
    scale,
)
from roam_lite.exercises.exercise import Function
from roam_lite.exercises.judge import Verdict, judge

_ROOMS = (
    first_steps,
    patches,
    cells,
    filters,
    anchors,
    labels,
    losses,
    learning_rates,
    optimizer,
    meta_gradients,
    meta_training,
    online,
    benchmarks,
    ablations,
    scale,
    did_it_learn,
    beyond,
)
EXERCISES = {exercise.number: exercise for room in _ROOMS for exercise in room.EXERCISES}


def check(number: str, answer: Function) -> Verdict:
    """Return the verdict on an answer to the exercise of that number, as `"05.2"`.

    Raises InputError if there is no such exercise, or if the answer is not a function.
    """
    if number not in EXERCISES:
        raise InputError(
            f"there is no exercise {number!r}; choose one of: {', '.join(sorted(EXERCISES))}"
        )
    if not callable(answer):
        raise InputError(
            f"the answer to {number} is {answer!r}; give the function itself, without calling it: "
            f'check("{number}", my_function)'
        )
    return judge(EXERCISES[number], answer)
