"""Patches a second: parts that add up, both ways of decoding, and nothing left behind."""

import re

import cv2
import pytest

from roam_lite.bench import clips
from roam_lite.data import recent
from roam_lite.data.pixels import REDUCED
from roam_lite.profiles import get_profile
from roam_lite.training import sampling


@pytest.fixture
def rows(monkeypatch):
    """{row: numbers} of a table for two targets, of which one is large enough to reduce its frames."""
    monkeypatch.setattr(clips, "SIZE", (640, 360))
    monkeypatch.setattr(clips, "SIDES", (20, 120))
    table = clips.bench_clips(get_profile("smoke"), frames=4, clips=2, repeats=1).splitlines()
    assert re.search("patches of 64 px; most of the time goes to: (decode|crop|rest)", table[-1])
    return {name: [float(x) for x in rest.split()] for name, rest in (
        re.split(r"  +", row, maxsplit=1) for row in table[1:-1]
    )}  # fmt: skip


def test_the_table_splits_a_patch_for_each_target_and_way(rows):
    names = ["20 px", "120 px", "all"]
    assert list(rows) == [f"{name}, {way}" for name in names for way in ("full", "reduced")]
    for rate, decoded, *parts in rows.values():
        assert all(part >= 0 for part in parts)
        assert 1000 / sum(parts) == pytest.approx(rate, rel=0.05)
        assert 0 < decoded <= 1


def test_only_the_ways_differ(monkeypatch):
    """Without reduction no frame is asked for at a part of its size; with it, those of large targets."""
    asked, decode, threads = [], clips.decode_image, cv2.getNumThreads()
    monkeypatch.setattr(
        clips,
        "decode_image",
        lambda path, frame, factor, read: asked.append(factor) or decode(path, frame, factor, read),
    )
    monkeypatch.setattr(clips, "SIZE", (640, 360))
    counts = {}
    monkeypatch.setattr(clips, "SIDES", (120,))
    own = clips._cut

    def noting(*arguments):
        asked.clear()
        run = own(*arguments)
        counts[arguments[-1]] = set(asked), run[0]
        return run

    monkeypatch.setattr(clips, "_cut", noting)
    clips.bench_clips(get_profile("smoke"), frames=4, clips=2, repeats=1)
    assert counts["full"][0] == {1}
    assert counts["reduced"][0] & set(REDUCED)
    assert counts["full"][1] == counts["reduced"][1] > 0
    assert recent.decode_image is decode
    assert sampling.REDUCED is REDUCED
    assert cv2.getNumThreads() == threads
