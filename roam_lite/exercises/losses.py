"""Exercises 3 and 4 of 03_labels_and_losses: a response loss of your own, the regression loss."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.model.losses import gaussian_labels, regression_loss, response_loss

Array = NDArray[np.bool_]

# 03.3


def own_loss(response: Tensor, labels: Tensor) -> Tensor:
    """Return the focused response loss of samples `[n, H, W]`, 1 for the response 0 everywhere."""
    nothing = _focused(torch.zeros_like(labels), labels)
    return _focused(response, labels) / nothing


def _kind(kind: str):
    def loss(response: Tensor, labels: Tensor) -> Tensor:
        return response_loss(response[None], labels[None], kind, easy_error=0.1)[0]

    return loss


_focused = _kind("focused")


def _in_units_of_nothing(loss):
    return lambda response, labels: loss(response, labels) / loss(torch.zeros_like(labels), labels)


def reached(loss: Callable, arguments: tuple[Tensor, Tensor]) -> tuple[Tensor, Array]:
    """Return the loss of the response 0, and five flags: what the loss of other responses is like.

    The flags, 1 or 0: the right response costs nothing; a second target costs at least 0.2; slight
    noise everywhere costs less than 0.5; no added errors lower the loss of a response that is too
    weak; the same samples twice cost the same.
    """
    labels, noise = arguments
    shy, background = 0.2 * labels, (labels < 0.01).to(labels.dtype)
    second = torch.maximum(labels, labels.roll(labels.shape[-1] // 2, dims=-1))
    weak = loss(shy, labels)
    added = [loss(shy + a * background, labels) for a in (0.06, 0.11, 0.15, 0.2, 0.3)]
    flags = (
        abs(loss(labels.clone(), labels)) < 1e-6,
        loss(second, labels) >= 0.2,
        loss(labels + noise, labels) < 0.5,
        all(value > weak - 1e-6 for value in added),
        abs(loss(shy.repeat(2, 1, 1), labels.repeat(2, 1, 1)) - weak) < 1e-3 * abs(weak),
    )
    return loss(torch.zeros_like(labels), labels), np.array([bool(flag) for flag in flags])


def _draw_labels(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    cells = torch.arange(36, dtype=torch.float64) * 4 + 2
    boxes = np.concatenate([rng.uniform(20, 80, (2, 2)), rng.uniform(24, 40, (2, 2))], axis=1)
    labels = gaussian_labels(torch.from_numpy(boxes), cells, cells, 4.0, 20.0)
    return labels, torch.from_numpy(0.08 * rng.choice([-1.0, 1.0], labels.shape))


_OWN_LOSS = Exercise(
    "03.3",
    "a response loss of your own",
    own_loss,
    _draw_labels,
    (
        Mistake(
            "plain",
            _in_units_of_nothing(_kind("plain")),
            "The slight noise costs too much: there are very many background cells. How could "
            "small errors there count less than in proportion?",
        ),
        Mistake(
            "balanced",
            _in_units_of_nothing(_kind("balanced")),
            "A model can lower your loss by adding errors. Which part of the mean depends on what "
            "the model answers?",
        ),
        Mistake(
            "focused as it is",
            _focused,
            "All is as asked but the unit: what is your loss for the response 0 everywhere? Nothing "
            "forbids to compute it inside your function.",
        ),
        Mistake(
            "the target alone",
            _in_units_of_nothing(
                lambda response, labels: (labels * (response - labels) ** 2).sum()
            ),
            "A second target costs nothing. Background that looks like a target has to count.",
        ),
        Mistake(
            "no difference",
            lambda response, labels: torch.ones_like(labels).mean(),
            "Your loss is the same for every response.",
        ),
        Mistake(
            "a sum",
            lambda response, labels: _focused(response, labels) * len(labels),
            "The same samples twice should cost the same. Is there a sum where a mean should be?",
        ),
    ),
    observe=reached,
)

# 03.4


def box_loss(deltas: Tensor, targets: Tensor, positive: Tensor) -> Tensor:
    """Return the regression loss of the samples of one video; `[n, 4, H, W]` and a mask `[n, H, W]`."""
    return regression_loss(deltas[None], targets[None], positive[None])[0]


def _smooth(distance: Tensor) -> Tensor:
    size = distance.abs()
    return torch.where(size < 1, 0.5 * size**2, size - 0.5)


def _averaged(penalty):
    """The mean of some penalty over the counted anchors of each frame, then over frames."""

    def loss(deltas: Tensor, targets: Tensor, positive: Tensor) -> Tensor:
        total = (penalty(deltas - targets) * positive[:, None]).sum(dim=(1, 2, 3))
        return (total / (4 * positive.sum(dim=(1, 2)))).mean()

    return loss


def _pooled(deltas: Tensor, targets: Tensor, positive: Tensor) -> Tensor:
    total = (_smooth(deltas - targets) * positive[:, None]).sum()
    return total / (4 * positive.sum())


def _draw_deltas(rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    positive = np.zeros((2, 36))
    positive[0, rng.choice(36, 8, replace=False)] = 1
    positive[1, rng.choice(36, 3, replace=False)] = 1
    deltas, targets = torch.from_numpy(rng.normal(scale=1.2, size=(2, 2, 4, 6, 6)))
    return deltas, targets, torch.from_numpy(positive).view(2, 6, 6)


_BOX_LOSS = Exercise(
    "03.4",
    "the regression loss",
    box_loss,
    _draw_deltas,
    (
        Mistake(
            "all anchors",
            lambda deltas, targets, positive: _smooth(deltas - targets).mean(),
            "An anchor far from the target knows nothing about its box. Who counts?",
        ),
        Mistake(
            "counted in the sum only",
            lambda deltas, targets, positive: (
                _smooth(deltas - targets) * positive[:, None]
            ).mean(),
            "Anchors that do not count are still in your denominator.",
        ),
        Mistake(
            "sum for mean",
            lambda deltas, targets, positive: (_smooth(deltas - targets) * positive[:, None]).sum(),
            "A sum. It grows with the number of anchors and frames; a mean would not.",
        ),
        Mistake(
            "sum over coordinates",
            lambda deltas, targets, positive: 4 * _averaged(_smooth)(deltas, targets, positive),
            "Mean over anchors and frames, but a sum over the four coordinates.",
        ),
        Mistake(
            "frames pooled",
            _pooled,
            "A frame with more counted anchors weighs more in your mean than one with few.",
        ),
        Mistake(
            "absolute",
            _averaged(torch.abs),
            "That is L1 everywhere. Near zero the loss should be smooth.",
        ),
        Mistake(
            "squared",
            _averaged(lambda distance: 0.5 * distance**2),
            "That is quadratic everywhere. Far from zero the gradient should stay bounded.",
        ),
        Mistake(
            "half forgotten",
            _averaged(lambda d: torch.where(d.abs() < 1, d**2, d.abs() - 0.5)),
            "Look at your loss just below and just above a distance of 1.",
        ),
        Mistake(
            "a jump",
            _averaged(lambda d: torch.where(d.abs() < 1, 0.5 * d**2, d.abs())),
            "Your two pieces do not meet at a distance of 1.",
        ),
    ),
)

EXERCISES = (_OWN_LOSS, _BOX_LOSS)
