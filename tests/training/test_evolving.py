"""Evolution strategies on tracking: what is perturbed, what is credited, and what is left behind."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from roam_lite.config import modify
from roam_lite.errors import InputError
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile
from roam_lite.training import Trainer
from roam_lite.training.clips import draw_footage, stack_clips
from roam_lite.training.episodes import open_episode
from roam_lite.training.evolving import estimate_gradients, overlap_losses, segment_of
from roam_lite.training.rollout import rollout
from roam_lite.training.schedule import trained_parameters
from tests.training.painted import painted_sequence

SMOKE = modify(get_profile("smoke"), training={"swap_chance": 0.0})
STAGE = replace(
    SMOKE.training.stages[-1], updates=5, meta_gradient="evolution", pairs=2, spread=2.0
)


@pytest.fixture(scope="module")
def footage():
    generators = [np.random.default_rng(seed) for seed in range(2)]
    return stack_clips([draw_footage(painted_sequence(), g, STAGE, SMOKE) for g in generators])


@pytest.fixture
def model():
    return MetaModel(SMOKE, torch.Generator().manual_seed(0))


def opener(model, footage):
    return partial(open_episode, model, footage, False, torch.float32)


def estimate(model, footage, stage, seed=3):
    trained_parameters(model, stage)
    model.zero_grad()
    generator = torch.Generator().manual_seed(seed)
    result = estimate_gradients(model, stage, opener(model, footage), None, generator)
    trained = [p for p in model.parameters() if p.requires_grad]
    return result, torch.cat([p.grad.flatten() for p in trained])


def episode_losses(model, footage, write, values):
    """Losses `[T]` of an episode whose parameters are written before each update, by a plain loop."""
    loop = opener(model, footage)()
    samples = loop.update_samples

    def update_samples(update):
        write(values(update))
        return samples(update)

    loop.update_samples = update_samples
    with torch.no_grad():
        rollout(model, loop, "first_order")
    return overlap_losses(loop).mean(dim=0)


@pytest.mark.parametrize("segments", [1, 2])
def test_the_estimate_is_that_of_a_plain_loop(model, footage, segments):
    stage = replace(STAGE, segments=segments, rule_layers="last", theta0_lr=0.0, lambda0_lr=0.0)
    _, found = estimate(model, footage, stage)
    parameters = [p for p in model.parameters() if p.requires_grad]
    center = torch.nn.utils.parameters_to_vector(parameters).detach().clone()

    def write(vector):
        position = 0
        for parameter in parameters:
            number = parameter.numel()
            parameter.data = vector[position : position + number].view_as(parameter).clone()
            position += number

    noise = torch.randn((2, segments, len(center)), generator=torch.Generator().manual_seed(3))
    expected = torch.zeros(len(center), dtype=torch.float64)
    half = {1: lambda update: 0, 2: lambda update: 0 if update < 4 else 1}[segments]
    for e in noise:
        plus, minus = (
            episode_losses(
                model, footage, write, lambda u, s=sign, e=e: center + s * 2.0 * e[half(u)]
            ).double()
            for sign in (1, -1)
        )
        for update in range(2, 6):
            credited = e[: half(update) + 1].double().sum(dim=0)
            expected += (plus - minus)[update - 1] / 5 * credited / (2 * 2.0) / 2
    assert expected.abs().max() > 1e-4
    torch.testing.assert_close(found.double(), expected, rtol=1e-3, atol=1e-6)


def test_the_parameters_come_back_and_frozen_ones_never_move(model, footage):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    stage = replace(STAGE, theta0_lr=0.0, rule_lr=0.0)
    result, gradient = estimate(model, footage, stage)
    assert gradient.isfinite().all()
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0, msg=name)
    assert model.theta0.grad is None
    assert result.meta_losses.shape == result.update_losses.shape == (2, 5)


def test_the_same_generator_gives_the_same_estimate(model, footage):
    first, again = (estimate(model, footage, STAGE, seed)[1] for seed in (3, 3))
    assert torch.equal(first, again)
    assert not torch.equal(first, estimate(model, footage, STAGE, 4)[1])


def test_segments_divide_the_updates_after_the_first():
    assert [segment_of(update, 7, 3) for update in range(2, 8)] == [0, 0, 1, 1, 2, 2]
    assert [segment_of(update, 24, 1) for update in (2, 24)] == [0, 0]
    assert [segment_of(update, 4, 2) for update in (2, 3, 4)] == [0, 0, 1]


def test_losses_are_the_overlap_that_is_missing_where_the_target_shows(model, footage):
    hidden = footage.visible.clone()
    hidden[0, 2:5] = False
    hidden[1] = False
    loop = opener(model, replace(footage, visible=hidden))()
    with torch.no_grad():
        rollout(model, loop, "first_order")
    losses, overlaps = overlap_losses(loop), torch.stack(loop.overlaps, dim=1)
    assert losses[0, 0] == pytest.approx(float(1 - overlaps[0, :2].mean()), abs=1e-6)
    assert losses[0, 1] == pytest.approx(float(1 - overlaps[0, 5:10].mean()), abs=1e-6)
    assert not losses[1].any()


def test_evolution_with_true_boxes_is_bad_input_before_anything_is_written(config, tmp_path):
    path = "training.stages.closed_loop.meta_gradient=evolution"
    with pytest.raises(InputError, match="stage closed_loop: meta_gradient=evolution"):
        Trainer(config(constants=(path, "training.past_labels=truth")))
    assert not (tmp_path / "run").exists()


def test_a_run_trains_by_evolution_and_leaves_the_rest_alone(config, painted):
    prefix = "training.stages.closed_loop"
    settings = {
        "meta_gradient": "evolution",
        "pairs": "1",
        "theta0_lr": "0",
        "lambda0_lr": "0",
        "rule_layers": "last",
    }
    constants = tuple(f"{prefix}.{name}={value}" for name, value in settings.items())
    trainer = Trainer(config(stages=("closed_loop",), steps=2, constants=constants))
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    losses = [record.meta_loss for record in trainer.run()]
    assert all(0 <= loss <= 1 for loss in losses)
    after = trainer.model.state_dict()
    moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert moved == {"rule.log_gains", "rule.output.weight", "rule.output.bias"}
