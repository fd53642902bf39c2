"""The processes that train together: the number of this one, and decisions that they share.

A process that trains alone is number 0 of 1, and no process group is opened.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor

from roam_lite.devices import own_device


class ProcessLost(ChildProcessError):
    """Another process of the run has ended too early."""


def _together() -> bool:
    return dist.is_available() and dist.is_initialized()


def rank() -> int:
    """Return the number of this process, from 0; only number 0 writes files and messages."""
    return dist.get_rank() if _together() else 0


def world() -> int:
    """Return how many processes train together."""
    return dist.get_world_size() if _together() else 1


def launched() -> bool:
    """Return whether a launcher, ours or torchrun, has started this process as one of several."""
    return {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys()


@contextmanager
def process_group(device: str) -> Iterator[None]:
    """Join the other processes inside the context, if a launcher has started this one.

    Raises ProcessLost if one of them ends there.
    """
    if not launched():
        yield
        return
    if device.startswith("cuda"):
        torch.cuda.set_device(own_device(device))
    dist.init_process_group("cpu:gloo,cuda:nccl" if device.startswith("cuda") else "gloo")
    try:
        yield
    except RuntimeError as error:
        # Gloo's errors have no special class.
        if not isinstance(error, dist.DistError) and "gloo" not in str(error):
            raise
        raise ProcessLost(f"process {rank()} of {world()} lost contact with another") from error
    dist.destroy_process_group()


def any_says(word: bool) -> bool:
    """Return whether the value is true in any process: all get the same answer."""
    if world() == 1:
        return word
    words = torch.tensor(int(word))
    dist.all_reduce(words, dist.ReduceOp.MAX)
    return bool(words)


def differ(number: int) -> bool:
    """Return whether the number differs between processes: all get the same answer."""
    if world() == 1:
        return False
    extremes = torch.tensor([number, -number])
    dist.all_reduce(extremes, dist.ReduceOp.MAX)
    return bool(extremes.sum())


def mean_of_all(values: Tensor) -> Tensor:
    """Return the mean over the first axis, the videos of all processes, detached."""
    values = values.detach()
    if world() == 1:
        return values.mean(dim=0)
    sums = torch.cat([values.sum(dim=0), values.new_tensor([len(values)])])
    dist.all_reduce(sums)
    return sums[:-1] / sums[-1]


class _SumOfAll(torch.autograd.Function):
    """The sum of a tensor over all processes, the same in each; so is that of its gradients."""

    @staticmethod
    def forward(ctx: object, value: Tensor) -> Tensor:
        value = value.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(value)
        return value

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return _SumOfAll.apply(gradient)


def sum_of_all(value: Tensor) -> Tensor:
    """Return the sum over all processes, with a graph through all of them."""
    return _SumOfAll.apply(value) if world() > 1 else value
