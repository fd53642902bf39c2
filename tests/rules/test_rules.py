"""Update rules: what they emit, what they remember, and what they must not mix up."""

import pytest
import torch

from roam_lite.config import modify
from roam_lite.profiles import get_profile
from roam_lite.rules import SGD, build_rule

SMOKE = modify(get_profile("smoke"), rule={"initial_share": None})
NEURAL = ["lstm", "gru", "fc"]
EMITTING = [*NEURAL, "const"]  # rules that learn to emit rates
VIDEOS, SIZE = 3, 11
PARTS = torch.arange(SIZE) // 4


def build(name, **changes):
    config = modify(SMOKE, rule=changes).rule
    return build_rule(name, config=config, parts=PARTS).double()


def draw(steps=3):
    """theta, gradient, loss of some steps."""
    return [
        (
            torch.randn(VIDEOS, SIZE, dtype=torch.float64),
            torch.randn(VIDEOS, SIZE, dtype=torch.float64) * 0.01,
            torch.rand(VIDEOS, dtype=torch.float64),
        )
        for _ in range(steps)
    ]


def emit(rule, steps, rates0=None):
    """The rates `[steps, N, P]` that a rule emits for a history."""
    if rates0 is None:
        rates0 = torch.full_like(steps[0][0], 1e-3)
    state, emitted = rule.init(steps[0][0], rates0), []
    for theta, gradient, loss in steps:
        step, state, rates = rule.step(theta, gradient, loss, state)
        torch.testing.assert_close(step, rates * gradient)
        emitted.append(rates)
    return torch.stack(emitted)


@pytest.mark.parametrize("name", EMITTING)
def test_learned_rules_emit_one_rate_a_coordinate_between_zero_and_one(name):
    rates = emit(build(name), draw())
    assert rates.shape == (3, VIDEOS, SIZE)
    assert (rates > 0).all()
    assert (rates < 1).all()


@pytest.mark.parametrize("name", EMITTING)
def test_untrained_rules_start_near_the_profiles_rate(name):
    rates = emit(build(name), draw())
    assert (rates / SMOKE.rule.initial_rate).log().abs().max() < 0.2


@pytest.mark.parametrize("name", EMITTING)
def test_rates_may_be_emitted_relative_to_lambda0(name):
    rates0 = 10 ** torch.linspace(-8, -2, VIDEOS * SIZE, dtype=torch.float64).view(VIDEOS, SIZE)
    rates = emit(build(name, initial_share=0.5), draw(), rates0)
    assert (rates / (0.5 * rates0)).log().abs().max() < 0.2
    # Rates above 1 cannot be meant by a sigmoid, but do no harm.
    assert torch.isfinite(emit(build(name, initial_share=0.5), draw(), rates0 + 5)).all()


@pytest.mark.parametrize("name", NEURAL)
def test_coordinates_share_the_network_and_nothing_else(name):
    rule, steps, rates0 = build(name), draw(), torch.rand(VIDEOS, SIZE, dtype=torch.float64)
    order = torch.randperm(SIZE)
    permuted = [(theta[:, order], gradient[:, order], loss) for theta, gradient, loss in steps]
    torch.testing.assert_close(
        emit(rule, permuted, rates0[:, order]), emit(rule, steps, rates0)[:, :, order]
    )


@pytest.mark.parametrize("name", NEURAL)
def test_one_coordinates_history_does_not_reach_another(name):
    rule, steps = build(name), draw()
    before = emit(rule, steps)
    steps[0][1][1, 4] += 5.0  # the gradient of video 1, coordinate 4, at the first step
    after = emit(rule, steps)
    changed = (before != after).any(dim=0)
    expected = torch.zeros(VIDEOS, SIZE, dtype=torch.bool)
    expected[1, 4] = True
    assert torch.equal(changed, expected)


@pytest.mark.parametrize("name", NEURAL)
def test_a_videos_loss_reaches_its_own_coordinates_only(name):
    rule, steps = build(name), draw()
    before = emit(rule, steps)
    steps[0][2][1] += 5.0
    changed = (before != emit(rule, steps)).flatten(2).any(dim=2).any(dim=0)
    assert changed.tolist() == [False, True, False]


