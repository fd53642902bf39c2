"""The toy problem of section 3.3: |x theta - y|^2, whose best learning rate is known.

The smallest problem on which a learned optimizer works, overfits, and is cured by
random filter scaling. Tensors are `[N, P]`: N problems of P independent coordinates.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from roam_lite.profiles import get_profile
from roam_lite.rules import UpdateRule, build_rule
from roam_lite.rules.scaling import draw_scales

# Otherwise a single problem that diverges would undo what hundreds have taught.
_LARGEST_META_GRADIENT = 1.0


@dataclass(frozen=True)
class Problems:
    """N problems of P coordinates: minimize `sum (x theta - y)^2`, starting from theta = 0."""

    x: Tensor  # [N, P]
    y: Tensor  # [N, P]

    def scaled(self, scales: Tensor) -> "Problems":
        """Return the same problems in the coordinates epsilon * theta (eq. 15).

        The loss divides theta by epsilon, which is the same as dividing x; theta = 0 stays 0.
        """
        return Problems(self.x / scales, self.y)


def draw_problems(
    generator: torch.Generator, low: float, high: float, shape: tuple[int, int] = (32, 4)
) -> Problems:
    """Return problems with x log-uniform in [low, high] and |y| from 0.5 to 1.5, of either sign."""
    share, size, side = torch.rand((3, *shape), generator=generator)
    return Problems(low * (high / low) ** share, (0.5 + size) * (2 * side.round() - 1))


def best_rates(x: Tensor) -> Tensor:
    """Return 1 / (2 x^2), with which a single step lands on y / x (section 3.3)."""
    return 1 / (2 * x.square())


def toy_loss(theta: Tensor, problems: Problems) -> Tensor:
    """Return the loss of each problem, `[N]`."""
    return (problems.x * theta - problems.y).square().sum(dim=1)


@dataclass(frozen=True)
class Unrolled:
    """The record of T updates."""

    thetas: Tensor  # [T + 1, N, P]
    losses: Tensor  # [T + 1, N]
    rates: Tensor  # [T, N, P], as emitted; nan if the rule has none
    state: Any = None  # of the rule, after the last update


def toy_rule(
    name: str, parts: Tensor | None = None, initial_rate: float = 0.05, hidden: int = 8
) -> nn.Module:
    """Return an untrained learned rule that emits absolute rates, in float32.

    `parts` `[P]` is as in `build_rule` (None: four coordinates of one part). Raises InputError if
    the rule is not a learned one.
    """
    config = replace(
        get_profile("smoke").rule, initial_rate=initial_rate, initial_share=None, hidden=hidden
    )
    parts = torch.zeros(4, dtype=torch.long) if parts is None else parts
    return build_rule(name, config=config, parts=parts)


def unroll(
    rule: UpdateRule,
    problems: Problems,
    updates: int,
    first_rate: float = 1e-2,
    second_order: bool = False,
    before: Unrolled | None = None,
    noise: Tensor | None = None,
) -> Unrolled:
    """Return T updates (eq. 9) of the problems by a rule, differentiable with respect to the rule.

    `first_rate` is the previous learning rate that a neural optimizer is shown at its first step.
    `second_order` keeps the graph of the gradients; otherwise they are constants, as in `adapt`.
    `before` is an earlier record, from whose end this one continues.
    `noise` `[T, N, P]` is added to y in each update, but not in the losses returned.
    """
    if before is None:
        theta = torch.zeros_like(problems.x)
        state = rule.init(theta, torch.full_like(theta, first_rate))
    else:
        theta, state = before.thetas[-1], before.state
    # A diagonal, for rules that need it.
    hessian = {"hessian": lambda v: 2 * problems.x.square() * v}
    extra = hessian if getattr(rule, "needs_hessian", False) else {}
    thetas, losses, rates = [theta], [toy_loss(theta, problems)], []
    for update in range(updates):
        seen = problems if noise is None else Problems(problems.x, problems.y + noise[update])
        gradient = 2 * seen.x * (seen.x * theta - seen.y)
        loss = losses[-1] if noise is None else toy_loss(theta, seen)
        if not second_order:
            gradient, loss = gradient.detach(), loss.detach()
        step, state, rate = rule.step(theta, gradient, loss, state, **extra)
        theta = theta - step
        thetas.append(theta)
        losses.append(toy_loss(theta, problems))
        rates.append(torch.full_like(theta, torch.nan) if rate is None else rate)
    return Unrolled(torch.stack(thetas), torch.stack(losses), torch.stack(rates), state)


def meta_train(
    rule: nn.Module,
    draw: Callable[[torch.Generator], Problems],
    generator: torch.Generator,
    *,
    kappa: float = 0.0,
    iterations: int = 400,
    updates: int = 3,
    rate: float = 0.05,
) -> list[float]:
    """Train a rule to minimize the loss after each update (eq. 14); return the mean meta losses.

    With `kappa` every iteration scales theta at random (eq. 15). Adam's `rate` decays to a tenth.
    """
    optimizer = torch.optim.Adam(rule.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.1 ** (1 / iterations))
    history = []
    for _ in range(iterations):
        problems = draw(generator)
        count, size = problems.x.shape
        one_branch = torch.zeros(size, dtype=torch.bool)
        scales = draw_scales(one_branch, kappa, kappa, count, generator)
        meta_loss = unroll(rule, problems.scaled(scales), updates).losses[1:].mean()
        optimizer.zero_grad()
        meta_loss.backward()
        nn.utils.clip_grad_norm_(rule.parameters(), _LARGEST_META_GRADIENT)
        optimizer.step()
        schedule.step()
        history.append(meta_loss.item())
    return history
