"""What holds a rule with a learning rate to torch's own optimizer, in float64."""

import numpy as np
import torch

from roam_lite.adaptation import adapt, update_loss
from roam_lite.model.tracking_model import ThetaLayout
from tests.tiny import TINY, draw_batch

STEPS = 6


def on_a_quadratic(rule, optimizer):
    """theta after each step of a rule and of `optimizer([theta])`, on losses of two videos."""
    roots = torch.randn(2, 7, 7, dtype=torch.float64)
    center, start = torch.randn(2, 2, 7, dtype=torch.float64)

    def losses(theta):
        return ((roots @ (theta - center)[..., None]) ** 2).sum(dim=(1, 2))

    theta = start
    state, ours = rule.init(theta, torch.ones_like(theta)), []
    for _ in range(STEPS):
        point = theta.clone().requires_grad_()
        loss = losses(point)
        (gradient,) = torch.autograd.grad(loss.sum(), point)
        step, state, _ = rule.step(theta, gradient, loss.detach(), state)
        theta = theta - step
        ours.append(theta)
    return torch.stack(ours), _by_torch(start, losses, optimizer)


def on_the_tracking_loss(rule, optimizer):
    """The same through `adapt`, on the tiny tracking loss."""
    samples = draw_batch(np.random.default_rng(0)).samples(TINY.model)
    size = ThetaLayout.of(TINY.model).size
    theta = start = 0.5 * torch.randn(2, size, dtype=torch.float64)
    state, ours = rule.init(theta, torch.ones_like(theta)), []
    for _ in range(STEPS):
        adapted = adapt(theta, samples, rule, state, TINY.model)
        theta, state = adapted.theta, adapted.state
        ours.append(theta)
    return torch.stack(ours), _by_torch(
        start, lambda theta: update_loss(theta, samples, TINY.model), optimizer
    )


def _by_torch(start, losses, optimizer):
    parameter = torch.nn.Parameter(start.clone())
    stepper, thetas = optimizer([parameter]), []
    for _ in range(STEPS):
        stepper.zero_grad()
        losses(parameter).sum().backward()
        stepper.step()
        thetas.append(parameter.detach().clone())
    return torch.stack(thetas)
