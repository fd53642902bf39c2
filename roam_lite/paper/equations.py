"""The function that computes each equation of the paper: a contract checked by the tests."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from roam_lite.adaptation import adapt, meta_loss, update_loss
from roam_lite.model.filters import anchor_size, filter_size, interpolation, warp_filters
from roam_lite.model.losses import gaussian_labels, tracking_loss
from roam_lite.model.tracking_model import ThetaLayout
from roam_lite.rules.neural import NeuralRule
from roam_lite.rules.preprocessing import stack_input
from roam_lite.rules.scaling import draw_scales
from roam_lite.training.rollout import Rollout, rollout


@dataclass(frozen=True)
class Equation:
    """An equation of the paper and the functions that compute it."""

    formula: str  # LaTeX, as in the paper
    functions: tuple[Callable[..., Any] | property, ...]
    note: str  # the library's choice where the formula leaves something open


EQUATIONS = {
    1: Equation(
        r"\theta = [\theta_{cf}, \theta_{reg}]",
        (ThetaLayout.split,),
        "one flat vector per video; each branch has its reduction layer and its kernel",
    ),
    2: Equation(
        r"\tilde{\theta}_{cf} = \mathcal{W}(\theta_{cf}, \phi)",
        (interpolation, warp_filters),
        "only the kernel is warped, corners on corners, for all videos at once and on the way to its"
        " spectrum",
    ),
    3: Equation(
        r"\tilde{\theta}_{reg} = \mathcal{W}(\theta_{reg}, \phi)",
        (interpolation, warp_filters),
        "the same warp, four outputs",
    ),
    4: Equation(
        r"f_r = \lceil \rho h / c \rceil - \lceil \rho h / c \rceil \bmod 2 + 1",
        (filter_size,),
        "in cells, at most the largest odd number that fits the map",
    ),
    5: Equation(
        r"f_c = \lceil \rho w / c \rceil - \lceil \rho w / c \rceil \bmod 2 + 1",
        (filter_size,),
        "rows come first: (f_r, f_c)",
    ),
    6: Equation(
        r"(a_w, a_h) = (f_c, f_r) / \rho",
        (anchor_size,),
        "times the stride c: in patch pixels",
    ),
    7: Equation(
        r"L(F, M, B; \theta, \phi) = \|\mathcal{G}(F; \theta_{cf}, \phi) - M\|^2"
        r" + \|\mathcal{R}(F; \theta_{reg}, \phi) - B\|_s",
        (tracking_loss,),
        "the response term is balanced or plain, the regression term counts the nearest anchors",
    ),
    8: Equation(
        r"M(x, y) = \exp\left(-\alpha\left(\frac{(x-x_0)^2}{\sigma_x^2}"
        r" + \frac{(y-y_0)^2}{\sigma_y^2}\right)\right)",
        (gaussian_labels,),
        "at the cells' actual positions",
    ),
    9: Equation(
        r"\theta^{(t)} = \theta^{(t-1)}"
        r" - \lambda^{(t-1)} \odot \nabla_{\theta^{(t-1)}} \ell^{(t-1)}",
        (adapt,),
        "the same step for training and tracking, whichever rule emits lambda",
    ),
    10: Equation(
        r"\mathcal{I}^{(t-1)} = [\lambda^{(t-2)}, \nabla_{\theta^{(t-1)}} \ell^{(t-1)},"
        r" \theta^{(t-1)}, \ell^{(t-1)}]",
        (stack_input,),
        "four channels, or five that show gradient and learning rate over many decades",
    ),
    11: Equation(
        r"\lambda^{(t-1)} = \sigma(\mathcal{O}(\mathcal{I}^{(t-1)}; \omega))",
        (NeuralRule.step,),
        "two stacked LSTM cells, shared by all coordinates",
    ),
    12: Equation(
        r"\ell^{(t-1)} = \frac{1}{n} \sum_{j=1}^n"
        r" L(F_j, M_j, B_j; \theta^{(t-1)}, \phi^{(t-1)})",
        (update_loss,),
        "one number per video; the balanced response term counts its cells over all n samples",
    ),
    13: Equation(
        r"\mathcal{L}^{(t)} = L(F^{(t+\delta)}, M^{(t+\delta)}, B^{(t+\delta)};"
        r" \theta^{(t)}, \phi^{(t-1)})",
        (meta_loss,),
        "with the filter size of the update before",
    ),
    14: Equation(
        r"\bar{\mathcal{L}} = \frac{1}{NT} \sum_{i=1}^N \sum_{t=1}^T"
        r" \mathcal{L}_{\mathcal{V}_i}^{(t)}",
        (rollout, Rollout.loss),
        "what Adam minimizes",
    ),
    15: Equation(
        r"\epsilon \sim \exp(\mathcal{U}(-\kappa, \kappa)),"
        r" \quad \theta_\epsilon = \epsilon \odot \theta",
        (draw_scales, update_loss),
        "one vector per video, one kappa per branch; the loss divides by epsilon",
    ),
}
