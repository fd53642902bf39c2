"""Any rule on any loss: as on the toy, where the same updates are written out."""

from functools import partial

import pytest
import torch

from roam_lite.rules import RULES, SGD, build_rule
from roam_lite.toy import Problems, draw_problems, toy_loss, toy_rule, unroll
from roam_lite.toy.descent import Task, descend, train_rule, train_start
from roam_lite.toy.regression import SIZE, draw_waves, initial_network, layers, predict


def toy_task(problems):
    loss = partial(toy_loss, problems=problems)
    return Task(loss, loss, torch.zeros_like(problems.x))


@pytest.fixture
def problems():
    drawn = draw_problems(torch.Generator().manual_seed(0), 1.0, 3.0, (5, 4))
    return Problems(drawn.x.double(), drawn.y.double())


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("grad", [True, False])
def test_every_rule_descends_as_in_the_toys_own_unroll(problems, name, grad):
    by_hand = RULES[name].with_lr
    rule = build_rule(name, lr=0.03) if by_hand else toy_rule(name).double()
    with torch.set_grad_enabled(grad):
        found = descend(rule, toy_task(problems), 4)
        torch.testing.assert_close(found, unroll(rule, problems, 4).losses)


@pytest.mark.parametrize("second_order", [True, False])
def test_meta_gradients_are_those_of_the_toys_own_unroll(problems, second_order):
    rule = toy_rule("lstm").double()
    found = [
        torch.autograd.grad(losses[-1].sum(), list(rule.parameters()))
        for losses in (
            descend(rule, toy_task(problems), 3, second_order),
            unroll(rule, problems, 3, second_order=second_order).losses,
        )
    ]
    # From theta = 0, the toy's unroll links even the first step.
    for ours, toys in zip(*found, strict=True):
        torch.testing.assert_close(ours, toys)


def test_second_order_reaches_the_start(problems):
    task = toy_task(problems)
    start = torch.randn(5, 4, dtype=torch.float64, requires_grad=True)
    task = Task(task.loss, task.measure, start)
    final = descend(SGD(0.05), task, 2, second_order=True)[-1].sum()
    shrink = (1 - 2 * 0.05 * problems.x**2) ** 2
    # theta - y / x shrinks by the factor of both steps.
    expected = 2 * problems.x**2 * shrink**2 * (start - problems.y / problems.x)
    torch.testing.assert_close(torch.autograd.grad(final, start)[0], expected.detach())


def test_a_trained_rule_beats_an_untrained_one(problems):
    rule, generator = toy_rule("const", torch.zeros(4, dtype=torch.long)), torch.Generator()
    before = descend(rule, toy_task(problems), 3)[-1].mean()
    draw = lambda g: toy_task(draw_problems(g, 1.0, 3.0, (16, 4)))  # noqa: E731
    train_rule(rule, draw, generator, 3, iterations=60)
    assert descend(rule, toy_task(problems), 3)[-1].mean() < 0.7 * before


@pytest.mark.parametrize(
    ("groups", "rates", "still"),
    [
        (torch.zeros(SIZE, dtype=torch.long), 1, 0),
        (layers() - 1, 2, SIZE - int(layers().sum())),
        (torch.arange(SIZE), SIZE, 0),
    ],
    ids=["MAML", "ANIL", "Meta-SGD"],
)
def test_a_learned_start_fits_new_waves_better_and_groups_share_their_rates(groups, rates, still):
    generator = torch.Generator().manual_seed(0)
    network = initial_network(generator)
    draw = partial(draw_waves, start=network)
    start, learned = train_start(
        draw, generator, 3, groups, first_rate=0.03, iterations=60, rate=0.05
    )
    assert len(learned.unique()) == rates
    assert (learned == 0).sum() == still
    test = draw(generator, count=64)
    before = descend(SGD(0.03), test, 3)[-1].mean()
    moved = Task(test.loss, test.measure, start.expand_as(test.start))
    assert descend(SGD(learned), moved, 3)[-1].mean() < 0.9 * before


def test_networks_of_theta_are_those_of_torch_layers():
    theta = torch.randn(3, SIZE)
    inputs = torch.linspace(-2, 2, 7).expand(3, 7)
    outputs = predict(theta, inputs)
    for n in range(3):
        first, last = torch.nn.Linear(1, 12), torch.nn.Linear(12, 1)
        pieces = theta[n].split([12, 12, 12, 1])
        with torch.no_grad():
            parameters = (first.weight, first.bias, last.weight, last.bias)
            for parameter, piece in zip(parameters, pieces, strict=True):
                parameter.copy_(piece.view_as(parameter))
            expected = last(torch.tanh(first(inputs[n][:, None])))[:, 0]
        torch.testing.assert_close(outputs[n], expected)


def test_what_counts_of_a_wave_is_on_other_points_of_the_same_wave():
    generator = torch.Generator().manual_seed(0)
    task = draw_waves(generator, initial_network(generator), count=4)
    theta = task.start.clone().requires_grad_()
    seen, other = task.loss(theta), task.measure(theta)
    assert seen.shape == other.shape == (4,)
    assert not torch.equal(seen, other)
    assert descend(SGD(0.05), task, 200)[-1].mean() < 0.5 * other.mean()
