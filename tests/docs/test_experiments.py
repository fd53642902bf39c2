"""The log of experiments is in order: dated headings with verdicts, and a leaderboard from best to worst."""

import re

from tests.test_repository import ROOT, SHORT_COMMIT

TEXT = (ROOT / "EXPERIMENTS.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^### (.*)$", TEXT, re.MULTILINE)
ROWS = re.findall(
    r"^\| (?!recipe)(.+) \|$", TEXT.split("## Features from scratch")[0], re.MULTILINE
)


def test_every_experiment_has_a_date_and_a_verdict():
    entry = re.compile(r"2026-\d\d-\d\d: .{10,90} \((shipped|kept|negative|finding)\)")
    assert [heading for heading in HEADINGS if not entry.fullmatch(heading)] == []


def test_experiments_are_in_the_order_of_their_dates():
    dates = [heading[:10] for heading in HEADINGS]
    assert len(dates) > 50
    assert dates == sorted(dates)


def test_failures_are_kept():
    assert sum(heading.endswith("(negative)") for heading in HEADINGS) >= 20


def test_the_leaderboard_ranks_recipes_with_their_hours_and_commits():
    cells = [row.split(" | ") for row in ROWS]
    scores = [float(re.match(r"0\.\d{3}", score)[0]) for _, _, score, _ in cells]
    assert len(scores) >= 8
    assert scores == sorted(scores, reverse=True)
    for _, hours, _, commit in cells:
        assert re.search(r"\d hours|\d [CG]PU-hours", hours)
        assert SHORT_COMMIT.fullmatch(commit)
