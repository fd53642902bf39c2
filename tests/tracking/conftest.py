"""A picture to track in."""

import numpy as np
import pytest


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)
