"""Exercises of 09_ablations: a gain, the share of an oracle, a rank correlation."""

import numpy as np

from roam_lite.exercises.exercise import Exercise, Mistake

PERFECT = 20 / 21  # the AUC of a tracker that is always right: nothing exceeds the threshold 1

# 09.1


def gain(auc: float, baseline: float) -> float:
    """Return what an AUC gains on another, in percent of the other."""
    return 100 * (auc - baseline) / baseline


_GAIN = Exercise(
    "09.1",
    "a gain in percent",
    gain,
    lambda rng: (float(rng.uniform(0.3, 0.7)), float(rng.uniform(0.3, 0.7))),
    (
        Mistake(
            "points",
            lambda auc, baseline: 100 * (auc - baseline),
            "These are points of AUC. A gain in percent is relative to something.",
        ),
        Mistake(
            "in percent of the better",
            lambda auc, baseline: 100 * (auc - baseline) / auc,
            "Relative to what was there before, not to what came out.",
        ),
        Mistake(
            "a ratio",
            lambda auc, baseline: 100 * auc / baseline,
            "No change at all would be a gain of 100 %.",
        ),
        Mistake(
            "a share",
            lambda auc, baseline: (auc - baseline) / baseline,
            "In percent, please.",
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

EXERCISES = (_GAIN, _CLOSED, _RANKS)
