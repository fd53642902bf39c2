"""The paper's tables: every benchmark has one, and the gains in the text follow from the values."""

import pytest

from roam_lite.evaluation.benchmarks import BENCHMARKS
from roam_lite.evaluation.columns import COLUMNS
from roam_lite.paper.tables import BY_BENCHMARK, TABLE_1, TABLE_2, TABLE_3


def test_every_benchmark_has_a_table_of_metrics_that_it_reports():
    assert set(BY_BENCHMARK) == set(BENCHMARKS)
    for table in BY_BENCHMARK.values():
        assert {column.metric for column in table.columns} <= set(COLUMNS)
        assert {len(values) for values in table.rows.values()} <= {len(table.columns)}


def test_the_papers_claims_follow_from_its_tables():
    gain = TABLE_1.rows["ROAM++"][0] / TABLE_1.rows["MetaTracker"][0]
    assert 100 * (gain - 1) == pytest.approx(39.2, abs=0.1)  # section 6.1, VOT
    gains = [a / b for a, b in zip(TABLE_2.rows["ROAM++"], TABLE_2.rows["SiamFCv2"], strict=True)]
    assert [100 * (g - 1) for g in gains] == pytest.approx([24.3, 31.7, 63.9], abs=0.1)
    gains = [a / b for a, b in zip(TABLE_3.rows["ROAM++"], TABLE_3.rows["MDNet"], strict=True)]
    assert [100 * (g - 1) for g in gains] == pytest.approx([10.6, 10.3, 6.9], abs=0.1)
