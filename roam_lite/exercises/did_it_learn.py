"""Exercises of 11_did_it_learn: a share of variance, what correlates beyond it, one left out, a slope."""

import numpy as np
from numpy.typing import NDArray

from roam_lite.analysis.difference import differences
from roam_lite.analysis.variance import explained_share, least_squares
from roam_lite.exercises.exercise import Exercise, Mistake

Array = NDArray[np.float64]

# 11.1


def _fitted(rng: np.random.Generator) -> tuple[Array, Array]:
    columns = rng.normal(2, 1, (40, 3))
    return columns, 3 + columns @ rng.normal(size=3) + rng.normal(size=40)


def _without_constant(columns: Array, target: Array) -> Array:
    return target - columns @ np.linalg.lstsq(columns, target, rcond=None)[0]


def _mean_square(columns: Array, target: Array) -> float:
    return float(1 - np.square(least_squares(columns, target)[1]).mean() / np.square(target).mean())


_SHARE = Exercise(
    "11.1",
    "the share of variance that is explained",
    explained_share,
    _fitted,
    (
        Mistake(
            "no constant",
            lambda c, t: float(1 - _without_constant(c, t).var() / t.var()),
            "Add 5 to all targets. Your share changes, and nothing has been learned or forgotten. "
            "What is missing among the columns?",
        ),
        Mistake(
            "a correlation",
            lambda c, t: explained_share(c, t) ** 0.5,
            "That is the correlation of targets and predictions. The share of the variance is less.",
        ),
        Mistake(
            "what is left",
            lambda c, t: 1 - explained_share(c, t),
            "That is the share that remains. A perfect fit should get 1.",
        ),
        Mistake(
            "mean squares",
            _mean_square,
            "You divide by the mean square of the targets. What does a large mean of the targets do "
            "to it?",
        ),
        Mistake(
            "deviations",
            lambda c, t: 1 - (1 - explained_share(c, t)) ** 0.5,
            "Variances, not standard deviations: only they add up.",
        ),
    ),
)

# 11.2


def correlation_beyond(base: Array, own: Array, other: Array) -> float:
    """Return the correlation of what the base and a constant leave of both."""
    left = least_squares(base, np.stack([own, other], axis=1))[1]
    return _correlation(*left.T)


