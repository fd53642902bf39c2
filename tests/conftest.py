"""What every test stands on: fixed seeds, one thread a worker, and where sequences are found."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parents[1]

os.environ.setdefault("MPLBACKEND", "Agg")  # figures are drawn into files, never into windows

if "PYTEST_XDIST_WORKER" in os.environ:  # the workers share the cores among themselves
    torch.set_num_threads(1)
    cv2.setNumThreads(1)

# Examples come from the test's name alone, so a run on another day tries the same ones. A busy
# machine must not fail a test, hence no deadline.
settings.register_profile(
    "quick",
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", settings.get_profile("quick"), max_examples=1000)
settings.load_profile("quick")


@pytest.fixture(autouse=True)
def _fixed_seeds():
    """Results must not depend on which tests ran before, nor in which worker."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - libraries still draw from it


@pytest.fixture
def small_disk():
    """Call it with a number of bytes: from then on a file that would be larger cannot be written."""
    resource = pytest.importorskip("resource")  # which Windows lacks
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda most: resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture(scope="session")
def repository_root() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def samples_root() -> Path:
    """The six rendered sequences that the project carries."""
    return REPOSITORY / "data_samples"


@pytest.fixture(scope="session")
def sequences_root() -> Path:
    """The folder of real sequences (`train/`, `dev/`), where this machine has one."""
    return folder_named("ROAM_LITE_SEQUENCES", "dev", "real sequences")


@pytest.fixture(scope="session")
def peers_root() -> Path:
    """The folder of other trackers' weights (`nanotrack/v1-*.onnx`, `v2-*.onnx`), where there is one."""
    return folder_named("ROAM_LITE_PEERS", "nanotrack", "weights of other trackers")


def folder_named(variable: str, part: str, content: str) -> Path:
    """The folder that an environment variable names; skips where there is none, or no `part` in it."""
    folder = os.environ.get(variable)
    if not folder:
        pytest.skip(f"{variable} is not set: no {content} on this machine")
    if not Path(folder, part).is_dir():
        pytest.skip(f"{variable} names {folder}, which has no {part}/ folder")
    return Path(folder)
