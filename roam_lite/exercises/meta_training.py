"""Exercises of 06_meta_training: what meta-gradients keep, evolution strategies, boxes that drift."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from roam_lite.evolution import evolution_gradient
from roam_lite.exercises.exercise import Exercise, Mistake

# 06.1


def reach(rates: Tensor, curvature: float) -> Tensor:
    """Return d theta_T / d theta_0 for `full`, `chained`, `first_order` and `first_step`, T at least 2."""
    factors = 1 - rates * curvature
    one = torch.ones_like(factors[0])
    return torch.stack([factors.prod(), factors[0], one, 0 * one])


def _reach(
    full: Callable = lambda r, c: (1 - r * c).prod(),
    chained: Callable = lambda r, c: 1 - r[0] * c,
    last: tuple[float, float] = (1.0, 0.0),
):
    """An answer with another derivative for one of the kinds."""

    def answer(rates: Tensor, curvature: float) -> Tensor:
        values = full(rates, curvature), chained(rates, curvature), *last
        return torch.stack([torch.as_tensor(value, dtype=rates.dtype) for value in values])

    return answer


_REACH = Exercise(
    "06.1",
    "what each meta-gradient keeps",
    reach,
    lambda rng: (
        torch.from_numpy(rng.uniform(0.05, 0.4, int(rng.integers(2, 6)))),
        float(rng.uniform(0.5, 4)),
    ),
    (
        Mistake(
            "first step not cut",
            _reach(last=(1.0, 1.0)),
            "`first_step` cuts theta after every step. What does the last weight still know of the "
            "first one?",
        ),
        Mistake(
            "first step as chained",
            lambda r, c: _reach(last=(1.0, 1 - float(r[0]) * c))(r, c),
            "`first_step` goes through the gradient of the first step, but theta is a constant after "
            "it: here there is more than one update.",
        ),
        Mistake(
            "first order cut",
            _reach(last=(0.0, 0.0)),
            "First order takes *gradients* for constants. Theta itself is passed on from step to step.",
        ),
        Mistake(
            "chained in full",
            _reach(chained=lambda r, c: (1 - r * c).prod()),
            "`chained` is second order in the first update alone. What is the factor of the others?",
        ),
        Mistake(
            "factors added",
            _reach(full=lambda r, c: 1 - (r * c).sum()),
            "The second step starts from what the first one left: do factors add up?",
        ),
        Mistake(
            "curvature doubled",
            lambda r, c: reach(r, 2 * c),
            "The curvature is the second derivative itself; there is no 2 to be added.",
        ),
        Mistake(
            "sign of the step",
            lambda r, c: reach(-r, c),
            "The step is subtracted. With a small rate the weight moves toward the optimum, and less "
            "of the start is left.",
        ),
    ),
)

# 06.2


def _losses(scale: Tensor, place: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda omega: (scale * (omega - place).square()).sum() + (3 * omega).sin().sum()


def _draw_search(rng: np.random.Generator) -> tuple:
    scale, place, center = torch.from_numpy(rng.uniform(0.5, 2, (3, 3)))
    return _losses(scale, place), center, torch.from_numpy(rng.normal(size=(6, 3))), 0.2


def _pairs(losses: Callable, center: Tensor, noise: Tensor, spread: float) -> Tensor:
    """The differences of all pairs, `[pairs, 1]`."""
    ends = [(losses(center + spread * e), losses(center - spread * e)) for e in noise]
    return torch.stack([ahead - behind for ahead, behind in ends])[:, None]


def _one_sided(losses: Callable, center: Tensor, noise: Tensor, spread: float) -> Tensor:
    here = losses(center)
    gains = torch.stack([losses(center + spread * e) - here for e in noise])[:, None]
    return (gains * noise).mean(dim=0) / spread


_ESTIMATE = Exercise(
    "06.2",
    "evolution strategies",
    evolution_gradient,
    _draw_search,
    (
        Mistake(
            "one side",
            _one_sided,
            "An estimate of the same gradient, from one side only. Compare ahead with behind: the even "
            "part of the loss then cancels exactly.",
        ),
        Mistake(
            "two forgotten",
            lambda *a: 2 * evolution_gradient(*a),
            "How far apart are the two places that a pair compares?",
        ),
        Mistake(
            "spread forgotten",
            lambda losses, center, noise, spread: (
                (_pairs(losses, center, noise, spread) * noise).mean(dim=0) / 2
            ),
            "A difference of losses is not yet a slope: by what distance do you divide?",
        ),
        Mistake(
            "spread squared",
            lambda losses, center, noise, spread: (
                (_pairs(losses, center, noise, spread) * noise).mean(dim=0) / (2 * spread**2)
            ),
            "You divide by the spread once too often. Try it with a loss that is linear.",
        ),
        Mistake(
            "sum for mean",
            lambda losses, center, noise, spread: (
                evolution_gradient(losses, center, noise, spread) * len(noise)
            ),
            "Your estimate grows with the number of pairs.",
        ),
        Mistake(
            "only the sign",
            lambda losses, center, noise, spread: (
                (_pairs(losses, center, noise, spread).sign() * noise).mean(dim=0) / (2 * spread)
            ),
            "You ask which side is better, but not by how much.",
        ),
        Mistake(
            "uphill and downhill",
            lambda *a: -evolution_gradient(*a),
            "That is the way down. The gradient was asked for.",
        ),
    ),
)

# 06.3


def drift(bias: float, share: float, frames: int) -> np.ndarray:
    """Return the errors of the size found in each frame, whose region is the one found before."""
    errors = [bias]
    while len(errors) < frames:
        errors.append(share * errors[-1] + bias)
    return np.array(errors)


_DRIFT = Exercise(
    "06.3",
    "boxes of one's own",
    drift,
    lambda rng: (float(rng.uniform(0.02, 0.1)), float(rng.uniform(0.2, 0.8)), 6),
    (
        Mistake(
            "true boxes",
            lambda bias, share, frames: [bias] * frames,
            "That is what clips with true boxes show. In the closed loop the region is off already "
            "when the second frame comes.",
        ),
        Mistake(
            "errors added",
            lambda bias, share, frames: [bias * (t + 1) for t in range(frames)],
            "Not all of the error before is kept: only the share that the model does not find.",
        ),
        Mistake(
            "where it settles",
            lambda bias, share, frames: [bias / (1 - share)] * frames,
            "That is where it settles, after many frames. How does it get there?",
        ),
        Mistake(
            "without the bias of later frames",
            lambda bias, share, frames: [bias * share**t for t in range(frames)],
            "The first error is forgotten as you say. But every frame adds its bias again.",
        ),
        Mistake(
            "one frame late",
            lambda bias, share, frames: [0.0, *drift(bias, share, frames)][:frames],
            "The first frame is given and not asked for: begin with the one after it.",
        ),
        Mistake(
            "share of what is found",
            lambda bias, share, frames: drift(bias, 1 - share, frames),
            "`share` is what is left of the region's error, not what is found of it.",
        ),
    ),
)

EXERCISES = (_REACH, _ESTIMATE, _DRIFT)
