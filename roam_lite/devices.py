"""Where to compute, and in which precision."""

import os
import re
from dataclasses import replace

import torch

from roam_lite.config import Stage
from roam_lite.errors import InputError

# Torch's names of the CPU instruction sets that multiply bfloat16 numbers.
_BFLOAT16_SETS = ("amx_bf16", "avx512_bf16")
_OLDER_PROBES = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")


def choose_device(name: str | torch.device) -> str:
    """Return the torch device for `cpu`, `cuda`, `cuda:N` or `auto`; `auto` prefers CUDA.

    Raises InputError for cuda if there is none, and for other devices, on which nothing is tested.
    """
    wanted = str(name)
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not re.fullmatch(r"cpu|cuda(:[0-9]+)?", wanted):
        raise InputError(f"device {wanted!r}: give cpu, cuda or auto")
    if wanted == "cpu":
        return wanted
    if not torch.cuda.is_available():
        raise InputError(f"device {wanted}: torch finds no CUDA device; give cpu or auto")
    if int(wanted.partition(":")[2] or 0) >= (count := torch.cuda.device_count()):
        raise InputError(f"device {wanted}: {count} CUDA devices here, numbered from cuda:0")
    return wanted


def own_device(device: str) -> str:
    """Return the device of this process: with several processes on a machine, each has its own GPU.

    Raises InputError if there is no GPU with its number.
    """
    number = os.environ.get("LOCAL_RANK")
    return choose_device(f"cuda:{number}") if device == "cuda" and number else device


def multiplies_bfloat16(device: str) -> bool:
    """Return whether the device has instructions for bfloat16.

    A CPU without them converts every number back and forth: a `laptop` step in the first stage took
    nine times as long as in float32 on one with AVX2 alone (EXPERIMENTS.md).
    """
    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if hasattr(torch.cpu, "get_capabilities"):
        return any(torch.cpu.get_capabilities().get(name, False) for name in _BFLOAT16_SETS)
    return any(getattr(torch.cpu, name, bool)() for name in _OLDER_PROBES)  # before torch 2.11


def supported_precision(stage: Stage, device: str) -> Stage:
    """Return the stage with a precision that the device has instructions for: its own, or float32."""
    if stage.precision == "bfloat16" and not multiplies_bfloat16(device):
        return replace(stage, precision="float32")
    return stage
