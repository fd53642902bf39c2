"""Where to compute."""

import torch

from roam_lite.errors import InputError


def choose_device(name: str) -> str:
    """Return the torch device that `cpu`, `cuda` or `auto` means; `auto` takes CUDA where it is.

    Raises InputError for cuda where there is none.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"device {name}: torch finds no CUDA device here; give cpu or auto")
    return name
