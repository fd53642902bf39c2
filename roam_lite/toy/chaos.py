"""The meta loss along a line in omega: its roughness at each horizon, and its gradients.

Long unrolls can be chaotic: the loss after them has many local minima and steep walls, where the
gradient is exact but useless ("Gradients are not all you need", Metz et al. 2021). Evolution
strategies see a smoothed loss.
"""

import warnings
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import jvp, vmap

from roam_lite.errors import InputError
from roam_lite.toy.problem import Problems, draw_problems, toy_rule
from roam_lite.toy.unrolls import flat_parameters, toy_losses

# A dip is a minimum if it is deeper than this share of the loss: rounding causes shallower ones.
_DEPTH = 1e-9


@dataclass(frozen=True)
class Line:
    """The loss of the toy along omega + s * direction, after each number of updates up to T."""

    shares: Tensor  # [S], s
    losses: Tensor  # [S, T + 1], after 0 ... T updates, the mean over the problems
    slopes: Tensor  # [S, T + 1], their derivatives with respect to s
    smoothed: Tensor  # [S, T + 1], estimates of those by evolution strategies


def random_direction(rule: nn.Module, generator: torch.Generator) -> Tensor:
    """Return a standard normal direction `[n]` in the space of a rule's parameters."""
    omega = flat_parameters(rule)
    return torch.randn(omega.shape, generator=generator, dtype=omega.dtype)


def losses_along(
    rule: nn.Module, problems: Problems, direction: Tensor, shares: Tensor, updates: int
) -> Tensor:
    """Return the mean loss `[S, T + 1]` at omega + s * direction for each s of `shares` `[S]`."""
    omega, losses = flat_parameters(rule), toy_losses(rule, problems, updates)
    with torch.no_grad():
        return vmap(lambda s: losses(omega + s * direction))(shares)


def scan_line(
    rule: nn.Module,
    problems: Problems,
    direction: Tensor,
    shares: Tensor,
    updates: int,
    noise: Tensor,
    spread: float,
) -> Line:
    """Return losses, derivatives and estimates at each s of `shares` `[S]`, which are evenly spaced.

    The estimates are those of `evolution_gradient` along the line, with the standard normal `noise`
    `[pairs]` rounded so that s moves by whole spacings: the losses of one longer line serve all pairs
    and horizons. Rule, problems and direction should be float64, because many updates amplify rounding.
    Raises InputError for a spread of less than two spacings, where rounding would matter.
    """
    spacing = float(shares[1] - shares[0])
    if spread < 2 * spacing:
        raise InputError(f"spread {spread:g}: give at least {2 * spacing:g}, two spacings of s")
    omega, losses = flat_parameters(rule), toy_losses(rule, problems, updates)

    def slope(s: Tensor) -> Tensor:
        return jvp(lambda s: losses(omega + s * direction), (s,), (torch.ones_like(s),))[1]

    moves = (spread * noise / spacing).round().long()
    margin, count = int(moves.abs().max()), len(shares)
    around = shares[0] + spacing * torch.arange(-margin, count + margin, dtype=shares.dtype)
    longer = losses_along(rule, problems, direction, around, updates)
    smoothed = torch.zeros_like(longer[:count])
    for move in moves.tolist():
        ahead, behind = (longer[margin + side * move :][:count] for side in (1, -1))
        smoothed += move * spacing / spread * (ahead - behind) / (2 * spread * len(moves))
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # from jvp, when torch first loads its rules
        slopes = vmap(slope)(around[margin : margin + count])
    return Line(shares, longer[margin : margin + count], slopes, smoothed)


def count_minima(losses: Tensor) -> Tensor:
    """Return the number of local minima `[...]` of curves `[S, ...]`, not counting their ends."""
    here, before, after = losses[1:-1], losses[:-2], losses[2:]
    depth = torch.minimum(before, after) - here
    return (depth > _DEPTH * here.abs()).sum(dim=0)


def minima_by_horizon(
    name: str, seeds: int, updates: int = 15, points: int = 400, reach: float = 1.0
) -> Tensor:
    """Return the number of local minima `[seeds, T + 1]` after 0 ... T updates.

    Each seed draws an untrained rule, 8 problems with x from 1 to 4, and a direction, along which s goes
    from -`reach` to `reach`.
    """
    counts = []
    shares = torch.linspace(-reach, reach, points, dtype=torch.float64)
    for seed in range(seeds):
        generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # torch's layers initialize from it
            rule = toy_rule(name).double()
        drawn = draw_problems(generator, 1.0, 4.0, (8, 4))
        problems = Problems(drawn.x.double(), drawn.y.double())
        direction = random_direction(rule, generator)
        counts.append(count_minima(losses_along(rule, problems, direction, shares, updates)))
    return torch.stack(counts)
