"""The moving average of the weights that a checkpoint holds.

With `training.averaging` above 0 a checkpoint holds an exponential moving average of the weights,
running statistics of batch norms included, instead of the last step's. It goes on from stage to
stage; skipped steps do not enter.
"""

import torch

from roam_lite.meta_model import MetaModel


@torch.no_grad()
def update_average(average: MetaModel, model: MetaModel, decay: float, taken: int) -> None:
    """Move the average towards a model after a step, `taken` others having been taken before it.

    It keeps at most (1 + taken) / (10 + taken) of itself, so that it soon forgets where the run began.
    """
    kept = min(decay, (1 + taken) / (10 + taken))
    latest = model.state_dict()
    for name, mean in average.state_dict().items():  # which shares its memory
        if mean.is_floating_point():
            mean.lerp_(latest[name], 1 - kept)
        else:  # counters of batch norms
            mean.copy_(latest[name])
