"""Every exercise of the course: its reference passes, every planted wrong answer is rejected."""

import re
from pathlib import Path

import numpy as np
import pytest

from roam_lite.exercises import EXERCISES, check

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PLANTED = [
    pytest.param(exercise.number, mistake, id=f"{exercise.number}-{mistake.name}")
    for exercise in EXERCISES.values()
    for mistake in exercise.mistakes
]


@pytest.mark.parametrize("number", EXERCISES)
def test_reference_passes(number):
    assert check(number, EXERCISES[number].reference)


@pytest.mark.parametrize(("number", "mistake"), PLANTED)
def test_planted_mistake_is_rejected_with_its_own_message(number, mistake):
    verdict = check(number, mistake.wrong)
    assert not verdict
    assert verdict.mistake == mistake.name
    assert mistake.hint in verdict.text


@pytest.mark.parametrize("number", EXERCISES)
def test_no_two_mistakes_of_an_exercise_share_a_message(number):
    mistakes = EXERCISES[number].mistakes
    assert len(mistakes) >= 3
    assert len({mistake.name for mistake in mistakes}) == len(mistakes)
    assert len({mistake.hint for mistake in mistakes}) == len(mistakes)


@pytest.mark.parametrize("number", EXERCISES)
def test_open_and_failing_answers_are_not_right(number):
    def failing(*arguments):
        raise RuntimeError("not written yet")

    assert "open" in check(number, lambda *arguments: None).text
    assert "RuntimeError: not written yet" in check(number, failing).text


def spoilt(reference, spoil):
    """The reference with every tensor or number that it returns passed through `spoil`."""

    def answer(*arguments):
        value = reference(*arguments)
        return tuple(map(spoil, value)) if isinstance(value, tuple) else spoil(value)

    return answer


SPOIL = {
    "a percent off": lambda value: 1.01 * value,
    "nan": lambda value: np.nan * value,
    "infinite": lambda value: np.inf * value,
    "an axis more": lambda value: value[None],
}


@pytest.mark.parametrize("way", SPOIL)
@pytest.mark.parametrize("number", EXERCISES)
def test_spoilt_answer_is_rejected_without_being_taken_for_a_known_mistake(number, way):
    verdict = check(number, spoilt(EXERCISES[number].reference, SPOIL[way]))
    assert not verdict
    assert verdict.mistake is None


@pytest.mark.parametrize("number", EXERCISES)
def test_answer_that_is_right_for_one_case_only_is_rejected(number):
    exercise = EXERCISES[number]
    first_case = exercise.reference(*exercise.draw(np.random.default_rng(0)))
    assert not check(number, lambda *arguments: first_case)


def checks_of(folder, number):
    """The names of the text sources in a folder that check this exercise."""
    call = re.compile(rf'check\("{re.escape(number)}"')
    return [p.stem for p in sorted(folder.glob("*.py")) if call.search(p.read_text("utf-8"))]


@pytest.mark.parametrize("number", EXERCISES)
def test_exercise_stands_in_its_notebook_and_in_its_solutions(number):
    (notebook,) = checks_of(NOTEBOOKS, number)
    assert notebook.startswith(number[:2])
    assert checks_of(NOTEBOOKS / "solutions", number) == [f"{notebook}_solutions"]


def test_every_notebook_with_exercises_has_at_least_three():
    notebooks = [number[:2] for number in EXERCISES]
    for notebook in set(notebooks):
        assert notebooks.count(notebook) >= 3
