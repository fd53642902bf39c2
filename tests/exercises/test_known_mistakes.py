"""Every exercise of the course: its reference passes, every planted wrong answer is rejected."""

import re
from pathlib import Path

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


@pytest.mark.parametrize("number", EXERCISES)
def test_answer_off_by_a_percent_is_rejected(number):
    reference = EXERCISES[number].reference

    def answer(*arguments):
        value = reference(*arguments)
        return tuple(1.01 * part for part in value) if isinstance(value, tuple) else 1.01 * value

    assert not check(number, answer)


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
