"""What is trained when: stages and their steps, the parameters of each, rates, scales."""

from dataclasses import replace

import pytest
import torch

from roam_lite.config import modify
from roam_lite.errors import InputError
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile
from roam_lite.rules import learned_rules
from roam_lite.training.schedule import (
    build_optimizer,
    evolution_noise,
    hidden_factors,
    plan_stages,
    scales_at,
    set_rates,
    stage_of,
    trained_parameters,
)

SMOKE, LAPTOP = get_profile("smoke"), get_profile("laptop-small")
FIRST, LAST = SMOKE.training.stages


def smoke_model(rule="lstm"):
    config = modify(SMOKE, rule={"name": rule})
    return MetaModel(config, torch.Generator().manual_seed(0))


# Stages


def test_all_stages_with_their_own_steps_by_default():
    assert plan_stages(LAPTOP, None, None) == LAPTOP.training.stages


def test_steps_are_shared_out_in_proportion():
    total = sum(stage.steps for stage in LAPTOP.training.stages)
    planned = plan_stages(LAPTOP, None, total // 2)
    for stage, original in zip(planned, LAPTOP.training.stages, strict=True):
        assert stage.steps == pytest.approx(original.steps / 2, abs=1)
        assert replace(stage, steps=original.steps) == original
    assert sum(stage.steps for stage in planned) == total // 2


@pytest.mark.parametrize("steps", [3, 4, 5, 17, 1000])
def test_every_stage_gets_a_step_and_the_sum_is_exact(steps):
    planned = plan_stages(LAPTOP, None, steps)
    assert sum(stage.steps for stage in planned) == steps
    assert min(stage.steps for stage in planned) >= 1


def test_stages_are_chosen_by_name_in_the_profiles_order():
    names = [stage.name for stage in LAPTOP.training.stages]
    assert [s.name for s in plan_stages(LAPTOP, tuple(reversed(names)), None)] == names
    (only,) = plan_stages(LAPTOP, (names[-1],), 30)
    assert (only.name, only.steps) == (names[-1], 30)


def test_unknown_stages_and_too_few_steps_are_refused():
    with pytest.raises(InputError, match=r"last.*first_step, closed_loop"):
        plan_stages(SMOKE, ("last",), None)
    with pytest.raises(InputError, match="too few steps, 1"):
        plan_stages(LAPTOP, None, 1)


def test_every_step_belongs_to_its_stage_and_those_after_the_end_to_the_last():
    stages = plan_stages(LAPTOP, None, 10)
    named = [stage.name for stage in stages for _ in range(stage.steps)]
    found = [stage_of(stages, step) for step in range(10)]
    assert [stage.name for stage, _ in found] == named
    assert [first for _, first in found] == [named.index(name) for name in named]
    for after in (10, 99):
        assert stage_of(stages, after) == (stages[-1], named.index(stages[-1].name))


def test_a_stage_without_steps_trains_none():
    stages = [
        replace(stage, steps=steps) for stage, steps in zip((FIRST, LAST), (0, 2), strict=True)
    ]
    assert [stage_of(tuple(stages), step) for step in (0, 1)] == [(stages[1], 0)] * 2


def test_evolution_is_refused_in_a_stage_that_finds_no_boxes_itself():
    evolving = modify(
        SMOKE,
        training={"stages": tuple(replace(s, meta_gradient="evolution") for s in (FIRST, LAST))},
    )
    assert plan_stages(evolving, (LAST.name,), None)
    with pytest.raises(InputError, match=r"stage first_step: .* updates of 2 or more"):
        plan_stages(evolving, None, None)
    given = modify(evolving, training={"past_labels": "truth"})
    with pytest.raises(InputError, match=r"stage closed_loop: .* training\.past_labels=estimates"):
        plan_stages(given, (LAST.name,), None)


# What a stage trains


def test_groups_hold_what_the_stage_trains_each_at_its_own_rate():
    model = smoke_model()
    gains = model.rule.log_gains
    rest = [p for p in model.rule.parameters() if p is not gains]
    groups = trained_parameters(model, FIRST)
    expected = [
        ([model.theta0], FIRST.theta0_lr),
        ([model.log_lambda0, model.log_gains], FIRST.lambda0_lr),
        (list(model.backbone.parameters()), FIRST.backbone_lr),
    ]
    for (found, lr), (wanted, expected_lr) in zip(groups, expected, strict=True):
        assert lr == expected_lr > 0
        assert list(map(id, found)) == list(map(id, wanted))
    _, _, (rule, rule_lr), (found, gains_lr) = trained_parameters(model, LAST)
    assert list(map(id, rule)) == list(map(id, rest))
    assert list(map(id, found)) == [id(gains)]
    assert (rule_lr, gains_lr) == (LAST.rule_lr, LAST.gains_lr)


def test_the_last_layer_of_the_rule_can_learn_alone():
    model = smoke_model()
    groups = trained_parameters(model, replace(LAST, rule_layers="last", gains_lr=0.0))
    output = list(model.rule.output.parameters())
    assert [list(map(id, parameters)) for parameters, _ in groups][-1] == list(map(id, output))
    trained = {name for name, p in model.rule.named_parameters() if p.requires_grad}
    assert trained == {"output.weight", "output.bias"}


@pytest.mark.parametrize("rule", learned_rules())
@pytest.mark.parametrize("stage", [FIRST, LAST], ids=["first_step", "closed_loop"])
def test_no_other_parameter_needs_a_gradient(stage, rule):
    model = smoke_model(rule)
    trained = {id(p) for parameters, _ in trained_parameters(model, stage) for p in parameters}
    assert {id(p) for p in model.parameters() if p.requires_grad} == trained
    in_rule = {id(parameter) for parameter in model.rule.parameters()}
    assert (in_rule <= trained) if stage.updates > 1 else not (in_rule & trained)


def test_a_rate_of_zero_freezes_a_part():
    model = smoke_model()
    trained_parameters(model, replace(FIRST, lambda0_lr=0.0, theta0_lr=0.0))
    assert not model.theta0.requires_grad
    assert not model.log_lambda0.requires_grad
    assert not model.log_gains.requires_grad


def test_pretrained_layers_learn_at_their_share_of_the_backbones_rate():
    model = MetaModel(modify(SMOKE, model={"backbone": "lite0"}), torch.Generator().manual_seed(0))
    trunk = list(model.backbone.layers.trunk.parameters())
    *_, (new, new_lr), (old, old_lr) = trained_parameters(
        model, replace(FIRST, backbone_lr=1e-3, pretrained_share=0.1)
    )
    assert (new_lr, old_lr) == (1e-3, pytest.approx(1e-4))
    assert list(map(id, old)) == list(map(id, trunk))
    assert {*map(id, new), *map(id, old)} == set(map(id, model.backbone.parameters()))
    trained_parameters(model, replace(FIRST, backbone_lr=1e-3, pretrained_share=0.0))
    assert not any(parameter.requires_grad for parameter in trunk)
    assert all(parameter.requires_grad for parameter in new)


# Rates


def test_rates_are_halved_evenly():
    optimizer = build_optimizer(smoke_model(), FIRST)
    begun = [group["lr"] for group in optimizer.param_groups]
    stage = replace(FIRST, halvings=3)
    for step in range(12):
        set_rates(optimizer, stage, step / 12)
        rates = [group["lr"] for group in optimizer.param_groups]
        assert rates == pytest.approx([rate * 0.5 ** (step // 3) for rate in begun])


def test_without_halvings_rates_stay():
    optimizer = build_optimizer(smoke_model(), FIRST)
    set_rates(optimizer, replace(FIRST, halvings=0), 0.99)
    assert optimizer.param_groups[0]["lr"] == FIRST.theta0_lr


def test_the_outer_optimizer_has_the_configurations_betas():
    config = modify(SMOKE, training={"betas": (0.5, 0.75)})
    model = MetaModel(config, torch.Generator().manual_seed(0))
    assert build_optimizer(model, FIRST).defaults["betas"] == (0.5, 0.75)


# Random filter scaling


def test_scaling_is_drawn_anew_for_every_step_and_grows_to_kappa():
    model = smoke_model()

    def scales(step, progress, seed=0):
        return scales_at(model, LAST, 2, seed, step, progress)

    early, late = scales(5, 0.1 * LAST.kappa_ramp), scales(5, 1.0)
    torch.testing.assert_close(early.log() * 10, late.log(), rtol=1e-3, atol=1e-5)
    assert not torch.equal(late, scales(6, 1.0))
    assert not torch.equal(late, scales(5, 1.0, seed=1))
    assert torch.equal(late, scales(5, 1.0))
    assert torch.equal(late, scales(5, LAST.kappa_ramp))
    assert late.shape == (2, model.theta0.numel())
    response, regression = SMOKE.training.kappa_response, SMOKE.training.kappa_regression
    spread = late.log().abs()
    assert 0.9 * response < spread.max() <= response
    spread = spread[:, model.regression_coordinates]
    assert 0.9 * regression < spread.max() <= regression


def test_without_a_ramp_kappa_is_whole_after_the_first_step():
    stage = replace(LAST, kappa_ramp=0.0)
    model = smoke_model()
    first, second = (scales_at(model, stage, 1, 0, 0, progress) for progress in (0.0, 0.01))
    assert (first == 1).all()
    assert torch.equal(second, scales_at(model, stage, 1, 0, 0, 1.0))


def test_no_stage_has_more_clips_a_step_than_asked_for_and_smaller_ones_stay():
    stages = get_profile("laptop").training.stages
    for steps in (None, 20):
        planned = plan_stages(get_profile("laptop"), None, steps, batch=12)
        assert [stage.batch for stage in planned] == [12, 12, 12, 8]
    assert [stage.batch for stage in stages] == [32, 32, 16, 8]
    assert plan_stages(get_profile("laptop"), None, None) == stages


# What else is drawn


def test_hidden_factors_and_noise_of_no_two_steps_come_from_one_generator():
    config, drawn = modify(SMOKE, training={"hidden_kappa": 1.0}), []
    seeds = [(seed, step) for seed in (0, 1) for step in (0, 1, 500_000, 500_001, 1_000_003)]
    for seed, step in seeds:
        noise = torch.rand((4, 1), generator=evolution_noise(seed, step))
        drawn += [tuple(noise.flatten().tolist())]
        factors = hidden_factors(config, 4, seed, step)
        drawn += [tuple((factors.log() / 2 + 0.5).round(decimals=4).flatten().tolist())]
        assert torch.equal(factors, hidden_factors(config, 4, seed, step))
    rounded = {tuple(round(value, 4) for value in one) for one in drawn}
    assert len(rounded) == len(drawn) == 20