@pytest.mark.parametrize("name", NEURAL)
def test_rules_remember_their_last_rate(name):
    rule, steps = build(name), draw(steps=2)
    rates0 = torch.full((VIDEOS, SIZE), 1e-3, dtype=torch.float64)
    assert (emit(rule, steps, rates0) != emit(rule, steps, 10 * rates0)).all()


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_recurrent_rules_remember_earlier_gradients(name):
    rule, steps = build(name), draw(steps=2)
    theta, gradient, loss = steps[1]
    state = rule.init(theta, torch.full_like(theta, 1e-3))
    seen = rule.step(*steps[0], state).state
    with_memory = rule.step(theta, gradient, loss, seen).rates
    forgotten = seen._replace(memory=state.memory)
    without = rule.step(theta, gradient, loss, forgotten).rates
    assert (with_memory != without).all()


@pytest.mark.parametrize(("name", "layers", "parts"), [("lstm", 2, 2), ("gru", 2, 1)])
def test_recurrent_rules_have_two_stacked_layers(name, layers, parts):
    theta, gradient, loss = draw(steps=1)[0]
    rule = build(name)
    state = rule.step(theta, gradient, loss, rule.init(theta, torch.ones_like(theta))).state
    (block,) = state.memory  # so few coordinates
    assert len(block) == layers
    for memory in block:
        assert [part.shape for part in memory] == [(SMOKE.rule.hidden, VIDEOS * SIZE)] * parts


def test_the_papers_lstm_has_5541_parameters_and_5461_with_four_inputs():
    paper = get_profile("paper")
    counts = {}
    for kind in ("log_sign", "raw"):
        config = modify(paper, rule={"input": kind}).rule
        rule = build_rule("lstm", config=config, parts=PARTS)
        counts[kind] = sum(parameter.numel() for parameter in rule.parameters())
    assert counts == {"log_sign": 5541, "raw": 5461}


def test_constant_rule_learns_one_rate_a_coordinate():
    rule = build("const")
    assert [parameter.shape for parameter in rule.parameters()] == [(SIZE,)]
    rates = emit(rule, draw())
    assert torch.equal(rates, rates[:1, :1].expand_as(rates))


@pytest.mark.parametrize("rate", [0.0, 7e-6])
def test_sgd_emits_its_rate_and_zero_means_no_update(rate):
    rates = emit(SGD(rate), draw())
    assert torch.equal(rates, torch.full_like(rates, rate))


def test_fixed_vector_keeps_its_gradient():
    vector = torch.rand(SIZE, dtype=torch.float64, requires_grad=True)
    emit(SGD(vector), draw(steps=1)).sum().backward()
    assert torch.equal(vector.grad, torch.full_like(vector, VIDEOS))


@pytest.mark.parametrize("name", NEURAL)
def test_every_part_of_theta_has_a_gain_on_lambda0(name):
    rule, steps = build(name, initial_share=0.5), draw()
    rates0 = torch.full((VIDEOS, SIZE), 1e-4, dtype=torch.float64)
    before = emit(rule, steps[:1], rates0)
    with torch.no_grad():
        rule.log_gains[1] -= 3.0
    ratio = (emit(rule, steps[:1], rates0) / before).log()
    torch.testing.assert_close(
        ratio, torch.where(PARTS == 1, -3.0, 0.0).expand_as(ratio).double(), atol=2e-3, rtol=0
    )


@pytest.mark.parametrize("name", EMITTING)
def test_parts_may_start_with_gains_of_their_own(name):
    config = modify(SMOKE, rule={"initial_share": 0.3}).rule
    log_gains = torch.zeros(int(PARTS.max()) + 1)
    log_gains[1] = -2.0
    lambda0 = torch.full((1, len(PARTS)), 1e-3, dtype=torch.float64)
    theta = torch.zeros_like(lambda0)
    rule = build_rule(name, config=config, parts=PARTS, log_gains=log_gains).double()
    state = rule.init(theta, lambda0)
    rates = rule.step(theta, theta, torch.zeros(1, dtype=torch.float64), state).rates
    expected = 0.3 * lambda0 * log_gains.double().exp()[PARTS]
    torch.testing.assert_close(rates, expected, rtol=0.2, atol=0)
