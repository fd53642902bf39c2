"""A rule on a model whose scale it is not told: where constant rates cannot be right."""

from typing import Any

from torch import Tensor

from roam_lite.rules.update_rule import RuleStep, UpdateRule


class Rescaled:
    """A rule that sees f theta in place of theta `[N, P]`, with one factor f a video, `[N, 1]`.

    The loss is that of theta, so the gradient that the rule sees is divided by f, and the step that
    it takes is too. A rate r of the rule acts on theta as r / f^2: multiplying all features by 1 / f
    would ask for the same. The rule's initial rates are not scaled, so nothing but what it sees of
    theta and gradient tells it the factor.
    """

    def __init__(self, rule: UpdateRule, factors: Tensor) -> None:
        self.rule, self.factors = rule, factors

    def init(self, theta: Tensor, learning_rates0: Tensor) -> Any:
        """Return the state of the rule itself."""
        return self.rule.init(theta * self.factors, learning_rates0)

    def step(self, theta: Tensor, gradient: Tensor, loss: Tensor, state: Any) -> RuleStep:
        """Return the rule's step in the units of theta, and its rates as they act there."""
        f = self.factors
        step, state, rates = self.rule.step(theta * f, gradient / f, loss, state)
        return RuleStep(step / f, state, None if rates is None else rates / f.square())
