"""Any update rule on any loss of theta `[N, P]`, and the meta-training of rules and initial values.

The counterpart of `adaptation.adapt` for other losses: rules get the same arguments.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from roam_lite.rules import SGD, UpdateRule

_LARGEST_META_GRADIENT = 1.0


@dataclass(frozen=True)
class Task:
    """N losses to minimize from a start, and the measure that counts."""

    loss: Callable[[Tensor], Tensor]  # from theta [N, P] to [N]
    measure: Callable[[Tensor], Tensor]  # the same, perhaps on points that the loss lacks
    start: Tensor  # [N, P]
    first_rate: float | Tensor = 1e-2  # the previous rates of neural rules at the first step


def descend(rule: UpdateRule, task: Task, steps: int, second_order: bool = False) -> Tensor:
    """Return the measure after 0 ... T steps of a rule, `[T + 1, N]`.

    Differentiable with respect to rule and start; without `second_order`, gradients are constants.
    """
    second_order = second_order and torch.is_grad_enabled()
    needs_hessian = getattr(rule, "needs_hessian", False)
    theta, measured = task.start, [task.measure(task.start)]
    rates = torch.as_tensor(task.first_rate, dtype=theta.dtype).expand_as(theta)
    state = rule.init(theta, rates)
    for _ in range(steps):
        with torch.enable_grad():
            linked = second_order and theta.requires_grad
            point = theta if linked else theta.detach().requires_grad_()
            loss = task.loss(point)
            graph = torch.autograd.grad(loss.sum(), point, create_graph=linked or needs_hessian)[0]
        extra = {}
        if needs_hessian:
            again = {"retain_graph": True, "create_graph": linked}
            extra["hessian"] = partial(_hessian_times, graph, point, again)
        gradient, loss = (graph, loss) if linked else (graph.detach(), loss.detach())
        taken = rule.step(theta, gradient, loss, state, **extra)
        theta, state = theta - taken.step, taken.state
        measured.append(task.measure(theta))
    return torch.stack(measured)


def _hessian_times(graph: Tensor, point: Tensor, options: dict[str, Any], vector: Tensor) -> Tensor:
    return torch.autograd.grad(graph, point, vector, **options)[0]


def train_rule(
    rule: nn.Module,
    draw: Callable[[torch.Generator], Task],
    generator: torch.Generator,
    steps: int,
    iterations: int = 150,
    rate: float = 0.03,
) -> None:
    """Train a learned rule, in place, to minimize the measure after each step (eq. 14)."""
    _train(
        list(rule.parameters()),
        lambda: descend(rule, draw(generator), steps)[1:].mean(),
        iterations,
        rate,
    )


def train_start(
    draw: Callable[[torch.Generator], Task],
    generator: torch.Generator,
    steps: int,
    groups: Tensor,
    first_rate: float,
    iterations: int = 300,
    rate: float = 0.03,
) -> tuple[Tensor, Tensor]:
    """Return a start `[P]` and rates `[P]` that were learned together, to second order.

    `groups` `[P]` gives the coordinates that share a rate; those of group -1 do not adapt. One group for
    all is MAML with a learned rate (Finn et al. 2017), with -1 for all but the last layer it is
    ANIL (Raghu et al. 2020), and a group for each coordinate is Meta-SGD (Li et al. 2017), except that
    rates stay positive.
    """
    start = draw(generator).start[0].clone().requires_grad_()
    log_rates = torch.full((int(groups.max()) + 1,), first_rate).log().requires_grad_()

    def rates() -> Tensor:
        return torch.where(groups < 0, 0.0, log_rates.exp()[groups.clamp(min=0)])

    def meta_loss() -> Tensor:
        task = draw(generator)
        task = replace(task, start=start.expand_as(task.start))
        return descend(SGD(rates()), task, steps, second_order=True)[-1].mean()

    _train([start, log_rates], meta_loss, iterations, rate)
    return start.detach(), rates().detach()


def _train(
    parameters: list[Tensor], meta_loss: Callable[[], Tensor], iterations: int, rate: float
) -> None:
    """Minimize a meta loss with Adam, whose rate decays to a tenth."""
    optimizer = torch.optim.Adam(parameters, lr=rate)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.1 ** (1 / iterations))
    for _ in range(iterations):
        optimizer.zero_grad()
        meta_loss().backward()
        nn.utils.clip_grad_norm_(parameters, _LARGEST_META_GRADIENT)
        optimizer.step()
        schedule.step()
