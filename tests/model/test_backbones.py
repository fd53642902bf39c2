"""Feature extractors: sizes, where their cells lie, and foreign weights."""

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from roam_lite.errors import InputError
from roam_lite.model.backbones import (
    VGG16,
    SmallBackbone,
    SmallestBackbone,
    VGG16Program,
    find_backbone,
)
from roam_lite.profiles import get_profile


class OneConvolution(VGG16):
    """The smallest part of VGG-16."""

    convolutions = 1


@pytest.mark.parametrize(("name", "convolutions"), [("vgg16-10", 10), ("vgg16", 12)])
def test_vgg_turns_281_pixels_into_70_cells_of_512_channels(name, convolutions):
    with torch.device("meta"):  # shapes without the arithmetic
        backbone = find_backbone(name)()
        features = backbone(torch.zeros(2, 3, 3, 281, 281, dtype=torch.uint8))
    assert features.shape == (2, 3, 512, 70, 70)
    assert sum(isinstance(layer, nn.Conv2d) for layer in backbone.layers) == convolutions
    cells = backbone.cells(281)
    assert len(cells) == 70
    assert cells.tolist() == [4 * k + 2 for k in range(70)]


@pytest.mark.parametrize("name", ["smoke", "laptop-small"])
def test_small_backbone_has_a_cell_every_four_pixels(name):
    config = get_profile(name).model
    backbone = find_backbone(config.backbone)().eval()
    size = config.patch_size
    features = backbone(torch.zeros(1, 2, 3, size, size, dtype=torch.uint8))
    assert features.shape == (1, 2, config.channels, size // 4, size // 4)
    assert len(backbone.cells(size)) == size // 4


def support(layers, size, cell):
    """First and one-past-last patch pixel that a cell's features depend on, across and down."""
    image = torch.randn(1, 3, size, size).requires_grad_()
    (gradient,) = torch.autograd.grad(layers(image)[0, :, cell, cell].abs().sum(), image)
    touched = gradient.abs().sum(dim=(0, 1)) > 0
    edges = []
    for axis in (0, 1):
        pixels = touched.any(dim=axis).nonzero().flatten()
        edges += [int(pixels[0]), int(pixels[-1]) + 1]
    return edges


@pytest.mark.parametrize(("kind", "field"), [(VGG16Program, 64), (VGG16, 80)])
def test_vgg_cells_are_centered_on_what_they_see(kind, field):
    backbone = kind()
    cell = 10
    middle = 4 * cell + 2
    assert support(backbone.layers, 84, cell) == [middle - field // 2, middle + field // 2] * 2
    assert backbone.cells(84)[cell] == middle


def test_small_cells_are_centered_on_the_details_they_see():
    layers = SmallestBackbone().eval().layers
    nn.init.zeros_(layers.context[-1].weight)  # the context is coarser; see the mirror test
    for cell in (7, 8):
        left, right, top, bottom = support(layers, 64, cell)
        assert (left + right) / 2 == (top + bottom) / 2 == 4 * cell + 2


def test_small_backbone_mirrored_sees_the_mirrored_patch():
    """Exactly so only if all of its cells, context included, lie symmetric in the patch."""
    backbone = SmallestBackbone().eval()
    patches = torch.randint(256, (1, 2, 3, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        straight = backbone(patches)
        for layer in backbone.modules():
            if isinstance(layer, nn.Conv2d):
                layer.weight.copy_(layer.weight.flip(-1))
        mirrored = backbone(patches.flip(-1))
    torch.testing.assert_close(mirrored, straight.flip(-1), rtol=1e-4, atol=1e-4)
    assert (straight - straight.flip(-1)).abs().max() > 0.01


def test_small_features_move_with_the_patch():
    backbone = SmallestBackbone().eval()
    patches = torch.randint(256, (1, 1, 3, 128, 128), dtype=torch.uint8)
    with torch.no_grad():
        features = backbone(patches)
        moved = backbone(patches.roll(8, dims=-1))
    inner = slice(12, 20)
    torch.testing.assert_close(
        moved[..., inner, 14:22], features[..., inner, 12:20], rtol=1e-4, atol=1e-4
    )


@pytest.fixture(scope="module")
def vgg_state():
    """The features of a random VGG-16 under torchvision's names."""
    with torch.device("meta"):
        names = torchvision.models.vgg16(weights=None).features.state_dict(prefix="features.")
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randn(value.shape, generator=generator) * 0.05 for name, value in names.items()
    }


def test_pretrained_weights_come_from_torchvisions_state_in_a_file(vgg_state, tmp_path):
    save_file(vgg_state, tmp_path / "vgg16.safetensors")
    backbone = VGG16()
    backbone.load_pretrained(tmp_path / "vgg16.safetensors")
    torchvision_layers = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["D"])
    torchvision_layers.load_state_dict(
        {k.removeprefix("features."): v for k, v in vgg_state.items()}
    )
    # Up to the third pooling both are the same network.
    patch = torch.randint(256, (1, 1, 3, 32, 32), dtype=torch.uint8)
    pixels = (patch[0] / 255 - backbone.mean) / backbone.std
    with torch.no_grad():
        ours = backbone.layers[:16](pixels)
        theirs = torchvision_layers[:16](pixels)
    torch.testing.assert_close(ours, theirs)
    # And the last convolution is the twelfth.
    assert torch.equal(backbone.layers[-2].weight, vgg_state["features.26.weight"])


def without_a_layer(state):
    return {name: value for name, value in state.items() if not name.startswith("features.14.")}


def with_a_narrow_layer(state):
    return {**state, "features.12.weight": state["features.12.weight"][:, :128].contiguous()}


def of_another_network(state):
    return {"weight": torch.zeros(3)}


@pytest.mark.parametrize("spoil", [without_a_layer, with_a_narrow_layer, of_another_network])
def test_files_without_vgg16_are_refused(vgg_state, tmp_path, spoil):
    file = tmp_path / "weights.safetensors"
    save_file(spoil(vgg_state), file)
    with pytest.raises(InputError, match="vgg16"):
        VGG16Program().load_pretrained(file)


def test_unreadable_weights_are_refused_by_name(tmp_path):
    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"not a safetensors file")
    with pytest.raises(InputError, match=file.name):
        OneConvolution().load_pretrained(file)
    with pytest.raises(InputError, match="nowhere"):
        OneConvolution().load_pretrained(tmp_path / "nowhere.safetensors")


def test_weights_that_cannot_be_fetched_say_how_to_give_a_file(monkeypatch, vgg_state):
    weights = torchvision.models.VGG16_Weights
    monkeypatch.setattr(weights, "get_state_dict", lambda *_, **__: vgg_state)
    backbone = VGG16Program()
    backbone.load_pretrained()
    assert torch.equal(backbone.layers[0].weight, vgg_state["features.0.weight"])

    def unreachable(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(weights, "get_state_dict", unreachable)
    with pytest.raises(InputError, match=r"no network.*safetensors"):
        backbone.load_pretrained()


def test_a_folded_backbone_gives_the_same_maps_without_batch_norms_behind_convolutions():
    torch.manual_seed(0)
    backbone = SmallestBackbone()
    patches = torch.randint(0, 256, (2, 3, 3, 64, 64), dtype=torch.uint8)
    backbone.train()(patches)  # statistics of its own
    folded = backbone.eval().folded()
    torch.testing.assert_close(folded(patches), backbone(patches), rtol=1e-4, atol=1e-5)
    norms = [m for m in folded.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms == [folded.layers.norm]  # the last follows no convolution
    assert not any(parameter.requires_grad for parameter in folded.parameters())
    assert any(isinstance(m, nn.BatchNorm2d) for m in backbone.layers.detail.modules())


def test_a_backbone_without_batch_norms_is_its_own_folded_copy():
    with torch.device("meta"):
        backbone = VGG16Program()
    assert backbone.folded() is backbone


@pytest.mark.parametrize("name", ["small", "small-8", "vgg16", "vgg16-10"])
def test_a_backbone_owns_channels_stride_and_cells(name):
    with torch.device("meta"):
        backbone = find_backbone(name)()
        features = backbone(torch.zeros(1, 1, 3, 64, 64, dtype=torch.uint8))
    cells = backbone.cells(64)
    assert features.shape[2:] == (backbone.channels, len(cells), len(cells))
    assert (cells.diff() == backbone.stride).all()


def test_unknown_backbones_are_refused_with_the_known_names():
    with pytest.raises(InputError, match=r"resnet.*small, small-8, vgg16, vgg16-10"):
        find_backbone("resnet")


def test_a_backbone_without_pretrained_weights_says_so(tmp_path):
    with pytest.raises(InputError, match=r"w\.safetensors: SmallBackbone is trained from scratch"):
        SmallBackbone().load_pretrained(tmp_path / "w.safetensors")
