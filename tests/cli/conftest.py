"""What every command is tried on: two sequences, a checkpoint, a tracker of the user's own."""

import sys

import pytest
import torch

from roam_lite.checkpoints import save_checkpoint
from roam_lite.data.otb import write_sequence
from roam_lite.data.synthetic import synthesize
from roam_lite.meta_model import MetaModel
from roam_lite.profiles import get_profile


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """Two rendered sequences of six frames in OTB layout."""
    folder = tmp_path_factory.mktemp("sequences")
    for seed, name in enumerate("AB"):
        write_sequence(folder / name, synthesize(seed, length=6, size=(160, 120)))
    return folder


@pytest.fixture(scope="session")
def smoke(tmp_path_factory):
    """An untrained checkpoint of the smallest profile, as options of the command line."""
    path = tmp_path_factory.mktemp("weights") / "smoke.safetensors"
    model = MetaModel(get_profile("smoke"), torch.Generator().manual_seed(0))
    save_checkpoint(path, model, {})
    return ["--profile", "smoke", "--checkpoint", str(path)]


@pytest.fixture
def statue(tmp_path, monkeypatch):
    """A tracker of the user's own in the current folder, which never moves its box."""
    (tmp_path / "mine.py").write_text(
        "class Statue:\n"
        "    def init(self, image, box):\n"
        "        self.box = box\n"
        "    def update(self, image):\n"
        "        return self.box\n"
    )
    monkeypatch.chdir(tmp_path)
    yield "mine:Statue"
    sys.modules.pop("mine", None)
