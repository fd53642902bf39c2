"""LSTM, the paper's neural optimizer, and GRU (sections 3.2 and 6.2)."""

from torch import Tensor, nn

from roam_lite.config import RuleConfig
from roam_lite.rules.cells import advance
from roam_lite.rules.neural import NeuralRule
from roam_lite.rules.preprocessing import CHANNELS


class RecurrentRule(NeuralRule):
    """Two stacked recurrent cells (`nn.LSTMCell` or `nn.GRUCell`) shared by all coordinates."""

    def __init__(
        self,
        cell: type[nn.LSTMCell | nn.GRUCell],
        config: RuleConfig,
        parts: Tensor,
        log_gains: Tensor,
    ) -> None:
        super().__init__(config, parts, log_gains)
        hidden = config.hidden
        self.cells = nn.ModuleList([cell(CHANNELS[config.input], hidden), cell(hidden, hidden)])
        self.add_output()

    def logits(self, stack: Tensor, memory: tuple) -> tuple[Tensor, tuple]:
        """Return the logits `[1, N P]` and both cells' memories."""
        x = stack.movedim(-1, 0).flatten(1)
        kept = []
        for cell, old in zip(self.cells, memory or (None,) * len(self.cells), strict=True):
            kept.append(advance(cell, x, old))
            x = kept[-1][0]
        return self.output.weight @ x + self.output.bias, tuple(kept)
