"""The leaderboard: rates come from training tasks, rows from others, and every rule has one."""

import pytest
import torch

from roam_lite.rules import RULES, SGD, build_rule
from roam_lite.toy import draw_problems, leaderboard, toy_rule, unroll
from roam_lite.toy.descent import Task
from roam_lite.toy.leaderboard import Entry, beyond_training, board_table, search_rate


def quadratic(curvature, start=1.0):
    """Losses of curvature `[N, P]`, whose best rate is the inverse of it where it is one number."""

    def loss(theta):
        return (0.5 * curvature * theta**2).sum(dim=1)

    return Task(loss, loss, torch.full_like(curvature, start))


@pytest.fixture
def quick(monkeypatch):
    """Meta-training of a few iterations."""
    for name in ("train_rule", "train_start"):
        real = getattr(leaderboard, name)
        monkeypatch.setattr(
            leaderboard, name, lambda *given, real=real, **more: real(*given, **more, iterations=2)
        )


@pytest.mark.parametrize("rate", [0.1, 1e-3])
def test_the_search_finds_the_best_rate_and_passes_over_what_diverges(rate):
    rule, border = search_rate("sgd", quadratic(torch.full((3, 4), 1 / rate)), 3)
    assert (rule.lr, border) == (rate, False)


def test_the_search_says_when_a_better_rate_may_lie_beyond():
    rule, border = search_rate("sgd", quadratic(torch.full((3, 4), 1e-9)), 3)
    assert (rule.lr, border) == (max(leaderboard.RATES), True)


@pytest.mark.parametrize(
    ("board", "more"),
    [(leaderboard.toy_board, ()), (leaderboard.regression_board, ("MAML", "ANIL", "Meta-SGD"))],
)
def test_a_board_has_a_row_for_every_rule_and_a_loss_for_every_seed(quick, board, more):
    entries = list(board(2, steps=2))
    assert [entry.name for entry in entries] == [*RULES, *more]
    assert all(len(entry.losses) == 2 for entry in entries)
    by_name = {entry.name: entry for entry in entries}
    assert by_name["adam"].made == "searched"
    assert by_name["lstm"].made == "learned"
    again = next(iter(board(1, steps=2)))
    assert again.losses == entries[0].losses[:1]  # a seed is an experiment of its own


def test_first_frames_are_measured_with_rates_of_others():
    train, test = (quadratic(torch.full((2, 4), c)) for c in (10.0, 5.0))
    entries = {e.name: e for e in leaderboard.first_frame_board(train, test, 1, torch.tensor(0.2))}
    # The best rate of the training losses goes half the way on the others; the learned ones all of it.
    assert entries["sgd"].losses == pytest.approx([0.25 * 0.5 * 5 * 4] * 2)
    assert entries["lambda0"].losses == pytest.approx([0, 0], abs=1e-9)
    assert "steepest" in entries


def test_the_table_puts_the_best_first_and_tells_intervals_and_borders():
    entries = [
        Entry("toy", "sgd", "searched", (2.0, 4.0), True),
        Entry("toy", "lstm", "learned", (1.0, 1.0)),
        Entry("regression", "sgd", "searched", (5.0, 5.0)),
    ]
    lines = board_table(entries, 3).splitlines()
    assert lines[0] == "toy: mean loss after 3 steps, 95 % over 2"
    assert lines[1].split()[:4] == ["lstm", "learned", "1", "[1,"]
    assert "3 [2, 4]" in lines[2]
    assert "outside the range tried" in lines[2]
    assert lines[4].startswith("regression")


def test_what_is_beyond_all_numbers_is_null_in_json():
    entry = Entry("toy", "sgd", "searched", (float("inf"), 1.0))
    told = entry.to_json()
    assert told["mean"] is None
    assert told["losses"] == [None, 1.0]


def test_beyond_its_horizon_the_same_rule_goes_on_ten_times_as_long():
    curves = beyond_training(SGD(0.02), horizon=2)
    assert {name: len(curve) for name, curve in curves.items()} == {"toy": 21, "regression": 21}
    problems = draw_problems(torch.Generator().manual_seed(0), 1.0, 4.0, (64, 4))
    torch.testing.assert_close(curves["toy"], unroll(SGD(0.02), problems, 20).losses.mean(1))
    assert (curves["regression"].diff() < 0).all()


@pytest.mark.parametrize("rule", [build_rule("prodigy", lr=1.0), toy_rule("gru")])
def test_rules_with_a_memory_go_beyond_training_too(rule):
    assert all(torch.isfinite(curve).all() for curve in beyond_training(rule, 1).values())
