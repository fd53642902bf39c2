"""Batch norms over the joined batch, so that several processes normalize like a single one."""

import torch
from torch import Tensor, nn

from roam_lite.training.processes import sum_of_all


class JoinedBatchNorm(nn.BatchNorm2d):
    """A batch norm with the (running) statistics of all processes' samples.

    Torch's own SyncBatchNorm works only on GPUs. Mean and variance are computed one after the other:
    the difference of two sums would lose digits.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return normalized maps `[N, C, H, W]`; all processes have to call this together."""
        if not self.training:
            return super().forward(x)
        own, axes = x.float(), (0, 2, 3)
        count = sum_of_all(own.new_tensor([own.numel() // own.shape[1]]))
        mean = sum_of_all(own.sum(axes)) / count
        centered = own - mean[:, None, None]
        variance = sum_of_all(centered.square().sum(axes)) / count
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        scale = torch.rsqrt(variance + self.eps)
        if self.affine:
            scale = scale * self.weight
        y = centered * scale[:, None, None]
        if self.affine:
            y = y + self.bias[:, None, None]
        return y.to(x.dtype)


def join_norms(module: nn.Module) -> None:
    """Make all batch norms of a module, weights unchanged, use the statistics of all processes."""
    for part in module.modules():
        if type(part) is nn.BatchNorm2d:
            part.__class__ = JoinedBatchNorm  # in place: optimizers and copies hold its parameters
