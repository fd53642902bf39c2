"""Fast paths of meta-training give the numbers of the plain ones."""

from dataclasses import replace

import pytest
import torch

from roam_lite.bench import training
from roam_lite.bench.fields import shortened
from roam_lite.bench.training import (
    backbone_flops,
    bench_training,
    compare,
    compare_correlation,
    matrix_rate,
    meta_step,
    training_table,
)
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
    found = bench_training(EXACT, batch=2, repeats=1)
    what, head, *lines = training_table(found).splitlines()
    assert what == "2 clips, 3 updates"
    assert head.split() == ["ms", "fast", "plain", "ratio", "differ", "by"]
    assert [line.split(":")[0].split("  ")[0] for line in lines[:3]] == [
        "correlation",
        "correlation",
        "meta-training step",
    ]
    step = found["comparisons"][-1]
    rate = found["share"] * found["matrix_rate"]
    assert rate == pytest.approx(backbone_flops(EXACT, 2) / step["fast"])
    assert 0 < found["share"] < 1
    assert f"{found['share']:.0%} of the" in lines[4]
    assert f"a step of 2 clips in float32: {found['settings']['seconds']:.2f} s" in lines[5]


def test_a_cpu_compares_steps_of_few_updates_and_says_so(monkeypatch):
    long = replace(STAGES[-1], updates=9)
    config, taken = modify(EXACT, training={"stages": (STAGES[0], long)}), []
    assert shortened(config, "cuda", 4) == config
    assert shortened(EXACT, "cpu", 4) == EXACT
    short = shortened(config, "cpu", 4)
    assert short.training.stages == (STAGES[0], replace(long, updates=4))
    monkeypatch.setattr(training, "bench_fields", lambda *arguments: taken.append(arguments))
    monkeypatch.setattr(training, "fields_table", lambda found: "gains")
    found = bench_training(config, batch=1, repeats=1)
    assert training_table(found).startswith("1 clips, 4 updates\n")
    assert taken == [(config, 1, 1, "cpu")]  # which measures memory in whole steps


def test_the_backbones_operations_are_those_of_its_convolutions():
    """VGG-16's first 12, 2 operations a product: 281, 140 and 70 pixels a side."""
    config, clip = get_profile("paper"), 9 + 5 * 5 + 6
    areas = [281**2] * 2 + [140**2] * 2 + [70**2] * 8
    widths = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512]
    products = zip(areas, widths[:-1], widths[1:], strict=True)
    patch = sum(2 * 9 * area * before * after for area, before, after in products)
    assert backbone_flops(config, 3) == 3 * clip * patch


def test_a_backbone_that_learns_counts_its_derivatives_too():
    first = replace(STAGES[0], updates=1, backbone_lr=0.0)
    counts = [
        backbone_flops(modify(SMOKE, training={"stages": (stage,)}), 1)
        for stage in (first, replace(first, backbone_lr=1e-3))
    ]
    assert 2.5 < counts[1] / counts[0] <= 3


def test_larger_products_reach_no_less_than_tiny_ones():
    assert matrix_rate("cpu", torch.float32, 512) > matrix_rate("cpu", torch.float32, 8)
