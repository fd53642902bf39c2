"""Exercises 3 and 4 of 03_labels_and_losses: both terms of the tracking loss."""

import numpy as np
import torch
from torch import Tensor

from roam_lite.exercises.exercise import Exercise, Mistake
from roam_lite.model.losses import gaussian_labels, regression_loss, response_loss

# 03.3


def balanced(response: Tensor, labels: Tensor) -> Tensor:
    """Return the balanced response loss of the samples `[n, H, W]` of one video."""
    return response_loss(response[None], labels[None], "balanced", easy_error=0.1)[0]


def _weighted(counted, weight=torch.exp, plus: float = 1.0):
    def loss(response: Tensor, labels: Tensor) -> Tensor:
        error = response - labels
        mask = counted(error, labels).to(error.dtype)
        return (mask * weight(labels) * error**2).sum() / (mask.sum() + plus)

    return loss


def _hard(error: Tensor, labels: Tensor) -> Tensor:
    return error.abs() >= 0.1


def _draw_response(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    cells = torch.arange(9, dtype=torch.float64) * 4 + 2
    boxes = np.concatenate([rng.uniform(0, 16, (2, 2)), rng.uniform(16, 24, (2, 2))], axis=1)
    labels = gaussian_labels(torch.from_numpy(boxes), cells, cells, 4.0, 5.0)
    noise = torch.from_numpy(rng.normal(scale=0.25, size=labels.shape))
    # An error at the threshold would be counted or not by rounding.
    noise[(noise.abs() - 0.1).abs() < 0.01] = 0.0
    return labels + noise, labels


_RESPONSE_LOSS = Exercise(
    "03.3",
    "the balanced response loss",
    balanced,
    _draw_response,
    (
        Mistake(
            "plain",
            lambda response, labels: (response - labels).square().mean(),
            "That is the plain loss: the mean over all cells, most of them easy background.",
        ),
        Mistake(
            "sum for mean",
            lambda response, labels: (
                _weighted(_hard)(response, labels) * ((response - labels).abs() >= 0.1).sum().add(1)
            ),
            "A sum. Twice as many samples should not make the loss twice as large.",
        ),
        Mistake(
            "no weight",
            _weighted(_hard, weight=torch.ones_like),
            "Errors on the target should weigh more than errors far from it.",
        ),
        Mistake(
            "mean over all cells",
            lambda response, labels: (
                _weighted(_hard)(response, labels)
                * ((response - labels).abs() >= 0.1).sum().add(1)
                / labels.numel()
            ),
            "You leave the easy cells out of the sum but count them in the mean.",
        ),
        Mistake(
            "one forgotten",
            _weighted(_hard, plus=0.0),
            "What does your function give when every error is small?",
        ),
        Mistake(
            "all cells counted",
            _weighted(lambda error, labels: torch.ones_like(error)),
            "Weighted, but nothing is left out: which cells are easy?",
        ),
        Mistake(
            "cells by label",
            _weighted(lambda error, labels: labels >= 0.1),
            "You choose cells by their label. Background that the model mistakes for the target "
            "matters as well.",
        ),
        Mistake(
            "threshold on the square",
            _weighted(lambda error, labels: error.square() >= 0.1),
            "The threshold of 0.1 is one for the error's magnitude, before squaring.",
        ),
        Mistake(
            "only errors above",
            _weighted(lambda error, labels: error >= 0.1),
            "A response that is too low is wrong, too.",
        ),
    ),
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

EXERCISES = (_RESPONSE_LOSS, _BOX_LOSS)