def _correlation(one: Array, other: Array) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def _related(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    base = rng.normal(2, 1, (50, 2))
    common, rest = 3 + base @ rng.normal(size=2), rng.normal(size=(2, 50))
    return base, common + rest[0], common + 0.7 * rest[0] + 0.5 * rest[1]


_BEYOND = Exercise(
    "11.2",
    "a correlation beyond what both share",
    correlation_beyond,
    _related,
    (
        Mistake(
            "the base is still there",
            lambda base, own, other: _correlation(own, other),
            "Two rules that both copy λ0 correlate, whatever else they do. Take out what the base "
            "explains first.",
        ),
        Mistake(
            "taken out of one",
            lambda base, own, other: _correlation(least_squares(base, own)[1], other),
            "One of the two still contains the base.",
        ),
        Mistake(
            "no constant",
            lambda base, own, other: _correlation(
                _without_constant(base, own), _without_constant(base, other)
            ),
            "Your fit must pass through the origin, so part of the mean is taken for base. Give it a "
            "constant column.",
        ),
        Mistake(
            "of the differences",
            lambda base, own, other: _correlation(own - other, own),
            "The difference of the two tells how far they are apart, not whether what is left of "
            "them goes together.",
        ),
    ),
)

# 11.3


def left_out(own: Array, other: Array) -> tuple[float, float]:
    """Return the least and the largest mean difference without any one sequence."""
    names = [str(index) for index in range(own.shape[1])]
    least, largest = differences(("own", "other"), names, np.stack([own, other])).left_out[1]
    return float(least), float(largest)


def _ends(values: Array) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _gains(own: Array, other: Array) -> Array:
    return (own - other).mean(axis=0)


def _out_of_one(own: Array, other: Array) -> tuple[float, float]:
    mean = own.mean(axis=0)
    return _ends((mean.sum() - mean) / (len(mean) - 1) - other.mean())


_LEFT_OUT = Exercise(
    "11.3",
    "the difference without any one sequence",
    left_out,
    lambda rng: (rng.uniform(0.3, 0.9, (3, 8)), rng.uniform(0.3, 0.9, (3, 8))),
    (
        Mistake(
            "divided by all",
            lambda own, other: _ends((g := _gains(own, other)).sum() / len(g) - g / len(g)),
            "Without one sequence there is one fewer to divide by.",
        ),
        Mistake(
            "one at a time",
            lambda own, other: _ends(_gains(own, other)),
            "Those are the extremes of single sequences. Asked for are means of all the others.",
        ),
        Mistake(
            "left out of one",
            _out_of_one,
            "You leave a sequence out of the first rule's mean and keep it in the second's. The "
            "pairs are gone.",
        ),
        Mistake(
            "draws left out",
            lambda own, other: _ends(
                ((d := (own - other).mean(axis=1)).sum() - d) / (len(d) - 1),
            ),
            "You leave out draws, axis 0. Average over them, and leave out sequences, axis 1.",
        ),
        Mistake(
            "the other way round",
            lambda own, other: left_out(other, own),
            "Own minus other: a gain should be positive.",
        ),
    ),
)

# 11.5


def slope(plain: Array, scaled: Array, epsilon: Array) -> float:
    """Return the slope of the change of log rates on log epsilon, through the origin."""
    change, log_epsilon = np.log(scaled / plain), np.log(epsilon)
    return float((change * log_epsilon).mean() / np.square(log_epsilon).mean())


def _scaled(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    epsilon, plain = np.exp(rng.uniform(-1, 1.6, 30)), np.exp(rng.normal(-7, 1, (4, 30)))
    power = rng.uniform(0.5, 2.5)
    return plain, plain * epsilon**power * np.exp(0.2 + rng.normal(0, 0.3, (4, 30))), epsilon


def _with_offset(plain: Array, scaled: Array, epsilon: Array) -> float:
    change, log_epsilon = np.log(scaled / plain).mean(axis=0), np.log(epsilon)
    return float(np.polyfit(log_epsilon, change, 1)[0])


def _inverted(plain: Array, scaled: Array, epsilon: Array) -> float:
    change, log_epsilon = np.log(scaled / plain), np.log(epsilon)
    return float(np.square(change).mean() / (change * log_epsilon).mean())


def _of_ratios(plain: Array, scaled: Array, epsilon: Array) -> float:
    change, log_epsilon = scaled / plain - 1, np.log(epsilon)
    return float((change * log_epsilon).mean() / np.square(log_epsilon).mean())


_SLOPE = Exercise(
    "11.5",
    "does the rate follow the scale?",
    slope,
    _scaled,
    (
        Mistake(
            "with an offset",
            _with_offset,
            "Your line has an offset. A model scaled by ε = 1 is the same model: the line passes "
            "through the origin.",
        ),
        Mistake(
            "ratios without a logarithm",
            _of_ratios,
            "A rate that grows with ε squared is a line of slope 2 only if both axes are logarithmic.",
        ),
        Mistake(
            "on epsilon squared",
            lambda plain, scaled, epsilon: slope(plain, scaled, epsilon**2),
            "You ask for the slope on log ε squared. A rule that follows eq. 15 would get 1.",
        ),
        Mistake(
            "the other way round",
            lambda plain, scaled, epsilon: slope(scaled, plain, epsilon),
            "What changed is scaled minus plain.",
        ),
        Mistake(
            "axes exchanged",
            _inverted,
            "You fit log ε by the change of the rates. Which of the two was given, and which answers?",
        ),
    ),
)

EXERCISES = (_SHARE, _BEYOND, _LEFT_OUT, _SLOPE)
