"""The moving average of the weights in a checkpoint.

With `training.averaging` above 0, a checkpoint contains an exponential moving average of the weights,
including running statistics of batch norms, instead of the last step's. It continues from stage to
stage; skipped steps do not count.
"""

import torch

from roam_lite.meta_model import MetaModel


@torch.no_grad()
def update_average(average: MetaModel, model: MetaModel, decay: float, taken: int) -> None:
    """Move the average toward a model after a step; `taken` steps came before it.

    It keeps at most (1 + taken) / (10 + taken) of itself, so that it soon forgets the beginning.
    """
    kept = min(decay, (1 + taken) / (10 + taken))
    latest = model.state_dict()
    for name, mean in average.state_dict().items():  # shares memory with the model
        if mean.is_floating_point():
            mean.lerp_(latest[name], 1 - kept)
        else:  # counters of batch norms
            mean.copy_(latest[name])
