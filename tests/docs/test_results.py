"""The page of results and README's table say what the stored files hold."""

import json
import re
import shlex

import pytest

from docs import results
from roam_lite.cli.main import build_parser
from tests.test_repository import ROOT, SHORT_COMMIT

README = (ROOT / "README.md").read_text(encoding="utf-8")
RECORDS = results.load("records")
NAMES = sorted(path.stem for path in results.FOLDER.glob("*.json") if path.stem != "records")


def numbers(text):
    return set(re.findall(r"[+-]?\d+\.\d+", text))


def test_the_stored_page_is_what_the_command_writes():
    stored = results.PAGE.read_text(encoding="utf-8")
    assert stored == results.page(), "run `make results`"


def test_rules_that_ship_are_those_that_were_measured():
    cards = sorted((ROOT / "roam_lite" / "weights" / "laptop").glob("*.json"))
    assert {card.stem for card in cards} >= set(results.ALIKE)
    for card in cards:
        measured = results.load(f"dev_{card.stem}")["tracker"]["rule_sha256"]
        assert measured == json.loads(card.read_text(encoding="utf-8"))["sha256"], card.name


def test_readmes_one_table_of_numbers_is_what_the_command_writes():
    (table,) = results.TABLE.findall(README)
    assert table == results.readme_table(), "run `make results`"
    assert len(table.splitlines()) == 2 + 5


def test_every_number_of_readmes_table_stands_on_the_page():
    (table,) = results.TABLE.findall(README)
    found = numbers(table)
    assert len(found) >= 5 * 3
    assert found <= numbers(results.PAGE.read_text(encoding="utf-8"))


def test_another_number_in_a_table_is_noticed():
    (table,) = results.TABLE.findall(README)
    spoiled = README.replace(table, table.replace("| 0.", "| 1.", 1))
    assert spoiled != README
    assert results.readme(spoiled) == README


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_mean_is_that_of_its_sequences(name):
    stored = results.load(name)
    for report in stored.get("compared", [stored]):
        scores = [score["auc"] for score in report["sequences"].values()]
        assert report["mean"]["auc"] == pytest.approx(sum(scores) / len(scores))


def test_the_trackers_of_the_first_table_met_the_same_sequences():
    names = {tuple(sorted(results.load(name)["sequences"])) for name in results.TRACKERS.values()}
    assert len(names) == 1


def test_our_rows_were_measured_with_the_checkpoint_that_ships():
    card = json.loads((ROOT / "roam_lite" / "weights" / "laptop.json").read_text(encoding="utf-8"))
    for name in results.OURS.values():
        assert results.load(name)["tracker"]["weights_sha256"] == card["sha256"]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_recorded_with_a_command_that_is_understood(name):
    record = RECORDS["files"][name]
    arguments = shlex.split(record["command"])[1:]
    assert build_parser().parse_args(arguments).json == f"{name}.json"
    assert SHORT_COMMIT.fullmatch(record["commit"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", record["date"])


def test_what_was_only_printed_is_recorded_with_command_date_and_commit():
    for name, record in RECORDS["printed"].items():
        assert record["command"], name
        assert SHORT_COMMIT.fullmatch(record["commit"]), name
        assert record["values"], name
