"""Short runs, and batches that cost nothing."""

import pytest

from roam_lite.training import TrainConfig
from roam_lite.training.loader import ClipBatches
from roam_lite.training.schedule import stage_of


@pytest.fixture
def config(tmp_path):
    def make(**changes):
        defaults = {"profile": "smoke", "data": "synthetic", "workers": 0, "steps": 8}
        return TrainConfig(**{**defaults, "out": str(tmp_path / "run"), **changes})

    return make


@pytest.fixture
def painted(monkeypatch):
    """Batches come from memory: what they hold does not matter to the loop."""
    made = {}

    def batch(self, step, original=ClipBatches.__getitem__):
        stage, _ = stage_of(self.stages, step)
        if stage.name not in made:
            made[stage.name] = original(self, step)
        return made[stage.name]

    monkeypatch.setattr(ClipBatches, "__getitem__", batch)
