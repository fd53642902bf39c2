"""What a step and an update cost: work that is theirs, and growth that is told as it is."""

import json

import numpy as np
import pytest
import torch

from roam_lite.bench import scaling
from roam_lite.bench.scaling import (
    FACTORS,
    growth,
    measure,
    meta_step,
    online_update,
    random_features,
    scaling_table,
    variations,
)
from roam_lite.model.backbones import BACKBONES
from roam_lite.profiles import get_profile

SMOKE = get_profile("smoke")


@pytest.mark.parametrize("power", [0, 1, 2])
def test_growth_tells_the_power(power):
    amounts = [1, 2, 4, 8]
    found = growth(amounts, [3.0 * x**power for x in amounts])
    assert found.exponent == pytest.approx(power, abs=1e-9)
    assert (found.r2 > 0.999) == (power < 2)


def test_growth_tells_the_constant_part():
    found = growth([1, 2, 3, 4], [7.0, 8.0, 9.0, 10.0])
    assert found.share == pytest.approx(0.6)
    assert found.r2 == pytest.approx(1)


def test_a_step_of_random_features_is_a_whole_one():
    step = meta_step(SMOKE, 2)
    first = step()
    assert torch.isfinite(first)
    assert first > 0
    torch.testing.assert_close(step(), first, rtol=1e-6, atol=0)


def test_an_update_takes_all_its_gradient_steps():
    update = online_update(SMOKE)
    before = update()
    assert update() == before + SMOKE.online.update_steps


def test_random_features_are_there_inside_the_context_alone():
    kind = BACKBONES["small-8"]
    with random_features(SMOKE):
        backbone = BACKBONES["small-8"]()
        assert not list(backbone.parameters())
        maps = backbone(torch.zeros(2, 3, 3, 64, 64, dtype=torch.uint8))
    assert maps.shape == (2, 3, 8, 16, 16)
    assert BACKBONES["small-8"] is kind


def test_each_amount_is_varied_and_nothing_else():
    rows = {}
    for kind, against, amount, *_ in variations(SMOKE):
        rows.setdefault((kind, against), []).append(amount)
    assert len(rows) == 7
    for amounts in rows.values():
        assert len(amounts) == len(set(amounts)) == len(FACTORS)
        assert np.all(np.diff(amounts) > 0)


def test_a_fresh_process_tells_the_cost(monkeypatch):
    (cost,) = measure([("step", SMOKE, 1)], repeats=1)
    assert cost.cpu > 0
    assert cost.seconds > 0
    if scaling._STATUS.exists():
        assert 0 < cost.added < cost.peak
    monkeypatch.setattr(scaling, "measure", lambda jobs, repeats: [cost] * len(jobs))
    found = scaling.bench_scaling(SMOKE)
    json.dumps(found, allow_nan=False)
    assert scaling_table(found).count("CPU ms ") == 7
    assert found["rows"][0]["cpu_growth"]["exponent"] == pytest.approx(0, abs=1e-9)
