"""What meta-training learns: backbone, theta0, lambda0 and the neural optimizer."""

from math import log

import torch
from torch import Tensor, nn

from roam_lite.config import Config
from roam_lite.model.backbones import find_backbone
from roam_lite.model.tracking_model import ThetaLayout
from roam_lite.rules import build_rule


class MetaModel(nn.Module):
    """Everything that Algorithm 1 returns, and the backbone that computes its features.

    lambda0 is stored as its logarithm: its elements differ by orders of magnitude, and Adam changes each
    by a share of itself. In addition, every part of theta (a kernel, a bias) has a gain, which moves all
    of its rates together: the gradient of a single element is too noisy to find their common scale.
    """

    def __init__(self, config: Config, generator: torch.Generator) -> None:
        super().__init__()
        self.config, rule = config, config.rule
        self.layout = ThetaLayout.of(config.model)
        parts, regression = self.layout.parts(), self.layout.regression_coordinates()
        rule_gains = torch.zeros(len(self.layout.shapes))
        rule_gains[parts[regression]] = log(rule.initial_regression_gain)
        # Modules initialize from the global generator; the fork restores its state.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
            self.backbone = find_backbone(config.model.backbone)()
            self.rule = build_rule(rule.name, config=rule, parts=parts, log_gains=rule_gains)
        self.theta0 = nn.Parameter(self.layout.initial(generator, config.model.kernel_spread))
        rates = torch.where(regression, log(rule.lambda0_regression), log(rule.lambda0_response))
        self.log_lambda0 = nn.Parameter(rates)
        self.log_gains = nn.Parameter(torch.zeros(len(self.layout.shapes)))
        self.register_buffer("parts", parts, persistent=False)
        self.register_buffer("regression_coordinates", regression, persistent=False)
        cells = self.backbone.cells(config.model.patch_size)
        self.register_buffer("cells", cells, persistent=False)

    @property
    def lambda0(self) -> Tensor:
        """The initial learning rates `[P]`."""
        return (self.log_lambda0 + self.log_gains[self.parts]).exp()
