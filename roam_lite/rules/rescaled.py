"""A rule on a model of another scale, which its initial rates follow or do not."""

from typing import Any

from torch import Tensor

from roam_lite.rules.update_rule import RuleStep, UpdateRule


class Rescaled:
    """A rule that sees f theta in place of theta `[N, P]`; f is `[N, 1]` or `[N, P]`.

    The loss is that of theta, so the gradient that the rule sees is divided by f, and the step that
    it takes is too: its rate r acts on theta as r / f^2, and only rates that grow with f^2 leave the
    model's course unchanged. Features times 1 / f and theta times f are such a model. The initial rates
    grow with f^2 if they are `told`; otherwise nothing but theta and gradient shows the scale, and
    constant rates cannot be right.
    """

    def __init__(self, rule: UpdateRule, factors: Tensor, told: bool = False) -> None:
        self.rule, self.factors, self.told = rule, factors, told
        self.needs_hessian = getattr(rule, "needs_hessian", False)

    def init(self, theta: Tensor, learning_rates0: Tensor) -> Any:
        """Return the state of the rule itself."""
        rates = learning_rates0 * self.factors.square() if self.told else learning_rates0
        return self.rule.init(theta * self.factors, rates)

    def step(
        self, theta: Tensor, gradient: Tensor, loss: Tensor, state: Any, **extra: Any
    ) -> RuleStep:
        """Return the rule's step in the units of theta, and its rates as they act there."""
        f = self.factors
        if "hessian" in extra:
            unscaled = extra["hessian"]
            extra["hessian"] = lambda v: unscaled(v / f) / f
        step, state, rates = self.rule.step(theta * f, gradient / f, loss, state, **extra)
        return RuleStep(step / f, state, None if rates is None else rates / f.square())
