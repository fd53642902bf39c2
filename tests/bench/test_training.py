"""Fast paths of meta-training give the numbers of the plain ones."""

from dataclasses import replace

import pytest
import torch

from roam_lite.bench.training import bench_training, compare, compare_correlation, meta_step
from roam_lite.config import modify
from roam_lite.profiles import get_profile

SMOKE = get_profile("smoke")
# A processor with instructions for bfloat16 would compute the backbone in it, batch by batch.
STAGES = tuple(replace(stage, precision="float32") for stage in SMOKE.training.stages)
EXACT = modify(SMOKE, training={"stages": STAGES})
TRUTH = modify(EXACT, training={"past_labels": "truth"})


@pytest.mark.parametrize("rule", ["lstm", "gru"])
@pytest.mark.parametrize("config", [EXACT, TRUTH], ids=["estimates", "truth"])
def test_a_meta_step_computed_plainly_equals_the_fast_one(config, rule):
    step = meta_step(modify(config, rule={"name": rule}), 2, "cpu")
    fast, plain = step(False), step(True)
    assert len(fast) == len(plain) > 5
    assert fast[0].shape == (2, config.training.stages[-1].updates)
    for found, expected in zip(fast, plain, strict=True):
        assert torch.isfinite(expected).all()
        difference = (found - expected).abs().max()
        assert difference <= 1e-5 * expected.abs().max()


def test_a_comparison_says_how_far_its_numbers_differ():
    found = compare("meta-training step", meta_step(EXACT, 2, "cpu"), (False, True), 1, "cpu")
    assert 0 < found.difference < 1e-5
    assert min(found.fast, found.plain) > 0
    assert f"{found.plain / found.fast:.1f}x" in str(found)


def test_the_correlation_runs_forth_and_back_twice():
    found = compare_correlation(SMOKE, 2, 1, "cpu")
    assert [comparison.name for comparison in found] == [
        "correlation: forward and backward",
        "correlation: double backward",
    ]
    assert max(comparison.difference for comparison in found) < 1e-5


def test_the_table_has_a_line_for_every_compare():
    head, *lines = bench_training(EXACT, batch=2, repeats=1).splitlines()
    assert head.split() == ["ms", "fast", "plain", "ratio", "differ", "by"]
    assert [line.split(":")[0].split("  ")[0] for line in lines[:3]] == [
        "correlation",
        "correlation",
        "meta-training step",
    ]
