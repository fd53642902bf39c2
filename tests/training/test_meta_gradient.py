"""The full meta-gradient against finite differences, in float64 on a tiny case."""

import numpy as np
import pytest
import torch

from roam_lite.config import modify
from roam_lite.training.rollout import rollout
from tests.tiny import TINY, draw_clips, given_episode, tiny_model

STEP = 1e-6


def learned(model):
    """What Algorithm 1 learns besides the backbone."""
    return {
        "theta0": model.theta0,
        "log_lambda0": model.log_lambda0,
        "log_gains": model.log_gains,
        **{f"rule.{name}": parameter for name, parameter in model.rule.named_parameters()},
    }


def directions(parameter, generator):
    """Random unit directions, and a single coordinate."""
    for _ in range(2):
        direction = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
        yield direction / direction.norm()
    index = torch.randint(parameter.numel(), (), generator=generator)
    yield torch.eye(1, parameter.numel(), dtype=parameter.dtype).roll(int(index)).view_as(parameter)


def slope(loss, parameter, direction):
    """The loss's derivative along a direction, by central differences."""
    with torch.no_grad():
        parameter += STEP * direction
        ahead = loss()
        parameter -= 2 * STEP * direction
        behind = loss()
        parameter += STEP * direction
    return ((ahead - behind) / (2 * STEP)).item()


@pytest.mark.parametrize(
    ("rule_input", "share", "scaling"),
    [
        ("raw", None, None),
        ("log_sign", None, "everywhere"),
        ("log_sign", 0.6, None),
        ("log_sign", 0.6, "after"),
    ],
)
def test_full_gradient_equals_finite_differences(rule_input, share, scaling):
    config = modify(
        TINY,
        rule={"input": rule_input, "initial_share": share},
        training={"scale_first_step": scaling == "everywhere"},
    )
    model = tiny_model(config)
    clips = given_episode(draw_clips(np.random.default_rng(1), videos=2, updates=3))
    generator = torch.Generator().manual_seed(0)
    scales = None
    if scaling:
        size = (2, model.theta0.numel())
        scales = torch.exp(0.3 * torch.randn(size, generator=generator, dtype=torch.float64))

    def loss():
        return rollout(model, clips, "full", scales).loss

    parameters = learned(model)
    gradients = torch.autograd.grad(loss(), parameters.values())
    for (name, parameter), gradient in zip(parameters.items(), gradients, strict=True):
        for direction in directions(parameter, generator):
            expected = slope(loss, parameter, direction)
            actual = (gradient * direction).sum().item()
            assert actual == pytest.approx(expected, rel=1e-5, abs=1e-8), name
    assert all(gradient.any() for gradient in gradients)
