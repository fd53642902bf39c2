"""What a neural optimizer sees of each coordinate (eq. 10)."""

from math import exp

import torch
from torch import Tensor

INPUTS = {  # the channels in their order, as tables call them
    "raw": ("last rate", "gradient", "theta", "loss"),
    "log_sign": ("last rate", "gradient size", "gradient sign", "theta", "loss"),
}
CHANNELS = {kind: len(names) for kind, names in INPUTS.items()}


def log_and_sign(gradient: Tensor, p: float) -> tuple[Tensor, Tensor]:
    """Return two channels that show a value's magnitude and sign over many decades.

    `(log|g| / p, sign g)` where |g| >= e^-p, else `(-1, e^p g)` ([1], appendix A).
    """
    magnitude = gradient.abs()
    large = magnitude >= exp(-p)
    # The inner clamp keeps the unused side of `where` finite, in its derivative too.
    log = torch.log(magnitude.clamp(min=torch.finfo(gradient.dtype).tiny)) / p
    first = torch.where(large, log, -torch.ones_like(log))
    second = torch.where(large, gradient.sign(), gradient * exp(p))
    return first, second


def stack_input(
    kind: str, p: float, learning_rates: Tensor, gradient: Tensor, theta: Tensor, loss: Tensor
) -> Tensor:
    """Return the input stack I `[N, P, 4 or 5]` of all coordinates (eq. 10).

    `learning_rates`, `gradient`, `theta` `[N, P]`; `loss` `[N]` is broadcast to every coordinate.
    `"raw"` stacks the four as they are. `"log_sign"` shows the gradient as log-magnitude and sign
    and the previous learning rate, which spans decades too, by its logarithm; magnitudes from e^-p
    to 1 are shown by their logarithm, smaller ones linearly.
    """
    loss = loss[:, None].expand_as(theta)
    if kind == "raw":
        channels = (learning_rates, gradient, theta, loss)
    else:
        log_rates = torch.log(learning_rates.clamp(min=1e-12)) / p
        channels = (log_rates, *log_and_sign(gradient, p), theta, loss)
    # The channels lie apart in memory: the recurrent cells read each as one block.
    return torch.stack(channels).movedim(0, -1)
