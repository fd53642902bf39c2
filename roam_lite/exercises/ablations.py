"""Exercises of 09_ablations: sequences needed, the share of an oracle, a rank correlation."""

from math import ceil

import numpy as np

from roam_lite.exercises.exercise import Exercise, Mistake

PERFECT = 20 / 21  # the AUC of a tracker that is always right: nothing exceeds the threshold 1

# 09.1


def sequences_needed(a: np.ndarray, b: np.ndarray) -> int:
    """Return how many sequences would settle a difference, if all were as these [S] are."""
    return ceil(_needed(a - b))


def _needed(gains: np.ndarray, deviations: float = 1.96, lost: int = 1) -> float:
    return float((deviations * gains.std(ddof=lost) / gains.mean()) ** 2)


def _unpaired(a: np.ndarray, b: np.ndarray) -> int:
    spread = a.var(ddof=1) + b.var(ddof=1)
    return ceil(1.96**2 * spread / (a - b).mean() ** 2)


def _draw_variants(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    b = rng.uniform(0.4, 0.8, 6)
    return b + rng.normal(rng.choice([-0.02, 0.02]), 0.03, 6), b


_NEEDED = Exercise(
    "09.1",
    "sequences that would settle it",
    sequences_needed,
    _draw_variants,
    (
        Mistake(
            "unpaired",
            _unpaired,
            "Both variants ran on the same sequences: what makes a sequence hard for both is no "
            "uncertainty of their difference.",
        ),
        Mistake(
            "not squared",
            lambda a, b: ceil(_needed(a - b) ** 0.5),
            "The interval shrinks with the square root of the number of sequences.",
        ),
        Mistake(
            "one deviation",
            lambda a, b: ceil(_needed(a - b, deviations=1)),
            "Within one standard error lie 68 % of the means. 95 % are asked for.",
        ),
        Mistake(
            "twice the width",
            lambda a, b: ceil(_needed(a - b, deviations=2 * 1.96)),
            "The interval reaches 1.96 standard errors to either side. How far is zero away?",
        ),
        Mistake(
            "of the population",
            lambda a, b: ceil(_needed(a - b, lost=0)),
            "The mean was fitted to the same few differences, so they look too close to it: divide "
            "by S - 1.",
        ),
        Mistake(
            "not whole",
            lambda a, b: _needed(a - b),
            "A whole number, please, and enough.",
        ),
    ),
)

# 09.2


def closed_by_labels(aucs: np.ndarray) -> float:
    """Return the share of the distance to a perfect tracker that true labels close for the LSTM."""
    _, _, own, oracle = aucs.mean(axis=1)
    return float((oracle - own) / (PERFECT - own))


def _share(aucs: np.ndarray, row: int, perfect: float) -> float:
    own, oracle = aucs.mean(axis=1)[row : row + 2]
    return float((oracle - own) / (perfect - own))


_CLOSED = Exercise(
    "09.2",
    "what labels are worth",
    closed_by_labels,
    lambda rng: (rng.uniform(0.3, 0.9, (4, 6)),),
    (
        Mistake(
            "perfect is 1",
            lambda aucs: _share(aucs, 2, 1.0),
            "No tracker reaches 1 under a rule that wants the threshold *exceeded*.",
        ),
        Mistake(
            "of SGD",
            lambda aucs: _share(aucs, 0, PERFECT),
            "Those are the first two rows.",
        ),
        Mistake(
            "mean of the shares",
            lambda aucs: float(((aucs[3] - aucs[2]) / (PERFECT - aucs[2])).mean()),
            "A sequence that is nearly perfect already divides by nearly nothing. First the means.",
        ),
        Mistake(
            "of the whole",
            lambda aucs: float((aucs[3].mean() - aucs[2].mean()) / PERFECT),
            "Not of the whole scale: of what the LSTM still lacks.",
        ),
    ),
)

# 09.3


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return Spearman's rank correlation of two arrays without ties."""
    return _pearson(_ranks(a), _ranks(b))


def _ranks(values: np.ndarray) -> np.ndarray:
    return values.argsort().argsort()


def _pearson(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def _related(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    a = rng.normal(size=12)
    return np.exp(2 * a), a + rng.normal(size=12)


_RANKS = Exercise(
    "09.3",
    "a rank correlation",
    rank_correlation,
    _related,
    (
        Mistake(
            "values for ranks",
            _pearson,
            "One frame with a huge loss decides your result. Ranks would not care how huge.",
        ),
        Mistake(
            "order for ranks",
            lambda a, b: _pearson(a.argsort(), b.argsort()),
            "`argsort` says which element comes first, not which place an element has. What does "
            "it give for [30, 10, 20]?",
        ),
        Mistake(
            "covariance",
            lambda a, b: float(np.cov(_ranks(a), _ranks(b))[0, 1]),
            "A correlation lies between -1 and 1.",
        ),
        Mistake(
            "squared",
            lambda a, b: rank_correlation(a, b) ** 2,
            "Your result cannot be negative. Could a correlation be?",
        ),
        Mistake(
            "the other direction",
            lambda a, b: _pearson(_ranks(-a), _ranks(b)),
            "Two arrays in the same order have the correlation 1.",
        ),
    ),
)

EXERCISES = (_NEEDED, _CLOSED, _RANKS)
