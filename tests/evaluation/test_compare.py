import numpy as np
import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.compare import comparison_table, leave_one_out, paired_bootstrap


def report(scores, scoring="official"):
    sequences = {
        name: {"auc": auc, "precision_20": auc, "fps": 30.0, "frames": 10}
        for name, auc in scores.items()
    }
    return {"sequences": sequences, "mean": {}, "tracker": {"scoring": scoring}}


def test_a_constant_gain_has_no_spread():
    base = np.array([0.1, 0.5, 0.9])
    assert paired_bootstrap(base + 0.25, base) == pytest.approx((0.25, 0.25, 0.25))


def test_relative_gains_are_percent_of_the_second_mean():
    base = np.array([0.2, 0.4])
    gain = paired_bootstrap(base * 1.5, base, relative=True)
    assert gain == pytest.approx((50, 50, 50))


def test_the_interval_agrees_with_the_normal_approximation():
    rng = np.random.default_rng(1)
    base = rng.uniform(size=200)
    gain = rng.normal(0.05, 0.1, size=200)
    interval = paired_bootstrap(base + gain, base)
    half = 1.96 * gain.std() / np.sqrt(200)
    assert interval.mean == pytest.approx(gain.mean())
    assert interval.low == pytest.approx(gain.mean() - half, abs=0.1 * half)
    assert interval.high == pytest.approx(gain.mean() + half, abs=0.1 * half)


def test_pairing_cancels_what_is_hard_for_both():
    rng = np.random.default_rng(2)
    base = rng.uniform(size=30)
    paired = paired_bootstrap(base + 0.01, base)
    mixed = paired_bootstrap(base + 0.01, base[::-1])
    assert paired.low > 0 > mixed.low


def test_the_same_seed_gives_the_same_interval():
    a, b = np.random.default_rng(3).uniform(size=(2, 12))
    assert paired_bootstrap(a, b) == paired_bootstrap(a, b)
    assert paired_bootstrap(a, b) != paired_bootstrap(a, b, seed=1)


@pytest.mark.parametrize(("a", "b"), [([0.1], [0.1, 0.2]), ([], [])])
def test_scores_that_do_not_pair_are_refused(a, b):
    with pytest.raises(InputError, match="cannot be paired"):
        paired_bootstrap(a, b)


def test_the_table_pairs_sequences_by_name():
    base = report({"A": 0.1, "B": 0.9})
    better = report({"B": 1.0, "A": 0.2})
    table = comparison_table({"base.json": base, "better.json": better})
    assert table.startswith("2 sequences; differences from base.json")
    assert "+0.100 [+0.100, +0.100]" in table
    assert "+20.0" in table  # relative to 0.5


def test_different_sequences_are_named():
    with pytest.raises(InputError, match=r"only one of a\.json and b\.json has B"):
        comparison_table({"a.json": report({"A": 1, "B": 1}), "b.json": report({"A": 1})})


def test_different_scoring_is_refused():
    with pytest.raises(InputError, match=r"a and b .*official, pysot.*--scoring"):
        comparison_table({"a": report({"A": 1}), "b": report({"A": 1}, "pysot")})


def test_sequences_of_one_name_with_other_frames_are_other_video():
    other = report({"A": 1})
    other["sequences"]["A"]["frames"] = 11
    with pytest.raises(
        InputError, match=r"a and b have different numbers of frames in A, .*--root"
    ):
        comparison_table({"a": report({"A": 1}), "b": other})


def test_a_report_without_the_metric_is_named():
    other = report({"A": 1})
    del other["sequences"]["A"]["auc"]
    with pytest.raises(InputError, match="b: no auc for A; evaluate the tracker again"):
        comparison_table({"a": report({"A": 1}), "b": other})


def test_the_table_says_whether_one_sequence_carries_the_difference():
    base = report({"C": 0.5, "A": 0.1, "B": 0.9})
    better = report({"B": 0.9, "A": 0.1, "C": 0.8})
    worse = report({"C": 0.5, "A": 0.0, "B": 0.9})
    last = comparison_table({"base": base, "better": better, "worse": worse}).splitlines()[-3:]
    assert last[0] == "difference in AUC with one sequence left out"
    assert " ".join(last[1].split()) == "better +0.000 to +0.150; C adds most"
    assert " ".join(last[2].split()) == "worse -0.050 to +0.000; A adds most"


def test_without_each_sequence_in_turn():
    gains = np.random.default_rng(4).normal(0.1, 1, size=9)
    means = [np.delete(gains, index).mean() for index in range(9)]
    low, high, carrier = leave_one_out(gains)
    assert (low, high) == pytest.approx((min(means), max(means)))
    assert means[carrier] == pytest.approx(min(means) if gains.mean() > 0 else max(means))
