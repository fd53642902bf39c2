"""The plain references stand in for the fast paths inside `plain_paths`, and nowhere else."""

import pytest
import torch

from roam_lite import adaptation
from roam_lite.bench.plain import PlainTrackingModel, advance_plain, plain_paths
from roam_lite.model.tracking_model import TrackingModel
from roam_lite.rules import build_rule, recurrent
from roam_lite.rules.recurrent import advance
from roam_lite.training import episodes
from tests.tiny import TINY


def in_use():
    return adaptation.TrackingModel, episodes.TrackingModel, recurrent.advance


FAST = (TrackingModel, TrackingModel, advance)
PLAIN = (PlainTrackingModel, PlainTrackingModel, advance_plain)


def test_plain_paths_are_taken_inside_and_given_back_after():
    assert in_use() == FAST
    with plain_paths():
        assert in_use() == PLAIN
    assert in_use() == FAST


def test_they_are_given_back_after_an_exception_too():
    with pytest.raises(KeyboardInterrupt), plain_paths():
        raise KeyboardInterrupt
    assert in_use() == FAST


def test_they_nest():
    with plain_paths():
        with plain_paths():
            assert in_use() == PLAIN
        assert in_use() == PLAIN
    assert in_use() == FAST


def test_what_is_swapped_is_what_runs(monkeypatch):
    """A recurrent rule inside the context steps by torch's own cells."""
    parts = torch.zeros(5, dtype=torch.long)
    rule = build_rule("lstm", config=TINY.rule, parts=parts)
    theta = torch.randn(2, 5)
    given = theta, torch.randn(2, 5), torch.rand(2), rule.init(theta, torch.full((2, 5), 0.1))
    calls = []
    own = torch.nn.LSTMCell.forward
    monkeypatch.setattr(
        torch.nn.LSTMCell, "forward", lambda *arguments: calls.append(1) or own(*arguments)
    )
    fast = rule.step(*given)
    assert not calls
    with plain_paths():
        plain = rule.step(*given)
    assert len(calls) == 2  # both layers
    torch.testing.assert_close(plain.rates, fast.rates)
