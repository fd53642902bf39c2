"""What a student is told: about right, open, wrong, failing and unforeseen answers."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from roam_lite import InputError
from roam_lite.exercises import check, judge
from roam_lite.exercises.exercise import Exercise, Mistake

SUMS = Exercise(
    "00.1",
    "row sums",
    lambda table: table.sum(axis=1),
    lambda rng: (rng.normal(size=(3, 4)),),
    (
        Mistake("columns", lambda table: table.sum(axis=0), "Which axis is which?"),
        Mistake("mean", lambda table: table.mean(axis=1), "Is it divided by anything?"),
    ),
)

GRADIENT = Exercise(
    "00.2",
    "a loss",
    lambda theta: (theta**2).sum(),
    lambda rng: (torch.from_numpy(rng.normal(size=3)),),
    (Mistake("detached", lambda theta: (theta.detach() ** 2).sum(), "Who sees theta?"),),
    observe=lambda function, arguments: torch.func.grad(function)(*arguments),
)


@pytest.mark.parametrize(
    "answer",
    [
        lambda table: table.sum(axis=1),
        lambda table: table.astype(np.float32).sum(axis=1),
        lambda table: torch.from_numpy(table).sum(dim=1),
        lambda table: [sum(row) for row in table],
    ],
)
def test_right_answers_pass_whatever_they_are_made_of(answer):
    verdict = judge(SUMS, answer)
    assert verdict
    assert repr(verdict).startswith("✔ 00.1 row sums")


def test_answer_that_returns_nothing_is_open():
    verdict = judge(SUMS, lambda table: None)
    assert not verdict
    assert "open" in repr(verdict)


@pytest.mark.parametrize("mistake", SUMS.mistakes, ids=lambda mistake: mistake.name)
def test_known_mistake_is_recognized_and_gets_its_hint(mistake):
    verdict = judge(SUMS, mistake.wrong)
    assert not verdict
    assert verdict.mistake == mistake.name
    assert mistake.hint in repr(verdict)


def test_gradients_are_compared_where_the_exercise_observes_them():
    assert judge(GRADIENT, lambda theta: theta @ theta)
    assert judge(GRADIENT, lambda theta: (theta.detach() ** 2).sum()).mistake == "detached"


def test_exception_is_told_with_its_line_and_without_a_path():
    def answer(table):
        rows = table.sum(axis=1)
        return rows.no_such_method()

    verdict = judge(SUMS, answer)
    assert not verdict
    assert "AttributeError" in verdict.text
    assert "rows.no_such_method()" in verdict.text
    assert __file__ not in verdict.text


def test_wrong_number_of_arguments_is_told_as_python_does():
    assert "TypeError" in judge(SUMS, lambda: 0).text


def test_builtin_that_fails_is_told_too():
    assert "TypeError" in judge(SUMS, str.upper).text


def test_complex_result_is_told_and_not_cut_to_its_real_part():
    assert "complex" in judge(SUMS, lambda table: table.sum(axis=1) + 0j).text


def test_answer_that_writes_into_its_arguments_is_refused():
    def answer(table):
        table += 1
        return (table - 1).sum(axis=1)

    assert "in place" in judge(SUMS, answer).text


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda table: (table.sum(axis=1), table), "2 values"),
        (lambda table: table.sum(axis=1)[:2], "[3] and is [2]"),
        (lambda table: table.sum(axis=1) * np.nan, "case 0 at [0] gives nan"),
        (lambda table: table.sum(axis=1) + np.array([0, np.inf, 0]), "case 0 at [1] gives inf"),
        (lambda table: table.sum(axis=1) * -np.inf, "finite numbers"),
        (lambda table: table.sum(axis=1) * -2, "-2 times"),
        (lambda table: table.sum(axis=1) + np.array([0, 0, 0.1]), "case 0 at [2]"),
        (lambda table: 0 * table.sum(axis=1), "should be"),
    ],
)
def test_unforeseen_answers_are_told_what_is_wrong_with_them(answer, said):
    verdict = judge(SUMS, answer)
    assert not verdict
    assert verdict.mistake is None
    assert said in verdict.text


@pytest.mark.parametrize("off", [1, np.inf])
def test_scalar_difference_has_no_place(off):
    total = Exercise("00.3", "sum", np.sum, lambda rng: (rng.normal(size=3),), ())
    text = judge(total, lambda values: np.sum(values) + off).text
    assert "case 0" in text
    assert "at [" not in text


def test_infinity_in_one_late_case_is_wrong_and_is_found():
    def answer(table):
        return table.sum(axis=1) / (table[0, 0] != last[0, 0])

    (last,) = SUMS.draw(np.random.default_rng(7))
    with np.errstate(divide="ignore"):
        verdict = judge(SUMS, answer)
    assert not verdict
    assert "case 7 at [0] gives" in verdict.text


def test_mistake_with_infinite_values_takes_no_answer_for_its_own():
    overflow = Mistake("overflow", lambda table: np.array([np.inf, 0, 0]), "Too large?")
    exercise = replace(SUMS, mistakes=(overflow,))
    for answer in (overflow.wrong, lambda table: np.array([np.inf, 5, 7])):
        verdict = judge(exercise, answer)
        assert not verdict
        assert verdict.mistake is None
        assert "gives inf" in verdict.text


def test_infinite_answer_is_wrong_even_where_the_reference_is_infinite():
    exercise = replace(SUMS, reference=lambda table: table.sum(axis=1) * np.inf)
    assert not judge(exercise, exercise.reference)


def test_unknown_exercise_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"01\.1"):
        check("99.9", len)


def test_result_in_place_of_the_function_is_refused():
    with pytest.raises(InputError, match="function itself"):
        check("01.1", 3.0)
